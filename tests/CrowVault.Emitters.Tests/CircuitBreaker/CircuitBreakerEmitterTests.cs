using Xunit;

namespace CrowVault.Emitters.Tests.CircuitBreaker;

public sealed class CircuitBreakerEmitterTests
{
    [Theory]
    [InlineData("defaults", "{}")]
    [InlineData("with-metrics", """{"withMetrics":true}""")]
    public void Emits_what_the_snapshot_shows(string name, string arguments) =>
        Snapshot.Verify(Catalog.Find("generate_circuit_breaker")!, name, arguments);
}
