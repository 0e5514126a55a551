using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>
/// A list of objects, each with a name that reaches the emitted code and members of its own. Where one number is all that an entry
/// needs beside its name, an object from name to number is a shorter way to write the same.
/// </summary>
/// <param name="Members">The members of an entry; the first is its name.</param>
/// <param name="MaximumEntries">How many entries there may be.</param>
public sealed record ObjectListArgument(
    string Name, string Description, bool Required, JsonNode? Default, IReadOnlyList<Argument> Members, int MaximumEntries)
    : Argument(Name, Description, Required, Default)
{
    private const string NameMember = "name";

    /// <summary>The number that the short form gives; null when an entry needs more than one.</summary>
    public IntegerArgument? Number { get; } =
        Members.Where(member => member.Required && member.Name != NameMember).ToList() is [IntegerArgument number] ? number : null;

    /// <inheritdoc/>
    public override string Rule =>
        $"a list of 1 to {MaximumEntries} objects such as {Text(ExampleEntry())}"
        + (Number is null ? "" : $", or an object from name to {Number.Name}");

    internal override JsonNode Example => Number is null ? new JsonArray(ExampleEntry()) : new JsonObject { ["example"] = Number.Minimum };

    private protected override JsonObject ValueSchema() => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(Members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema()))),
            ["required"] = new JsonArray([.. Members.Where(member => member.Required).Select(member => (JsonNode)member.Name)]),
            ["additionalProperties"] = false,
        },
        ["minItems"] = 1,
        ["maxItems"] = MaximumEntries,
    };

    /// <inheritdoc/>
    internal override JsonObject EditorSchema()
    {
        var list = Schema();
        if (Number is null)
        {
            return list;
        }

        list.Remove("description");
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
    internal override JsonNode Canonical(JsonNode value)
    {
        var entries = value.AsArray().Select(entry => entry!.AsObject()
            .Where(member => member.Value is not null)
            .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
            .ToList()).ToList();
        return Number is not null && entries.TrueForAll(entry => entry.Count == 2)
            ? new JsonObject(entries.Select(entry => KeyValuePair.Create((string)entry[0].Value!, entry[1].Value)))
            : new JsonArray([.. entries.Select(entry => (JsonNode)new JsonObject(entry))]);
    }

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        if (value.ValueKind is not JsonValueKind.Array && (Number is null || value.ValueKind is not JsonValueKind.Object))
        {
            faults.Add(Fault($"{Show(value)} is not {(Number is null ? "a list" : "a list or an object")}; use {Rule}."));
            return null;
        }

        var corrected = new JsonArray();
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var count = value.ValueKind is JsonValueKind.Array ? value.GetArrayLength() : value.GetPropertyCount();
        if (count == 0)
        {
            faults.Add(Fault($"no entries; use {Rule}."));
        }
        else if (count > MaximumEntries)
        {
            faults.Add(Fault($"{count} entries are out of range; use {Rule}."));
        }

        var entries = value.ValueKind is JsonValueKind.Array
            ? value.EnumerateArray().Take(MaximumEntries).Select((entry, index) => CheckEntry(entry, $"{Name}[{index}]", taken, faults))
            : value.EnumerateObject().Take(MaximumEntries).Select(entry => CheckShort(entry, taken, faults));
        foreach (var entry in entries)
        {
            if (entry is not null)
            {
                corrected.Add((JsonNode)entry);
            }
        }

        return corrected.Count == 0 ? null : corrected;
    }

    private JsonObject? CheckShort(JsonProperty entry, HashSet<string> taken, ICollection<ArgumentFault> faults)
    {
        var name = CheckName(entry.Name, Name, taken, faults);
        var found = new List<ArgumentFault>();
        var number = Number!.Check(entry.Value, found);
        found.ForEach(fault => faults.Add(fault with { Argument = $"{Name}.{(EmittedName.IsUsable(entry.Name) ? entry.Name : Show(entry.Name))}" }));
        return number is null ? null : new JsonObject { [NameMember] = name, [Number.Name] = number };
    }

    private JsonObject? CheckEntry(JsonElement entry, string path, HashSet<string> taken, ICollection<ArgumentFault> faults)
    {
        if (entry.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new(path, $"{Show(entry)} is not an object; use one such as {Text(ExampleEntry())}."));
            return null;
        }

        var accepted = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in entry.EnumerateObject())
        {
            var member = Members.FirstOrDefault(member => member.Name == property.Name);
            if (!seen.Add(property.Name))
            {
                faults.Add(new(path, $"{Show(property.Name)} given twice; give it once."));
            }
            else if (member is null)
            {
                faults.Add(new(path, Suggestion.Nearest(property.Name, Members.Select(each => each.Name)) is { } nearest
                    ? $"unknown member {Show(property.Name)}; did you mean {nearest}?"
                    : $"unknown member {Show(property.Name)}; the members are {string.Join(", ", Members.Select(each => each.Name))}."));
            }
            else if (property.Value.ValueKind is JsonValueKind.Null && !member.Required)
            {
                continue;
            }
            else if (member is NameArgument && property.Value.ValueKind is JsonValueKind.String)
            {
                accepted[member.Name] = CheckName(property.Value.GetString()!, $"{path}.{NameMember}", taken, faults);
            }
            else
            {
                var found = new List<ArgumentFault>();
                if (member.Check(property.Value, found) is { } value)
                {
                    accepted[member.Name] = value;
                }

                found.ForEach(fault => faults.Add(fault with { Argument = $"{path}.{fault.Argument}" }));
            }
        }

        foreach (var missing in Members.Where(member => member.Required && !seen.Contains(member.Name)))
        {
            faults.Add(new($"{path}.{missing.Name}", $"required but missing; give {missing.Rule}."));
        }

        return Members.All(member => !member.Required || accepted.ContainsKey(member.Name))
            ? new JsonObject(Members.Where(member => accepted.ContainsKey(member.Name))
                .Select(member => KeyValuePair.Create(member.Name, (JsonNode?)accepted[member.Name])))
            : null;
    }

    private static string CheckName(string name, string path, HashSet<string> taken, ICollection<ArgumentFault> faults)
    {
        if (EmittedName.Problem(name, taken) is { } problem)
        {
            faults.Add(new(path, problem));
            name = EmittedName.Nearest(name, taken);
        }

        taken.Add(name);
        return name;
    }

    private JsonObject ExampleEntry() => new(
        Members.Where(member => member.Required).Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Example)));

    private static string Text(JsonNode node) => node.ToJsonString(ArgumentJson.Readable.Options);
}
