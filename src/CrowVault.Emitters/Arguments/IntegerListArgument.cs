using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Arguments;

/// <summary>A list of different whole numbers within a range.</summary>
/// <param name="Minimum">The least value of an entry.</param>
/// <param name="Maximum">The greatest value of an entry.</param>
/// <param name="MinimumEntries">How many entries there must be.</param>
/// <param name="MaximumEntries">How many entries there may be.</param>
public sealed partial record IntegerListArgument(
    string Name, string Description, bool Required, JsonNode? Default, int Minimum, int Maximum, int MinimumEntries, int MaximumEntries)
    : Argument(Name, Description, Required, Default)
{
    /// <summary>A list without entries as one word of a command line.</summary>
    public const string EmptyOption = "none";

    /// <inheritdoc/>
    public override string Rule => $"a list of {MinimumEntries} to {MaximumEntries} different integers, each {Minimum} to {Maximum}";

    private protected override string Form => $"{MinimumEntries} to {MaximumEntries} of {Minimum} to {Maximum}, all different";

    private protected override JsonObject ValueSchema() => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject { ["type"] = "integer", ["minimum"] = Minimum, ["maximum"] = Maximum },
    };

    /// <inheritdoc/>
    internal override JsonObject EditorSchema()
    {
        var schema = base.EditorSchema();
        schema["minItems"] = MinimumEntries;
        schema["maxItems"] = MaximumEntries;
        schema["uniqueItems"] = true;
        return schema;
    }

    internal override string OptionValue(JsonNode value) => value.AsArray() is { Count: > 0 } entries
        ? string.Join(',', entries.Select(entry => entry!.ToJsonString()))
        : EmptyOption;

    internal override JsonNode? Check(JsonElement value, FaultList faults)
    {
        if (value.ValueKind is not JsonValueKind.Array)
        {
            faults.Add(Fault($"{Show(value)} is not a list; use {Rule}.") with { Hint = AdviceOn(value) });
            var meant = Nearest(value);
            faults.Forbid(unless: meant is not null
                || !(Reading.MeansSomething(value) || Reading.HasWord(value) || value.ValueKind is JsonValueKind.Object));
            return meant;
        }

        var length = value.GetArrayLength();
        if (length < MinimumEntries)
        {
            // No list of others means the same as one that is empty.
            faults.AddFinal(Fault($"{length} entries are out of range; use {Rule}."));
        }
        else if (length > MaximumEntries)
        {
            faults.AddFinal(Fault($"{length} entries are out of range; use {Rule}."));
        }

        var corrected = new List<int>();
        var index = 0;
        foreach (var entry in value.EnumerateArray().Take(MaximumEntries))
        {
            if (IntegerArgument.Problem(entry, Minimum, Maximum, out var integer) is { } problem)
            {
                faults.Add(new($"{Name}[{index}]", problem) { Hint = AdviceOn(entry) });
                if (Meant(entry) is not { } meant)
                {
                    faults.Forbid(unless: !(Reading.MeansSomething(entry) || Reading.HasWord(entry)));
                }
                else
                {
                    corrected.AddRange(meant.Except(corrected).ToList());
                }
            }
            else if (corrected.Contains(integer))
            {
                faults.Add(new($"{Name}[{index}]", $"{integer} is given twice; give it once."));
            }
            else
            {
                corrected.Add(integer);
            }

            index++;
        }

        // Ranges may add up to more.
        faults.Forbid(unless: corrected.Count <= MaximumEntries);
        return ToNode(corrected, length == 0);
    }

    // "5xx,gateway-error", as proxies have it: what is known of one part helps with the whole.
    private string? AdviceOn(JsonElement value) =>
        value.ValueKind is JsonValueKind.String && value.GetString() is { Length: <= LongestText } text
            ? SupportedWay.For(Name, text)?.Advice
                ?? Separators().Split(text).Select(part => SupportedWay.For(Name, part)?.Advice).FirstOrDefault(advice => advice is not null)
            : null;

    private JsonArray? ToNode(List<int> entries, bool given) =>
        entries.Count == 0 && !(given && MinimumEntries == 0) ? null : new JsonArray([.. entries.Select(entry => (JsonNode)entry)]);

    // A list in text, numbers between commas, or one number.
    private JsonArray? Nearest(JsonElement value)
    {
        if (Reading.Json(value) is { } json)
        {
            return json.ValueKind is not JsonValueKind.Array ? Nearest(json)
                : json.GetArrayLength() == 0 && MinimumEntries == 0 ? []
                : Read(json);
        }

        if (MinimumEntries == 0 && value.ValueKind is JsonValueKind.String
            && string.Equals(value.GetString()!.Trim(), EmptyOption, StringComparison.OrdinalIgnoreCase))
        {
            return [];
        }

        if (value.ValueKind is JsonValueKind.String)
        {
            return Meant(value)?.ToList() is { Count: > 0 } read && read.Count <= MaximumEntries ? ToNode(read, given: false) : null;
        }

        if (value.ValueKind is JsonValueKind.Object && value.GetPropertyCount() is > 0 and var count && count <= MaximumEntries)
        {
            // {"value":[429]}, {"429":true,"500":false}, and {"0":429,"1":503}.
            var members = value.EnumerateObject().ToList();
            return members is [{ Value.ValueKind: JsonValueKind.Array } inner]
                ? Reading.IsWrapper(inner.Name, Name) ? Read(inner.Value) : null
                : members.TrueForAll(IsSwitch) ? Read(JsonSerializer.SerializeToElement(
                    (JsonNode)new JsonArray([.. members.Where(member => member.Value.GetBoolean()).Select(member => (JsonNode)member.Name)]),
                    ArgumentJson.Readable.JsonNode))
                : members.Select(member => member.Name)
                .SequenceEqual(Enumerable.Range(0, count).Select(index => index.ToString(CultureInfo.InvariantCulture)))
                    ? Read(JsonElement.Parse($"[{string.Join(',', members.Select(member => member.Value.GetRawText()))}]"))
                : count == 1 && Inside(value) is { } member ? new JsonArray(member)
                : null;
        }

        return Inside(value) is { } only ? new JsonArray(only) : null;
    }

    private bool IsSwitch(JsonProperty member) =>
        member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False && Meant(Text(member.Name)) is not null;

    // Another status would mean something else.
    private int? Inside(JsonElement entry) =>
        Reading.Number(entry, Unit.None, Name) is { } number && number >= Minimum && number <= Maximum && number == Math.Floor(number)
            ? (int)number
            : null;

    // Numbers that are no statuses at all are not the ones that were meant.
    private JsonArray? Read(JsonElement list)
    {
        if (list.GetArrayLength() is var length && (length == 0 || length > MaximumEntries))
        {
            return null;
        }

        var read = list.EnumerateArray().Select(Meant).ToList();
        var all = read.SelectMany(entry => entry ?? []).Distinct().ToList();
        return read.Contains(null) || all.Count > MaximumEntries ? null : ToNode(all, given: false);
    }

    // One number, a list inside the list, or a text of several.
    private IEnumerable<int>? Meant(JsonElement entry) =>
        Inside(entry) is { } one ? [one]
        : entry.ValueKind is JsonValueKind.Array && entry.GetArrayLength() is > 0 and var length && length <= MaximumEntries
            ? All(entry.EnumerateArray().Select(Meant))
        : entry.ValueKind is not JsonValueKind.String || LongestText < entry.GetString()!.Length ? null
        : All(Separators().Split(WithoutBrackets(entry.GetString()!)).Where(part => part.Length > 0).Take(MaximumEntries + 1)
            .Select(InText));

    private static IEnumerable<int>? All(IEnumerable<IEnumerable<int>?> entries) =>
        entries.ToList() is { Count: > 0 } read && !read.Contains(null) ? read.SelectMany(entry => entry!).Distinct() : null;

    // One number, those from one to another ("500-504"), or some with blanks between.
    private IEnumerable<int>? InText(string text) =>
        Inside(Text(text)) is { } one ? [one]
        : Range().Match(text) is { Success: true } range
            && int.Parse(range.Groups["first"].ValueSpan, CultureInfo.InvariantCulture) is var first && first >= Minimum
            && int.Parse(range.Groups["last"].ValueSpan, CultureInfo.InvariantCulture) is var last && last <= Maximum
            && last >= first && last - first < MaximumEntries ? Enumerable.Range(first, last - first + 1)
        : Status(text) is { } status && status >= Minimum && status <= Maximum ? [status]
        : text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is { Length: > 1 } parts && parts.Length <= MaximumEntries
            ? All(parts.Select(InText))
        : null;

    // "HTTP 503", "503 Service Unavailable", and "Service Unavailable".
    private static int? Status(string text)
    {
        if (NamedStatus().Match(text) is not { Success: true } match)
        {
            return null;
        }

        int? code = match.Groups["code"].Length > 0 ? int.Parse(match.Groups["code"].ValueSpan, CultureInfo.InvariantCulture) : null;
        var reason = Reading.Fold(match.Groups["reason"].Value);
        if (reason.Length == 0)
        {
            return code;
        }

        // Of "503 except GET" the code alone would mean something else.
        return Enum.TryParse<System.Net.HttpStatusCode>(reason, ignoreCase: true, out var named) && (code is null || code == (int)named)
            ? (int)named
            : null;
    }

    private static string WithoutBrackets(string text) => text.Trim() is var trimmed
        && trimmed is ['(', .., ')'] or ['[', .., ']'] or ['{', .., '}'] ? trimmed[1..^1] : Reading.Unquoted(text);

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text, ArgumentJson.Readable.String);

    private const int LongestText = 1_024;

    [GeneratedRegex(@"\s*(?:[,;|/&\n]|\band\b|\bor\b|\bund\b|\boder\b|\bet\b|\bou\b|\by\b)\s*", RegexOptions.IgnoreCase)]
    private static partial Regex Separators();

    [GeneratedRegex(@"\A\s*(?:(?:http|status(?:[ _-]?code)?|code)(?![a-z])[ :=_-]*)?(?<code>[0-9]{3}(?![0-9]))?[ :()_-]*"
        + @"(?<reason>[a-z][a-z' _-]{0,40})?\)?\s*\z",
        RegexOptions.IgnoreCase)]
    private static partial Regex NamedStatus();

    [GeneratedRegex(@"\A(?<first>[0-9]{1,5})(?:-|\u2013|\.\.\.?)(?<last>[0-9]{1,5})\z")]
    private static partial Regex Range();
}
