using System.Text.Json.Serialization;

namespace CrowVault.Emitters.CircuitBreaker;

/// <summary>What trips the breaker.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<TripOn>))]
public enum TripOn
{
    /// <summary>A run of failures without a success between them.</summary>
    Consecutive,

    /// <summary>The share of failures within a sliding window of time.</summary>
    FailureRate,
}

/// <summary>Arguments of <c>generate_circuit_breaker</c>.</summary>
public sealed record CircuitBreakerOptions(
    [property: Argument("Where the code runs; selects the test runner.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("Failures in a row that open the circuit.", Maximum = 10_000)]
    int FailureThreshold = 5,

    [property: Argument("Milliseconds the circuit stays open before it lets a probe through.", Maximum = 86_400_000)]
    int RecoveryTimeMs = 30_000,

    [property: Argument("Add getMetrics() and an onStateChange callback.")]
    bool WithMetrics = false,

    [property: Argument("Trip on consecutive failures, or on the failure rate over a window.")]
    TripOn TripOn = TripOn.Consecutive,

    [property: Argument("Percentage of failed calls that opens the circuit (failure-rate only).", Maximum = 100)]
    int FailureRatePercent = 50,

    [property: Argument("Window of the failure rate in milliseconds (failure-rate only).", Maximum = 86_400_000)]
    int WindowMs = 10_000,

    [property: Argument("Calls in the window before the failure rate counts (failure-rate only).", Maximum = 1_000_000)]
    int MinimumCalls = 10,

    [property: Argument("Probes that may run at once while half-open.", Maximum = 100)]
    int HalfOpenMaxProbes = 1,

    [property: Argument("Successful probes that close the circuit.", Maximum = 100)]
    int SuccessThreshold = 1,

    [property: Argument("Milliseconds after which a probe that has not settled counts as failed; recoveryTimeMs when omitted.",
        Maximum = 86_400_000)]
    int? ProbeTimeoutMs = null,

    [property: Argument("Also emit a test file.")]
    bool WithTests = false) : IToolOptions
{
    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Inapplicable()
    {
        if (TripOn is TripOn.Consecutive)
        {
            yield return new("failureRatePercent", "only tripOn failure-rate uses it; add tripOn or leave it out.");
            yield return new("windowMs", "only tripOn failure-rate uses it; add tripOn or leave it out.");
            yield return new("minimumCalls", "only tripOn failure-rate uses it; add tripOn or leave it out.");
        }
        else
        {
            yield return new("failureThreshold", "only tripOn consecutive uses it; use failureRatePercent and minimumCalls.");
        }
    }
}
