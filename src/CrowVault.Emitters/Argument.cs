using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters;

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

/// <summary>A whole number within a range.</summary>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The greatest value.</param>
/// <param name="Name">Name in JSON.</param>
/// <param name="Description">What the argument means.</param>
/// <param name="Required">Whether the call must give it.</param>
/// <param name="Default">The value when it is omitted.</param>
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

/// <summary>True or false.</summary>
/// <param name="Name">Name in JSON.</param>
/// <param name="Description">What the argument means.</param>
/// <param name="Required">Whether the call must give it.</param>
/// <param name="Default">The value when it is omitted.</param>
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

/// <summary>One of a few words.</summary>
/// <param name="Choices">The words, in kebab case.</param>
/// <param name="Name">Name in JSON.</param>
/// <param name="Description">What the argument means.</param>
/// <param name="Required">Whether the call must give it.</param>
/// <param name="Default">The value when it is omitted.</param>
public sealed record ChoiceArgument(string Name, string Description, bool Required, JsonNode? Default, IReadOnlyList<string> Choices)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => string.Join(", ", Choices);

    internal override JsonNode Example => Choices[0];

    private protected override JsonObject ValueSchema() =>
        new() { ["enum"] = new JsonArray([.. Choices.Select(choice => (JsonNode)choice)]) };

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        var given = value.ValueKind is JsonValueKind.String ? value.GetString()! : null;
        if (given is not null && Choices.Contains(given, StringComparer.Ordinal))
        {
            return given;
        }

        var nearest = given is null ? null : Nearest.To(given, Choices);
        faults.Add(Fault(nearest is null
            ? $"{Show(value)} is not a choice; use one of {Rule}."
            : $"{Show(value)} is not a choice; did you mean {nearest}? Use one of {Rule}."));
        return nearest;
    }
}

/// <summary>A list of different whole numbers within a range.</summary>
/// <param name="Minimum">The least value of an entry.</param>
/// <param name="Maximum">The greatest value of an entry.</param>
/// <param name="MaximumEntries">How many entries there may be.</param>
/// <param name="Name">Name in JSON.</param>
/// <param name="Description">What the argument means.</param>
/// <param name="Required">Whether the call must give it.</param>
/// <param name="Default">The value when it is omitted.</param>
public sealed record IntegerListArgument(
    string Name, string Description, bool Required, JsonNode? Default, int Minimum, int Maximum, int MaximumEntries)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => $"a list of 1 to {MaximumEntries} different integers, each {Minimum} to {Maximum}";

    internal override JsonNode Example => new JsonArray(Minimum);

    private protected override JsonObject ValueSchema() => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject { ["type"] = "integer", ["minimum"] = Minimum, ["maximum"] = Maximum },
        ["minItems"] = 1,
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

        if (value.GetArrayLength() == 0 || value.GetArrayLength() > MaximumEntries)
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

        return corrected.Count == 0 ? null : new JsonArray([.. corrected.Select(entry => (JsonNode)entry)]);
    }
}

/// <summary>An object from names that reach the emitted code to whole numbers within a range.</summary>
/// <param name="Minimum">The least value of an entry.</param>
/// <param name="Maximum">The greatest value of an entry.</param>
/// <param name="MaximumEntries">How many entries there may be.</param>
/// <param name="Name">Name in JSON.</param>
/// <param name="Description">What the argument means.</param>
/// <param name="Required">Whether the call must give it.</param>
/// <param name="Default">The value when it is omitted.</param>
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
