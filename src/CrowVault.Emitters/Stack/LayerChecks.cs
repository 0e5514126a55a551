using System.Text.Json;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.Stack;

/// <summary>The layers of one manifest, checked against each other. A layer that the manifest lacks is null.</summary>
internal sealed record LayerChecks(
    CircuitBreakerOptions? Breaker,
    RetryPolicyOptions? Retry,
    RateLimitingOptions? RateLimiting,
    TimeoutConfigOptions? Timeouts,
    BulkheadOptions? Bulkhead,
    StackOptions? Stack)
{
    // Retries that the emitted budget allows in the long run, per request.
    private const double BudgetShare = 0.1;

    /// <summary>Binds the sections, which are known to be valid.</summary>
    public static LayerChecks Of(IReadOnlyDictionary<string, JsonElement> arguments) => new(
        Bind<CircuitBreakerOptions>(arguments),
        Bind<RetryPolicyOptions>(arguments),
        Bind<RateLimitingOptions>(arguments),
        Bind<TimeoutConfigOptions>(arguments),
        Bind<BulkheadOptions>(arguments),
        Bind<StackOptions>(arguments));

    /// <summary>The snippet that wires the layers; empty when there is no stack.</summary>
    public string Usage => Stack is not null && Timeouts is not null && Bulkhead is not null
        ? StackEmitter.Usage(Breaker?.WithMetrics ?? false, Timeouts.Operations[0].Name, Bulkhead.Partitions[0].Name)
        : "";

    /// <summary>Names of the partitions; empty when there is no bulkhead.</summary>
    public IReadOnlyCollection<string> Services => Bulkhead is null ? [] : [.. Bulkhead.Partitions.Select(partition => partition.Name)];

    /// <summary>What the layers will do under the traffic of one service.</summary>
    public IEnumerable<string> Forecasts(Traffic traffic) => TrafficForecast.Notes(traffic, Breaker, Bulkhead);

    private int Attempts => Retry is null ? 1 : Retry.MaxRetries + 1;

    private double Waits => Retry?.WaitBounds.Sum() ?? 0;

    /// <summary>Figures that follow from several layers.</summary>
    public IEnumerable<string> Notes()
    {
        if (Retry is not null && Timeouts is not null)
        {
            var (name, limit, _) = Timeouts.Operations.MaxBy(operation => operation.TimeoutMs)!;
            yield return $"Stack: {Count(Attempts, "attempt")} of {name} ({Duration(limit)} each) and waits of up to {Duration(Waits)} take "
                + $"{Duration(((double)Attempts * limit) + Waits)} at worst.";
        }

        if (Retry is not null)
        {
            yield return Retry.WithRetryBudget
                ? $"Stack: in an outage the backend sees about {Rounded(1 + BudgetShare)} calls per request, not {Attempts}, and only probes while the circuit is open."
                : $"Stack: in an outage the backend sees {Attempts} calls per request until the circuit opens.";
        }

        if (Breaker is not null && Retry is not null && Stack is not null)
        {
            var failures = Breaker.FailuresToOpen;
            yield return Stack.FailureUnit switch
            {
                FailureUnit.Attempt =>
                    $"Stack: the circuit opens after {Count(failures, "failed attempt")}, which {Count((failures + Attempts - 1) / Attempts, "call")} can make.",
                FailureUnit.Call =>
                    $"Stack: the circuit opens after {Count(failures, "failed call")}, which may be {Count((long)failures * Attempts, "failed attempt")}.",
            };
        }
    }

    /// <summary>Settings that do not go together.</summary>
    public IEnumerable<string> Warnings() => [.. Time(), .. Load(), .. Slots()];

    private IEnumerable<string> Time()
    {
        if (Timeouts is null)
        {
            yield break;
        }

        var (name, longest, _) = Timeouts.Operations.MaxBy(operation => operation.TimeoutMs)!;
        var (quickest, shortest, _) = Timeouts.Operations.MinBy(operation => operation.TimeoutMs)!;
        var worst = ((double)Attempts * longest) + Waits;
        var deadline = Retry is { TotalTimeoutMs: > 0 } ? Retry.TotalTimeoutMs : Timeouts.TotalTimeoutMs;
        if (Retry is not null && deadline > 0 && worst > deadline)
        {
            yield return $"Stack: {Count(Attempts, "attempt")} x {Duration(longest)} ({name}) + {Duration(Waits)} of waits = {Duration(worst)}, "
                + $"but totalTimeoutMs ends the call after {Duration(deadline)}; the last attempts will not finish.";
        }
        else if (Retry is not null && deadline == 0 && worst > 30_000)
        {
            yield return $"Stack: without totalTimeoutMs a call of {name} may take {Attempts} x {Duration(longest)} + {Duration(Waits)} = {Duration(worst)}.";
        }

        if (Bulkhead is { MaxQueue: > 0 } && (Bulkhead.MaxWaitMs == 0 || Bulkhead.MaxWaitMs >= shortest))
        {
            var wait = Bulkhead.MaxWaitMs == 0 ? "without limit" : $"up to {Duration(Bulkhead.MaxWaitMs)}";
            yield return $"Stack: {quickest} has {Duration(shortest)}, but may wait {wait} for a slot; use a bulkhead maxWaitMs below {shortest}.";
        }

        if (Breaker is not null && Breaker.ProbeLimitMs < longest)
        {
            yield return $"Stack: the breaker ends a probe after {Duration(Breaker.ProbeLimitMs)}, before the "
                + $"{Duration(longest)} of {name} are over; use a probeTimeoutMs of {longest} or more.";
        }
    }

    private IEnumerable<string> Load()
    {
        if (Retry is null)
        {
            yield break;
        }

        if (!Retry.WithRetryBudget && Attempts > 2)
        {
            yield return $"Stack: total amplification is {Attempts} calls per request; withRetryBudget brings it to about {Rounded(1 + BudgetShare)}.";
        }

        if (Breaker is null || Stack is null)
        {
            yield break;
        }

        var failures = Breaker.FailuresToOpen;
        if (Stack.FailureUnit is FailureUnit.Attempt && failures <= Attempts)
        {
            yield return $"Stack: a single call can make {Count(Attempts, "attempt")} and so open the circuit for all, at "
                + $"{Count(failures, "failure")}; use a higher threshold or fewer retries.";
        }

        if (Stack.FailureUnit is FailureUnit.Call && Attempts > 1 && (long)failures * Attempts > 20)
        {
            yield return $"Stack: the circuit opens only after {failures} x {Attempts} = {(long)failures * Attempts} failed attempts; "
                + "use failureUnit attempt or a lower threshold.";
        }
    }

    private IEnumerable<string> Slots()
    {
        if (Bulkhead is null || RateLimiting is null)
        {
            yield break;
        }

        var perSecond = (double)RateLimiting.RequestsPerWindow / RateLimiting.WindowSeconds;
        var who = RateLimiting.KeyStrategy is KeyStrategy.Global ? "all clients together" : "one client";
        if (Timeouts is not null)
        {
            var (name, longest, _) = Timeouts.Operations.MaxBy(operation => operation.TimeoutMs)!;
            var carried = Bulkhead.Sum * 1_000.0 / longest;
            if (perSecond > carried)
            {
                yield return $"Stack: the rate limiter admits {Rounded(perSecond)} requests/s of {who}, but {Count(Bulkhead.Sum, "slot")} carry only "
                    + $"{Rounded(carried)}/s when {name} takes its {Duration(longest)}.";
            }
        }

        var room = Bulkhead.Sum + ((long)Bulkhead.MaxQueue * Bulkhead.Partitions.Count);
        if (RateLimiting.IsBucket && RateLimiting.BurstCapacity > room)
        {
            yield return $"Stack: a burst of {RateLimiting.BurstCapacity} requests of {who} exceeds the {room} slots and seats of all partitions.";
        }
    }

    private static TOptions? Bind<TOptions>(IReadOnlyDictionary<string, JsonElement> arguments)
        where TOptions : class, IToolOptions
    {
        foreach (var (section, emitter) in Manifest.Sections)
        {
            if (emitter.Arguments is ArgumentBinder<TOptions> bound && arguments.TryGetValue(section, out var given))
            {
                return bound.TryBind(given, out var options, out _, out _) ? options : null;
            }
        }

        return null;
    }
}
