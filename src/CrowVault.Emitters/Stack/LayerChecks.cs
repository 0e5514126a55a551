using System.Text.Json;
using System.Text.RegularExpressions;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.Stack;

/// <summary>The layers of one manifest, checked against each other.</summary>
internal sealed partial class LayerChecks(ManifestSections sections)
{
    // Retries that the emitted budget allows in the long run, per request.
    private const double BudgetShare = 0.1;

    // How often a window goes beyond its limits by chance takes up to a twentieth of a second to find out.
    private const int MostDrawn = 16;

    private CircuitBreakerOptions? Breaker { get; } = sections.Find<CircuitBreakerOptions>();

    private RetryPolicyOptions? Retry { get; } = sections.Find<RetryPolicyOptions>();

    private RateLimitingOptions? RateLimiting { get; } = sections.Find<RateLimitingOptions>();

    private TimeoutConfigOptions? Timeouts { get; } = sections.Find<TimeoutConfigOptions>();

    private BulkheadOptions? Bulkhead { get; } = sections.Find<BulkheadOptions>();

    private StackOptions? Stack { get; } = sections.Find<StackOptions>();

    private IReadOnlyList<Upstream> Upstreams { get; } = sections.Upstreams;

    /// <summary>What the layers will do under the traffic of each service.</summary>
    public IEnumerable<string> Forecasts()
    {
        var drawn = sections.Traffic.Where(traffic => BreakerOf(traffic)?.TripOn is TripOn.FailureRate).Select(each => each.Service).ToList();
        foreach (var note in sections.Traffic.SelectMany(
            traffic => ForecastOf(traffic, Math.Min(drawn.Count, MostDrawn), drawn.IndexOf(traffic.Service) < MostDrawn).Notes()))
        {
            yield return note;
        }

        if (drawn.Count > MostDrawn)
        {
            yield return $"Traffic: how often a circuit with a failure rate opens by chance is forecast for the first {MostDrawn} services; "
                + "leave out the traffic of others to see more.";
        }
    }

    private TrafficForecast ForecastOf(Traffic traffic, int drawn, bool isDrawn)
    {
        var upstream = Upstreams.FirstOrDefault(each => each.Name == traffic.Service);
        var operations = upstream?.Operations.Select(each => (each.Name, each.TimeoutMs, each.Retry != false))
            ?? Timeouts?.Operations.Where(each => each.Name.Split('.')[0] == traffic.Service)
            .Select(each => (each.Name, each.TimeoutMs, each.Retry != false));
        return new(traffic, BreakerOf(traffic), upstream?.Retry ?? Retry, Bulkhead, [.. operations ?? []], Stack?.FailureUnit,
            isDrawn ? drawn : null);
    }

    private CircuitBreakerOptions? BreakerOf(Traffic traffic) =>
        Upstreams.FirstOrDefault(each => each.Name == traffic.Service)?.Breaker ?? Breaker;

    // Operations with "retry": false are attempted once, whatever the policy says.
    private IEnumerable<Repeated> Calls =>
    [
        .. Upstreams.SelectMany(upstream =>
            upstream.Operations.Select(each => Repeated.Of(each.Name, each.TimeoutMs, each.Retry, upstream.Retry))),
        .. OperationsOfNone.Select(each => Repeated.Of(each.Name, each.TimeoutMs, each.Retry, Retry)),
    ];

    // Those whose names begin with no upstream's.
    private IEnumerable<OperationEntry> OperationsOfNone =>
        (Timeouts?.Operations ?? []).ExceptBy(
            Upstreams.SelectMany(upstream => upstream.Operations).Select(each => each.Name), each => each.Name);

    private int Attempts => Calls.Select(each => each.Attempts).DefaultIfEmpty(Retry is null ? 1 : Retry.MaxRetries + 1).Max();

    // Each kind of circuit with the attempts that one call can make on it; upstreams that are alike are one.
    private IEnumerable<Circuit> Circuits
    {
        get
        {
            if (Upstreams.Count == 0)
            {
                return [new("", Breaker!.FailuresToOpen, Attempts)];
            }

            var groups = Upstreams.GroupBy(each => (each.Breaker.FailuresToOpen, Attempts: AttemptsOf(each)), each => each.Name).ToList();
            return groups.Select(group => new Circuit(groups.Count == 1 ? "" : group.Count() == 1 ? $" of {group.First()}"
                : $" of each of {Listed([.. group], "and")}", group.Key.FailuresToOpen, group.Key.Attempts));
        }
    }

    // Of many names the first ones: hundreds of services are as often alike.
    private static string Listed(IReadOnlyList<string> names, string word) => names switch
    {
        [var only] => only,
        { Count: <= 4 } => $"{string.Join(", ", names.SkipLast(1))} {word} {names[^1]}",
        _ => $"{string.Join(", ", names.Take(3))} {word} {names.Count - 3} more",
    };

    private int SlotsOf(Upstream upstream) => Bulkhead!.Partitions.First(partition => partition.Name == upstream.Name).MaxConcurrent;

    private static int AttemptsOf(Upstream upstream) =>
        upstream.Operations.Count > 0 && upstream.Operations.All(each => each.Retry == false) ? 1 : upstream.Retry.MaxRetries + 1;

    /// <summary>Figures that follow from several layers.</summary>
    public IEnumerable<string> Notes()
    {
        if (Retry is not null && Timeouts is not null)
        {
            var worst = Calls.MaxBy(each => each.WorstMs)!;
            yield return worst.Attempts == 1
                ? $"Stack: one attempt of {worst.Name} takes {Duration(worst.TimeoutMs)} at worst; no operation takes longer."
                : $"Stack: {Count(worst.Attempts, "attempt")} of {worst.Name} ({Duration(worst.TimeoutMs)} each) and waits "
                    + $"of up to {Duration(worst.WaitsMs)} take "
                    + $"{Duration(worst.WorstMs)} at worst.";
        }

        if (Retry is not null && Attempts > 1)
        {
            yield return Retry.WithRetryBudget
                ? $"Stack: in an outage the backend sees about {Rounded(1 + BudgetShare)} calls per request, not {Attempts}, and only "
                    + "probes while the circuit is open."
                : $"Stack: in an outage the backend sees {Attempts} calls per request until the circuit opens.";
        }

        if (Breaker is not null && Retry is not null && Stack is not null)
        {
            foreach (var (who, failures, attempts) in Circuits)
            {
                yield return Stack.FailureUnit switch
                {
                    FailureUnit.Attempt =>
                        $"Stack: the circuit{who} opens after {Count(failures, "failed attempt")}, which "
                            + $"{Count((failures + attempts - 1) / attempts, "call")} can make.",
                    FailureUnit.Call =>
                        $"Stack: the circuit{who} opens after {Count(failures, "failed call")}, which may be "
                            + $"{Count((long)failures * attempts, "failed attempt")}.",
                };
            }
        }
    }

    /// <summary>Settings that do not go together.</summary>
    public IEnumerable<string> Warnings() => [.. Time(), .. Load(), .. Slots(), .. Repetition(), .. Addresses()];

    private IEnumerable<string> Time()
    {
        if (Timeouts is null)
        {
            yield break;
        }

        var (name, longest, _) = Timeouts.Operations.MaxBy(operation => operation.TimeoutMs)!;
        var (quickest, shortest, _) = Timeouts.Operations.MinBy(operation => operation.TimeoutMs)!;
        var slowest = Calls.MaxBy(each => each.WorstMs)!;
        var worst = slowest.WorstMs;
        var deadline = Retry is { TotalTimeoutMs: > 0 } ? Retry.TotalTimeoutMs : Timeouts.TotalTimeoutMs;
        if (Retry is not null && deadline > 0 && worst > deadline)
        {
            yield return slowest.Attempts == 1
                ? $"Stack: {slowest.Name} has {Duration(worst)}, but totalTimeoutMs ends the call after {Duration(deadline)}."
                : $"Stack: {Count(slowest.Attempts, "attempt")} x {Duration(slowest.TimeoutMs)} ({slowest.Name}) + "
                    + $"{Duration(slowest.WaitsMs)} of waits = {Duration(worst)}, "
                    + $"but totalTimeoutMs ends the call after {Duration(deadline)}; the last attempts will not finish.";
        }
        else if (Retry is not null && deadline == 0 && worst > 30_000)
        {
            yield return $"Stack: without totalTimeoutMs a call of {slowest.Name} may take "
                + $"{slowest.Attempts} x {Duration(slowest.TimeoutMs)} "
                + $"+ {Duration(slowest.WaitsMs)} = {Duration(worst)}.";
        }

        if (Bulkhead is { MaxQueue: > 0 } && (Bulkhead.MaxWaitMs == 0 || Bulkhead.MaxWaitMs >= shortest))
        {
            var wait = Bulkhead.MaxWaitMs == 0 ? "without limit" : $"up to {Duration(Bulkhead.MaxWaitMs)}";
            var wayOut = shortest > 1 ? $"use a bulkhead maxWaitMs below {shortest}" : "use a bulkhead maxQueue of 0";
            yield return $"Stack: {quickest} has {Duration(shortest)}, but may wait {wait} for a slot; {wayOut}.";
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
            yield return $"Stack: total amplification is {Attempts} calls per request; withRetryBudget "
                + $"brings it to about {Rounded(1 + BudgetShare)}.";
        }

        if (Breaker is null || Stack is null)
        {
            yield break;
        }

        foreach (var (who, failures, attempts) in Circuits)
        {
            if (Stack.FailureUnit is FailureUnit.Attempt && failures <= attempts)
            {
                yield return $"Stack: a single call can make {Count(attempts, "attempt")} and so open the circuit{who} for all, at "
                    + $"{Count(failures, "failure")}; use a higher threshold or fewer retries.";
            }

            if (Stack.FailureUnit is FailureUnit.Call && attempts > 1 && (long)failures * attempts > 20)
            {
                yield return $"Stack: the circuit{who} opens only after {failures} x {attempts} = "
                    + $"{(long)failures * attempts} failed attempts; "
                    + "use failureUnit attempt or a lower threshold.";
            }
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
                yield return $"Stack: the rate limiter admits {Rounded(perSecond)} requests/s of {who}, but "
                    + $"{Count(Bulkhead.Sum, "slot")} carry only "
                    + $"{Rounded(carried)}/s when {name} takes its {Duration(longest)}.";
            }
        }

        var room = Bulkhead.Sum + ((long)Bulkhead.MaxQueue * Bulkhead.Partitions.Count);
        if (RateLimiting.IsBucket && RateLimiting.BurstCapacity > room)
        {
            yield return $"Stack: a burst of {RateLimiting.BurstCapacity} requests of {who} exceeds the "
                + $"{room} slots and seats of all partitions.";
        }
    }

    private IEnumerable<string> Repetition()
    {
        if (Stack is not null)
        {
            foreach (var upstream in Upstreams.Where(upstream => upstream.Retry.MaxRetries > 0))
            {
                foreach (var operation in upstream.Operations.Where(operation => operation.Retry is null && Changes(operation.Name)))
                {
                    yield return $"Stack: {operation.Name} is retried up to {Count(upstream.Retry.MaxRetries, "time")}, but by its name "
                        + "it changes something; "
                        + "set \"retry\": false for it in timeoutConfig.operations, or true if it is idempotent.";
                }
            }

            foreach (var alike in Upstreams.GroupBy(each => (Slots: SlotsOf(each), Attempts: AttemptsOf(each)), each => each.Name))
            {
                var (slots, attempts) = alike.Key;
                if (attempts > 1 && slots <= attempts)
                {
                    yield return $"Stack: one call of {Listed([.. alike], "or")} whose work ignores its signal can "
                        + $"hold all {Count(slots, "slot")} with its "
                        + $"{Count(attempts, "attempt")}; pass the signal on, or use more slots or fewer retries.";
                }
            }
        }

        if (Retry is not null && Attempts > 1 && Stack is { AlsoRetries.Count: > 0 })
        {
            var product = Stack.AlsoRetries.Aggregate(Attempts, (attempts, other) => attempts * other.DefaultAttempts());
            var factors = string.Join(" x ", Stack.AlsoRetries.Select(other => $"{other.DefaultAttempts()} of {Kebab(other)}"));
            yield return $"Stack: {Count(Attempts, "attempt")} x {factors} = {product} requests for one call of an ailing "
                + "service, and the retry budget sees only "
                + $"its own; {string.Join(", ", Stack.AlsoRetries.Select(other => other.WayOut()).Distinct())}.";
        }
    }

    private IEnumerable<string> Addresses()
    {
        if (Timeouts is { WithFetch: false } && Upstreams.FirstOrDefault(upstream => upstream.BaseUrl is not null) is { } addressed)
        {
            yield return $"Stack: the baseUrl of {addressed.Name} has no effect, because timeoutConfig.withFetch: false leaves out the "
                + "fetch that continues it; leave withFetch out, or the baseUrl.";
        }
    }

    /// <summary>An operation with the attempts that one call of it can make.</summary>
    private sealed record Repeated(string Name, int TimeoutMs, int Attempts, double WaitsMs)
    {
        public double WorstMs => ((double)Attempts * TimeoutMs) + WaitsMs;

        public static Repeated Of(string name, int timeoutMs, bool? repeats, RetryPolicyOptions? policy) =>
            policy is null || repeats == false
                ? new(name, timeoutMs, 1, 0)
                : new(name, timeoutMs, policy.MaxRetries + 1, policy.WaitBounds.Sum());
    }

    /// <summary>A circuit, and the attempts that one call can make on it.</summary>
    private sealed record Circuit(string Who, int Failures, int Attempts);

    private static string Kebab(AlsoRetries other) => JsonNamingPolicy.KebabCaseLower.ConvertName(other.ToString());

    // By the words of its name after the last dot, such as charge, chargeCard, create_draft or payment-charge, but not get-order.
    private static bool Changes(string operation)
    {
        var words = Words().Matches(operation.Split('.')[^1]).Select(match => match.Value.ToLowerInvariant()).ToList();
        return words.Count > 0 && !words.Exists(s_reading.Contains)
            && (s_changing.Contains(words[^1]) || (s_changing.Contains(words[0]) && !s_things.Contains(words[0])));
    }

    // What begins or ends the name of what is not idempotent in most services.
    private static readonly string[] s_changing =
        [
            "charge", "pay", "refund", "capture", "transfer", "create", "add", "insert", "append", "post", "send", "notify", "publish",
            "enqueue", "submit", "order", "book", "increment",
        ];

    // Where more follows, these are what is read: order-items.
    private static readonly string[] s_things = ["order", "book", "post"];

    private static readonly string[] s_reading =
        ["get", "load", "fetch", "list", "find", "read", "search", "lookup", "check", "count", "status", "history"];

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")]
    private static partial Regex Words();
}
