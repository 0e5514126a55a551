using System.Globalization;
using System.Text;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;
using static CrowVault.Emitters.Code.Wording;
using static CrowVault.Emitters.Stack.Telemetry.PromQl;

namespace CrowVault.Emitters.Stack.Telemetry;

/// <summary>Prometheus' alerting rules, with thresholds from the manifest's own figures.</summary>
internal sealed class AlertRules(Reported reported)
{
    private static readonly string s_byName = $"job, {Name}";

    private CircuitBreakerOptions? Breaker { get; } = reported.Sections.Find<CircuitBreakerOptions>();

    /// <summary>The rules as a file for <c>rule_files</c>.</summary>
    public string Write()
    {
        var text = new StringBuilder("groups:\n  - name: resilience\n    rules:\n");
        foreach (var rule in Rules())
        {
            text.Append($"      - alert: {rule.Name}\n        expr: {Quoted(rule.Expression)}\n");
            text.Append(rule.For.Length == 0 ? "" : $"        for: {rule.For}\n");
            text.Append($"        labels:\n          severity: {rule.Severity}\n");
            text.Append(rule.Threshold.Length == 0 ? "" : $"          threshold: {Quoted(rule.Threshold)}\n");
            text.Append("        annotations:\n");
            text.Append($"          summary: {Quoted(rule.Summary)}\n          description: {Quoted(rule.Description)}\n");
        }

        return text.ToString();
    }

    /// <summary>All rules that the reported metrics allow.</summary>
    public IEnumerable<AlertRule> Rules() => reported.Guards.SelectMany(guard => guard switch
    {
        Guard.CircuitBreaker => Breakers(),
        Guard.Retry => Retries(),
        Guard.Timeout => Timeouts(),
        Guard.Bulkhead => Bulkheads(),
        Guard.RateLimiter => RateLimiters(),
    });

    private IEnumerable<AlertRule> Breakers()
    {
        foreach (var (longest, matchers) in Grouped(upstream =>
            upstream.Breaker.MaxRecoveryTimeMs ?? upstream.Breaker.RecoveryTimeMs, Breaker!.MaxRecoveryTimeMs ?? Breaker.RecoveryTimeMs))
        {
            // Looking a minute back bridges the probes. One that closed at its first probe, or that nobody calls any more, must not be told.
            var patience = Math.Max(longest + 90_000, 2.0 * longest);
            var state = Series(MetricTable.BreakerState, matchers);
            yield return new(
                "ResilienceCircuitOpen",
                $"max by ({s_byName}) (max_over_time({state}[1m]) and {state} > 0) == 2",
                Time(patience),
                "critical",
                $"Circuit {Labelled(Name)} stays open",
                $"Its calls have been rejected for more than {Duration(patience)}, although it asks the service "
                    + $"again after {Duration(longest)} at most.")
            { Threshold = Duration(longest) };
            var window = Math.Max(600_000, 10.0 * longest);
            yield return new(
                "ResilienceCircuitFlaps",
                $"{Increase(s_byName, Series(MetricTable.BreakerTransitions, [$"{State}=\"open\"", .. matchers]), Time(window))} > 5",
                "",
                "warning",
                $"Circuit {Labelled(Name)} opens again and again",
                $"It opened more than five times in {Duration(window)}: the service recovers and fails, or the threshold is too low.")
            { Threshold = Duration(longest) };
        }

        if (Breaker.TripOn is TripOn.FailureRate)
        {
            foreach (var (percent, matchers) in Grouped(upstream => upstream.Breaker.FailureRatePercent, Breaker.FailureRatePercent))
            {
                var share = Share(
                    Series(MetricTable.BreakerCalls, [$"{Outcome}=\"failure\"", .. matchers]),
                    Series(MetricTable.BreakerCalls, [$"{Outcome}=~\"success|failure\"", .. matchers]));
                yield return new(
                    "ResilienceFailureRate",
                    $"{share} > {Threshold(percent / 200.0)}",
                    "5m",
                    "warning",
                    $"Calls of {Labelled(Name)} fail",
                    $"More than {Rounded(percent / 2.0)}% of them have failed for 5 minutes; {percent}% open the circuit.")
                { Threshold = $"{Rounded(percent / 2.0)}%" };
            }
        }
    }

    private IEnumerable<AlertRule> Retries()
    {
        var retry = reported.Sections.Find<RetryPolicyOptions>()!;
        var percent = retry.WithRetryBudget ? RetryPolicyEmitter.BudgetPercent / 2.0 : RetryPolicyEmitter.BudgetPercent;
        if (reported.Guards.Contains(Guard.CircuitBreaker) && retry.MaxRetries > 0)
        {
            yield return new(
                "ResilienceRetries",
                $"{Share(Series(MetricTable.RetryRetries), Series(MetricTable.BreakerCalls, $"{Outcome}!=\"rejected\""))} > "
                    + $"{Threshold(percent / 100)}",
                "5m",
                "warning",
                $"Calls of {Labelled(Name)} are retried",
                $"Retries have been more than {Rounded(percent)}% of the calls for 5 minutes"
                    + (retry.WithRetryBudget
                        ? $"; the budget pays for {RetryPolicyEmitter.BudgetPercent}%."
                        : ", and no budget bounds them."));
        }

        if (reported.Includes(MetricTable.RetryBudget))
        {
            yield return new(
                "ResilienceRetryBudgetEmpty",
                $"min by ({s_byName}) ({Series(MetricTable.RetryBudget)}) == 0",
                "1m",
                "warning",
                $"No retries left for {Labelled(Name)}",
                "Its failures have used up the retry budget for a minute; calls now fail at their first failure.");
        }
    }

    private IEnumerable<AlertRule> Timeouts()
    {
        var most = Breaker?.FailuresToOpen ?? 5;
        var timeouts = reported.Sections.Find<TimeoutConfigOptions>()!;
        var limits = string.Join(", ", timeouts.Operations.Take(5).Select(operation =>
            $"{operation.Name} {Duration(operation.TimeoutMs)}"));
        yield return new(
            "ResilienceTimeouts",
            $"{Increase($"job, {Operation}", Series(MetricTable.TimeoutTimeouts), "5m")} > {most}",
            "",
            "warning",
            $"{Labelled(Operation)} times out",
            $"More than {Count(most, "time-out")} in 5 minutes{(Breaker is null ? "" : ", which is what opens a circuit")}. "
                + $"Limits: {limits}{(timeouts.Operations.Count > 5 ? " and others" : "")}.");
    }

    private IEnumerable<AlertRule> Bulkheads()
    {
        var bulkhead = reported.Sections.Find<BulkheadOptions>()!;
        if (reported.Includes(MetricTable.BulkheadActive))
        {
            foreach (var group in bulkhead.Partitions.GroupBy(partition => partition.MaxConcurrent))
            {
                yield return new(
                    "ResilienceBulkheadFull",
                    $"max by ({s_byName}) ({Series(MetricTable.BulkheadActive, Named([.. group.Select(each => each.Name)]))}) >= "
                        + $"{group.Key}",
                    "1m",
                    "warning",
                    $"All slots of {Labelled(Name)} are taken",
                    $"{Count(group.Key, "slot")} of a process have been taken for a minute; calls wait or are refused.")
                { Threshold = Count(group.Key, "slot") };
            }

            foreach (var group in bulkhead.Partitions.GroupBy(bulkhead.QueueOf).Where(group => group.Key >= 5))
            {
                var most = group.Key * 4L / 5;
                yield return new(
                    "ResilienceBulkheadQueue",
                    $"max by ({s_byName}) ({Series(MetricTable.BulkheadQueued, Named([.. group.Select(each => each.Name)]))}) > {most}",
                    "1m",
                    "warning",
                    $"The queue of {Labelled(Name)} fills up",
                    $"More than {most} of {group.Key} places have been taken for a minute.")
                { Threshold = Count(most, "call") };
            }
        }

        yield return new(
            "ResilienceBulkheadRejects",
            $"{Rate(s_byName, Series(MetricTable.BulkheadRejections, $"{Reason}=~\"full|timeout\""))} > 0",
            "5m",
            "warning",
            $"Calls of {Labelled(Name)} get no slot",
            "They have been refused for 5 minutes because slots and queue were full, or the wait took too long.");
    }

    private IEnumerable<AlertRule> RateLimiters()
    {
        var limiter = reported.Sections.Find<RateLimitingOptions>()!;
        if (reported.Includes(MetricTable.LimiterStoreAvailable))
        {
            var consequence = limiter.OnStoreError switch
            {
                OnStoreError.Open => "every request is admitted",
                OnStoreError.Closed => "every request is refused",
                OnStoreError.Local => "each process counts in its memory",
            };
            yield return new(
                "ResilienceRateLimiterStoreDown",
                $"min by ({s_byName}) ({Series(MetricTable.LimiterStoreAvailable)}) == 0",
                "1m",
                "critical",
                $"Redis does not decide for the rate limiter {Labelled(Name)}",
                $"For a minute it has not answered within {Duration(limiter.StoreTimeoutMs)}; meanwhile {consequence}.");
        }

        var share = Share(
            Series(MetricTable.LimiterRequests, $"{Outcome}=\"refused\""), Series(MetricTable.LimiterRequests));
        yield return new(
            "ResilienceRateLimiterRefuses",
            $"{share} > 0.5",
            "10m",
            "warning",
            $"The rate limiter {Labelled(Name)} refuses most requests",
            $"More than half of them have been refused for 10 minutes; the limit is {limiter.RequestsPerWindow} in "
                + $"{Duration(limiter.WindowSeconds * 1_000.0)}.");
    }

    // One rule for each figure. The last holds for all others, upstreams made at run time included.
    private IEnumerable<(int Figure, string[] Matchers)> Grouped(Func<Upstream, int> figureOf, int shared)
    {
        var own = reported.Sections.Upstreams.Where(upstream => figureOf(upstream) != shared).ToList();
        foreach (var group in own.GroupBy(figureOf))
        {
            yield return (group.Key, [Named([.. group.Select(upstream => upstream.Name)])]);
        }

        yield return (shared, own.Count == 0 ? [] : [Named([.. own.Select(upstream => upstream.Name)], negated: true)]);
    }

    private static string Share(string part, string whole) => $"{Rate(s_byName, part)} / {Rate(s_byName, whole)}";

    private static string Threshold(double share) => share.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Labelled(string label) => $"{{{{ $labels.{label} }}}}";

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}

/// <summary>One alert.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Expression">PromQL; it fires for each series that the expression gives.</param>
/// <param name="For">How long it must hold; empty for at once.</param>
/// <param name="Severity"><c>warning</c> or <c>critical</c>.</param>
/// <param name="Summary">One line.</param>
/// <param name="Description">What it means, with the figures.</param>
internal sealed record AlertRule(string Name, string Expression, string For, string Severity, string Summary, string Description)
{
    /// <summary>The figure, which tells it from rules of the same name for other upstreams; empty where there are none.</summary>
    public string Threshold { get; init; } = "";
}
