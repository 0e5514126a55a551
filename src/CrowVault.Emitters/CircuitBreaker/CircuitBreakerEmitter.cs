using static CrowVault.Emitters.Code.TypeScript;
using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.CircuitBreaker;

/// <summary>Emits a circuit breaker.</summary>
internal sealed class CircuitBreakerEmitter() : Emitter<CircuitBreakerOptions>(() => CircuitBreakerJson.Default.CircuitBreakerOptions)
{
    /// <inheritdoc/>
    public override string Tool => "generate_circuit_breaker";

    /// <inheritdoc/>
    public override string Title => "Circuit breaker";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript class that fails fast while a dependency is down and probes for its recovery. Use it around remote calls. "
        + "Not for transient errors (generate_retry_policy) or local work.";

    /// <inheritdoc/>
    public override string IconPath => "M4 14 13 2v8h5l-9 12 1-8z";

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
            Retries: false,
            Grows: options.MaxRecoveryTimeMs is not null,
            SlowCalls: options.SlowCallMs is not null,
            FailureRate: failureRate,
            FailureThreshold: Numeral(options.Failures),
            RecoveryTimeMs: Numeral(options.RecoveryTimeMs),
            FailureRatePercent: options.FailureRatePercent,
            WindowMs: Numeral(options.WindowMs),
            MinimumCalls: Numeral(options.MinimumCalls),
            HalfOpenMaxProbes: options.HalfOpenMaxProbes,
            SuccessThreshold: options.SuccessThreshold,
            ProbeTimeoutMs: Numeral(options.ProbeLimitMs),
            MaxRecoveryTimeMs: options.MaxRecoveryTimeMs is { } most ? Numeral(most) : "",
            SlowCallMs: options.SlowCallMs is { } slow ? Numeral(slow) : "",
            OpensWhen: failureRate ? "when too many calls of the last `windowMs` failed" : "after `failureThreshold` failures in a row",
            FailureThresholdMeaning: failureRate
                ? "The fewest failures in the window that open the circuit"
                : "Failures in a row that open the circuit",
            FailuresToOpen: options.FailuresToOpen,
            TestImports: TestRunner.Imports(options),
            TestDeclarations: TestRunner.Declarations(options));
    }

    private static IEnumerable<string> Notes(CircuitBreakerOptions options)
    {
        var recovery = Duration(options.RecoveryTimeMs);
        yield return "Give errors the answer's status and headers, as the usage does: a 404 or 422 then says "
            + "that the service is alive, a 500 that it "
            + "is not, and a Retry-After keeps the circuit open for that long. A status that stands in the message alone is not read.";
        yield return options.TripOn switch
        {
            TripOn.Consecutive => $"Opens after {Count(options.Failures, "failure")} in a row and rejects for {recovery}.",
            TripOn.FailureRate =>
                $"Opens when at least {Count(options.MinimumCalls, "call")} ended in the last {Duration(options.WindowMs)} and at "
                + $"least {options.FailureRatePercent}% of them, {options.Failures} or more, failed; then rejects for {recovery}.",
        };
        if (options.SlowCallMs is { } slow)
        {
            yield return $"A call that takes more than {Duration(slow)} counts as failed, even if it succeeds.";
        }

        if (options.MaxRecoveryTimeMs is { } most)
        {
            yield return $"Each probe that fails doubles the open time, up to {Duration(most)}; half of it is random.";
        }

        yield return
            $"While the dependency stays down it sees at most {Count(options.HalfOpenMaxProbes, "call")} every {recovery}; "
            + $"a hung probe is ended after {Duration(options.ProbeLimitMs)}.";
        yield return
            $"Once it is back, calls flow again after at most {Duration(options.MaxRecoveryTimeMs ?? options.RecoveryTimeMs)} and "
            + $"{Count(options.SuccessThreshold, "successful probe")}.";
    }

    private static IEnumerable<string> Warnings(CircuitBreakerOptions options)
    {
        if (options.FailuresToOpen == 1)
        {
            yield return options.TripOn switch
            {
                TripOn.Consecutive => "A single failure opens the circuit; use a failureThreshold of 2 or more.",
                TripOn.FailureRate => "A single failure opens the circuit; use a minimumCalls of 2 or more.",
            };
        }

        if (options.ProbeTimeoutMs < options.RecoveryTimeMs && options.ProbeTimeoutMs < 1_000)
        {
            yield return $"A service whose calls take longer than {Duration(options.ProbeLimitMs)} can never close the circuit; "
                + "use a probeTimeoutMs above its slowest call, or leave it out.";
        }

        if (options.SlowCallMs > options.WindowMs)
        {
            yield return $"slowCallMs {Duration(options.SlowCallMs.Value)} is longer than the window; use a "
                + $"windowMs of at least {options.SlowCallMs}.";
        }

        if (options.RecoveryTimeMs <= 1_000)
        {
            yield return $"A recoveryTimeMs of {Duration(options.RecoveryTimeMs)} gives a failing "
                + "dependency hardly any rest; use 5000 or more.";
        }
    }
}
