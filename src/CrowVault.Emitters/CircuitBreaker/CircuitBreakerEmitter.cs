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
    public override string IconPath => "M2 12h6l8-7M16 12h6";

    /// <inheritdoc/>
    public override string FileName => "circuit-breaker.ts";

    private protected override Draft Write(CircuitBreakerOptions options)
    {
        var model = new CircuitBreakerModel(options.FailureThreshold, options.RecoveryTimeMs, options.WithMetrics, options.ProbeTimeoutMs ?? options.RecoveryTimeMs,
            TestPrelude.Imports(options.Runtime), TestPrelude.Declarations(options.Runtime));
        var source = Templates.Render("CircuitBreaker/circuit-breaker.ts.liquid", model, CircuitBreakerJson.Default.CircuitBreakerModel);
        return new(source, "", "", [], []);
    }
}
