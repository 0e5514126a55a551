using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Arguments;

/// <summary>One argument of a tool, read off its options record: the source of its JSON schema, command-line option and checks.</summary>
/// <param name="Name">Name in JSON, in camel case.</param>
/// <param name="Description">What the argument means.</param>
/// <param name="Required">Whether the call must give it.</param>
/// <param name="Default">The value when it is omitted; null when it has no fixed one.</param>
public abstract partial record Argument(string Name, string Description, bool Required, JsonNode? Default)
{
    private protected const int LongestShownValue = 60;

    /// <summary>The rule in words, such as <c>1 to 10000</c>.</summary>
    public abstract string Rule { get; }

    /// <summary>The JSON schema of the value, without description and default.</summary>
    private protected abstract JsonObject ValueSchema();

    /// <summary>A value that the tool accepts; stands in for a required argument in a corrected call.</summary>
    internal abstract JsonNode Example { get; }

    /// <summary>Checks a value and adds what is wrong with it to <paramref name="faults"/>.</summary>
    /// <returns>The value, or the accepted one that is closest to it; null to leave the argument out.</returns>
    internal abstract JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults);

    /// <summary>The JSON schema of the argument.</summary>
    internal JsonObject Schema()
    {
        var schema = ValueSchema();
        if (Default is not null)
        {
            schema["default"] = Default.DeepClone();
        }

        schema["description"] = Description;
        return schema;
    }

    /// <summary>The JSON schema for editors, which know every word of it; a manifest is checked against it.</summary>
    internal virtual JsonObject EditorSchema() => Schema();

    /// <summary>The shortest form of a value that was accepted.</summary>
    internal virtual JsonNode Canonical(JsonNode value) => value.DeepClone();

    private protected ArgumentFault Fault(string problem) => new(Name, problem);

    /// <summary>A value as an error shows it: JSON in ASCII, so that nothing in it can disturb a terminal or a log.</summary>
    internal static string Show(JsonElement value)
    {
        var text = value.ValueKind is JsonValueKind.Number
            ? value.GetRawText()
            : JsonSerializer.Serialize(value, ArgumentJson.Default.JsonElement);
        return text.Length <= LongestShownValue ? text : $"{text[..LongestShownValue]}...";
    }

    /// <summary>Text of a caller as an error shows it.</summary>
    internal static string Show(string text) => Show(JsonSerializer.SerializeToElement(text, ArgumentJson.Default.String));

    /// <summary>An integer written plainly: no fraction, exponent, leading zero or minus zero, and within 32 bits.</summary>
    private protected static bool IsInteger(JsonElement value, out int integer)
    {
        integer = 0;
        return value.ValueKind is JsonValueKind.Number
            && PlainInteger().IsMatch(value.GetRawText())
            && int.TryParse(value.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out integer);
    }

    /// <summary>Checks one integer against a range.</summary>
    /// <returns>Null when it is fine, else what is wrong.</returns>
    private protected static string? IntegerProblem(JsonElement value, int minimum, int maximum) => value.ValueKind switch
    {
        JsonValueKind.Number when IsInteger(value, out var integer) && integer >= minimum && integer <= maximum => null,
        JsonValueKind.Number when PlainInteger().IsMatch(value.GetRawText()) =>
            $"{Show(value)} is out of range; use {minimum} to {maximum}.",
        JsonValueKind.Number => $"{Show(value)} is not a plain integer; use {minimum} to {maximum}, without fraction or exponent.",
        _ => $"{Show(value)} is not an integer; use {minimum} to {maximum}.",
    };

    /// <summary>The integer within the range that is nearest to what was given, when that was a number or the text of one.</summary>
    private protected static int? NearestInteger(JsonElement value, int minimum, int maximum)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => value.GetString(),
            _ => null,
        };
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? (int)Math.Clamp(Math.Round(number), minimum, maximum)
            : null;
    }

    private protected static JsonNode ToNode(JsonElement value) =>
        JsonSerializer.SerializeToNode(value, ArgumentJson.Default.JsonElement)!;

    [GeneratedRegex(@"\A(0|-?[1-9][0-9]*)\z")]
    private static partial Regex PlainInteger();
}
