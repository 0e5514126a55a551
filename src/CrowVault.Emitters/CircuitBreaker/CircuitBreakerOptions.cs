using System.Text.Json.Nodes;
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
    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("Failures in a row that open the circuit; with failure-rate, the fewest in the window.", Maximum = 10_000)]
    int FailureThreshold = 5,

    [property: Argument("How long the circuit stays open before a probe.", Maximum = 86_400_000)]
    int RecoveryTimeMs = 30_000,

    [property: Argument("Add getMetrics() and an onStateChange callback.")]
    bool WithMetrics = false,

    [property: Argument("Failures in a row, or their rate over a window.")]
    TripOn TripOn = TripOn.Consecutive,

    [property: Argument("Share of failures that opens the circuit (failure-rate only).", Maximum = 100)]
    int FailureRatePercent = 50,

    [property: Argument("Window of the rate (failure-rate only).", Maximum = 86_400_000)]
    int WindowMs = 10_000,

    [property: Argument("Calls before the rate counts (failure-rate only).", Maximum = 10_000)]
    int MinimumCalls = 10,

    [property: Argument("Probes at once while half-open.", Maximum = 100)]
    int HalfOpenMaxProbes = 1,

    [property: Argument("Successful probes that close the circuit.", Maximum = 100)]
    int SuccessThreshold = 1,

    [property: Argument("A slower probe counts as failed; recoveryTimeMs when omitted.",
        Maximum = 86_400_000)]
    int? ProbeTimeoutMs = null,

    [property: Argument("Also emit a test file.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Of imports; default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions
{
    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Inapplicable()
    {
        if (TripOn is TripOn.Consecutive)
        {
            const string wayOut = "only tripOn failure-rate uses it; set tripOn to failure-rate or leave it out.";
            var remedy = new Dictionary<string, JsonNode?> { ["tripOn"] = "failure-rate" };
            yield return new("failureRatePercent", wayOut) { Remedy = remedy };
            yield return new("windowMs", wayOut) { Remedy = remedy };
            yield return new("minimumCalls", wayOut) { Remedy = remedy };
        }
    }

    /// <summary>Failures that open a new breaker when no call succeeds.</summary>
    internal int FailuresToOpen => TripOn switch
    {
        TripOn.Consecutive => FailureThreshold,
        TripOn.FailureRate => Math.Max(MinimumCalls, FewestFailures),
    };

    /// <summary>
    /// Failures that the window must hold beside the rate. The default of failureThreshold was chosen for runs of failures, so it
    /// gives way to what minimumCalls and failureRatePercent already ask for.
    /// </summary>
    internal int FewestFailures
    {
        get
        {
            var implied = (int)(((long)MinimumCalls * FailureRatePercent + 99) / 100);
            return FailureThreshold == new CircuitBreakerOptions().FailureThreshold
                ? Math.Min(FailureThreshold, implied)
                : FailureThreshold;
        }
    }
}
