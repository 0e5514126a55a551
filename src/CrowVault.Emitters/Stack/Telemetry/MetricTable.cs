namespace CrowVault.Emitters.Stack.Telemetry;

/// <summary>What reports events.</summary>
public enum Guard
{
    /// <summary>circuit-breaker.ts.</summary>
    CircuitBreaker,

    /// <summary>retry.ts.</summary>
    Retry,

    /// <summary>timeouts.ts.</summary>
    Timeout,

    /// <summary>bulkhead.ts.</summary>
    Bulkhead,

    /// <summary>rate-limiter.ts.</summary>
    RateLimiter,
}

/// <summary>Kinds of OpenTelemetry's instruments.</summary>
public enum Instrument
{
    /// <summary>A sum that only grows.</summary>
    Counter,

    /// <summary>A distribution.</summary>
    Histogram,

    /// <summary>A value that is read when metrics are collected.</summary>
    ObservableGauge,
}

/// <summary>What must be there for a metric to be reported, beside the events of its guard.</summary>
public enum MetricSource
{
    /// <summary>The events alone.</summary>
    Events,

    /// <summary>The upstreams' health.</summary>
    Upstreams,

    /// <summary>The upstreams' health, with a retry budget.</summary>
    Budget,

    /// <summary>A rate limiter on Redis.</summary>
    Store,
}

/// <summary>One metric.</summary>
/// <param name="Key">Its name in emitted code.</param>
/// <param name="Guard">What it is about.</param>
/// <param name="Instrument">Its kind.</param>
/// <param name="Name">Its name after OpenTelemetry's conventions.</param>
/// <param name="Unit">Its unit in UCUM: <c>s</c>, or what is counted in braces.</param>
/// <param name="Description">What it says.</param>
/// <param name="Attributes">Names of its attributes.</param>
/// <param name="Source">What it is read from.</param>
public sealed record Metric(
    string Key,
    Guard Guard,
    Instrument Instrument,
    string Name,
    string Unit,
    string Description,
    IReadOnlyList<string> Attributes,
    MetricSource Source = MetricSource.Events)
{
    /// <summary>
    /// Its name in Prometheus without the unit's suffix, which not every exporter adds: <c>_total</c> stands after a counter, and a
    /// histogram has <c>_bucket</c>, <c>_count</c> and <c>_sum</c>.
    /// </summary>
    public string PrometheusStem => Name.Replace('.', '_');

    /// <summary>Its name in Prometheus as the OpenTelemetry Collector and Prometheus itself make it.</summary>
    public string PrometheusName => Instrument switch
    {
        Instrument.Counter => $"{PrometheusStem}_total",
        Instrument.Histogram => $"{PrometheusStem}{(Unit == "s" ? "_seconds" : "")}",
        Instrument.ObservableGauge => PrometheusStem,
    };
}

/// <summary>
/// Every metric: emitted code, dashboard, alerts and documentation are made of this one table. Names and units follow OpenTelemetry's
/// semantic conventions for metrics (https://opentelemetry.io/docs/specs/semconv/general/metrics/).
/// </summary>
public static class MetricTable
{
    /// <summary>The upstream, partition, destination or policy.</summary>
    public const string NameAttribute = "resilience.name";

    /// <summary>How a call or request ended.</summary>
    public const string OutcomeAttribute = "resilience.outcome";

    /// <summary>Why.</summary>
    public const string ReasonAttribute = "resilience.reason";

    /// <summary>The operation of timeouts.ts.</summary>
    public const string OperationAttribute = "resilience.operation";

    /// <summary>A state of a circuit.</summary>
    public const string StateAttribute = "resilience.state";

    /// <summary>All of them, in the order of the guards.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        BreakerCalls, BreakerDuration, BreakerTransitions, BreakerState,
        RetryRetries, RetryRecovered, RetryGivenUp, RetryBudget,
        TimeoutTimeouts,
        BulkheadRejections, BulkheadWait, BulkheadActive, BulkheadQueued,
        LimiterRequests, LimiterStoreFailures, LimiterStoreAvailable,
    ];

    internal static Metric BreakerCalls => new(
        "breakerCalls", Guard.CircuitBreaker, Instrument.Counter, "resilience.circuit_breaker.calls", "{call}",
        "Calls by outcome: success, failure, ignored, or rejected without being made.", [NameAttribute, OutcomeAttribute]);

    internal static Metric BreakerDuration => new(
        "breakerDuration", Guard.CircuitBreaker, Instrument.Histogram, "resilience.circuit_breaker.call.duration", "s",
        "Duration of the calls that were made.", [NameAttribute, OutcomeAttribute]);

    internal static Metric BreakerTransitions => new(
        "breakerTransitions", Guard.CircuitBreaker, Instrument.Counter, "resilience.circuit_breaker.transitions", "{transition}",
        "Changes of state, by the new state: closed, half_open or open.", [NameAttribute, StateAttribute]);

    internal static Metric BreakerState => new(
        "breakerState", Guard.CircuitBreaker, Instrument.ObservableGauge, "resilience.circuit_breaker.state", "{state}",
        "State of the circuit: 0 closed, 1 half open, 2 open.", [NameAttribute]);

    internal static Metric RetryRetries => new(
        "retryRetries", Guard.Retry, Instrument.Counter, "resilience.retry.retries", "{retry}",
        "Attempts after the first one.", [NameAttribute]);

    internal static Metric RetryRecovered => new(
        "retryRecovered", Guard.Retry, Instrument.Counter, "resilience.retry.recovered", "{call}",
        "Calls that succeeded after a retry.", [NameAttribute]);

    internal static Metric RetryGivenUp => new(
        "retryGivenUp", Guard.Retry, Instrument.Counter, "resilience.retry.given_up", "{call}",
        "Calls that failed for good, by reason: attempts, budget, deadline, retry-after or verdict.", [NameAttribute, ReasonAttribute]);

    internal static Metric RetryBudget => new(
        "retryBudget", Guard.Retry, Instrument.ObservableGauge, "resilience.retry.budget.available", "{retry}",
        "Retries that the budget allows at once.", [NameAttribute], MetricSource.Budget);

    internal static Metric TimeoutTimeouts => new(
        "timeoutTimeouts", Guard.Timeout, Instrument.Counter, "resilience.timeout.timeouts", "{timeout}",
        "Operations that their limit has ended.", [OperationAttribute]);

    internal static Metric BulkheadRejections => new(
        "bulkheadRejections", Guard.Bulkhead, Instrument.Counter, "resilience.bulkhead.rejections", "{call}",
        "Calls that got no slot, by reason: full, timeout, draining or nested.", [NameAttribute, ReasonAttribute]);

    internal static Metric BulkheadWait => new(
        "bulkheadWait", Guard.Bulkhead, Instrument.Histogram, "resilience.bulkhead.wait.duration", "s",
        "Waits for a slot of the calls that had to wait.", [NameAttribute]);

    internal static Metric BulkheadActive => new(
        "bulkheadActive", Guard.Bulkhead, Instrument.ObservableGauge, "resilience.bulkhead.active", "{call}",
        "Calls that hold a slot.", [NameAttribute], MetricSource.Upstreams);

    internal static Metric BulkheadQueued => new(
        "bulkheadQueued", Guard.Bulkhead, Instrument.ObservableGauge, "resilience.bulkhead.queued", "{call}",
        "Calls that wait for a slot.", [NameAttribute], MetricSource.Upstreams);

    internal static Metric LimiterRequests => new(
        "limiterRequests", Guard.RateLimiter, Instrument.Counter, "resilience.rate_limiter.requests", "{request}",
        "Requests by outcome, allowed or refused, and by what decided: count, block or store-failure.",
        [NameAttribute, OutcomeAttribute, ReasonAttribute]);

    internal static Metric LimiterStoreFailures => new(
        "limiterStoreFailures", Guard.RateLimiter, Instrument.Counter, "resilience.rate_limiter.store.failures", "{failure}",
        "Requests that Redis failed to decide.", [NameAttribute], MetricSource.Store);

    internal static Metric LimiterStoreAvailable => new(
        "limiterStoreAvailable", Guard.RateLimiter, Instrument.ObservableGauge, "resilience.rate_limiter.store.available", "{state}",
        "1 while Redis decides, 0 while it cannot.", [NameAttribute], MetricSource.Store);
}
