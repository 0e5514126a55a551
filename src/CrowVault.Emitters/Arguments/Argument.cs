using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>One argument of a tool, read off its options record: the source of its JSON schema, command-line option and checks.</summary>
/// <param name="Name">Name in JSON, in camel case.</param>
/// <param name="Description">What the argument means.</param>
/// <param name="Required">Whether the call must give it.</param>
/// <param name="Default">The value when it is omitted; null when it has no fixed one.</param>
public abstract record Argument(string Name, string Description, bool Required, JsonNode? Default)
{
    private const int LongestShownValue = 60;

    /// <summary>Whether the value of an omitted argument follows from others, so that giving the default in so many words may mean
    /// something else.</summary>
    internal bool DefaultFollows { get; init; }

    /// <summary>The rule in words, such as <c>1 to 10000</c>.</summary>
    public abstract string Rule { get; }

    /// <summary>Name of the option on the command line, such as <c>--max-retries</c>.</summary>
    public string OptionName => $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(Name)}";

    /// <summary>The JSON schema of the value, without description and default.</summary>
    private protected abstract JsonObject ValueSchema();

    /// <summary>Form, unit and range in words, for clients that hand on nothing but descriptions; empty when the meaning says it.</summary>
    private protected virtual string Form => "";

    /// <summary>Checks a value and adds what is wrong with it to <paramref name="faults"/>.</summary>
    /// <returns>The value as it is bound, or the one that was probably meant; null when it cannot be read.</returns>
    internal abstract JsonNode? Check(JsonElement value, FaultList faults);

    /// <summary>The JSON schema of the argument in the words that every model provider takes.</summary>
    internal JsonObject Schema()
    {
        var schema = ValueSchema();
        var fallback = Default is null ? "" : $"default {ShowDefault()}";
        var form = string.Join("; ", new[] { Form, fallback }.Where(part => part.Length > 0));
        schema["description"] = form.Length == 0
            ? Description
            : form.StartsWith("ms", StringComparison.Ordinal) || form.StartsWith("s;", StringComparison.Ordinal) || form == "s"
            ? $"{Description.TrimEnd('.')}, in {form}."
            : $"{Description} {char.ToUpperInvariant(form[0])}{form[1..]}.";
        return schema;
    }

    /// <summary>The JSON schema for editors, which know every word of it; a manifest is checked against it.</summary>
    internal virtual JsonObject EditorSchema()
    {
        var schema = ValueSchema();
        if (Default is not null)
        {
            schema["default"] = Default.DeepClone();
        }

        schema["description"] = Description;
        return schema;
    }

    /// <summary>The shortest form of a value that was accepted.</summary>
    internal virtual JsonNode Canonical(JsonNode value) => value.DeepClone();

    /// <summary>A value as one word of a command line.</summary>
    internal virtual string OptionValue(JsonNode value) => value.ToJsonString(ArgumentJson.Readable.Options).Trim('"');

    /// <summary>A sentence with the rule in the form of the command line.</summary>
    internal virtual string WithOptionRule(string sentence) => sentence;

    private protected ArgumentFault Fault(string problem) => new(Name, problem);

    private string ShowDefault() => Default switch
    {
        JsonValue value when value.GetValueKind() is JsonValueKind.String => (string)value!,
        _ => Default!.ToJsonString().Replace(",", ", ", StringComparison.Ordinal),
    };

    /// <summary>A value as an error shows it: JSON in ASCII, so that nothing in it can disturb a terminal or a log.</summary>
    internal static string Show(JsonElement value) => Shorten(value.ValueKind is JsonValueKind.Number
        ? value.GetRawText()
        : JsonSerializer.Serialize(value, ArgumentJson.Readable.JsonElement));

    /// <summary>Text of a caller as an error shows it.</summary>
    public static string Show(string text) =>
        Shorten(JsonSerializer.Serialize(
            text.Length <= LongestShownValue ? text : text[..LongestShownValue] + "...", ArgumentJson.Readable.String));

    /// <summary>A name of a caller's as an error shows it: as it is only where it cannot disturb a terminal, a log or the reader.</summary>
    internal static string ShowName(string name) =>
        name.Length is > 0 and <= 60 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : Show(name);

    private protected static string Text(JsonNode node) => node.ToJsonString(ArgumentJson.Readable.Options);

    private static string Shorten(string json)
    {
        var cut = json.Length > LongestShownValue;
        var shown = new StringBuilder();
        foreach (var c in json.AsSpan(0, cut ? LongestShownValue : json.Length))
        {
            _ = c is >= ' ' and <= '~' ? shown.Append(c) : shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }

        return cut ? $"{shown}..." : shown.ToString();
    }
}
