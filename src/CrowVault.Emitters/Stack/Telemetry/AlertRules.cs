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
    // Fewer than these are the long tail of any service, and a burst that finds the queue full.
    private const int TimeoutPercent = 5;
    private const int RejectedPercent = 1;

    private static readonly string s_byName = $"job, {Name}";

    private static readonly string s_made = Series(MetricTable.BreakerCalls, $"{Outcome}!=\"rejected\"");

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
                // Each failed probe opens it anew, and one outage the circuits of all processes: what flaps has closed between.
                $"max by ({s_byName}) (increase({Series(MetricTable.BreakerTransitions, [$"{State}=\"closed\"", .. matchers])}"
                    + $"[{Time(window)}])) > 5",
                "",
                "warning",
                $"Circuit {Labelled(Name)} opens again and again",
                $"That of one process opened and closed more than five times in {Duration(window)}: the service recovers and fails, "
                    + "or the threshold is too low.")
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
                $"{Share(Series(MetricTable.RetryRetries), s_made)} > "
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
                // Only calls earn retries: without any, an empty budget stays empty and harms nobody.
                reported.Guards.Contains(Guard.CircuitBreaker)
                    ? $"min by ({s_byName}) ({WhileUsed(Series(MetricTable.RetryBudget), s_made, Outcome)}) == 0"
                    : $"min by ({s_byName}) ({Series(MetricTable.RetryBudget)}) == 0",
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
        var byOperation = $"job, {Operation}";
        var series = Series(MetricTable.TimeoutTimeouts);
        var counted = $"{Increase(byOperation, series, "5m")} > {most}";
        var isRelated = reported.Guards.Contains(Guard.CircuitBreaker);
        yield return new(
            "ResilienceTimeouts",
            isRelated ? $"({TimeoutShare(Rate(byOperation, series))}) and on ({byOperation}) {counted}" : counted,
            "",
            "warning",
            $"{Labelled(Operation)} times out",
            $"More than {Count(most, "time-out")} in 5 minutes{(Breaker is null ? "" : ", which is what opens a circuit")}"
                + $"{(isRelated ? $", and more than {TimeoutPercent}% of the calls of its service" : "")}. "
                + $"Limits: {limits}{(timeouts.Operations.Count > 5 ? " and others" : "")}.");
    }

    // Time-outs are known by operation and calls by service. An operation whose service makes no calls under that name, such as a
    // tenant's, is related to all calls of the job.
    private string TimeoutShare(string timeouts)
    {
        var byService = $"label_replace({timeouts}, \"{Name}\", \"$1\", \"{Operation}\", \"([^.]+)[.].*\")";
        foreach (var upstream in reported.Sections.Upstreams)
        {
            var listed = upstream.Operations.Select(operation => operation.Name)
                .Where(operation => !operation.StartsWith($"{upstream.Name}.", StringComparison.Ordinal)).ToList();
            if (listed.Count > 0)
            {
                byService = $"label_replace({byService}, \"{Name}\", \"{upstream.Name}\", \"{Operation}\", \"{Any(listed)}\")";
            }
        }

        var calls = $"{Rate(s_byName, s_made)} > 0";
        var most = Threshold(TimeoutPercent / 100.0);
        return $"{byService} / on ({s_byName}) group_left () ({calls}) > {most} or "
            + $"({byService} unless on ({s_byName}) ({calls})) / on (job) group_left () ({Rate("job", s_made)} > 0) > {most}";
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

        // Only of upstreams is it sure that breaker and bulkhead have the same name.
        var rejections = Series(MetricTable.BulkheadRejections, $"{Reason}=~\"full|timeout\"");
        var isRelated = reported.Sections.WiresUpstreams && reported.Guards.Contains(Guard.CircuitBreaker);
        yield return new(
            "ResilienceBulkheadRejects",
            isRelated ? $"{Share(rejections, s_made)} > {Threshold(RejectedPercent / 100.0)}" : $"{Rate(s_byName, rejections)} > 0",
            "5m",
            "warning",
            $"Calls of {Labelled(Name)} get no slot",
            $"{(isRelated ? $"More than {RejectedPercent}% of them" : "They")} have been refused for 5 minutes because slots and queue "
                + "were full, or the wait took too long.");
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
                // Only a request finds out that Redis is back: without any, nothing is decided and nothing amiss.
                $"min by ({s_byName}) ({WhileUsed(
                    Series(MetricTable.LimiterStoreAvailable), Series(MetricTable.LimiterRequests), $"{Outcome}, {Reason}")}) == 0",
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

    // A gauge of the processes that have counted something in the last five minutes.
    private static string WhileUsed(string gauge, string counter, string counterLabels) =>
        $"{gauge} and sum without ({counterLabels}) (rate({counter}[5m])) > 0";

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
