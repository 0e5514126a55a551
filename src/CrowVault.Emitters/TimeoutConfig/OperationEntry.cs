namespace CrowVault.Emitters.TimeoutConfig;

/// <summary>One operation with its limit.</summary>
public sealed record OperationEntry(
    [property: Argument("Name.", Example = "\"orders.get\"")]
    string Name,

    [property: Argument("Limit of one attempt.", Maximum = 86_400_000, Zero = ZeroMeaning.NoLimit, Example = "2000")]
    int TimeoutMs,

    [property: Argument("False: never repeat it.")]
    bool? Retry = null);
