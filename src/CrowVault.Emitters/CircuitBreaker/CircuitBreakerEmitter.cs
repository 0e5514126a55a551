using static CrowVault.Emitters.Code.TypeScript;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.CircuitBreaker;

/// <summary>Emits a circuit breaker.</summary>
internal sealed class CircuitBreakerEmitter() : Emitter<CircuitBreakerOptions>(CircuitBreakerJson.Default.CircuitBreakerOptions)
{
    /// <inheritdoc/>
    public override string Tool => "generate_circuit_breaker";

    /// <inheritdoc/>
    public override string Title => "Circuit breaker";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript class that fails fast while a dependency is down and probes for its recovery. Use it around calls to a "
        + "remote service. Not for bursts of transient errors (generate_retry_policy) or local work.";

    /// <inheritdoc/>
    public override string IconPath => "M13 2 4 14h6l-1 8 9-12h-6z";

    /// <inheritdoc/>
    public override string FileName => "circuit-breaker.ts";

    private protected override EmittedCode Write(CircuitBreakerOptions options)
    {
        var view = Templates.View(Model(options), CircuitBreakerJson.Default.CircuitBreakerModel);
        return EmittedCode.Render("CircuitBreaker/circuit-breaker.ts", view, options.WithTests, Notes(options), Warnings(options));
    }

    private static CircuitBreakerModel Model(CircuitBreakerOptions options)
    {
        var failureRate = options.TripOn is TripOn.FailureRate;
        return new(
            WithMetrics: options.WithMetrics,
            FailureRate: failureRate,
            FailureThreshold: Numeral(failureRate ? options.FewestFailures : options.FailureThreshold),
            RecoveryTimeMs: Numeral(options.RecoveryTimeMs),
            FailureRatePercent: options.FailureRatePercent,
            WindowMs: Numeral(options.WindowMs),
            MinimumCalls: Numeral(options.MinimumCalls),
            HalfOpenMaxProbes: options.HalfOpenMaxProbes,
            SuccessThreshold: options.SuccessThreshold,
            ProbeTimeoutMs: options.ProbeTimeoutMs is { } timeout ? Numeral(timeout) : "recoveryTimeMs",
            OpensWhen: failureRate ? "when too many calls of the last `windowMs` failed" : "after `failureThreshold` failures in a row",
            FailureThresholdMeaning: failureRate
                ? "the fewest failures in the window that open the circuit"
                : "failures in a row that open the circuit",
            FailuresToOpen: options.FailuresToOpen,
            TestImports: TestRunner.Imports(options),
            TestDeclarations: TestRunner.Declarations(options));
    }

    private static IEnumerable<string> Notes(CircuitBreakerOptions options)
    {
        var recovery = Duration(options.RecoveryTimeMs);
        yield return options.TripOn switch
        {
            TripOn.Consecutive => $"Opens after {Count(options.FailureThreshold, "failure")} in a row and rejects for {recovery}.",
            TripOn.FailureRate =>
                $"Opens when at least {Count(options.MinimumCalls, "call")} ended in the last {Duration(options.WindowMs)} and at "
                + $"least {options.FailureRatePercent}% of them, {options.FewestFailures} or more, failed; then rejects for {recovery}.",
        };
        yield return
            $"While the dependency stays down it sees at most {Count(options.HalfOpenMaxProbes, "call")} every {recovery}; "
            + $"a hung probe is ended after {Duration(options.ProbeTimeoutMs ?? options.RecoveryTimeMs)}.";
        yield return
            $"Once it is back, calls flow again after at most {recovery} and {Count(options.SuccessThreshold, "successful probe")}.";
    }

    private static IEnumerable<string> Warnings(CircuitBreakerOptions options)
    {
        if (options.FailuresToOpen == 1)
        {
            yield return "A single failure opens the circuit.";
        }

        if (options.ProbeTimeoutMs > options.RecoveryTimeMs)
        {
            yield return $"A hung probe keeps the circuit half open for {Duration(options.ProbeTimeoutMs.Value)}, "
                + "longer than recoveryTimeMs; use a probeTimeoutMs of at most recoveryTimeMs.";
        }

        if (options.RecoveryTimeMs < 1_000)
        {
            yield return $"A recoveryTimeMs of {Duration(options.RecoveryTimeMs)} gives a failing dependency hardly any rest.";
        }
    }
}
