using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters.Arguments;

namespace CrowVault.Emitters.Stack;

/// <summary>What a service is asked and how it answers, as its owner has measured it; forecasts follow from it.</summary>
/// <param name="Service">The service: a partition of the bulkhead.</param>
/// <param name="CallsPerSecond">Calls of one process.</param>
/// <param name="ErrorPercent">Calls that fail while all is well.</param>
/// <param name="P50Ms">Median latency.</param>
/// <param name="P99Ms">99th percentile of the latency.</param>
internal sealed record Traffic(string Service, double CallsPerSecond, double ErrorPercent, double? P50Ms, double? P99Ms)
{
    /// <summary>Name of the manifest's member.</summary>
    public const string Section = "traffic";

    private static readonly (string Name, double Minimum, double Maximum)[] s_members =
    [
        ("callsPerSecond", 0.001, 1_000_000), ("errorPercent", 0, 100), ("p50Ms", 0.01, 86_400_000), ("p99Ms", 0.01, 86_400_000),
    ];

    /// <summary>Reads the manifest's <c>traffic</c>: an object from service to figures.</summary>
    /// <param name="manifest">The manifest, an object.</param>
    /// <param name="services">The services that the manifest knows; empty when it names none.</param>
    /// <param name="faults">Gets everything that is wrong.</param>
    public static IReadOnlyList<Traffic> Read(JsonElement manifest, IReadOnlyCollection<string> services, FaultList faults)
    {
        // As everywhere, null, which is what YAML makes of a bare name, is the same as leaving it out.
        if (!manifest.TryGetProperty(Section, out var section) || section.ValueKind is JsonValueKind.Null)
        {
            return [];
        }

        if (section.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new(Section, "not an object; use one such as {\"orders\":{\"callsPerSecond\":50,\"errorPercent\":1}}."));
            return [];
        }

        var all = new List<Traffic>();
        foreach (var entry in section.EnumerateObject())
        {
            var name = $"{Section}.{Shown(entry.Name)}";
            if (services.Count > 0 && !services.Contains(entry.Name))
            {
                faults.AddLazily(() => new(name, Suggestion.Nearest(entry.Name, services) is { } nearest
                    ? $"no partition of the bulkhead; did you mean {nearest}?"
                    : $"no partition of the bulkhead; the partitions are {Suggestion.Few(services)}."));
            }
            else if (entry.Value.ValueKind is JsonValueKind.Null)
            {
                continue;
            }
            else if (all.Exists(each => each.Service == entry.Name))
            {
                faults.Add(new(name, "given twice; give it once."));
            }
            else if (entry.Value.ValueKind is not JsonValueKind.Object)
            {
                faults.Add(new(name, "not an object; use one such as {\"callsPerSecond\":50,\"errorPercent\":1}."));
            }
            else if (ReadOne(entry.Name, name, entry.Value, faults) is { } one)
            {
                all.Add(one);
            }
        }

        return all;
    }

    /// <summary>JSON Schema of the member.</summary>
    public static JsonObject Schema()
    {
        var members = new JsonObject();
        foreach (var (name, minimum, maximum) in s_members)
        {
            members[name] = new JsonObject { ["type"] = "number", ["minimum"] = minimum, ["maximum"] = maximum };
        }

        return new JsonObject
        {
            ["type"] = "object",
            ["description"] = "Measured traffic of each service, from which notes forecast what the settings "
                + "will do. Calls are those of one process.",
            ["additionalProperties"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = members,
                ["required"] = new JsonArray("callsPerSecond"),
                ["additionalProperties"] = false,
            },
        };
    }

    private static string Shown(string name) => EmittedName.IsUsable(name) ? name : Argument.Show(name);

    private static Traffic? ReadOne(string service, string name, JsonElement entry, FaultList faults)
    {
        var before = faults.Total;
        var found = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var member in entry.EnumerateObject())
        {
            var path = $"{name}.{Shown(member.Name)}";
            var (known, minimum, maximum) = s_members.FirstOrDefault(each => each.Name == member.Name);
            if (known is null)
            {
                faults.AddLazily(() => new(path, Suggestion.Nearest(member.Name, s_members.Select(each => each.Name)) is { } nearest
                    ? $"unknown member; did you mean {nearest}?"
                    : $"unknown member; the members are {string.Join(", ", s_members.Select(each => each.Name))}."));
            }
            else if (member.Value.ValueKind is JsonValueKind.Null)
            {
                continue;
            }
            else if (member.Value.ValueKind is not JsonValueKind.Number)
            {
                faults.Add(new(path, FormattableString.Invariant($"not a number; use {minimum} to {maximum}.")));
            }
            else if (member.Value.GetDouble() is var value && !(value >= minimum && value <= maximum))
            {
                faults.Add(new(path, FormattableString.Invariant($"{value} is out of range; use {minimum} to {maximum}.")));
            }
            else
            {
                found[known] = value;
            }
        }

        if (!entry.TryGetProperty("callsPerSecond"u8, out var rate) || rate.ValueKind is JsonValueKind.Null)
        {
            faults.Add(new($"{name}.callsPerSecond", "required but missing; give the calls per second of one process."));
        }

        if (found.ContainsKey("p50Ms") != found.ContainsKey("p99Ms") && faults.Total == before)
        {
            faults.Add(new($"{name}.{(found.ContainsKey("p50Ms") ? "p99Ms" : "p50Ms")}",
                "missing; give p50Ms and p99Ms together, or neither."));
        }
        else if (found.TryGetValue("p50Ms", out var median) && found.TryGetValue("p99Ms", out var high) && high < median)
        {
            faults.Add(new($"{name}.p99Ms", FormattableString.Invariant($"{high} is less than p50Ms {median}; use {median} or more.")));
        }

        return faults.Total > before
            ? null
            : new(
                service,
                found["callsPerSecond"],
                found.GetValueOrDefault("errorPercent"),
                found.TryGetValue("p50Ms", out var p50) ? p50 : null,
                found.TryGetValue("p99Ms", out var p99) ? p99 : null);
    }
}
