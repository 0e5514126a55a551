using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>A list of different whole numbers within a range.</summary>
/// <param name="Minimum">The least value of an entry.</param>
/// <param name="Maximum">The greatest value of an entry.</param>
/// <param name="MaximumEntries">How many entries there may be.</param>
/// <param name="MinimumEntries">How many entries there have to be.</param>
public sealed record IntegerListArgument(
    string Name, string Description, bool Required, JsonNode? Default, int Minimum, int Maximum, int MaximumEntries,
    int MinimumEntries = 1)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => $"a list of {MinimumEntries} to {MaximumEntries} different integers, each {Minimum} to {Maximum}";

    internal override JsonNode Example => new JsonArray(Minimum);

    private protected override JsonObject ValueSchema() => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject { ["type"] = "integer", ["minimum"] = Minimum, ["maximum"] = Maximum },
        ["minItems"] = MinimumEntries,
        ["maxItems"] = MaximumEntries,
        ["uniqueItems"] = true,
    };

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        if (value.ValueKind is not JsonValueKind.Array)
        {
            faults.Add(Fault($"{Show(value)} is not a list; use {Rule}."));
            return NearestInteger(value, Minimum, Maximum) is { } only ? new JsonArray(only) : null;
        }

        if (value.GetArrayLength() < MinimumEntries || value.GetArrayLength() > MaximumEntries)
        {
            faults.Add(Fault($"{value.GetArrayLength()} entries are out of range; use {Rule}."));
        }

        var corrected = new List<int>();
        var index = 0;
        foreach (var entry in value.EnumerateArray().Take(MaximumEntries))
        {
            var problem = IntegerProblem(entry, Minimum, Maximum);
            var integer = NearestInteger(entry, Minimum, Maximum);
            if (problem is not null)
            {
                faults.Add(new($"{Name}[{index}]", problem));
            }
            else if (corrected.Contains(integer!.Value))
            {
                faults.Add(new($"{Name}[{index}]", $"{integer} is given twice; give it once."));
            }

            if (integer is { } accepted && !corrected.Contains(accepted))
            {
                corrected.Add(accepted);
            }

            index++;
        }

        return corrected.Count == 0 && value.GetArrayLength() > 0 ? null : new JsonArray([.. corrected.Select(entry => (JsonNode)entry)]);
    }
}
