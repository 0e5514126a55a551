using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>A whole number within a range.</summary>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The greatest value.</param>
public sealed record IntegerArgument(string Name, string Description, bool Required, JsonNode? Default, int Minimum, int Maximum)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => $"{Minimum} to {Maximum}";

    internal override JsonNode Example => Minimum;

    private protected override JsonObject ValueSchema() =>
        new() { ["type"] = "integer", ["minimum"] = Minimum, ["maximum"] = Maximum };

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        if (IntegerProblem(value, Minimum, Maximum) is not { } problem)
        {
            return ToNode(value);
        }

        faults.Add(Fault(problem));
        return NearestInteger(value, Minimum, Maximum);
    }
}
