using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>A list of different words out of a few.</summary>
/// <param name="Choices">The words, in kebab case.</param>
public sealed record ChoiceListArgument(string Name, string Description, bool Required, JsonNode? Default, IReadOnlyList<string> Choices)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => $"a list of {string.Join(", ", Choices)}";

    private protected override JsonObject ValueSchema() => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Choices.Select(choice => (JsonNode)choice)]) },
    };

    internal override string OptionValue(JsonNode value) => string.Join(',', value.AsArray().Select(entry => (string)entry!));

    internal override JsonNode? Check(JsonElement value, FaultList faults)
    {
        if (value.ValueKind is not JsonValueKind.Array)
        {
            faults.Add(Fault($"{Show(value)} is not a list; use {Rule}."));
            return null;
        }

        var accepted = new List<string>();
        foreach (var entry in value.EnumerateArray().Take(Choices.Count + 1))
        {
            var given = entry.ValueKind is JsonValueKind.String ? entry.GetString()! : null;
            var choice = given is null || Choices.Contains(given) ? given : Suggestion.Nearest(given, Choices);
            if (given is null || choice != given)
            {
                faults.Add(Fault($"{Show(entry)} is not a choice; use {Rule}."));
            }

            if (choice is not null && accepted.Contains(choice))
            {
                faults.Add(Fault($"{choice} is given twice; give it once."));
            }
            else if (choice is not null)
            {
                accepted.Add(choice);
            }
        }

        return new JsonArray([.. accepted.Select(choice => (JsonNode)choice)]);
    }
}
