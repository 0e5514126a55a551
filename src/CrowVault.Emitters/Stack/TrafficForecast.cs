using System.Globalization;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RetryPolicy;
using static CrowVault.Emitters.Stack.Probability;

namespace CrowVault.Emitters.Stack;

/// <summary>
/// What the settings of one service will do under its traffic. docs/STACK.md gives the formulas and their sources; a test compares each
/// sentence with runs of the emitted code.
/// </summary>
/// <param name="traffic">The figures that were measured.</param>
/// <param name="breaker">The service's breaker.</param>
/// <param name="retry">The service's retry policy.</param>
/// <param name="bulkhead">All partitions.</param>
/// <param name="limits">Limits of the service's operations, by name, in milliseconds, and whether a failed attempt is repeated.</param>
/// <param name="unit">What the breaker counts; null when no stack puts it around retries.</param>
/// <param name="drawn">For how many services it is found out how often their windows go beyond the limits by chance; null when it is not for
/// this one.</param>
internal sealed class TrafficForecast(
    Traffic traffic,
    CircuitBreakerOptions? breaker,
    RetryPolicyOptions? retry,
    BulkheadOptions? bulkhead,
    IReadOnlyList<(string Name, int TimeoutMs, bool Repeats)> limits,
    FailureUnit? unit,
    int? drawn)
{
    // What is rarer than once in ten years is said not to happen.
    private const double TenYearsMs = 10.0 * 365 * 86_400_000;

    // The emitted retry budget: a retry per ten requests in the long run.
    private const double BudgetShare = 0.1;

    // The emitted window loses its oldest tenth at once, and so holds this share of windowMs on average.
    private const double WindowHeld = 0.95;

    private double PerSecond => traffic.CallsPerSecond;

    private double ErrorShare => traffic.ErrorPercent / 100;

    private LogNormal? Latency => traffic is { P50Ms: { } p50, P99Ms: { } p99 } ? new(p50, p99) : null;

    // Calls are taken to spread evenly over the operations.
    private double CutShare => Latency is { } latency && limits.Count > 0 ? limits.Average(limit => latency.Above(limit.TimeoutMs)) : 0;

    private double AttemptFails => 1 - ((1 - ErrorShare) * (1 - CutShare));

    private double RepeatedShare => limits.Count == 0 ? 1 : limits.Average(limit => limit.Repeats ? 1.0 : 0);

    private int Attempts => retry is null ? 1 : retry.MaxRetries + 1;

    private double AttemptsPerCall
    {
        get
        {
            var wanted = 1 + (RepeatedShare * Enumerable.Range(1, Attempts - 1).Sum(each => Math.Pow(AttemptFails, each)));
            return retry is { WithRetryBudget: true } ? Math.Min(wanted, 1 + BudgetShare) : wanted;
        }
    }

    // What the breaker sees: attempts, or how calls ended.
    private double SeenPerSecond => unit is FailureUnit.Attempt ? PerSecond * AttemptsPerCall : PerSecond;

    private double SeenFails => unit is FailureUnit.Call
        ? (RepeatedShare * Math.Pow(AttemptFails, Attempts)) + ((1 - RepeatedShare) * AttemptFails)
        : AttemptFails;

    private string Who => $"Traffic of {traffic.Service}:";

    /// <summary>The forecasts as notes.</summary>
    public IEnumerable<string> Notes()
    {
        if (Latency is { } latency)
        {
            foreach (var (name, timeoutMs, _) in limits)
            {
                yield return $"{Who} a limit of {Long(timeoutMs)} cuts off {Percent(latency.Above(timeoutMs))} of the calls of {name}.";
            }
        }

        if (retry is { MaxRetries: > 0 } && RepeatedShare > 0)
        {
            yield return $"{Who} with {Percent(AttemptFails)} of the attempts failing, retries make "
                + $"{Figure(AttemptsPerCall)} calls of each.";
        }

        if (breaker is not null)
        {
            if (breaker.TripOn is TripOn.Consecutive || drawn is not null)
            {
                yield return Chance(breaker);
            }

            yield return Outage(breaker);
        }

        if (Latency is { } duration && bulkhead?.Partitions.FirstOrDefault(each => each.Name == traffic.Service) is { } partition)
        {
            yield return Slots(duration, partition.MaxConcurrent, bulkhead.QueueOf(partition), bulkhead.WaitOf(partition));
        }
    }

    private string Chance(CircuitBreakerOptions guard)
    {
        var crossing = guard.TripOn switch
        {
            TripOn.Consecutive => new(TrialsToRun(guard.Failures, SeenFails) / SeenPerSecond * 1_000, IsRun: true, EarlyShare: 0, EarlyMs: 0),
            TripOn.FailureRate => WindowCrossing.MeanTime(
                SeenPerSecond / 1_000, SeenFails, guard.WindowMs, guard.FailureRatePercent, guard.Failures, guard.MinimumCalls, TenYearsMs,
                drawn!.Value),
        };
        var who = $"{Who} with {Percent(SeenFails)} of what it sees failing, the circuit";
        if (crossing.MeanMs <= TenYearsMs)
        {
            return $"{who} opens by chance about every {Long(crossing.MeanMs)}{(crossing.IsRun ? "" : " (within a quarter)")}.";
        }

        return crossing.EarlyShare < 0.01
            ? $"{who} does not open by chance in ten years."
            : $"{who} opens by chance in {Percent(crossing.EarlyShare)} of cases while its window fills, within {Long(crossing.EarlyMs)} "
                + "of its start or its closing, and then not in ten years; a higher minimumCalls prevents the first.";
    }

    private string Outage(CircuitBreakerOptions guard)
    {
        if (guard.TripOn is TripOn.FailureRate && SeenPerSecond * guard.WindowMs / 1_000 < guard.MinimumCalls)
        {
            return $"{Who} the window of {Long(guard.WindowMs)} sees about {Figure(SeenPerSecond * guard.WindowMs / 1_000)} calls, fewer "
                + "than minimumCalls "
                + $"{guard.MinimumCalls}, so an outage may never open the circuit.";
        }

        var whole = guard.TripOn switch
        {
            TripOn.Consecutive => guard.Failures / PerSecond * 1_000,
            TripOn.FailureRate =>
                Math.Max(guard.FailureRatePercent / 100.0 * WindowHeld * guard.WindowMs, guard.Failures / PerSecond * 1_000),
        };
        var sooner = unit is FailureUnit.Attempt && retry is { MaxRetries: > 0 } ? " at most" : "";
        var fifth = guard.TripOn is TripOn.Consecutive
            ? TrialsToRun(guard.Failures, 0.2 + (0.8 * SeenFails)) / PerSecond * 1_000
            : guard.FailureRatePercent > 20 ? double.PositiveInfinity : 0;
        var slowly = fifth switch
        {
            0 => "",
            > TenYearsMs => " One that fails every fifth call stays unnoticed.",
            _ => $" One that fails every fifth call is noticed after about {Long(fifth)}.",
        };
        return $"{Who} an outage is noticed about {Long(whole)}{sooner} after the first failures arrive.{slowly}";
    }

    private string Slots(LogNormal latency, int slots, int queue, int maxWaitMs)
    {
        var duration = limits.Count == 0 ? latency.Mean : limits.Average(limit => latency.MeanUpTo(limit.TimeoutMs));
        var load = PerSecond * (unit is null ? 1 : AttemptsPerCall) * duration / 1_000;
        var who = $"{Who} {Figure(load)} of {Wording.Count(slots, "slot")} are taken on average";
        if (load >= slots)
        {
            return $"{who}, so calls wait or are refused until the load falls; use {Math.Ceiling(load * 1.3)} slots or more.";
        }

        if (queue == 0)
        {
            var refused = Blocked(slots, load);
            return refused < 0.00001
                ? $"{who}; fewer than one call in 100,000 is refused."
                : $"{who}; {Percent(refused)} of the calls find none free and are refused.";
        }

        var full = Blocked(slots, load, queue);
        var waits = Waiting(slots, load, queue);
        if (waits < 0.00001)
        {
            return $"{who}; fewer than one call in 100,000 waits for a slot.";
        }

        var late = maxWaitMs == 0 ? 0 : waits * Math.Exp(-(slots - load) * maxWaitMs / duration);
        var text = $"{who}; {Percent(waits)} of the calls wait for one";
        text += full < 0.00001 ? "" : $", {Percent(full)} find the queue full";
        text += late < 0.00001 ? "" : $", about {Percent(late)} wait longer than {Long(maxWaitMs)}";
        return $"{text} (Erlang's model, within a quarter where latencies spread far).";
    }

    private static string Percent(double share) => $"{Figure(share * 100)} %";

    private static string Figure(double value) => value switch
    {
        0 => "0",
        < 0.001 => "less than 0.001",
        < 1_000 => double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            .ToString(CultureInfo.InvariantCulture),
        _ => Math.Round(value).ToString("N0", CultureInfo.InvariantCulture),
    };

    private static string Long(double milliseconds) => milliseconds switch
    {
        < 1_000 => $"{Figure(milliseconds)} ms",
        < 60_000 => $"{Figure(milliseconds / 1_000)} s",
        < 3_600_000 => $"{Figure(milliseconds / 60_000)} min",
        < 48 * 3_600_000.0 => $"{Figure(milliseconds / 3_600_000)} h",
        _ => $"{Figure(milliseconds / 86_400_000)} days",
    };
}
