using System.Text.Json.Serialization;
using CrowVault.Emitters.RateLimiting;

namespace CrowVault.Emitters.Stack;

/// <summary>What counts as one failure for the circuit breaker of the stack.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<FailureUnit>))]
public enum FailureUnit
{
    /// <summary>Each attempt: the failures that the service has really seen.</summary>
    Attempt,

    /// <summary>The whole retried call, however many attempts it took.</summary>
    Call,
}

/// <summary>The HTTP client that calls the upstreams.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<UpstreamClient>))]
public enum UpstreamClient
{
    /// <summary>The global <c>fetch</c>; nothing further is emitted.</summary>
    Fetch,

    /// <summary>undici's <c>request</c>.</summary>
    Undici,

    /// <summary>axios, by an adapter.</summary>
    Axios,

    /// <summary>ky, by its option <c>fetch</c>.</summary>
    Ky,

    /// <summary>NestJS, by a module that hands out the upstreams.</summary>
    Nest,
}

/// <summary>The section <c>stack</c> of a manifest.</summary>
public sealed record StackOptions(
    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("What the breaker counts as one failure: each attempt, or the whole retried call.")]
    FailureUnit FailureUnit = FailureUnit.Attempt,

    [property: Argument("Upstreams made at run time (upstreamFor) that are kept.", Maximum = 1_000_000)]
    int MaxKeys = 1_000,

    [property: Argument("Calls at once for each of those.", Maximum = 100_000)]
    int SlotsPerKey = 10,

    [property: Argument("What calls the upstreams; others than fetch get an adapter, upstreams-NAME.ts.")]
    UpstreamClient Client = UpstreamClient.Fetch,

    [property: Argument("Emit ingress.ts too: mounts the limiter, answers refusals.")]
    bool Ingress = false,

    [property: Argument("Framework of ingress.ts; default that of rateLimiting, else by runtime. Next: fetch.")]
    Framework? Framework = null,

    IReadOnlyList<AlsoRetries>? AlsoRetries = null,

    [property: Argument("Emit telemetry.ts and let every guard report events.", NamedWhenOn = true)]
    bool WithMetrics = false,

    [property: Argument("Tests too.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions
{
    /// <summary>What else repeats calls; nothing unless given.</summary>
    [Argument("What else retries on the way to a service; its attempts multiply with those of retryPolicy.")]
    public IReadOnlyList<AlsoRetries> AlsoRetries { get; init; } = AlsoRetries ?? [];
}
