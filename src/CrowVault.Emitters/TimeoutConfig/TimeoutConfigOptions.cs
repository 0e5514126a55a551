namespace CrowVault.Emitters.TimeoutConfig;

/// <summary>Arguments of <c>generate_timeout_config</c>.</summary>
public sealed record TimeoutConfigOptions(
    [property: Argument("Operations with their limits.")]
    IReadOnlyList<OperationEntry> Operations,

    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("For other names.", Maximum = 86_400_000, Zero = ZeroMeaning.NoLimit)]
    int DefaultTimeoutMs = 5_000,

    [property: Argument("For a whole request (Deadline); 0 for none.", Minimum = 0, Maximum = 86_400_000)]
    int TotalTimeoutMs = 0,

    [property: Argument("Add timeoutFetch, body included.")]
    bool WithFetch = false,

    [property: Argument("Counters and onEvent.", NamedWhenOn = true)]
    bool WithMetrics = false,

    [property: Argument("Tests too.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions;
