using System.Text.Json;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;

namespace CrowVault.Emitters.Stack;

/// <summary>The sections of a manifest, each bound once to its tool's options.</summary>
internal sealed class ManifestSections
{
    private static readonly string[] s_layers = ["circuitBreaker", "retryPolicy", "timeoutConfig", "bulkhead"];

    private readonly Dictionary<string, IToolOptions> _options = new(StringComparer.Ordinal);

    /// <summary>What may stand beside the sections and then holds for all of them.</summary>
    public static IReadOnlyList<string> Shared { get; } =
        [.. StackEmitter.Instance.Arguments.All.Select(argument => argument.Name)
            .Where(name => Catalog.All[0].Arguments.All.Any(argument => argument.Name == name))];

    /// <summary>Names beside the sections that are read elsewhere.</summary>
    private static readonly string[] s_others = ["$schema", UpstreamReader.Section, Stack.Traffic.Section, Manifest.Language];

    /// <summary>The upstreams; empty unless all four outbound layers are there.</summary>
    public IReadOnlyList<Upstream> Upstreams { get; private set; } = [];

    /// <summary>The traffic of services, measured.</summary>
    public IReadOnlyList<Traffic> Traffic { get; private set; } = [];

    /// <summary>Whether the manifest asks for the file that wires the layers; an empty section does.</summary>
    public bool WiresUpstreams { get; private set; }

    /// <summary>The sections that are there, in the order in which their files are emitted.</summary>
    public IEnumerable<(string Section, Emitter Emitter, IToolOptions Options)> Present =>
        Manifest.Sections.Where(each => _options.ContainsKey(each.Section))
            .Select(each => (each.Section, each.Emitter, _options[each.Section]));

    /// <summary>The options of one tool; null when the manifest has no section for it.</summary>
    public TOptions? Find<TOptions>()
        where TOptions : class, IToolOptions => _options.Values.OfType<TOptions>().FirstOrDefault();

    /// <summary>Reads and binds a manifest; adds every fault under its section's name.</summary>
    public static ManifestSections Bind(JsonElement manifest, FaultList faults)
    {
        var bound = new ManifestSections();
        var given = Given(manifest, faults);
        var whole = s_layers.All(given.ContainsKey);
        bound.WiresUpstreams = whole && manifest.TryGetProperty(UpstreamReader.Section, out _);
        foreach (var (section, emitter) in Manifest.Sections)
        {
            if (!given.TryGetValue(section, out var arguments))
            {
                if (section != Manifest.StackSection || !whole)
                {
                    continue;
                }

                arguments = JsonElement.Parse("{}");
            }

            // What the stack reports, every guard does unless its section says otherwise.
            // The body of an answer is read under the operation's limit, which timeoutFetch sees to.
            string[] switchedOn =
            [
                .. bound.WiresUpstreams && section == "timeoutConfig" ? ["withFetch"] : Array.Empty<string>(),
                .. Reports(given) && section != Manifest.StackSection ? ["withMetrics"] : Array.Empty<string>(),
            ];
            if (emitter.TryBind(With(arguments, manifest, emitter, switchedOn), out var options, out var wrong))
            {
                bound._options[section] = options;
            }
            else
            {
                faults.AddAll(wrong, section);
            }
        }

        if (!bound.WiresUpstreams && bound.Find<StackOptions>() is { Client: not UpstreamClient.Fetch })
        {
            faults.Add(new("stack.client", "adapts the upstreams to a client; add the section upstreams, if only as {}."));
        }

        if (bound.Find<StackOptions>() is
            { Client: UpstreamClient.Undici or UpstreamClient.Nest, Runtime: Runtime.Workers or Runtime.Browser } away)
        {
            var (client, runtime) = (Lower(away.Client.ToString()), Lower(away.Runtime.ToString()));
            faults.Add(new("stack.client", $"{client} does not go with runtime {runtime}, which lacks Node's sockets; use fetch, ky or axios."));
        }

        if (bound.WiresUpstreams && bound.Find<StackOptions>() is { Client: UpstreamClient.Ky }
            && bound.Find<TimeoutConfigOptions>() is { WithFetch: false })
        {
            faults.Add(new("timeoutConfig.withFetch", "false leaves out the fetch of the upstreams, which the adapter of ky calls; leave it out."));
        }

        if (bound.Find<StackOptions>() is { Framework: { } framework } stack)
        {
            if (bound.Find<RateLimitingOptions>() is not { } limiter)
            {
                foreach (var fault in new RateLimitingOptions(stack.Runtime, Framework: framework).Conflicts()
                    .Where(fault => fault.Argument == "framework"))
                {
                    faults.Add(fault with { Argument = "stack.framework" });
                }
            }
            else if (limiter.Middleware != framework)
            {
                faults.Add(new(
                    "stack.framework", "not that of the rate limiter, which ingress.ts mounts; name it in rateLimiting.framework."));
            }
        }

        var partitions = bound.Find<BulkheadOptions>()?.Partitions.Select(partition => partition.Name).ToList() ?? [];
        bound.Traffic = manifest.ValueKind is JsonValueKind.Object ? Stack.Traffic.Read(manifest, partitions, faults) : [];
        if (faults.Total == 0)
        {
            bound.Upstreams = UpstreamReader.Read(manifest, bound, given, faults);
        }

        return bound;
    }

    private static string Lower(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    private static Dictionary<string, JsonElement> Given(JsonElement manifest, FaultList faults)
    {
        var given = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (manifest.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new("resilience.json", "not an object; use one with a section per tool, such as {\"circuitBreaker\":{}}."));
            return given;
        }

        var names = Manifest.Sections.Select(each => each.Section).ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in manifest.EnumerateObject())
        {
            if (!seen.Add(property.Name))
            {
                faults.AddLazily(() => new(Argument.Show(property.Name), "given twice; give it once."));
            }
            else if (names.Contains(property.Name))
            {
                given[property.Name] = property.Value;
            }
            else if (!Shared.Contains(property.Name) && !s_others.Contains(property.Name))
            {
                faults.AddLazily(() => new(Argument.Show(property.Name), Suggestion.Nearest(
                    property.Name, [.. names, .. Shared, UpstreamReader.Section, Stack.Traffic.Section]) is { } nearest
                    ? $"unknown section; did you mean {nearest}?"
                    : $"unknown section; the sections are {string.Join(", ", names)}, {UpstreamReader.Section}."));
            }
        }

        if (seen.Contains(Manifest.Language) && manifest.GetProperty(Manifest.Language).ValueKind is not JsonValueKind.Null
            && (Manifest.LanguageOf(manifest) is not { } language || !Manifest.Languages.Contains(language)))
        {
            var shown = Argument.Show(manifest.GetProperty(Manifest.Language));
            faults.Add(new(Manifest.Language, $"{shown} cannot be emitted; use {string.Join(" or ", Manifest.Languages)}."));
        }

        var layers = s_layers.Count(given.ContainsKey);
        if (given.ContainsKey(Manifest.StackSection) && layers < 2)
        {
            faults.Add(new(Manifest.StackSection, $"composes two or more of {string.Join(", ", s_layers)}; add them or leave stack out."));
        }

        if (seen.Contains(UpstreamReader.Section) && layers < s_layers.Length)
        {
            var missing = s_layers.Where(layer => !given.ContainsKey(layer));
            faults.Add(new(UpstreamReader.Section, $"need all outbound layers, but {string.Join(", ", missing)} is missing; add it, if "
                + "only as {}."));
        }

        if (given.Count == 0 && faults.Total == 0)
        {
            faults.Add(new("resilience.json", $"no section; the sections are {string.Join(", ", names)}, {UpstreamReader.Section}."));
        }

        return given;
    }

    private static bool Reports(Dictionary<string, JsonElement> given) =>
        given.TryGetValue(Manifest.StackSection, out var stack) && stack.ValueKind is JsonValueKind.Object
        && stack.TryGetProperty("withMetrics", out var on) && on.ValueKind is JsonValueKind.True;

    // The section's own arguments, and those that hold for all where it has none.
    private static JsonElement With(JsonElement section, JsonElement manifest, Emitter emitter, string[] switchedOn)
    {
        if (section.ValueKind is not JsonValueKind.Object)
        {
            return section;
        }

        var missing = Shared.Where(name =>
            !section.TryGetProperty(name, out _) && manifest.TryGetProperty(name, out _)
            && emitter.Arguments.All.Any(argument => argument.Name == name)).ToList();
        var turnedOn = switchedOn.Where(name => !section.TryGetProperty(name, out _) && !missing.Contains(name)).ToList();
        if (missing.Count == 0 && turnedOn.Count == 0)
        {
            return section;
        }

        return Merge(
            missing.Select(name => KeyValuePair.Create(name, manifest.GetProperty(name)))
                .Concat(turnedOn.Select(name => KeyValuePair.Create(name, JsonElement.Parse("true")))),
            section);
    }

    /// <summary>An object with further members before its own.</summary>
    internal static JsonElement Merge(IEnumerable<KeyValuePair<string, JsonElement>> further, JsonElement own)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in further)
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }

            foreach (var property in own.EnumerateObject())
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.ToArray());
    }
}
