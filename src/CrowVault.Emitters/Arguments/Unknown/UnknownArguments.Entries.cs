using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments.Unknown;

// Entries of a list that stand elsewhere, in pieces, or without their numbers.
internal sealed partial class UnknownArguments
{
    // {"name":"orders.get","timeoutMs":2000}: the one entry of a list that is not there.
    private bool AddMember(string name, JsonProperty property)
    {
        if (schema.All.OfType<ObjectListArgument>().FirstOrDefault(each => each.Required && each.Members.Any(member =>
            member.Name == property.Name && member is not NameArgument)) is not { } list)
        {
            return false;
        }

        var fault = new ArgumentFault(name, $"unknown argument; it belongs to an entry of {list.Name}.");
        if (given.TryGetProperty(list.Name, out var names) && SharesNumber(list, names) && property.Name == list.Number!.Name)
        {
            faults.Add(fault);
        }
        else if (!given.TryGetProperty(list.Name, out _) && list.NameIn(given) is { } named
            && list.Members.All(member => !member.Required || member is NameArgument || given.TryGetProperty(member.Name, out _)))
        {
            faults.Add(fault);
            var entry = new JsonObject(list.Members
                .Where(member => member is not NameArgument && given.TryGetProperty(member.Name, out _))
                .Select(member => KeyValuePair.Create(
                    member.Name, (JsonNode?)JsonNode.Parse(given.GetProperty(member.Name).GetRawText())))
                .Prepend(KeyValuePair.Create(list.Members[0].Name, (JsonNode?)JsonNode.Parse(named.Value.GetRawText()))));
            Carry(list, JsonSerializer.SerializeToElement((JsonNode)new JsonArray(entry), ArgumentJson.Readable.JsonNode));
        }
        else
        {
            faults.AddFinal(fault);
        }

        return true;
    }

    // operation: "orders.get" beside timeoutMs: 2000, which carries both over.
    private bool AddName(string name, JsonProperty property)
    {
        if (property.Value.ValueKind is not JsonValueKind.String
            || schema.All.OfType<ObjectListArgument>().FirstOrDefault(each => each is { Required: true, Number: not null })
                is not { } list
            || given.TryGetProperty(list.Name, out _) || !given.TryGetProperty(list.Number!.Name, out _)
            || list.NameIn(given)?.Name != property.Name)
        {
            return false;
        }

        faults.Add(new(name, $"unknown argument; it belongs to an entry of {list.Name}."));
        return true;
    }

    // {"orders":2000} and {"orders":{"timeoutMs":2000}}: the entries of a list that is not there.
    private bool AddEntry(string name, JsonProperty property)
    {
        if (schema.All.OfType<ObjectListArgument>().FirstOrDefault(each => each is { Required: true, Number: not null })
                is not { } list
            || given.TryGetProperty(list.Name, out _) || list.NameIn(given) is not null || !IsEntry(list, property))
        {
            return false;
        }

        faults.Add(new(name, $"unknown argument; it belongs inside {list.Name}."));
        if (_inPieces.Add(list.Name))
        {
            // Of more than these none is corrected anyway.
            var most = MostCompared + schema.All.Count + 1;
            Carry(list, ObjectOf(given.EnumerateObject().Take(most).Where(each => IsEntry(list, each))));
        }

        return true;
    }

    // Of two values of one name only the caller knows which was meant.
    private JsonElement ObjectOf(IEnumerable<JsonProperty> properties)
    {
        var copy = new JsonObject();
        foreach (var property in properties)
        {
            faults.Forbid(unless: copy.TryAdd(property.Name, JsonNode.Parse(property.Value.GetRawText())));
        }

        return JsonSerializer.SerializeToElement((JsonNode)copy, ArgumentJson.Readable.JsonNode);
    }

    private static readonly string[] s_figures =
    [
        "value", "number", "amount", "count", "size", "level", "version", "id", "seed", "temperature", "port", "index", "default",
        "defaults", "global", "all", "any", "item", "items", "entry", "entries", "data",
    ];

    // What is called like something of resilience, a unit, a figure or a wrapper, or is of a client, is no name of a service.
    private bool IsEntry(ObjectListArgument list, JsonProperty property)
    {
        if (schema.Find(property.Name) is not null || IsOfClient(property.Name) || NamesResilience(property.Name)
            || Reading.FactorOf(property.Name, Unit.Seconds) is not null || Words(property.Name).Any(s_figures.Contains)
            || s_wrappers.Contains(Reading.Fold(property.Name))
            || property.Name == ArgumentSchema.WithCode.Name || OtherName.For(property.Name, schema) is not null
            || (property.Value.ValueKind is JsonValueKind.Object ? !property.Value.TryGetProperty(list.Number!.Name, out _)
                : property.Value.ValueKind is not (JsonValueKind.Number or JsonValueKind.String)))
        {
            return false;
        }

        var found = new FaultList();
        return list.Check(ObjectOf([property]), found) is not null && found.Correctable;
    }

    // partitions: {"orders":10,"maxQueue":5}: a setting is no partition of that name.
    public bool HoldsSettings(Argument argument, JsonElement value)
    {
        if (argument is not ObjectListArgument { Number: { } number } list || value.ValueKind is not JsonValueKind.Object
            || list.NameIn(value) is not null)
        {
            return false;
        }

        var settings = value.EnumerateObject().Where(IsSetting).Take(MostCompared).ToList();
        if (settings.Count == 0)
        {
            return false;
        }

        foreach (var setting in settings)
        {
            var name = $"{list.Name}.{setting.Name}";
            if (schema.Find(setting.Name) is { } own)
            {
                faults.Add(new(name, $"an argument, not an entry; give it beside {list.Name}."));
                Carry(own, setting.Value);
            }
            else
            {
                faults.AddFinal(new(name, $"a member of an entry that has no name; use {list.Rule}."));
            }
        }

        var entries = ObjectOf(value.EnumerateObject().Where(entry => !IsSetting(entry)).Take(list.MaximumEntries + 1));
        faults.Forbid(unless: entries.GetPropertyCount() > 0);
        Carry(list, entries, evenIfGiven: true);
        return true;

        bool IsSetting(JsonProperty entry) => entry.Name == number.Name || schema.Find(entry.Name) is IntegerArgument;
    }

    // operations[0][name], operations.orders and retryOn[0]: a list in pieces, as forms and flat maps send it.
    private bool AddPart(string name, JsonProperty property)
    {
        if (PartOf(property.Name) is not { List: { } list } || given.TryGetProperty(list.Name, out _))
        {
            return false;
        }

        faults.Add(new(name, $"unknown argument; it belongs inside {list.Name}."));
        if (!_inPieces.Add(list.Name))
        {
            return true;
        }

        var whole = new JsonObject();
        foreach (var piece in given.EnumerateObject())
        {
            if (PartOf(piece.Name) is { List: { } same, Path: var path } && same == list)
            {
                faults.Forbid(unless: TryPlace(whole, list, path, JsonNode.Parse(piece.Value.GetRawText())));
            }
        }

        Carry(list, JsonSerializer.SerializeToElement((JsonNode)whole, ArgumentJson.Readable.JsonNode));
        return true;
    }

    private (Argument? List, string[] Path) PartOf(string name)
    {
        var end = name.Length <= 2 * LongestName ? name.AsSpan().IndexOfAny('.', '[') : -1;
        var root = end > 0 ? Reading.Fold(name[..end]) : "";
        var list = root.Length == 0 ? null : schema.All.FirstOrDefault(argument =>
            argument is ObjectListArgument or IntegerListArgument && Reading.Fold(argument.Name) == root);
        var path = list is null ? [] : name[end..].Split(['.', '[', ']', '"', '\''], StringSplitOptions.RemoveEmptyEntries);
        return path.Length > 0 ? (list, path) : default;
    }

    // operations.orders.timeoutMs is a member of an entry, and operations.orders.get an entry of that name.
    private static bool TryPlace(JsonObject whole, Argument list, string[] path, JsonNode? value)
    {
        var isIndex = path[0].All(char.IsAsciiDigit);
        var isMember = path.Length > 1 && list is ObjectListArgument { Members: var members }
            && (isIndex || members.Any(member => Reading.Fold(member.Name) == Reading.Fold(path[^1])));
        if (isIndex && path.Length > 2)
        {
            return false;
        }

        var entry = string.Join('.', isMember ? path[..^1] : path);
        return !isMember ? whole.TryAdd(entry, value)
            : (whole.ContainsKey(entry) || whole.TryAdd(entry, new JsonObject()))
                && whole[entry] is JsonObject inner && inner.TryAdd(path[^1], value);
    }

    // operations: ["orders","payments"] beside timeoutMs: 2000: each has that number.
    public bool AreNames(Argument argument, JsonElement value)
    {
        if (argument is not ObjectListArgument list || !SharesNumber(list, value))
        {
            return false;
        }

        var entries = new JsonArray([.. Names(value).Select(name => (JsonNode)new JsonObject
        {
            [list.Members[0].Name] = name,
            [list.Number!.Name] = JsonNode.Parse(given.GetProperty(list.Number.Name).GetRawText()),
        })]);
        faults.Add(new(list.Name, $"names alone; give each its {list.Number!.Name}, such as {list.ExampleEntry.ToJsonString()}."));
        Carry(list, JsonSerializer.SerializeToElement((JsonNode)entries, ArgumentJson.Readable.JsonNode), evenIfGiven: true);
        return true;
    }

    private bool SharesNumber(ObjectListArgument list, JsonElement names) =>
        list.Number is { } number && given.TryGetProperty(number.Name, out _)
        && (names.ValueKind is JsonValueKind.String || (names.ValueKind is JsonValueKind.Array
            && names.GetArrayLength() <= list.MaximumEntries
            && names.EnumerateArray().All(name => name.ValueKind is JsonValueKind.String)))
        && Names(names).ToList() is { Count: > 0 } all && all.Count <= list.MaximumEntries
        && all.TrueForAll(name => name.AsSpan().IndexOfAny(['=', ':', '{', '[']) < 0);

    // ["orders","payments"], and "orders, payments".
    private static IEnumerable<string> Names(JsonElement names) => names.ValueKind is JsonValueKind.Array
        ? names.EnumerateArray().Select(name => name.GetString()!)
        : names.GetString()!.Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
