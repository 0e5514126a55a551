namespace CrowVault.Emitters.Bulkhead;

/// <summary>Arguments of <c>generate_bulkhead</c>.</summary>
public sealed record BulkheadOptions(
    [property: Argument("Services with their slots.")]
    IReadOnlyList<PartitionEntry> Partitions,

    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("Pool that all partitions must fit; no check when omitted.", Maximum = 20_000_000, Zero = ZeroMeaning.Off)]
    int? PoolSize = null,

    [property: Argument("Callers that may wait per partition.", Minimum = 0, Maximum = 1_000_000)]
    int MaxQueue = 100,

    [property: Argument("Longest wait; 0 for no limit.", Minimum = 0, Maximum = 86_400_000)]
    int MaxWaitMs = 1_000,

    [property: Argument("Counters and onEvent.", NamedWhenOn = true)]
    bool WithMetrics = false,

    [property: Argument("Tests too.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions
{
    /// <summary>Slots of all partitions together.</summary>
    internal long Sum => Partitions.Sum(partition => (long)partition.MaxConcurrent);

    /// <summary>Whether a partition says how long its queue or a wait for it may be.</summary>
    internal bool HasOwnLimits => Partitions.Any(partition => partition.MaxQueue is not null || partition.MaxWaitMs is not null);

    /// <summary>Callers that may wait for a slot of <paramref name="partition"/>.</summary>
    internal int QueueOf(PartitionEntry partition) => partition.MaxQueue ?? MaxQueue;

    /// <summary>Longest wait for a slot of <paramref name="partition"/>; 0 for no limit.</summary>
    internal int WaitOf(PartitionEntry partition) => partition.MaxWaitMs ?? MaxWaitMs;

    /// <summary>Whether callers of <paramref name="partition"/> wait, and not for ever.</summary>
    internal bool HasTimedQueue(PartitionEntry partition) => QueueOf(partition) > 0 && WaitOf(partition) > 0;

    /// <summary>Whether callers of <paramref name="partition"/> may wait for ever.</summary>
    internal bool HasEndlessQueue(PartitionEntry partition) => QueueOf(partition) > 0 && WaitOf(partition) == 0;

    /// <summary>The longest that a call may take, in milliseconds, for the last caller of a full queue to have its turn in time.</summary>
    internal double LongestFittingCall(PartitionEntry partition) =>
        (double)WaitOf(partition) * partition.MaxConcurrent / (QueueOf(partition) + partition.MaxConcurrent);

    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Conflicts()
    {
        if (PoolSize < Sum)
        {
            yield return new(
                "poolSize", $"{PoolSize} is less than the {Sum} slots of all partitions; use {Sum} or more, or smaller partitions.");
        }
    }
}
