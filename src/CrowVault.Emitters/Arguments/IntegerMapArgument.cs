using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Arguments;

/// <summary>An object from names that reach the emitted code to whole numbers within a range.</summary>
/// <param name="Minimum">The least value of an entry.</param>
/// <param name="Maximum">The greatest value of an entry.</param>
/// <param name="MaximumEntries">How many entries there may be.</param>
public sealed partial record IntegerMapArgument(
    string Name, string Description, bool Required, JsonNode? Default, int Minimum, int Maximum, int MaximumEntries)
    : Argument(Name, Description, Required, Default)
{
    private const string NamePattern = "^[A-Za-z][A-Za-z0-9_.-]{0,63}$";

    // Names that a plain object inherits or treats specially.
    private static readonly string[] s_reserved = ["__proto__", "prototype", "constructor"];

    /// <inheritdoc/>
    public override string Rule => $"an object of 1 to {MaximumEntries} names, each with an integer of {Minimum} to {Maximum}";

    internal override JsonNode Example => new JsonObject { ["example"] = Minimum };

    private protected override JsonObject ValueSchema() => new()
    {
        ["type"] = "object",
        ["propertyNames"] = new JsonObject { ["pattern"] = NamePattern },
        ["additionalProperties"] = new JsonObject { ["type"] = "integer", ["minimum"] = Minimum, ["maximum"] = Maximum },
        ["minProperties"] = 1,
        ["maxProperties"] = MaximumEntries,
    };

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        if (value.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(Fault($"{Show(value)} is not an object; use {Rule}."));
            return null;
        }

        var corrected = new JsonObject();
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in value.EnumerateObject())
        {
            if (seen.Count == MaximumEntries)
            {
                faults.Add(Fault($"{value.EnumerateObject().Count()} entries are out of range; use {Rule}."));
                break;
            }

            if (NameProblem(entry.Name, seen) is { } nameProblem)
            {
                faults.Add(Fault(nameProblem));
                continue;
            }

            seen.Add(entry.Name, entry.Name);
            if (IntegerProblem(entry.Value, Minimum, Maximum) is { } problem)
            {
                faults.Add(new($"{Name}.{entry.Name}", problem));
            }

            if (NearestInteger(entry.Value, Minimum, Maximum) is { } accepted)
            {
                corrected[entry.Name] = accepted;
            }
        }

        if (!value.EnumerateObject().Any())
        {
            faults.Add(Fault($"no entries; use {Rule}."));
        }

        return corrected.Count == 0 ? null : corrected;
    }

    private static string? NameProblem(string name, Dictionary<string, string> seen)
    {
        var shown = Show(name);
        if (s_reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return $"{shown} is a reserved name; use another one.";
        }

        if (!UsableName().IsMatch(name))
        {
            return $"{shown} is not a usable name; use a letter, then up to 63 letters, digits, '_', '.' or '-'.";
        }

        return seen.TryGetValue(name, out var same)
            ? $"{shown} differs from \"{same}\" at most in case; give each name once."
            : null;
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_.-]{0,63}\z")]
    private static partial Regex UsableName();
}
