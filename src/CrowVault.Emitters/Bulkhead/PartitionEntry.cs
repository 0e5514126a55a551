namespace CrowVault.Emitters.Bulkhead;

/// <summary>One downstream service with its slots.</summary>
public sealed record PartitionEntry(
    [property: Argument("Name in the code, such as payments.")]
    string Name,

    [property: Argument("Calls at once.", Maximum = 100_000)]
    int MaxConcurrent,

    [property: Argument("Callers that may wait for a slot; as for all when omitted.", Minimum = 0, Maximum = 1_000_000)]
    int? MaxQueue = null,

    [property: Argument("Longest wait for a slot; 0 for no limit; as for all when omitted.", Minimum = 0, Maximum = 86_400_000)]
    int? MaxWaitMs = null);
