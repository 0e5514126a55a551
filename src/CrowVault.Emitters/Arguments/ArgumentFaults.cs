using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Arguments;

/// <summary>What is wrong with one call, and a call that would work when one can be built.</summary>
/// <param name="Tool">The tool that was called.</param>
/// <param name="Faults">The faults, in the order in which the arguments were given; the first of them when there are very many.</param>
/// <param name="CorrectedArguments">
/// Arguments as JSON that the tool accepts, with every value that was meant; null when none can be built that means the same.
/// </param>
public sealed partial record ArgumentFaults(string Tool, IReadOnlyList<ArgumentFault> Faults, string? CorrectedArguments)
{
    /// <summary>How many faults there are in all.</summary>
    public int Total { get; init; } = Faults.Count;

    /// <summary>The tool's arguments, for the names of options.</summary>
    internal ArgumentSchema? Schema { get; init; }

    /// <summary>One line per fault, then the corrected call.</summary>
    public string Message => MessageWith(CorrectedArguments is null ? null : $"{Tool} {CorrectedArguments}");

    /// <summary>One line per fault, then the corrected call in the form of the door that was used.</summary>
    /// <param name="corrected">The call; null when there is none.</param>
    public string MessageWith(string? corrected) => Write(fault => fault.Advice, corrected);

    /// <summary>The same for a caller on the command line: faults under the names of options, and a command that works.</summary>
    /// <param name="command">The command that was given without its options, such as <c>crowvault-mcp generate bulkhead</c>.</param>
    /// <param name="others">What else was given, as it is typed.</param>
    /// <param name="typed">How an argument that the tool does not have was typed; null where it was not.</param>
    public string CommandLineMessage(string command, string others = "", Func<string, string?>? typed = null) => Write(
        fault => InOptions(fault, typed).Advice,
        CorrectedOptions is { } options ? string.Join(' ', new[] { command, options, others }.Where(part => part.Length > 0)) : null);

    /// <summary>The corrected call's options as they are typed into a shell, defaults that were meant among them: over a file that is
    /// there, what is left out is taken from its header. Null when no call can be built.</summary>
    public string? CorrectedOptions => Schema is null || CorrectedArguments is null
        ? null
        : Schema.CommandLineOptions(JsonNode.Parse(CorrectedArguments)!.AsObject(), withDefaults: true);

    /// <summary>One line per fault, and one that says how many more there are.</summary>
    /// <param name="line">A fault as a line.</param>
    public IList<string> Lines(Func<ArgumentFault, string> line)
    {
        var lines = Faults.Select(line).ToList();
        if (Total > Faults.Count)
        {
            lines.Add($"{Total - Faults.Count} more faults are not shown.");
        }

        return lines;
    }

    /// <summary>The same with the first of the faults alone that an answer of some length has room for, and with one at least.</summary>
    /// <param name="most">How long the answer may be in bytes, in JSON.</param>
    public ArgumentFaults Within(int most)
    {
        var left = most - (CorrectedArguments is null ? 0 : LengthInJson(CorrectedArguments));
        return this with
        {
            Faults = [.. Faults.TakeWhile((fault, index) =>
                (left -= LengthInJson(fault.Advice) + LengthInJson(fault.Argument) + Frame) >= 0 || index == 0)],
        };
    }

    // {"detail":"","pointer":"/args/"},
    private const int Frame = 34;

    private static int LengthInJson(string text) => text.Length + text.AsSpan().Count('"') + text.AsSpan().Count('\\');

    private ArgumentFault InOptions(ArgumentFault fault, Func<string, string?>? typed)
    {
        var end = fault.Argument.IndexOfAny(['.', '[']);
        var name = end < 0 ? fault.Argument : fault.Argument[..end];
        var known = Schema?.Find(name);
        return fault with
        {
            // An option of several words has another name in notes, in manifests and over the other doors.
            Argument = known is not null && known.OptionName == $"--{name}" ? known.OptionName + fault.Argument[name.Length..]
                : known is not null ? $"{known.OptionName}, {fault.Argument}"
                : typed?.Invoke(fault.Argument) is { } option ? option
                : name.All(char.IsAsciiLetterOrDigit) ? $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(name)}"
                : fault.Argument,
            Problem = InOptions(known is null ? fault.Problem : known.WithOptionRule(fault.Problem), known),
            Hint = fault.Hint is null ? null : InOptions(fault.Hint, known),
        };
    }

    // Names of arguments become names of options: those of several words wherever they stand, the others where a sentence lists
    // names. Values stay as they are, and so do the members of an entry, which are written as JSON.
    private string InOptions(string sentence, Argument? of)
    {
        var members = of is ObjectListArgument list ? list.Members.Select(member => member.Name) : [];
        string Name(string word) => Schema?.Find(word) is { } other && !members.Contains(word) ? other.OptionName : word;
        return NamesAndValues.Replace(sentence, match => match.Value switch
        {
            ['"', ..] => match.Value,
            _ when match.Groups["lead"].Value is { Length: > 0 } lead =>
                lead.Replace("argument", "option", StringComparison.Ordinal)
                    + Word.Replace(match.Groups["list"].Value, word => Name(word.Value)),
            "unknown argument" => "unknown option",
            _ => Name(match.Value),
        });
    }

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"?
        |(?<lead>\bthe\ arguments\ are\ |\bdid\ you\ mean\ |\bis\ a\ choice\ of\ |\bunknown\ argument;\ (?:use|give)\ |\ban\ entry\ of\ )
            (?<list>[^?.:;]*)
        |\bunknown\ argument\b
        |\b[a-z]+(?:[A-Z][A-Za-z]*)\b
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex NamesAndValues { get; }

    [GeneratedRegex(@"\b[A-Za-z]+\b")]
    private static partial Regex Word { get; }

    private string Write(Func<ArgumentFault, string> line, string? corrected)
    {
        var lines = Lines(line);
        if (corrected is not null)
        {
            lines.Add($"Corrected call: {corrected}");
        }

        return string.Join('\n', lines);
    }
}

/// <summary>One fault of a call: the argument, and the value, the rule and the way out in one sentence.</summary>
/// <param name="Argument">Name of the argument, as in the JSON schema.</param>
/// <param name="Problem">What is wrong and what to do, such as <c>0 is out of range; use 1 to 10000.</c></param>
public sealed record ArgumentFault(string Argument, string Problem)
{
    /// <summary>
    /// What a corrected call gives in place of what does not fit, by argument, null to leave one out. Without it there is no
    /// corrected call: of two values that exclude each other only the caller knows which was meant.
    /// </summary>
    public IReadOnlyDictionary<string, JsonNode?>? Remedy { get; init; }

    /// <summary>What else helps, as a sentence of its own.</summary>
    public string? Hint { get; init; }

    /// <summary>The fault with its hint.</summary>
    public string Advice => Hint is null ? ToString() : $"{this} {Hint}";

    /// <inheritdoc/>
    public bool Equals(ArgumentFault? other) => other is not null && Argument == other.Argument && Problem == other.Problem;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Argument, Problem);

    /// <inheritdoc/>
    public override string ToString() => $"{Argument}: {Problem}";
}
