using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

// What was meant by a list in another form.
public sealed partial record ObjectListArgument
{
    // A list that cannot be read is no list to leave out of a corrected call.
    private JsonArray? Meant(JsonElement value, FaultList faults)
    {
        var meant = Meant(value);
        faults.Forbid(unless: meant is not null);
        return meant;
    }

    // What was meant, whatever its form; null when a name or number of any entry cannot be told.
    private JsonArray? Meant(JsonElement value)
    {
        if (Reading.Json(value) is { } json)
        {
            return Meant(json);
        }

        var taken = new MeantNames();
        List<JsonObject?> entries = value.ValueKind switch
        {
            JsonValueKind.Array => value.GetArrayLength() > MaximumEntries
                ? []
                : value.EnumerateArray().Where(entry => entry.ValueKind is not JsonValueKind.Null)
                    .SelectMany(entry => MeantEntries(entry, taken)).ToList<JsonObject?>(),
            JsonValueKind.Object => MeantEntries(value, taken).ToList<JsonObject?>(),
            JsonValueKind.String => MeantPairs(value.GetString()!, taken).ToList<JsonObject?>(),
            _ => [],
        };
        return entries.Count == 0 || entries.Count > MaximumEntries || entries.Contains(null) ? null : Distinct(entries!);
    }

    // The same entry twice is that entry. Of two with one name only the caller knows which was meant.
    private static JsonArray? Distinct(List<JsonObject> entries)
    {
        var byName = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var name = entry[NameMember]!.GetValue<string>();
            if (!byName.TryAdd(name, entry) && !JsonNode.DeepEquals(byName[name], entry))
            {
                return null;
            }
        }

        return ToList(byName.Values);
    }

    // The names of a list as they were given, and what they become.
    private sealed class MeantNames
    {
        private readonly Dictionary<string, string> _usable = new(StringComparer.Ordinal);
        private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

        public bool Contains(string given) => _usable.ContainsKey(given);

        // Null for a name that differs from another in nothing but case.
        public string? Take(string given)
        {
            if (_usable.TryGetValue(given, out var same))
            {
                return same;
            }

            var name = EmittedName.IsUsable(given) ? given : EmittedName.Nearest(given, _taken);
            _usable[given] = name;
            return _taken.Add(name) ? name : null;
        }
    }

    // One entry in any form, or an object that holds several.
    private IEnumerable<JsonObject?> MeantEntries(JsonElement entry, MeantNames taken)
    {
        if (Reading.Json(entry) is { } json)
        {
            return MeantEntries(json, taken);
        }

        switch (entry.ValueKind)
        {
            case JsonValueKind.String:
                return MeantPairs(entry.GetString()!, taken);
            case JsonValueKind.Array when Number is not null && entry.GetArrayLength() == 2 && entry[0].ValueKind is JsonValueKind.String:
                return [MeantPair(entry[0].GetString()!, entry[1], taken)];
            case JsonValueKind.Array when entry.GetArrayLength() is > 0 and var length && length <= MaximumEntries
                && entry.EnumerateArray().All(each => each.ValueKind is JsonValueKind.Object):
                return entry.EnumerateArray().SelectMany(each => MeantEntries(each, taken));
            case JsonValueKind.Object when HasName(entry):
                return [MeantMembers(null, entry, taken)];
            case JsonValueKind.Object when IsOfWindows && entry.EnumerateObject().Take(16).Any(property => property.Value.ValueKind is not
                (JsonValueKind.Object or JsonValueKind.Array)):
                // A window says what it is called by its length.
                return [MeantMembers(null, entry, taken)];
            case JsonValueKind.Object when entry.EnumerateObject().Take(16).Any(property => Members.Any(each => each.Name == property.Name)):
                return s_unreadable;
            case JsonValueKind.Object when entry.GetPropertyCount() == 1 && IsWrapper(entry.EnumerateObject().First()):
                return Meant(entry.EnumerateObject().First().Value) is { } inner
                    ? inner.Select(each => (JsonObject?)each!.DeepClone().AsObject())
                    : s_unreadable;
            case JsonValueKind.Object:
                return entry.EnumerateObject().Take(MaximumEntries + 1).SelectMany(property =>
                    // The command line's "a=10 b=20" comes as "a=10 b" and 20.
                    property.Name.AsSpan().IndexOfAny(' ', '\t') > 0 && property.Name.IndexOf('=', StringComparison.Ordinal) > 0
                        && property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number
                        ? MeantPairs($"{property.Name}={property.Value}", taken)
                        : [MeantPair(property.Name, property.Value, taken)]);
            default:
                return s_unreadable;
        }
    }

    // {"items":[…]}, and as XML becomes JSON, {"item":{"name":"a"}}.
    private bool IsWrapper(JsonProperty property)
    {
        var folded = property.Name.Length <= 64 ? Reading.Fold(property.Name) : "";
        return folded == Reading.Fold(Name) || folded is "items" or "entries" or "list" or "values"
            || ((folded is "item" or "entry" or "element" || folded + "s" == Reading.Fold(Name))
                && (property.Value.ValueKind is JsonValueKind.Array
                    || (property.Value.ValueKind is JsonValueKind.Object && HasName(property.Value))));
    }

    // "orders.get=2000, payments: 5 s", as on a command line.
    private IEnumerable<JsonObject?> MeantPairs(string text, MeantNames taken)
    {
        foreach (var part in text.Split([',', ';', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .SelectMany(part => BetweenPairs().Split(part))
            .Take(MaximumEntries + 1))
        {
            var split = part.LastIndexOf('=') is var equals and > 0 ? equals : part.LastIndexOf(':');

            // Of "a:10:100" only the caller knows which number is which.
            var isOne = split > 0 && !NumberBefore().IsMatch(part[..split]);
            yield return !isOne || Number is null
                ? null
                : MeantPair(part[..split].Trim(),
                    JsonSerializer.SerializeToElement(part[(split + 1)..].Trim(), ArgumentJson.Readable.String), taken);
        }
    }

    private JsonObject? MeantPair(string name, JsonElement value, MeantNames taken)
    {
        // The command line's a=10,a=20 comes as a and a=20.
        if (name.IndexOf('=', StringComparison.Ordinal) is var equals and > 0 && taken.Contains(name[..equals]))
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.Object && value.GetPropertyCount() > 0)
        {
            // {"0":{"name":"a"}} and {"a":{"name":"a"}}: the name inside is the entry's, and an index is none.
            return name.All(char.IsAsciiDigit) || (NameIn(value) is { } inside && inside.Value.ValueEquals(name))
                ? MeantMembers(null, value, taken)
                : MeantMembers(name, value, taken);
        }

        return HasText(name) && Number?.Nearest(value) is { } number && taken.Take(name) is { } usable
            ? new JsonObject { [NameMember] = usable, [Number.Name] = number }
            : null;
    }

    private JsonObject? MeantMembers(string? name, JsonElement entry, MeantNames taken)
    {
        var values = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        var others = new List<JsonProperty>();
        foreach (var property in entry.EnumerateObject().SelectMany(Unpacked).Take(Members.Count + 4))
        {
            // It says what the number's own name says, or nothing to the code.
            if (property.Value.ValueKind is JsonValueKind.String && (IsRemark(property.Name)
                || (Number is { } counted && Reading.Fold(property.Name) is "unit" or "units" or "timeunit"
                    && Reading.FactorOf(property.Value.GetString()!, Reading.UnitOf(counted.Name)) is 1.0)))
            {
                continue;
            }

            if (Members.OfType<BooleanArgument>().FirstOrDefault(each => each.IsOppositeOf(property.Name)) is { } off)
            {
                if (values.ContainsKey(off.Name) || off.Check(property.Value, new()) is not { } read)
                {
                    return null;
                }

                values[off.Name] = !read.GetValue<bool>();
                continue;
            }

            if (Members.OfType<IntegerArgument>().FirstOrDefault(each => FactorIn(property.Name, each) is not (null or 1.0)) is { } timed)
            {
                if (values.ContainsKey(timed.Name)
                    || Reading.Number(property.Value, FactorIn(property.Name, timed)!.Value, Reading.UnitOf(timed.Name)) is not { } number
                    || number != Math.Floor(number) || number < timed.Minimum || number > timed.Maximum)
                {
                    return null;
                }

                values[timed.Name] = (int)number;
                continue;
            }

            var member = Members.FirstOrDefault(each => each.Name == property.Name)
                ?? (name is null && IsNameMember(property.Name) ? Members[0] : null)
                ?? (Suggestion.Nearest(property.Name, Members.Select(each => each.Name)) is { } nearest
                    ? Members.First(each => each.Name == nearest) : null)
                ?? OtherName.Member(property.Name, Members)
                ?? Members.FirstOrDefault(each => each is BooleanArgument flag ? flag.IsAlsoCalled(property.Name)
                    : each is not NameArgument && !IsOfAnother(property.Name)
                        && Reading.Fold(property.Name).Contains(Reading.Fold(each.Name), StringComparison.Ordinal));
            if (member is NameArgument && name is null && property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                name = property.Value.ToString();
            }
            else if (member is not null and not NameArgument && !values.ContainsKey(member.Name)
                && !Reading.MayBeOfOtherUnit(property, member) && member.Check(property.Value, new()) is { } value)
            {
                values[member.Name] = value;
            }
            else if (property.Value.ValueKind is not JsonValueKind.Null)
            {
                others.Add(property);
            }
        }

        // A number under any other name is the one that an entry must have, in the unit that its name ends in.
        var missing = Members.Where(member => member.Required && member is not NameArgument && !values.ContainsKey(member.Name)).ToList();
        if (missing is [IntegerArgument only] && others is [var other] && MeantNumber(only, other) is { } meant)
        {
            (values[only.Name], missing, others) = (meant, [], []);
        }

        if (name is null && values.TryGetValue(SecondsMember, out var window))
        {
            name = Reading.NameOfWindow(window.GetValue<int>());
        }

        if (name is null || !HasText(name) || missing.Count > 0 || others.Count > 0 || taken.Take(name) is not { } usable)
        {
            return null;
        }

        values[NameMember] = usable;
        return new(Members.Where(member => values.ContainsKey(member.Name))
            .Select(member => KeyValuePair.Create(member.Name, (JsonNode?)values[member.Name])));
    }

    // "a=10 b=20"; of "a = 10" the blanks part nothing.
    [System.Text.RegularExpressions.GeneratedRegex(@"(?<=[=:]\s*[0-9]\S*)\s+(?=[A-Za-z][^\s=:]*[=:])")]
    private static partial System.Text.RegularExpressions.Regex BetweenPairs();

    [System.Text.RegularExpressions.GeneratedRegex(@"[=:]\s*[0-9]+\s*[A-Za-z]*(?:\s|\z)")]
    private static partial System.Text.RegularExpressions.Regex NumberBefore();

    // Names of numbers that are something else, and never the one of an entry.
    private static readonly string[] s_others =
    [
        "retr", "attempt", "tries", "priorit", "weight", "queue", "wait", "delay", "backoff", "rate", "percent", "burst", "minimum",
        "version", "port", "order", "index",
    ];

    // connectTimeoutMs and p99Ms are a part and a measure of what an entry limits.
    private static bool IsOfAnother(string name) => PartOrMeasure().IsMatch(name);

    [System.Text.RegularExpressions.GeneratedRegex(
        "connect|idle|read|write|socket|header|body|warn|average|avg|mean|median|latency|sla|target|^p[0-9]|^min(?![a-z])")]
    private static partial System.Text.RegularExpressions.Regex PartOrMeasure();

    [System.Text.RegularExpressions.GeneratedRegex("Ms$|_ms$|[sS]ec|[tT]ime|[pP]er|[rR]atio|rps|qps|cpu|memory|ttl|[bB]ytes")]
    private static partial System.Text.RegularExpressions.Regex NoCount();

    [System.Text.RegularExpressions.GeneratedRegex("[iI]nterval|[tT]tl|[cC]ache|[bB]ytes|[cC]alls|[cC]ount|[sS]ize")]
    private static partial System.Text.RegularExpressions.Regex NoTime();

    private static int? MeantNumber(IntegerArgument number, JsonProperty given)
    {
        if (IsOfAnother(given.Name)
            || (Reading.UnitOf(number.Name) is Unit.None ? NoCount() : NoTime()).IsMatch(given.Name)
            || s_others.Any(each => given.Name.Contains(each, StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        var unit = Reading.UnitOf(number.Name);
        var word = string.Concat(given.Name.Reverse().TakeWhile(c => !char.IsAsciiLetterUpper(c) && c is not ('_' or '-')).Reverse());
        var last = given.Name.Length > word.Length && char.IsAsciiLetterUpper(given.Name[^(word.Length + 1)])
            ? given.Name[^(word.Length + 1)] + word
            : word;
        var factor = given.Value.ValueKind is JsonValueKind.Number ? Reading.FactorOf(last, unit) ?? 1 : 1;
        return Reading.Number(given.Value, unit) is { } value && (value > 0 || number.Minimum == 0)
            && (factor > 1 || !Reading.MayBeOfOtherUnit(given, number))
            ? IntegerArgument.Within(Math.Round(value * factor), number.Minimum, number.Maximum)
            : null;
    }

    private static readonly JsonObject?[] s_unreadable = [null];

    private bool IsOfWindows => Members.Any(each => each.Name == SecondsMember);

    // windowMs of a window's seconds, too.
    private static double? FactorIn(string name, IntegerArgument member) =>
        Reading.FactorIn(name, member.Name) ?? (member.Name == SecondsMember ? Reading.FactorIn(name, "windowSeconds") : null);

    // {"name":"a","config":{"maxConcurrent":10}}
    private IEnumerable<JsonProperty> Unpacked(JsonProperty property) => property.Value.ValueKind is JsonValueKind.Object
        && property.Name.Length <= 64
        && Reading.Fold(property.Name) is "value" or "config" or "options" or "settings" or "limits" or "params"
        && property.Value.EnumerateObject().Take(16).Any(inner =>
            Members.Any(member => Reading.Fold(member.Name) == Reading.Fold(inner.Name)))
            ? property.Value.EnumerateObject()
            : [property];

    private static bool IsRemark(string name) => name.Length <= 64
        && Reading.Fold(name) is "description" or "comment" or "comments" or "note" or "notes" or "explanation" or "reason" or "rationale"
            or "summary";

    private bool HasName(JsonElement entry) => NameIn(entry) is not null;

    /// <summary>The member of an object that names an entry, whatever it is called.</summary>
    internal JsonProperty? NameIn(JsonElement entry) => entry.EnumerateObject().Take(16)
        .Where(property => property.Value.ValueKind is JsonValueKind.String && IsNameMember(property.Name))
        .Select(property => (JsonProperty?)property)
        .FirstOrDefault();

    // A window is not named after what it is for: none is for one route or service alone.
    internal bool IsNameMember(string name) => name.Length <= 64 && Reading.Fold(name) is var folded
        && (folded is "name" or "key" or "id" or "label"
            || (Number is not null && folded is "operation" or "partition" or "service" or "endpoint" or "operationname" or "partitionname"
                or "servicename" or "op" or "path" or "route" or "resource" or "dependency" or "pool" or "bulkhead" or "upstream"));

    // Of a name in another script nothing would be left to know it by.
    private static bool HasText(string name) => name.Any(char.IsAsciiLetterOrDigit);
}
