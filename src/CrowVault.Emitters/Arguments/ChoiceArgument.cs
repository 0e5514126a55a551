using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>One of a few words.</summary>
/// <param name="Choices">The words, in kebab case.</param>
public sealed record ChoiceArgument(string Name, string Description, bool Required, JsonNode? Default, IReadOnlyList<string> Choices)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => string.Join(", ", Choices);

    internal override JsonNode Example => Choices[0];

    private protected override JsonObject ValueSchema() =>
        new() { ["enum"] = new JsonArray([.. Choices.Select(choice => (JsonNode)choice)]) };

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        var given = value.ValueKind is JsonValueKind.String ? value.GetString()! : null;
        if (given is not null && Choices.Contains(given, StringComparer.Ordinal))
        {
            return given;
        }

        var nearest = given is null ? null : Suggestion.Nearest(given, Choices);
        faults.Add(Fault(nearest is null
            ? $"{Show(value)} is not a choice; use one of {Rule}."
            : $"{Show(value)} is not a choice; did you mean {nearest}? Use one of {Rule}."));
        return nearest;
    }
}
