using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>A name that reaches the emitted code.</summary>
public sealed record NameArgument(string Name, string Description, bool Required, JsonNode? Default)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => "a letter, then up to 63 letters, digits, '_', '.' or '-'";

    private protected override string Form => "letters, digits, _ . -";

    private protected override JsonObject ValueSchema() => new() { ["type"] = "string" };

    /// <inheritdoc/>
    internal override JsonObject EditorSchema()
    {
        var schema = base.EditorSchema();
        schema["pattern"] = EmittedName.Pattern;
        return schema;
    }

    internal override JsonNode? Check(JsonElement value, FaultList faults) => Check(value, [], faults);

    /// <summary>Checks a name against the names before it, and adds it to them.</summary>
    internal string? Check(JsonElement value, HashSet<string> taken, FaultList faults)
    {
        if (value.ValueKind is JsonValueKind.String)
        {
            return Check(value.GetString()!, Name, taken, faults);
        }

        faults.Add(Fault($"{Show(value)} is not a name; use {Rule}."));
        return value.ValueKind is JsonValueKind.Number ? Take(value.GetRawText(), taken) : null;
    }

    /// <summary>Checks a name against the names before it, and adds it to them.</summary>
    /// <param name="given">The name.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="taken">The names before it.</param>
    /// <param name="faults">Get what is wrong.</param>
    /// <returns>The name, or a usable one that still shows what was given.</returns>
    internal static string Check(string given, string path, HashSet<string> taken, FaultList faults)
    {
        if (EmittedName.Problem(given, taken) is { } problem)
        {
            faults.Add(new(path, problem));
        }

        return Take(given, taken);
    }

    private static string Take(string given, HashSet<string> taken)
    {
        var name = EmittedName.IsUsable(given) && !taken.Contains(given) ? given : EmittedName.Nearest(given, taken);
        taken.Add(name);
        return name;
    }
}
