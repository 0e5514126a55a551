using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>
/// A list of objects, each with a name that reaches the emitted code and members of its own. Where one number is all that an entry
/// needs beside its name, an object from name to number is a shorter way to write the same.
/// </summary>
/// <param name="Members">The members of an entry; the first is its name.</param>
/// <param name="MaximumEntries">How many entries there may be.</param>
public sealed partial record ObjectListArgument(
    string Name, string Description, bool Required, JsonNode? Default, IReadOnlyList<Argument> Members, int MaximumEntries)
    : Argument(Name, Description, Required, Default)
{
    private const string NameMember = "name";
    private const string SecondsMember = "seconds";

    /// <summary>The number that the short form gives; null when an entry needs more than one.</summary>
    public IntegerArgument? Number { get; } =
        Members.Where(member => member.Required && member.Name != NameMember).ToList() is [IntegerArgument number] ? number : null;

    /// <summary>An entry as JSON that shows the form.</summary>
    public required JsonObject ExampleEntry { get; init; }

    /// <summary>An entry in the form of the command line, such as <c>orders.get=2000</c>.</summary>
    public string ExampleOption => OptionValue(new JsonArray(ExampleEntry.DeepClone()));

    /// <inheritdoc/>
    public override string Rule =>
        $"a list of 1 to {MaximumEntries} objects such as {Text(ExampleEntry)}"
        + (Number is null ? "" : $", or an object from name to {Number.Name}");

    internal override string WithOptionRule(string sentence) => Number is null
        ? sentence
        : sentence
            .Replace(
                Rule, $"1 to {MaximumEntries} entries such as {ExampleOption}, or a list of objects such as [{Text(ExampleEntry)}]",
                StringComparison.Ordinal)
            .Replace(
                $"is not an object; use one such as {Text(ExampleEntry)}", $"has no {Number.Name}; write {ExampleOption}",
                StringComparison.Ordinal)
            .Replace($"such as {Text(ExampleEntry)}", $"such as {ExampleOption}", StringComparison.Ordinal);

    private protected override string Form => $"such as [{Text(ExampleEntry)}]";

    private protected override JsonObject ValueSchema() => ListSchema(member => member.Schema());

    private JsonObject ListSchema(Func<Argument, JsonObject> of) => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(Members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)of(member)))),
            ["required"] = new JsonArray([.. Members.Where(member => member.Required).Select(member => (JsonNode)member.Name)]),
            ["additionalProperties"] = false,
        },
        ["minItems"] = 1,
    };

    /// <inheritdoc/>
    internal override JsonObject EditorSchema()
    {
        var list = ListSchema(member => member.EditorSchema());
        list["maxItems"] = MaximumEntries;
        if (Number is null)
        {
            list["description"] = Description;
            return list;
        }

        return new()
        {
            ["description"] = Description,
            ["anyOf"] = new JsonArray(
                list,
                new JsonObject
                {
                    ["type"] = "object",
                    ["propertyNames"] = new JsonObject { ["pattern"] = EmittedName.Pattern },
                    ["additionalProperties"] =
                        new JsonObject { ["type"] = "integer", ["minimum"] = Number.Minimum, ["maximum"] = Number.Maximum },
                    ["minProperties"] = 1,
                    ["maxProperties"] = MaximumEntries,
                }),
        };
    }

    /// <inheritdoc/>
    internal override string OptionValue(JsonNode value) => Canonical(value) is JsonObject shorter
        ? string.Join(',', shorter.Select(entry => $"{entry.Key}={entry.Value!.ToJsonString()}"))
        : $"'{Text(Canonical(value))}'";

    /// <inheritdoc/>
    internal override JsonNode Canonical(JsonNode value)
    {
        if (value is JsonObject)
        {
            return value.DeepClone();
        }

        var entries = value.AsArray().Select(entry => entry!.AsObject()
            .Where(member => member.Value is not null)
            .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
            .ToList()).ToList();
        return Number is not null && entries.TrueForAll(entry => entry.Count == 2)
            ? new JsonObject(entries.Select(entry => KeyValuePair.Create((string)entry[0].Value!, entry[1].Value)))
            : new JsonArray([.. entries.Select(entry => (JsonNode)new JsonObject(entry))]);
    }

    internal override JsonNode? Check(JsonElement value, FaultList faults)
    {
        if (value.ValueKind is not JsonValueKind.Array && (Number is null || value.ValueKind is not JsonValueKind.Object))
        {
            faults.Add(Fault($"{Show(value)} is not {(Number is null ? "a list" : "a list or an object")}; use {Rule}."));
            return !Required && IsLeftOpen(value) ? null : Meant(value, faults);
        }

        var count = value.ValueKind is JsonValueKind.Array ? value.GetArrayLength() : value.GetPropertyCount();
        if (count == 0 && !Required)
        {
            // As a form sends what was left open.
            faults.Add(Fault($"no entries; leave it out, or use {Rule}."));
            return null;
        }

        if (count == 0)
        {
            faults.AddFinal(Fault($"no entries; use {Rule}."));
        }
        else if (count > MaximumEntries)
        {
            faults.AddFinal(Fault($"{count} entries are out of range; use {Rule}."));
        }

        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var found = new FaultList();
        var entries = value.ValueKind is JsonValueKind.Array
            ? value.EnumerateArray().Take(MaximumEntries).Select((entry, index) => CheckEntry(entry, $"{Name}[{index}]", taken, found))
            .ToList()
            : value.EnumerateObject().Take(MaximumEntries).Select(entry => CheckShort(entry, taken, found)).ToList();
        faults.AddAll(found, fault => fault);
        return found.Total == 0 ? ToList(entries) : Meant(value, faults);
    }

    private static bool IsLeftOpen(JsonElement value) => value.ValueKind is JsonValueKind.False
        || (value.ValueKind is JsonValueKind.String && Reading.IsLeftOpen(value.GetString()!))
        || (value.ValueKind is JsonValueKind.Object && value.GetPropertyCount() == 0);

    private JsonObject CheckShort(JsonProperty entry, HashSet<string> taken, FaultList faults)
    {
        var name = NameArgument.Check(entry.Name, Name, taken, faults);
        if (IntegerArgument.Problem(entry.Value, Number!.Minimum, Number.Maximum, out var integer) is { } problem)
        {
            faults.Add(new($"{Name}.{(EmittedName.IsUsable(entry.Name) ? entry.Name : Show(entry.Name))}", problem)
            {
                Hint = Number.HintFor(entry.Value),
            });
        }

        return new JsonObject { [NameMember] = name, [Number.Name] = integer };
    }

    private JsonObject CheckEntry(JsonElement entry, string path, HashSet<string> taken, FaultList faults)
    {
        var accepted = new JsonObject();
        if (entry.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new(path, $"{Show(entry)} is not an object; use one such as {Text(ExampleEntry)}."));
            return accepted;
        }

        var values = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in entry.EnumerateObject())
        {
            var member = Members.FirstOrDefault(member => member.Name == property.Name);
            if (!seen.Add(property.Name))
            {
                faults.AddFinal(new(path, $"{Show(property.Name)} is given twice; give it once."));
            }
            else if (member is null)
            {
                faults.Add(new(path, !faults.HasRoom ? ""
                    : (Suggestion.Nearest(property.Name, Members.Select(each => each.Name))
                        ?? OtherName.Member(property.Name, Members)?.Name) is { } nearest
                    ? $"unknown member {Show(property.Name)}; did you mean {nearest}?"
                    : $"unknown member {Show(property.Name)}; the members are {string.Join(", ", Members.Select(each => each.Name))}."));
            }
            else if (member.Required || property.Value.ValueKind is not JsonValueKind.Null)
            {
                var found = new FaultList();
                var value = member is NameArgument name ? name.Check(property.Value, taken, found) : member.Check(property.Value, found);
                faults.AddAll(found, fault => fault with { Argument = $"{path}.{fault.Argument}" });
                values[member.Name] = value ?? "";
            }
        }

        foreach (var missing in Members.Where(member => member.Required && !seen.Contains(member.Name)))
        {
            faults.Add(new($"{path}.{missing.Name}", $"required but missing; give {missing.Rule}."));
        }

        foreach (var member in Members.Where(member => values.ContainsKey(member.Name)))
        {
            accepted[member.Name] = values[member.Name];
        }

        return accepted;
    }

    private static JsonArray ToList(IEnumerable<JsonObject?> entries) => new([.. entries.Select(entry => (JsonNode)entry!)]);
}
