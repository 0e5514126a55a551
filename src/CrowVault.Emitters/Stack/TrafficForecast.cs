using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.Stack;

/// <summary>What the settings of one service will do under its traffic. Each formula is compared with the emitted code in a test.</summary>
internal static class TrafficForecast
{
    // What is rarer than once in ten years is said not to happen.
    private const double TenYearsMs = 10.0 * 365 * 86_400_000;

    // Standard deviations from the median to the 99th percentile of a normal distribution.
    private const double Z99 = 2.3263478740408408;

    /// <summary>The forecasts as notes.</summary>
    public static IEnumerable<string> Notes(Traffic traffic, CircuitBreakerOptions? breaker, BulkheadOptions? bulkhead)
    {
        if (breaker is { TripOn: TripOn.Consecutive })
        {
            yield return Chance(traffic, breaker.FailuresToOpen);
            yield return Outage(traffic, breaker.FailuresToOpen);
        }

        if (traffic is { P50Ms: { } p50, P99Ms: { } p99 }
            && bulkhead?.Partitions.FirstOrDefault(partition => partition.Name == traffic.Service) is { } partition)
        {
            yield return Slots(traffic, p50, p99, partition.MaxConcurrent, bulkhead.QueueOf(partition), bulkhead.WaitOf(partition));
        }
    }

    /// <summary>
    /// Calls until the first run of <paramref name="failures"/> failures in a row, on average, when each fails by itself with probability
    /// <paramref name="share"/> (Feller, An Introduction to Probability Theory, volume 1, XIII.7).
    /// </summary>
    public static double CallsToOpen(int failures, double share) => share switch
    {
        <= 0 => double.PositiveInfinity,
        >= 1 => failures,
        _ => (Math.Pow(share, -failures) - 1) / (1 - share),
    };

    /// <summary>
    /// The share of calls that find every slot taken, by Erlang's C formula: Poisson arrivals, exponential durations, a queue without end.
    /// </summary>
    /// <param name="slots">Slots.</param>
    /// <param name="load">Calls that run on average: rate times duration, below <paramref name="slots"/>.</param>
    public static double Waiting(int slots, double load)
    {
        // Erlang's B by its recursion, which stays within range for any number of slots.
        var blocked = 1.0;
        for (var slot = 1; slot <= slots; slot++)
        {
            blocked = load * blocked / (slot + (load * blocked));
        }

        return blocked / (1 - (load / slots * (1 - blocked)));
    }

    /// <summary>Mean of a log-normal latency.</summary>
    public static double Mean(double p50, double p99) => p50 * Math.Exp(Sigma(p50, p99) * Sigma(p50, p99) / 2);

    private static double Sigma(double p50, double p99) => Math.Log(p99 / p50) / Z99;

    private static string Chance(Traffic traffic, int failures)
    {
        var who = $"Traffic of {traffic.Service}: at {Rounded(traffic.ErrorPercent)} % errors";
        var every = CallsToOpen(failures, traffic.ErrorPercent / 100) / traffic.CallsPerSecond * 1_000;
        return every > TenYearsMs
            ? $"{who} the circuit does not open by chance in ten years."
            : $"{who} the circuit opens by chance about every {Long(every)}.";
    }

    private static string Outage(Traffic traffic, int failures)
    {
        var whole = failures / traffic.CallsPerSecond * 1_000;
        var fifth = CallsToOpen(failures, 0.2) / traffic.CallsPerSecond * 1_000;
        var slowly = fifth > TenYearsMs ? "never" : $"after about {Long(fifth)}";
        return $"Traffic of {traffic.Service}: an outage is noticed about {Long(whole)} after its first failure could be seen, one that fails every fifth call {slowly}.";
    }

    private static string Slots(Traffic traffic, double p50, double p99, int slots, int queue, int maxWaitMs)
    {
        var duration = Mean(p50, p99);
        var load = traffic.CallsPerSecond * duration / 1_000;
        var who = $"Traffic of {traffic.Service}: {Rounded(load)} of {Count(slots, "slot")} run on average";
        if (load >= slots)
        {
            return $"{who}, more than there are; calls wait or are refused until the load falls. Use at least {Math.Ceiling(load * 1.3)} slots.";
        }

        var waiting = Waiting(slots, load);
        if (waiting < 0.001)
        {
            return $"{who}; fewer than one call in a thousand waits for a slot.";
        }

        // Allen and Cunneen: the spread of durations stretches or shortens Erlang's wait.
        var spread = Math.Exp(Sigma(p50, p99) * Sigma(p50, p99)) - 1;
        var wait = duration / (slots - load) * (1 + spread) / 2;
        var text = $"{who}; about {Rounded(waiting * 100)} % of the calls find none free";
        if (queue == 0)
        {
            return $"{text} and are refused.";
        }

        var late = maxWaitMs == 0 ? 0 : waiting * Math.Exp(-maxWaitMs / wait);
        return late < 0.0005
            ? $"{text} and wait {Duration(wait)} on average."
            : $"{text} and wait {Duration(wait)} on average, {Rounded(late * 100)} % of all calls longer than {Duration(maxWaitMs)}.";
    }

    private static string Long(double milliseconds) =>
        milliseconds < 48 * 3_600_000.0 ? Duration(milliseconds) : $"{Rounded(milliseconds / 86_400_000)} days";
}
