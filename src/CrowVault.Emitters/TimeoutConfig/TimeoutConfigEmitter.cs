using static CrowVault.Emitters.Code.TypeScript;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.TimeoutConfig;

/// <summary>Emits a table of timeouts with what enforces them.</summary>
internal sealed class TimeoutConfigEmitter() : Emitter<TimeoutConfigOptions>(() => TimeoutConfigJson.Default.TimeoutConfigOptions)
{
    /// <summary>What common proxies and load balancers wait for an answer.</summary>
    private const int ProxyTimeoutMs = 60_000;

    /// <summary>What hardly any call over a network takes: rather a number of seconds.</summary>
    private const int HastyMs = 10;

    /// <inheritdoc/>
    public override string Tool => "generate_timeout_config";

    /// <inheritdoc/>
    public override string Title => "Timeouts";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript table of timeouts per operation, with withTimeout, nested deadlines and optional fetch. Use it around every "
        + "remote attempt. Not for scheduling or long-running jobs.";

    /// <inheritdoc/>
    public override string IconPath => "M5 2h14L5 22h14z";

    /// <inheritdoc/>
    public override string FileName => "timeouts.ts";

    private protected override EmittedCode Write(TimeoutConfigOptions options)
    {
        var view = Templates.View(Model(options), TimeoutConfigJson.Default.TimeoutConfigModel);
        return EmittedCode.Render("TimeoutConfig/timeouts.ts", view, options.WithTests, Notes(options), Warnings(options));
    }

    private static TimeoutConfigModel Model(TimeoutConfigOptions options) => new(
        Operations: TableEntry.Of(options.Operations.Select(operation => (operation.Name, operation.TimeoutMs))),
        First: TypeScript.Literal(options.Operations[0].Name),
        DefaultTimeoutMs: Numeral(options.DefaultTimeoutMs),
        HasTotal: options.TotalTimeoutMs > 0,
        TotalTimeoutMs: Numeral(options.TotalTimeoutMs),
        TotalType: options.TotalTimeoutMs > 0 ? ": number = TOTAL_TIMEOUT_MS" : ": number",
        MostMs: options.TotalTimeoutMs > 0 ? "TOTAL_TIMEOUT_MS" : "MAX_TIMER_MS",
        CountsWaits: false,
        WithFetch: options.WithFetch,
        WithMetrics: options.WithMetrics,
        TestImports: TestRunner.Imports(options),
        TestDeclarations: TestRunner.Declarations(options));

    private static IEnumerable<string> Notes(TimeoutConfigOptions options)
    {
        var longest = options.Operations.MaxBy(operation => operation.TimeoutMs)!;
        var shortest = options.Operations.MinBy(operation => operation.TimeoutMs)!;
        yield return options.Operations.Count == 1
            ? $"{longest.Name} ends after {Duration(longest.TimeoutMs)} at the latest; a name outside the table after "
                + $"{Duration(options.DefaultTimeoutMs)}."
            : $"Limits from {Duration(shortest.TimeoutMs)} ({shortest.Name}) to "
                + $"{Duration(longest.TimeoutMs)} ({longest.Name}); a name outside the "
                + $"table ends after {Duration(options.DefaultTimeoutMs)}.";
        var sum = options.Operations.Sum(operation => (long)operation.TimeoutMs);
        var sequence = $"{Count(options.Operations.Count, "operation")} one after the other may take {Duration(sum)}";
        if (options.TotalTimeoutMs > 0)
        {
            yield return options.Operations.Count > 1
                ? $"{sequence}; a Deadline ends the request after {Duration(options.TotalTimeoutMs)}."
                : $"A Deadline ends a request after {Duration(options.TotalTimeoutMs)}, however many calls it makes.";
        }
        else if (options.Operations.Count > 1)
        {
            yield return $"{sequence}, unless a Deadline is shared.";
        }

        yield return "Work that ignores its signal goes on in the background after its timeout; pass the signal to fetch or the client.";
        yield return options.WithFetch
            ? "timeoutFetch: the limit covers headers and body, to the last byte read; idleTimeoutMs limits the silence between two chunks."
            : "Read the body inside withTimeout, as the usage does: fetch is done as soon as the headers are there.";
    }

    private static IEnumerable<string> Warnings(TimeoutConfigOptions options)
    {
        var total = options.TotalTimeoutMs;
        foreach (var (name, limit, _) in options.Operations.Where(operation => total > 0 && operation.TimeoutMs > total).Take(3))
        {
            yield return $"{name} may take {Duration(limit)}, but totalTimeoutMs ends it after {Duration(total)}; "
                + $"use a totalTimeoutMs of {limit} or more, or a limit of at most {total}.";
        }

        var hasty = options.Operations.Select(operation => (operation.Name, operation.TimeoutMs))
            .Append((Name: "a name outside the table", TimeoutMs: options.DefaultTimeoutMs))
            .MinBy(limit => limit.TimeoutMs);
        if (hasty.TimeoutMs <= HastyMs)
        {
            yield return $"{hasty.Name} ends after {Duration(hasty.TimeoutMs)}, sooner than most calls over a network; limits are in "
                + $"milliseconds: {hasty.TimeoutMs} s are {hasty.TimeoutMs}000.";
        }

        var patient = options.Operations.Where(operation => operation.TimeoutMs > ProxyTimeoutMs).ToList();
        if (patient.Count > 0)
        {
            yield return $"{Count(patient.Count, "operation")} ({patient[0].Name}: {Duration(patient[0].TimeoutMs)}) may outlast the "
                + $"{Duration(ProxyTimeoutMs)} that common proxies wait for an answer; use at most {ProxyTimeoutMs}, or raise theirs.";
        }
    }
}
