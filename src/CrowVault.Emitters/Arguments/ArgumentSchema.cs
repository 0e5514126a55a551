using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>The arguments of one tool and their JSON schema.</summary>
public abstract class ArgumentSchema
{
    private readonly Dictionary<string, Argument> _byName;

    private protected ArgumentSchema(IReadOnlyList<Argument> all)
    {
        All = all;
        _byName = all.ToDictionary(argument => argument.Name, StringComparer.Ordinal);
        Schema = JsonSerializer.SerializeToElement(
            (JsonNode)BuildSchema([.. All, WithCode], argument => argument.Schema()), ArgumentJson.Readable.JsonNode);
    }

    /// <summary>What every tool takes beside its own arguments: it changes what is answered, not the files.</summary>
    public static Argument WithCode { get; } =
        new BooleanArgument("withCode", "False: no code.", Required: false, true);

    /// <summary>The arguments in the order in which the options record declares them.</summary>
    public IReadOnlyList<Argument> All { get; }

    /// <summary>JSON Schema (2020-12) of the argument object in the words that every model provider takes; unknown arguments are
    /// refused.</summary>
    public JsonElement Schema { get; }

    /// <summary>The argument of a name; null when there is none.</summary>
    public Argument? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Arguments that were accepted, as options of a command.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="withDefaults">Whether those that are left at their defaults are named too.</param>
    public string CommandLineOptions(JsonObject arguments, bool withDefaults = false) => string.Join(' ', All
        .Where(argument => arguments[argument.Name] is { } value && (withDefaults || !JsonNode.DeepEquals(value, argument.Default)))
        .Select(argument => arguments[argument.Name] is JsonValue value && value.GetValueKind() is JsonValueKind.True
            ? argument.OptionName
            : $"{argument.OptionName} {argument.OptionValue(arguments[argument.Name]!)}"));

    /// <summary>Arguments as parameters of a query, in the form of the command line.</summary>
    /// <param name="arguments">The arguments.</param>
    public string Query(JsonObject arguments) => string.Join('&', All
        .Where(argument => arguments[argument.Name] is not null)
        .Select(argument => arguments[argument.Name] is JsonValue value && value.GetValueKind() is JsonValueKind.True
            ? argument.Name
            : $"{argument.Name}={InQuery(argument.OptionValue(arguments[argument.Name]!).Trim('\''))}"));

    // What a query may hold as it is stays readable.
    private static string InQuery(string value) => Uri.EscapeDataString(value)
        .Replace("%2C", ",", StringComparison.Ordinal)
        .Replace("%3D", "=", StringComparison.Ordinal)
        .Replace("%3A", ":", StringComparison.Ordinal);

    /// <summary>Canonical arguments as JSON, without the switches that are off and were not asked for.</summary>
    internal string Taken(JsonObject canonical) => new JsonObject(canonical
        .Where(argument => argument.Value!.GetValueKind() is not JsonValueKind.False
            || !JsonNode.DeepEquals(argument.Value, Find(argument.Key)!.Default))
        .Select(argument => KeyValuePair.Create(argument.Key, (JsonNode?)argument.Value!.DeepClone())))
        .ToJsonString(ArgumentJson.Readable.Options);

    /// <summary>The schema for editors: it also knows defaults and short forms.</summary>
    internal JsonObject EditorSchema() => BuildSchema(All, argument => argument.EditorSchema());

    private static JsonObject BuildSchema(IReadOnlyList<Argument> all, Func<Argument, JsonObject> of)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(all.Select(argument => KeyValuePair.Create(argument.Name, (JsonNode?)of(argument)))),
        };
        if (all.Any(argument => argument.Required))
        {
            schema["required"] = new JsonArray(
                [.. all.Where(argument => argument.Required).Select(argument => (JsonNode)argument.Name)]);
        }

        schema["additionalProperties"] = false;
        return schema;
    }
}
