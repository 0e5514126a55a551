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

    int? FailureThreshold = null,

    [property: Argument("Open time before a probe.", Maximum = 86_400_000)]
    int RecoveryTimeMs = 30_000,

    [property: Argument("Add getMetrics, onStateChange, onEvent.")]
    bool WithMetrics = false,

    [property: Argument("Failures in a row, or their rate.")]
    TripOn TripOn = TripOn.Consecutive,

    [property: Argument("Share that opens it (failure-rate only).", Maximum = 100)]
    int FailureRatePercent = 50,

    [property: Argument("Window of the rate (failure-rate only).", Maximum = 86_400_000, Zero = ZeroMeaning.Nothing)]
    int WindowMs = 10_000,

    [property: Argument("Calls before the rate counts (failure-rate only).", Maximum = 10_000)]
    int MinimumCalls = 10,

    [property: Argument("Probes at once while half-open.", Maximum = 100, Zero = ZeroMeaning.NoLimit)]
    int HalfOpenMaxProbes = 1,

    [property: Argument("Successful probes that close it.", Maximum = 100)]
    int SuccessThreshold = 1,

    [property: Argument("Slower probes fail; when omitted, the greater of recoveryTimeMs and 30000.", Maximum = 86_400_000, Zero = ZeroMeaning.NoLimit)]
    int? ProbeTimeoutMs = null,

    [property: Argument("Open time doubles per failed probe up to this; else constant.", Maximum = 86_400_000, Zero = ZeroMeaning.Off)]
    int? MaxRecoveryTimeMs = null,

    [property: Argument("Slower calls count as failed (failure-rate only).", Maximum = 86_400_000, Zero = ZeroMeaning.Off)]
    int? SlowCallMs = null,

    [property: Argument("Tests too.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions
{
    /// <summary>
    /// Failures in a row, or the fewest in the window. The documented five were chosen for runs of failures; beside a rate, what is left
    /// out is what <c>minimumCalls</c> and <c>failureRatePercent</c> ask for already, and five at most.
    /// </summary>
    [Argument("Failures in a row that open it; failure-rate: the fewest in the window.", Maximum = 10_000)]
    public int? FailureThreshold { get; init; } = FailureThreshold ?? TripOn switch
    {
        TripOn.Consecutive => 5,
        TripOn.FailureRate => (int)Math.Min(5, ((long)MinimumCalls * FailureRatePercent + 99) / 100),
    };

    /// <inheritdoc/>
    public IToolOptions Fit(IReadOnlySet<string> given) =>
        MaxRecoveryTimeMs is { } most && most < RecoveryTimeMs && !given.Contains("recoveryTimeMs")
            ? this with { RecoveryTimeMs = most }
            : this;

    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Conflicts()
    {
        if (MaxRecoveryTimeMs < RecoveryTimeMs)
        {
            yield return new(
                "maxRecoveryTimeMs", $"{MaxRecoveryTimeMs} is less than recoveryTimeMs {RecoveryTimeMs}; use "
                    + $"{RecoveryTimeMs} or more, or leave it out.")
            {
                Remedy = new Dictionary<string, JsonNode?> { ["maxRecoveryTimeMs"] = RecoveryTimeMs },
            };
        }
    }

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
            yield return new("slowCallMs", wayOut) { Remedy = remedy };
        }
    }

    /// <summary>Failures in a row, or the fewest in the window.</summary>
    internal int Failures => FailureThreshold!.Value;

    /// <summary>Failures that open a new breaker when no call succeeds.</summary>
    internal int FailuresToOpen => TripOn switch
    {
        TripOn.Consecutive => Failures,
        TripOn.FailureRate => Math.Max(MinimumCalls, Failures),
    };

    /// <summary>After how long a probe counts as failed.</summary>
    internal int ProbeLimitMs => ProbeTimeoutMs ?? Math.Max(RecoveryTimeMs, 30_000);
}
