namespace CrowVault.Emitters.TimeoutConfig;

/// <summary>One operation with its limit.</summary>
public sealed record OperationEntry(
    [property: Argument("Name in the code, such as orders.get.")]
    string Name,

    [property: Argument("Limit of one attempt.", Maximum = 86_400_000)]
    int TimeoutMs,

    [property: Argument("Whether a failed attempt may be repeated; unsaid when omitted.")]
    bool? Retry = null);
