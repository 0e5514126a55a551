using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;

namespace CrowVault.Emitters.Stack;

/// <summary>Reads the section <c>upstreams</c>: what single partitions have of their own, and which operations are theirs.</summary>
internal static partial class UpstreamReader
{
    /// <summary>Name of the section.</summary>
    public const string Section = "upstreams";

    private const string BaseUrl = "baseUrl";
    private const string Operations = "operations";

    private static readonly string[] s_members = [BaseUrl, "circuitBreaker", "retryPolicy", Operations];

    // What can be changed in a constructor call or an options object; the rest decides what the file holds.
    private static readonly Dictionary<string, string[]> s_own = new(StringComparer.Ordinal)
    {
        ["circuitBreaker"] =
        [
            "failureThreshold", "recoveryTimeMs", "maxRecoveryTimeMs", "failureRatePercent", "windowMs", "minimumCalls",
                "halfOpenMaxProbes",
            "successThreshold", "probeTimeoutMs", "slowCallMs",
        ],
        ["retryPolicy"] = ["maxRetries", "baseDelayMs", "maxDelayCapMs", "retryOn"],
    };

    // Whether these exist in a file at all depends on its tool's section.
    private static readonly string[] s_optional = ["maxRecoveryTimeMs", "slowCallMs"];

    /// <summary>Every partition as an upstream, with the settings and operations that the manifest gives it.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="sections">Its bound sections.</param>
    /// <param name="given">The tools' sections as they were given.</param>
    /// <param name="faults">Where faults are added.</param>
    public static IReadOnlyList<Upstream> Read(
        JsonElement manifest, ManifestSections sections, IReadOnlyDictionary<string, JsonElement> given, FaultList faults)
    {
        if (sections.Find<BulkheadOptions>() is not { } bulkhead || sections.Find<TimeoutConfigOptions>() is not { } timeouts
            || sections.Find<CircuitBreakerOptions>() is not { } breaker || sections.Find<RetryPolicyOptions>() is not { } retry)
        {
            return [];
        }

        var partitions = bulkhead.Partitions.Select(partition => partition.Name).ToList();
        var own = Own(manifest, partitions, faults);
        var owners = Owners(own, partitions, timeouts, faults);
        var upstreams = new List<Upstream>();
        foreach (var name in partitions)
        {
            var section = own.GetValueOrDefault(name);
            var groups = new List<SettingsGroup>();
            upstreams.Add(new(
                name,
                Address(section, name, faults),
                Layer(Catalog.Find("generate_circuit_breaker")!, "circuitBreaker", section, name, given, breaker, groups, faults),
                Layer(Catalog.Find("generate_retry_policy")!, "retryPolicy", section, name, given, retry, groups, faults),
                groups,
                [.. timeouts.Operations.Where(operation => owners.GetValueOrDefault(operation.Name) == name)
                    .Select(operation => new UpstreamOperation(operation.Name, operation.TimeoutMs, Repeats(section, operation)))]));
        }

        return upstreams;
    }

    /// <summary>JSON Schema of the section.</summary>
    public static JsonObject Schema()
    {
        var operation = Object("", ("retry", new JsonObject
        {
            ["type"] = "boolean",
            ["description"] = "false: never repeated, because the "
            + "service would do it twice."
        }));
        var upstream = Object(
            "What one partition of the bulkhead has of its own.",
            (BaseUrl, new JsonObject { ["type"] = "string", ["description"] = "http or https address, without user, query or fragment." }),
            ("circuitBreaker", Settings("generate_circuit_breaker", "circuitBreaker")),
            ("retryPolicy", Settings("generate_retry_policy", "retryPolicy")),
            (Operations, Map("Operations that are this upstream's, whatever their names.", operation)));
        return Map("Makes upstreams.ts, which wires the layers: an object for each partition of the bulkhead, "
            + "with what it has of its own; {} for nothing.", upstream);

        static JsonObject Settings(string tool, string layer)
        {
            var arguments = Catalog.Find(tool)!.Arguments;
            return Object("Takes the place of the section's own.",
                [.. s_own[layer].Select(name => (name, arguments.Find(name)!.EditorSchema()))]);
        }

        static JsonObject Map(string description, JsonObject value) => new()
        {
            ["type"] = "object",
            ["description"] = description,
            ["additionalProperties"] = value,
        };

        static JsonObject Object(string description, params (string Name, JsonObject Schema)[] members)
        {
            var schema = new JsonObject { ["type"] = "object" };
            if (description.Length > 0)
            {
                schema["description"] = description;
            }

            schema["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema)));
            schema["additionalProperties"] = false;
            return schema;
        }
    }

    private static Dictionary<string, JsonElement> Own(JsonElement manifest, List<string> partitions, FaultList faults)
    {
        var own = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        // As everywhere, null, which is what YAML makes of a bare name, is the same as leaving it out.
        if (!manifest.TryGetProperty(Section, out var section) || section.ValueKind is JsonValueKind.Null)
        {
            return own;
        }

        if (section.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new(Section, $"{Argument.Show(section)} is not an object; use one from the name of a partition to its settings."));
            return own;
        }

        foreach (var property in section.EnumerateObject())
        {
            var path = $"{Section}.{(EmittedName.IsUsable(property.Name) ? property.Name : Argument.Show(property.Name))}";
            if (!partitions.Contains(property.Name))
            {
                faults.AddLazily(() => new(path, Suggestion.Nearest(property.Name, partitions) is { } nearest
                    ? $"no such partition of the bulkhead; did you mean {nearest}?"
                    : $"no such partition of the bulkhead; add it to bulkhead.partitions or use one of {Suggestion.Few(partitions)}."));
            }
            else if (property.Value.ValueKind is JsonValueKind.Null)
            {
                own.TryAdd(property.Name, s_none);
            }
            else if (property.Value.ValueKind is not JsonValueKind.Object)
            {
                faults.Add(new(path, $"{Argument.Show(property.Value)} is not an object; use one with {string.Join(", ", s_members)}."));
            }
            else if (!own.TryAdd(property.Name, property.Value))
            {
                faults.Add(new(path, "given twice; give it once."));
            }
            else
            {
                foreach (var member in property.Value.EnumerateObject().Where(member => !s_members.Contains(member.Name)))
                {
                    faults.AddLazily(() => new(path, Suggestion.Nearest(member.Name, s_members) is { } nearest
                        ? $"unknown member {Argument.Show(member.Name)}; did you mean {nearest}?"
                        : $"unknown member {Argument.Show(member.Name)}; the members are {string.Join(", ", s_members)}."));
                }
            }
        }

        return own;
    }

    // By the name before the first dot, unless an upstream lists the operation; with one partition, all are its own.
    private static Dictionary<string, string> Owners(
        Dictionary<string, JsonElement> own, List<string> partitions, TimeoutConfigOptions timeouts, FaultList faults)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var operation in timeouts.Operations.Select(operation => operation.Name))
        {
            var prefix = operation.Split('.')[0];
            if (partitions.Contains(prefix) || partitions is [_])
            {
                owners[operation] = partitions is [var only] ? only : prefix;
            }
        }

        var listed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, section) in own)
        {
            if (!section.TryGetProperty(Operations, out var operations) || operations.ValueKind is JsonValueKind.Null)
            {
                continue;
            }

            var path = $"{Section}.{name}.{Operations}";
            if (operations.ValueKind is not JsonValueKind.Object)
            {
                faults.Add(new(path, $"{Argument.Show(operations)} is not an object; use one from an operation of "
                    + "timeoutConfig to {\"retry\":false} or {}."));
                continue;
            }

            foreach (var operation in operations.EnumerateObject())
            {
                Own(operation, name, path, timeouts, listed, faults);
                owners[operation.Name] = name;
            }
        }

        return owners;
    }

    private static void Own(
        JsonProperty operation, string upstream, string path, TimeoutConfigOptions timeouts, Dictionary<string, string> listed,
            FaultList faults)
    {
        var known = timeouts.Operations.Select(each => each.Name).ToList();
        var shown = EmittedName.IsUsable(operation.Name) ? operation.Name : Argument.Show(operation.Name);
        if (!known.Contains(operation.Name))
        {
            faults.AddLazily(() => new(path, Suggestion.Nearest(operation.Name, known) is { } nearest
                ? $"{shown} is no operation of timeoutConfig; did you mean {nearest}?"
                : $"{shown} is no operation of timeoutConfig; add it there, with its limit."));
        }
        else if (!listed.TryAdd(operation.Name, upstream))
        {
            faults.Add(new(path, $"{shown} belongs to {listed[operation.Name]} already; list it once."));
        }

        if (operation.Value.ValueKind is JsonValueKind.Null)
        {
            return;
        }

        if (operation.Value.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new($"{path}.{shown}", $"{Argument.Show(operation.Value)} is not an object; use {{\"retry\":false}} or {{}}."));
            return;
        }

        foreach (var member in Given(operation.Value))
        {
            if (member.Name != "retry" || member.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                faults.Add(new($"{path}.{shown}", $"{Argument.Show(member.Name)} is not understood; use {{\"retry\":false}} or {{}}."));
            }
        }
    }

    private static bool? Repeats(JsonElement section, OperationEntry operation) =>
        section.ValueKind is JsonValueKind.Object
        && section.TryGetProperty(Operations, out var operations) && operations.ValueKind is JsonValueKind.Object
        && operations.TryGetProperty(operation.Name, out var own) && own.ValueKind is JsonValueKind.Object
        && own.TryGetProperty("retry", out var retry) && retry.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? retry.GetBoolean()
            : operation.Retry;

    private static string? Address(JsonElement section, string name, FaultList faults)
    {
        if (section.ValueKind is not JsonValueKind.Object || !section.TryGetProperty(BaseUrl, out var address)
            || address.ValueKind is JsonValueKind.Null)
        {
            return null;
        }

        if (address.ValueKind is JsonValueKind.String && UsableAddress().IsMatch(address.GetString()!))
        {
            return address.GetString();
        }

        faults.Add(new($"{Section}.{name}.{BaseUrl}",
            $"{Argument.Show(address)} is not a usable address; use http:// or https://, a host and perhaps a port and "
                + "a path, without user, query or fragment."));
        return null;
    }

    private static TOptions Layer<TOptions>(
        Emitter emitter,
        string layer,
        JsonElement section,
        string name,
        IReadOnlyDictionary<string, JsonElement> given,
        TOptions shared,
        List<SettingsGroup> groups,
        FaultList faults)
        where TOptions : class, IToolOptions
    {
        if (section.ValueKind is not JsonValueKind.Object || !section.TryGetProperty(layer, out var own)
            || own.ValueKind is JsonValueKind.Null)
        {
            return shared;
        }

        var path = $"{Section}.{name}.{layer}";
        if (own.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new(path, $"{Argument.Show(own)} is not an object; use one such as {{\"{s_own[layer][0]}\":3}}."));
            return shared;
        }

        var members = Given(own);
        var known = emitter.Arguments.All.Select(argument => argument.Name).ToList();
        foreach (var member in members.Where(member => known.Contains(member.Name)))
        {
            if (!s_own[layer].Contains(member.Name))
            {
                faults.Add(new($"{path}.{member.Name}", $"the same for all upstreams, because it decides what the file holds; set it in "
                    + $"{layer}."));
            }
            else if (s_optional.Contains(member.Name) && !Given(given[layer]).Any(each => each.Name == member.Name))
            {
                faults.Add(new($"{path}.{member.Name}", $"only where {layer} has one for all; set {layer}.{member.Name} as well."));
            }
        }

        // The upstream's own members take the place of the section's.
        var names = members.Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        var merged = ManifestSections.Merge(
            Given(given[layer]).Where(member => !names.Contains(member.Name))
                .Concat(members)
                .Select(member => KeyValuePair.Create(member.Name, member.Value)), s_none);
        if (!emitter.TryBind(merged, out var options, out var wrong))
        {
            faults.AddAll(wrong, path);
            return shared;
        }

        if (members.Count > 0 && members.TrueForAll(member => s_own[layer].Contains(member.Name)))
        {
            groups.Add(new(layer, [.. members.Select(member => new TableEntry(member.Name, Value(member.Value)))]));
        }

        return (TOptions)options;
    }

    private static readonly JsonElement s_none = JsonElement.Parse("{}");

    private static List<JsonProperty> Given(JsonElement section) => section.ValueKind is not JsonValueKind.Object
        ? []
        : [.. section.EnumerateObject().Where(member => member.Value.ValueKind is not JsonValueKind.Null)];

    private static string Value(JsonElement value) => value.ValueKind is JsonValueKind.Array
        ? $"[{string.Join(", ", value.EnumerateArray().Select(each => TypeScript.Numeral((long)each.GetDouble())))}]"
        : TypeScript.Numeral((long)value.GetDouble());

    [GeneratedRegex(@"\Ahttps?://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]{0,200})?\z")]
    private static partial Regex UsableAddress();
}
