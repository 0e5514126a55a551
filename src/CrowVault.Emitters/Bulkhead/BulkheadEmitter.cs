using static CrowVault.Emitters.Code.TypeScript;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.Bulkhead;

/// <summary>Emits a bulkhead: a semaphore per downstream service.</summary>
internal sealed class BulkheadEmitter() : Emitter<BulkheadOptions>(BulkheadJson.Default.BulkheadOptions)
{
    /// <inheritdoc/>
    public override string Tool => "generate_bulkhead";

    /// <inheritdoc/>
    public override string Title => "Bulkhead";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript concurrency limiter with a bounded FIFO queue per downstream service. Use it so that one slow service cannot take "
        + "every connection. Not for limits per unit of time (generate_rate_limiting).";

    /// <inheritdoc/>
    public override string IconPath => "M2 4h8v16H2zM14 4h8v7h-8zM14 14h8v6h-8z";

    /// <inheritdoc/>
    public override string FileName => "bulkhead.ts";

    private protected override EmittedCode Write(BulkheadOptions options)
    {
        var view = Templates.View(Model(options), BulkheadJson.Default.BulkheadModel);
        return EmittedCode.Render("Bulkhead/bulkhead.ts", view, options.WithTests, Notes(options), Warnings(options));
    }

    private static BulkheadModel Model(BulkheadOptions options) => new(
        Partitions: TableEntry.Of(options.Partitions.Select(partition => (partition.Name, partition.MaxConcurrent))),
        First: TypeScript.Literal(options.Partitions[0].Name),
        Sum: $": {options.Sum} in all{(options.PoolSize is { } pool ? $", of a pool of {pool}" : "")}",
        MaxQueue: Numeral(options.MaxQueue),
        MaxWaitMs: Numeral(options.MaxWaitMs),
        TestImports: TestRunner.Imports(options),
        TestDeclarations: TestRunner.Declarations(options));

    private static IEnumerable<string> Notes(BulkheadOptions options)
    {
        var pool = options.PoolSize is { } size ? $" of a pool of {size}; {size - options.Sum} remain for other work" : "";
        yield return $"{Count(options.Partitions.Count, "partition")}, {Count(options.Sum, "slot")} together{pool}.";
        yield return options.MaxQueue == 0
            ? "Nobody waits: a call beyond the slots is refused at once."
            : $"Up to {Count(options.MaxQueue, "caller")} wait per partition, "
                + (options.MaxWaitMs == 0 ? "without a limit of time." : $"{Duration(options.MaxWaitMs)} at most.");
        if (options is { MaxQueue: > 0, MaxWaitMs: > 0 })
        {
            var (name, slots, _, _) = options.Partitions.MinBy(partition => partition.MaxConcurrent)!;
            var needed = (double)options.MaxWaitMs * slots / (options.MaxQueue + slots);
            yield return $"A full queue of {name} drains in time when a call takes no longer than about {Duration(needed)}.";
        }

        yield return "The limits hold per process: with n processes a service sees up to n times as many calls.";
    }

    private static IEnumerable<string> Warnings(BulkheadOptions options)
    {
        if (options is { MaxQueue: > 0, MaxWaitMs: 0 })
        {
            yield return $"Without maxWaitMs up to {Count(options.MaxQueue, "caller")} per partition wait as long as a hung service does; set it.";
        }

        if (options.MaxQueue > 10_000)
        {
            yield return $"A queue of {options.MaxQueue} hides an overload and answers callers that have given up; use 10 to 1000.";
        }

        if (options.PoolSize == options.Sum && options.Partitions.Count > 1)
        {
            yield return $"The partitions take all {options.PoolSize} of the pool; nothing remains for health checks and migrations.";
        }
    }
}
