using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>True or false.</summary>
public sealed record BooleanArgument(string Name, string Description, bool Required, JsonNode? Default)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => "true or false";

    internal override JsonNode Example => true;

    private protected override JsonObject ValueSchema() => new() { ["type"] = "boolean" };

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return ToNode(value);
        }

        faults.Add(Fault($"{Show(value)} is not a boolean; use true or false."));
        return value.ValueKind is JsonValueKind.String && bool.TryParse(value.GetString(), out var meant) ? meant : null;
    }
}
