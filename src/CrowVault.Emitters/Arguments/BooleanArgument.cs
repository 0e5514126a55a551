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
        faults.Forbid(unless: nearest is not null || !(Reading.MeansSomething(value) || Reading.HasWord(value)
            || (value.ValueKind is JsonValueKind.Object && value.GetPropertyCount() > 0)));
        return nearest;
    }

    private bool? Nearest(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Number => value.GetRawText() switch { "1" => true, "0" => false, _ => null },
        JsonValueKind.String => Reading.Unquoted(value.GetString()!).Trim().ToUpperInvariant() switch
        {
            "TRUE" or "T" or "YES" or "Y" or "ON" or "ENABLED" or "FULL" or "1" => true,
            "FALSE" or "F" or "NO" or "N" or "OFF" or "DISABLED" or "NONE" or "0" => false,
            _ => null,
        },
        JsonValueKind.Array when value.GetArrayLength() == 1 => Nearest(value[0]),
        JsonValueKind.Object when value.GetPropertyCount() == 1 && value.EnumerateObject().First() is var only
            && Reading.IsWrapper(only.Name, Name) => Nearest(only.Value),
        _ => null,
    };

    private static readonly string[] s_not =
        ["without", "disable", "exclude", "omit", "skip", "donot", "dont", "never", "not", "no"];

    private static readonly string[] s_with =
        ["with", "include", "enable", "generate", "emit", "add", "use", "return", "show", "should", "allow", "can", "do", "is", "want", ""];

    private string Stem => Reading.Fold(Name) is var known && known.StartsWith("with", StringComparison.Ordinal) ? known[4..] : known;

    /// <summary>Whether a name is this switch turned round: <c>noJitter</c>, <c>withoutTests</c>, <c>retryDisabled</c>.</summary>
    internal bool IsOppositeOf(string name)
    {
        var folded = name.Length > 64 ? "" : Reading.Fold(name);
        return s_not.Any(not => folded == not + Stem || folded == $"{not}with{Stem}") || folded == $"{Stem}disabled" || folded == $"{Stem}off";
    }

    /// <summary>Whether a name is this switch in other words: <c>includeTests</c>, <c>metricsEnabled</c>, <c>retryable</c>.</summary>
    internal bool IsAlsoCalled(string name)
    {
        var folded = name.Length > 64 ? "" : Reading.Fold(name);
        return s_with.Any(with => folded.StartsWith(with, StringComparison.Ordinal)
            && folded[with.Length..] is var rest && rest.StartsWith(Stem, StringComparison.Ordinal)
            && rest[Stem.Length..] is "" or "able" or "enabled" or "allowed" or "on");
    }
}
