namespace CrowVault.Emitters.TimeoutConfig;

/// <summary>Arguments of <c>generate_timeout_config</c>.</summary>
public sealed record TimeoutConfigOptions(
    [property: Argument("Operations with their limits.")]
    IReadOnlyList<OperationEntry> Operations,

    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("For a name outside operations.", Maximum = 86_400_000)]
    int DefaultTimeoutMs = 5_000,

    [property: Argument("For a request as a whole (Deadline); 0 for none.", Minimum = 0, Maximum = 86_400_000)]
    int TotalTimeoutMs = 0,

    [property: Argument("Add timeoutFetch, body included.")]
    bool WithFetch = false,

    [property: Argument("Add counters and onEvent.", NamedWhenOn = true)]
    bool WithMetrics = false,

    [property: Argument("Emit tests too.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions;
