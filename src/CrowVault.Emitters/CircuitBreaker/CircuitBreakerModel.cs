using System.Text.Json.Serialization;

namespace CrowVault.Emitters.CircuitBreaker;

/// <summary>What the circuit breaker's templates see.</summary>
/// <param name="WithMetrics">Whether there is <c>getMetrics</c> and <c>onStateChange</c>.</param>
/// <param name="Retries">False: the fragment of outcomes is a retry's as well.</param>
/// <param name="Grows">Whether the open time grows with each probe that fails.</param>
/// <param name="SlowCalls">Whether slow calls count as failed.</param>
/// <param name="FailureRate">Whether the rate over a window trips it, not a run of failures.</param>
/// <param name="FailureThreshold">Failures in a row, or the fewest failures in the window.</param>
/// <param name="RecoveryTimeMs">Numeral.</param>
/// <param name="FailureRatePercent">Percentage of the window's calls.</param>
/// <param name="WindowMs">Numeral.</param>
/// <param name="MinimumCalls">Numeral.</param>
/// <param name="HalfOpenMaxProbes">Probes at once.</param>
/// <param name="SuccessThreshold">Probes that must succeed.</param>
/// <param name="ProbeTimeoutMs">Numeral.</param>
/// <param name="MaxRecoveryTimeMs">Numeral; empty when the open time does not grow.</param>
/// <param name="SlowCallMs">Numeral; empty when slow calls do not count.</param>
/// <param name="OpensWhen">The end of a sentence that begins with "opens".</param>
/// <param name="FailureThresholdMeaning">What the constructor's first parameter means.</param>
/// <param name="FailuresToOpen">Failures without a success between them that open a new breaker.</param>
/// <param name="TestImports">Imports of the test runner.</param>
/// <param name="TestDeclarations">What follows the imports of a test.</param>
internal sealed record CircuitBreakerModel(
    bool WithMetrics,
    bool Retries,
    bool Grows,
    bool SlowCalls,
    bool FailureRate,
    string FailureThreshold,
    string RecoveryTimeMs,
    int FailureRatePercent,
    string WindowMs,
    string MinimumCalls,
    int HalfOpenMaxProbes,
    int SuccessThreshold,
    string ProbeTimeoutMs,
    string MaxRecoveryTimeMs,
    string SlowCallMs,
    string OpensWhen,
    string FailureThresholdMeaning,
    int FailuresToOpen,
    string TestImports,
    string TestDeclarations);

/// <summary>Serialization of the circuit breaker's options and model.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CircuitBreakerOptions))]
[JsonSerializable(typeof(CircuitBreakerModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class CircuitBreakerJson : JsonSerializerContext;
