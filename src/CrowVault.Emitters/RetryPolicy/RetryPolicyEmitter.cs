using static CrowVault.Emitters.Code.TypeScript;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.RetryPolicy;

/// <summary>Emits a retry policy.</summary>
internal sealed class RetryPolicyEmitter() : Emitter<RetryPolicyOptions>(() => RetryPolicyJson.Default.RetryPolicyOptions)
{
    /// <summary>Percentage of requests whose retry the emitted budget pays for.</summary>
    internal const int BudgetPercent = 10;

    /// <summary>Retries that the emitted budget allows at the start.</summary>
    private const int BudgetCapacity = 50;


    /// <inheritdoc/>
    public override string Tool => "generate_retry_policy";

    /// <inheritdoc/>
    public override string Title => "Retry policy";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript function that repeats failed calls with exponential backoff, full jitter, Retry-After and a retry budget. "
        + "For transient errors of idempotent calls. Not for a dependency that stays down (generate_circuit_breaker).";

    /// <inheritdoc/>
    public override string IconPath => "M12 4V0l6 6-6 6V8a6 6 0 106 6h4A10 10 0 1112 4z";

    /// <inheritdoc/>
    public override string FileName => "retry.ts";

    private protected override EmittedCode Write(RetryPolicyOptions options)
    {
        var view = Templates.View(Model(options), RetryPolicyJson.Default.RetryPolicyModel);
        return EmittedCode.Render("RetryPolicy/retry.ts", view, options.WithTests, Notes(options), Warnings(options));
    }

    private static RetryPolicyModel Model(RetryPolicyOptions options)
    {
        return new(
            WithJitter: options.WithJitter,
            RespectRetryAfter: options.RespectRetryAfter,
            WithRetryBudget: options.WithRetryBudget,
            WithFetch: options.WithFetch,
            WithMetrics: options.WithMetrics,
            HasDestination: options.WithRetryBudget || options.WithMetrics,
            Retries: true,
            ReadsHeaders: options.RespectRetryAfter || options.WithFetch,
            NetworkOnly: options.RetryErrors is RetryErrors.Network,
            BudgetPercent: BudgetPercent,
            BudgetCapacity: BudgetCapacity,
            Waits: options.WithJitter ? "growing random waits" : "growing waits",
            MaxRetries: options.MaxRetries,
            BaseDelayMs: Numeral(options.BaseDelayMs),
            MaxDelayCapMs: Numeral(options.MaxDelayCapMs),
            MaxRetryAfterMs: Numeral(options.MaxRetryAfterMs),
            TotalTimeoutMs: Numeral(options.TotalTimeoutMs),
            RetryOn: ArrayLiteral(options.RetryOn, "const RETRY_ON: readonly number[] = ".Length),
            Attempts: options.MaxRetries + 1,
            FirstFailure: options.RetryOn is [var status, ..] ? $"httpError({status})" : "new TypeError('fetch failed')",
            TestImports: TestRunner.Imports(options),
            TestDeclarations: TestRunner.Declarations(options));
    }

    private static IEnumerable<string> Notes(RetryPolicyOptions options)
    {
        yield return "Give errors the answer's status and headers, or return the answer: a status that "
            + "stands in the message alone is not read, so a "
            + "404 would be tried again and Retry-After be missed.";
        var bounds = options.WaitBounds.ToList();
        if (bounds.Count > 0)
        {
            var shown = string.Join(", ", bounds.Take(8).Select(bound => Duration(bound))) + (bounds.Count > 8 ? ", ..." : "");
            var sum = bounds.Sum();
            yield return options.WithJitter
                ? $"Waits up to {shown}: {Duration(sum / 2)} together on average, {Duration(sum)} at worst."
                : $"Waits {shown}: {Duration(sum)} together.";
            if (options.RespectRetryAfter)
            {
                var longest = bounds.Sum(bound => Math.Max(bound, options.MaxRetryAfterMs));
                yield return $"A server that sends Retry-After can stretch the waits to {Duration(longest)} together.";
            }
        }

        if (options.TotalTimeoutMs > 0)
        {
            yield return $"Everything together ends after {Duration(options.TotalTimeoutMs)}.";
        }

        yield return options.WithRetryBudget && options.MaxRetries > 0
            ? $"In a full outage a request makes at most {Count(options.MaxRetries + 1, "call")}, all requests together about "
                + $"{Rounded(1 + BudgetPercent / 100.0)} calls each, after {BudgetCapacity} retries at the start."
            : $"In a full outage every request makes {Count(options.MaxRetries + 1, "call")}.";
    }

    private static IEnumerable<string> Warnings(RetryPolicyOptions options)
    {
        if (!options.WithJitter && options.MaxRetries > 0)
        {
            yield return "Without jitter, clients that failed together retry together; set withJitter to true.";
        }

        if (!options.WithRetryBudget && options.MaxRetries > 1)
        {
            yield return $"Without a retry budget, an outage multiplies the load by {options.MaxRetries + 1}; "
                + "set withRetryBudget to true or put a circuit breaker around the retries.";
        }

        var lasting = options.RetryOn.Where(IsLasting).ToList();
        if (lasting.Count > 0)
        {
            yield return $"Status {string.Join(", ", lasting)} of retryOn will not change by asking again; leave it out.";
        }

        var wait = options.WaitBounds.Sum();
        if (options.TotalTimeoutMs > 0 && options.TotalTimeoutMs <= options.WaitBounds.FirstOrDefault())
        {
            yield return $"totalTimeoutMs {Duration(options.TotalTimeoutMs)} may end the call before its first retry, which waits up to "
                + $"{Duration(options.WaitBounds.First())}; both are in milliseconds.";
        }

        if (options.TotalTimeoutMs == 0 && wait > 60_000)
        {
            yield return $"A caller may wait {Duration(wait)} and the attempts themselves; set totalTimeoutMs.";
        }
    }

    // Client errors speak about the request, but for 408, 409, 423, 425 and 429; 501 and 505 speak about the server's abilities.
    private static bool IsLasting(int status) =>
        status is (< 500 and not (408 or 409 or 423 or 425 or 429)) or 501 or 505;
}
