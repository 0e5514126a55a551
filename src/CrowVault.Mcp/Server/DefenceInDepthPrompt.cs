using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using CrowVault.Emitters.Stack;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Server;

/// <summary>The prompt <c>defence_in_depth</c>: all five layers for the caller's services, as calls that fit each other.</summary>
internal sealed partial class DefenceInDepthPrompt : McpServerPrompt, IMcpServerPrimitive
{
    private const string PromptName = "defence_in_depth";

    /// <summary>URI of the composition.</summary>
    public const string StackUri = "api-mcp://stack/resilience-stack.ts";

    private const int MostServices = 20;

    private static readonly string[] s_failureUnits = Choices(StackEmitter.Instance, "failureUnit");

    private static readonly string[] s_runtimes = Choices(StackEmitter.Instance, "runtime");

    private static readonly string[] s_stores = Choices(Catalog.Find("generate_rate_limiting")!, "store");

    private static readonly char[] s_separators = [' ', '\t', '\n'];
    private static readonly char[] s_items = [',', '\n'];

    private static readonly Dictionary<string, string[]> s_choices = new(StringComparer.Ordinal)
    {
        ["runtime"] = s_runtimes,
        ["store"] = s_stores,
        ["failureUnit"] = s_failureUnits,
    };

    // Rendered when it is first asked for: most sessions never do.
    private static readonly Lazy<string> s_stack =
        new(() => StackEmitter.Instance.Emit(new StackOptions(), Product.Version).Files[0].Content);

    /// <summary>The composition of the outbound layers.</summary>
    public static string Stack => s_stack.Value;

    private static readonly Lazy<Prompt> s_prompt = new(() => new()
    {
        Name = PromptName,
        Title = "Defence in depth",
        Icons = [Glyph.Icon(StackEmitter.Instance.IconPath)],
        Description = "Set up rate limiter, circuit breaker, retry, timeouts and bulkhead for your "
            + "services, with figures that fit each other.",
        Arguments =
        [
            new() { Name = "services", Title = "Services", Description = "Downstream services, separated by commas without spaces: "
                + "orders,payments.", Required = true },
            new() { Name = "runtime", Title = "Runtime", Description = $"{string.Join(", ", s_runtimes)}; default node." },
            new() { Name = "store", Title = "Rate limiter's store", Description = "redis (default) or memory." },
            new() { Name = "failureUnit", Title = "One failure is", Description = "attempt (default) or call: what the breaker counts." },
        ],
    });

    /// <inheritdoc/>
    public override Prompt ProtocolPrompt => s_prompt.Value;

    /// <summary>The prompt's name, for which the SDK need not describe it.</summary>
    string IMcpServerPrimitive.Id => PromptName;

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <summary>Values of an argument that begin with what was typed.</summary>
    /// <param name="argument">Name of an argument of the prompt.</param>
    /// <param name="typed">What was typed so far.</param>
    public static IReadOnlyList<string> Complete(string argument, string typed)
    {
        var values = argument switch
        {
            "runtime" => s_runtimes,
            "store" => s_stores,
            "failureUnit" => s_failureUnits,
            _ => [],
        };
        return [.. values.Where(value => value.StartsWith(typed, StringComparison.OrdinalIgnoreCase))];
    }

    /// <inheritdoc/>
    public override ValueTask<GetPromptResult> GetAsync(
        RequestContext<GetPromptRequestParams> request,
        CancellationToken cancellationToken = default)
    {
        var given = Words(request.Params?.Arguments ?? new Dictionary<string, JsonElement>());
        var services = given["services"].Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToArray();
        if (services.Length is 0 or > MostServices || !services.All(service => Name().IsMatch(service)))
        {
            throw Invalid(
                $"services: give 1 to {MostServices} names of letters, digits, _ and -, separated by commas, such as orders,payments. "
                + (request.Params?.Arguments is { Count: > 0 } others && !others.ContainsKey("services")
                    ? $"Given were {string.Join(", ", others.Keys.Take(10).Select(Emitters.Arguments.Argument.Show))}, and no services."
                    : $"Given was {Emitters.Arguments.Argument.Show(given["services"])}."));
        }

        var runtime = OneOf(given, "runtime", s_runtimes);
        var hasSockets = runtime is "node" or "deno" or "bun";
        if (!hasSockets && given.GetValueOrDefault("store") == "redis")
        {
            throw Invalid($"rateLimiting.store: redis does not go with runtime {runtime}, where its clients find no TCP; use memory.");
        }

        // Redis needs TCP; elsewhere memory is the only store.
        var store = hasSockets ? OneOf(given, "store", s_stores) : "memory";
        var manifest = Plan(services, runtime, store, OneOf(given, "failureUnit", s_failureUnits));
        if (!Manifest.TryEmit(JsonElement.Parse(manifest.ToJsonString()), Product.Version, out var emission, out var faults))
        {
            throw Invalid(string.Join('\n', faults.Lines(fault => fault.Advice)));
        }

        return ValueTask.FromResult(new GetPromptResult
        {
            Description = "Five layers for " + string.Join(", ", services),
            Messages = [new() { Role = Role.User, Content = new TextContentBlock { Text = Ask(manifest, emission) } }],
        });
    }

    private static JsonObject Plan(string[] services, string runtime, string store, string failureUnit) => new()
    {
        ["runtime"] = runtime,
        ["rateLimiting"] = new JsonObject { ["store"] = store },
        ["circuitBreaker"] = new JsonObject { ["failureThreshold"] = 10 },
        ["retryPolicy"] = new JsonObject { ["maxRetries"] = 2, ["totalTimeoutMs"] = 8_000 },
        ["timeoutConfig"] = new JsonObject
        {
            ["operations"] = new JsonObject(services.Select(name => KeyValuePair.Create(name, (JsonNode?)2_000))),
            ["totalTimeoutMs"] = 8_000,
        },
        ["bulkhead"] = new JsonObject
        {
            ["partitions"] = new JsonObject(services.Select(name => KeyValuePair.Create(name, (JsonNode?)20))),
        },
        ["stack"] = new JsonObject { ["failureUnit"] = failureUnit },
    };

    private static string Ask(JsonObject manifest, Emission emission)
    {
        var calls = Manifest.Sections.Where(each => each.Section != Manifest.StackSection).Select(each =>
        {
            var arguments = manifest[each.Section]!.DeepClone().AsObject();
            arguments.Insert(0, "runtime", manifest["runtime"]!.DeepClone());
            return $"- {each.Emitter.Tool} {arguments.ToJsonString()} -> {each.Emitter.FileName}";
        });
        var remarks = emission.Warnings.Concat(emission.Notes).Where(remark => remark.StartsWith("Stack:", StringComparison.Ordinal));
        return $"""
            Set up defence in depth for my outbound calls, in src/resilience/. The layers, outermost first: rate limiter (at ingress), circuit
            breaker, retry, timeout, bulkhead.

            1. Call these tools with withCode false and run the command that each answer begins with; without a shell, call them
            as they are and save each block of code under its name:
            {string.Join('\n', calls)}
            2. Save the code at the end as resilience-stack.ts (it is the resource {StackUri}). It composes the outbound layers; give
            its option failureUnit as '{manifest["stack"]!["failureUnit"]}'.
            3. Wire them once:
            ```ts
            {emission.Usage}
            ```
            4. Look at my code and put real figures in place of the assumed ones: each timeout a little above the slowest good answer; slots per
            service = calls per second x seconds per call, and half as much again. Guides: {PatternGuides.UriTemplate}
            ({string.Join(", ", PatternGuides.Patterns)}).

            These figures follow from the calls above:
            {string.Join('\n', remarks.Select(remark => $"- {remark}"))}

            resilience-stack.ts:
            ```ts
            {Stack}```
            """;
    }

    private static string[] Choices(Emitter emitter, string argument) =>
        emitter.Arguments.All.OfType<ChoiceArgument>().First(each => each.Name == argument).Choices.ToArray();

    private static string OneOf(Dictionary<string, string> given, string argument, string[] choices)
    {
        var value = given.GetValueOrDefault(argument, choices[0]);
        return choices.Contains(value)
            ? value
            : throw Invalid($"{argument}: use one of {string.Join(", ", choices)}. Given was {Emitters.Arguments.Argument.Show(value)}.");
    }

    // Clients that split what was typed at spaces give "orders, payments workers" as services "orders,", runtime "payments" and store
    // "workers": words that go on with a list, or are choices of another argument, go where they belong.
    private static Dictionary<string, string> Words(IDictionary<string, JsonElement> given)
    {
        var words = new Dictionary<string, string>(StringComparer.Ordinal);
        var services = string.Join(',', NamesIn(Text(given, "services")));
        var open = Text(given, "services").TrimEnd().EndsWith(',');
        foreach (var argument in s_choices.Keys)
        {
            foreach (var word in Text(given, argument).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (And().IsMatch(word))
                {
                    open = true;
                    continue;
                }

                var target = s_choices[argument].Contains(word) ? argument
                    : s_choices.FirstOrDefault(other => !given.ContainsKey(other.Key) && other.Value.Contains(word)).Key
                    ?? s_choices.FirstOrDefault(other => other.Value.Contains(word)).Key;
                if (target is null && (open || word.Contains(',', StringComparison.Ordinal)))
                {
                    services += $",{string.Join(',', NamesIn(word))}";
                    open = word.EndsWith(',');
                }
                else
                {
                    words[target ?? argument] = word;
                }
            }
        }

        words["services"] = services;
        return words;
    }

    // "the orders service, payments and our users API": an item of a sentence is a name with words around it. Without commas and 'and',
    // words apart are names. What is left of a longer item is no name, and refused as it is.
    private static IEnumerable<string> NamesIn(string text)
    {
        // Longer than every list of names that is taken: no time is spent on it.
        if (text.Length > MostServices * 100)
        {
            return [text];
        }

        var items = And().Replace(text, ",").Split(s_items, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return items is [var only] && !Around().IsMatch(only)
            ? only.Split(s_separators, StringSplitOptions.RemoveEmptyEntries)
            : items.Select(item => Around().Replace(item, "") is { Length: > 0 } name ? name : item);
    }

    private static string Text(IDictionary<string, JsonElement> given, string argument) =>
        !given.TryGetValue(argument, out var value) ? "" : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Null => "",
            JsonValueKind.Array when value.EnumerateArray().All(each => each.ValueKind is JsonValueKind.String) =>
                string.Join(',', value.EnumerateArray().Select(each => each.GetString())),
            _ => value.GetRawText(),
        };

    private static McpProtocolException Invalid(string message) => new(message, McpErrorCode.InvalidParams);

    [GeneratedRegex(@"(?<!\S)(?:and|&|\+)(?!\S)", RegexOptions.IgnoreCase)]
    private static partial Regex And();

    [GeneratedRegex(@"\A(?:(?:the|my|our|an?|to)\s+)+|\s+(?:services?|apis?|backends?)\.?\z|\.\z", RegexOptions.IgnoreCase)]
    private static partial Regex Around();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_.-]{0,63}\\z")]
    private static partial Regex Name();
}
