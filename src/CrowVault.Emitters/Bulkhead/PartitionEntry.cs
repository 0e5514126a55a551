namespace CrowVault.Emitters.Bulkhead;

/// <summary>One downstream service with its slots.</summary>
public sealed record PartitionEntry(
    [property: Argument("Name.", Example = "\"payments\"")]
    string Name,

    [property: Argument("Calls at once.", Maximum = 100_000, Zero = ZeroMeaning.NoLimit, Example = "10")]
    int MaxConcurrent,

    [property: Argument("Own maxQueue.", Minimum = 0, Maximum = 1_000_000)]
    int? MaxQueue = null,

    [property: Argument("Own maxWaitMs.", Minimum = 0, Maximum = 86_400_000)]
    int? MaxWaitMs = null);
