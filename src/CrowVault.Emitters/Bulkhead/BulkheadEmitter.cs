using static CrowVault.Emitters.Code.TypeScript;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.Bulkhead;

/// <summary>Emits a bulkhead: a semaphore per downstream service.</summary>
internal sealed class BulkheadEmitter() : Emitter<BulkheadOptions>(() => BulkheadJson.Default.BulkheadOptions)
{
    // More lines than that would not be read.
    private const int NamedPartitions = 5;

    /// <inheritdoc/>
    public override string Tool => "generate_bulkhead";

    /// <inheritdoc/>
    public override string Title => "Bulkhead";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript concurrency limiter with a bounded FIFO queue per downstream service. Keeps one slow service from taking "
        + "every connection. Not for limits per time (generate_rate_limiting).";

    /// <inheritdoc/>
    public override string IconPath => "M2 4h8v16H2zm12 0h8v16h-8z";

    /// <inheritdoc/>
    public override string FileName => "bulkhead.ts";

    private protected override EmittedCode Write(BulkheadOptions options)
    {
        var view = Templates.View(Model(options), BulkheadJson.Default.BulkheadModel);
        return EmittedCode.Render("Bulkhead/bulkhead.ts", view, options.WithTests, Notes(options), Warnings(options));
    }

    private static BulkheadModel Model(BulkheadOptions options)
    {
        var meaning = options.HasOwnLimits
            ? "What each downstream service may take"
            : "How many calls may run at once, per downstream service";
        var sum = $"{Count(options.Sum, "slot")} in all{(options.PoolSize is { } pool ? $", of a pool of {pool}" : "")}";
        return new(
            Partitions: [.. options.Partitions.Select(partition => Entry(partition, options))],
            First: TypeScript.Literal(options.Partitions[0].Name),
            Meaning: $"{meaning}: {sum}.",
            OwnLimits: options.HasOwnLimits,
            CountsWaits: true,
            MaxQueue: Numeral(options.MaxQueue),
            MaxWaitMs: Numeral(options.MaxWaitMs),
            WithMetrics: options.WithMetrics,
            TestImports: TestRunner.Imports(options),
            TestDeclarations: TestRunner.Declarations(options));
    }

    // As Prettier leaves it: on one line if it fits, else a line for each limit.
    private static TableEntry Entry(PartitionEntry partition, BulkheadOptions options)
    {
        var key = PropertyKey(partition.Name);
        var slots = Numeral(partition.MaxConcurrent);
        if (!options.HasOwnLimits)
        {
            return new(key, slots);
        }

        string[] limits =
        [
            $"maxConcurrent: {slots}",
            $"maxQueue: {Numeral(options.QueueOf(partition))}",
            $"maxWaitMs: {Numeral(options.WaitOf(partition))}",
        ];
        var line = $"{{ {string.Join(", ", limits)} }}";
        return new(key, $"  {key}: {line},".Length <= Columns ? line : $"{{\n    {string.Join(",\n    ", limits)},\n  }}");
    }

    private static IEnumerable<string> Notes(BulkheadOptions options)
    {
        var pool = options.PoolSize is { } size ? $" of a pool of {size}; {size - options.Sum} remain for other work" : "";
        yield return $"{Count(options.Partitions.Count, "partition")}, {Count(options.Sum, "slot")} together{pool}.";
        if (options.HasOwnLimits)
        {
            foreach (var partition in options.Partitions.Take(NamedPartitions))
            {
                yield return $"{partition.Name}: {Queue(options.QueueOf(partition), options.WaitOf(partition), "")}";
            }
        }
        else
        {
            yield return Sentence(Queue(options.MaxQueue, options.MaxWaitMs, " per partition"));
        }

        if (options.Partitions.Where(options.HasTimedQueue).MinBy(options.LongestFittingCall) is { } slowest)
        {
            yield return $"A full queue of {slowest.Name} drains in time when a call takes no longer than about "
                + $"{Duration(options.LongestFittingCall(slowest))}.";
        }

        yield return "holdBody, as in the usage, keeps the slot until the body of the response has been read or cancelled; do one of both.";
        if (options.Runtime is Runtime.Workers)
        {
            yield return "A request that ends before its call keeps the slot for good: hand the call to ctx.waitUntil.";
        }

        yield return "The limits hold per process: with n processes a service sees up to n times as many calls.";
    }

    private static IEnumerable<string> Warnings(BulkheadOptions options)
    {
        if (options.Partitions.FirstOrDefault(options.HasEndlessQueue) is { } endless)
        {
            var where = options.HasOwnLimits ? endless.Name : "each partition";
            yield return $"Without maxWaitMs up to {Count(options.QueueOf(endless), "caller")} of "
                + $"{where} wait as long as a hung service does; "
                + "use a maxWaitMs of 1 or more.";
        }

        var longest = options.Partitions.Max(options.QueueOf);
        if (longest > 10_000)
        {
            yield return $"A queue of {longest} hides an overload and answers callers that have given up; use 10 to 1000.";
        }

        if (options.PoolSize == options.Sum && options.Partitions.Count > 1)
        {
            yield return $"The partitions take all {options.PoolSize} of the pool; nothing remains for health checks and "
                + "migrations; use a larger pool or fewer slots.";
        }
    }
    private static string Queue(int maxQueue, int maxWaitMs, string where) => maxQueue == 0
        ? "nobody waits; a call beyond the slots is refused at once."
        : $"up to {Count(maxQueue, "caller")} wait{where}, "
            + $"{(maxWaitMs == 0 ? "without a limit of time" : $"{Duration(maxWaitMs)} at most")}.";

    private static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}";
}
