using System.Text.Json.Serialization;

namespace CrowVault.Emitters.CircuitBreaker;

/// <summary>What the circuit breaker's templates see.</summary>
internal sealed record CircuitBreakerModel(int FailureThreshold, int RecoveryTimeMs, bool WithMetrics, int ProbeTimeoutMs, string TestImports, string TestDeclarations);

/// <summary>Serialization of the circuit breaker's options and model.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CircuitBreakerOptions))]
[JsonSerializable(typeof(CircuitBreakerModel))]
internal sealed partial class CircuitBreakerJson : JsonSerializerContext;
