using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>True or false.</summary>
public sealed record BooleanArgument(string Name, string Description, bool Required, JsonNode? Default)
    : Argument(Name, Description, Required, Default)
{
    /// <summary>Whether the canonical form names it only when it is on, so that files of versions without it are still up to
    /// date.</summary>
    internal bool NamedWhenOn { get; init; }

    /// <inheritdoc/>
    public override string Rule => "true or false";

    private protected override JsonObject ValueSchema() => new() { ["type"] = "boolean" };

    internal override JsonNode? Check(JsonElement value, FaultList faults)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        faults.Add(Fault($"{Show(value)} is not a boolean; use true or false."));
        var nearest = Nearest(value);
        faults.Forbid(unless: nearest is not null || !(Reading.MeansSomething(value) || IsWord(value)));
        return nearest;
    }

    // Such as withTests: "vitest".
    private static bool IsWord(JsonElement value) =>
        value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 1 } text && text.All(char.IsAsciiLetter)
        && text.ToUpperInvariant() is not ("NULL" or "UNDEFINED" or "DEFAULT");

    private static bool? Nearest(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Number => value.GetRawText() switch { "1" => true, "0" => false, _ => null },
        JsonValueKind.String => value.GetString()!.Trim().ToUpperInvariant() switch
        {
            "TRUE" or "YES" or "Y" or "ON" or "ENABLED" or "FULL" or "1" => true,
            "FALSE" or "NO" or "N" or "OFF" or "DISABLED" or "NONE" or "0" => false,
            _ => null,
        },
        JsonValueKind.Array when value.GetArrayLength() == 1 => Nearest(value[0]),
        JsonValueKind.Object when value.GetPropertyCount() == 1 => Nearest(value.EnumerateObject().First().Value),
        _ => null,
    };
}
