using System.Text.Json;
using Xunit;

namespace CrowVault.Emitters.Tests.CircuitBreaker;

public sealed class CircuitBreakerEmitterTests
{
    private static readonly Emitter s_emitter = Catalog.Find("generate_circuit_breaker")!;

    [Theory]
    [InlineData("defaults", "{}")]
    [InlineData("with-metrics", """{"withMetrics":true}""")]
    [InlineData("failure-rate", """{"tripOn":"failure-rate"}""")]
    [InlineData("failure-rate-with-metrics-and-tests", """{"tripOn":"failure-rate","withMetrics":true,"withTests":true}""")]
    [InlineData("with-tests", """{"withTests":true}""")]
    [InlineData("with-tests-on-deno", """{"withTests":true,"runtime":"deno"}""")]
    [InlineData("with-tests-on-bun", """{"withTests":true,"runtime":"bun"}""")]
    [InlineData("with-tests-on-workers", """{"withTests":true,"runtime":"workers"}""")]
    [InlineData("growing", """{"maxRecoveryTimeMs":600000}""")]
    [InlineData("slow-calls", """{"tripOn":"failure-rate","slowCallMs":2000,"withTests":true}""")]
    [InlineData("many-probes", """{"halfOpenMaxProbes":3,"successThreshold":5,"probeTimeoutMs":2000}""")]
    [InlineData("hasty", """{"failureThreshold":1,"recoveryTimeMs":200,"probeTimeoutMs":5000}""")]
    public void Emits_what_the_snapshot_shows(string name, string arguments) => Snapshot.Verify(s_emitter, name, arguments);

    [Theory]
    [InlineData("failureRatePercent")]
    [InlineData("windowMs")]
    [InlineData("minimumCalls")]
    [InlineData("slowCallMs")]
    public void Refuses_arguments_of_the_failure_rate_beside_consecutive_failures(string argument)
    {
        var faults = Refused($$"""{"{{argument}}":11}""");
        Assert.Equal($"{argument}: only tripOn failure-rate uses it; set tripOn to failure-rate or leave it out.", faults.Faults.Single().ToString());
        Assert.Equal($$"""{"{{argument}}":11,"tripOn":"failure-rate"}""", faults.CorrectedArguments);
    }

    [Fact]
    public void Rejects_failure_threshold_below_one() =>
        Assert.Equal("failureThreshold: 0 is out of range; use 1 to 10000.", Refused("""{"failureThreshold":0}""").Faults.Single().ToString());

    [Theory]
    [InlineData("""{"minimumCalls":4}""", "failureThreshold: 2,")]
    [InlineData("""{"minimumCalls":20}""", "failureThreshold: 5,")]
    [InlineData("""{"minimumCalls":4,"failureThreshold":5}""", "failureThreshold: 5,")]
    [InlineData("""{"minimumCalls":4,"failureThreshold":7}""", "failureThreshold: 7,")]
    public void Default_failure_threshold_does_not_outweigh_the_failure_rate(string arguments, string emitted) =>
        Assert.Contains(emitted, Source(arguments[..^1] + ""","tripOn":"failure-rate"}"""), StringComparison.Ordinal);

    [Fact]
    public void Refuses_an_open_time_that_shrinks() =>
        Assert.Equal(
            "maxRecoveryTimeMs: 1000 is less than recoveryTimeMs 20000; use 20000 or more, or leave it out.",
            Refused("""{"recoveryTimeMs":20000,"maxRecoveryTimeMs":1000}""").Faults.Single().ToString());

    [Fact]
    public void An_option_that_is_off_leaves_no_trace()
    {
        var source = Source("{}");
        Assert.DoesNotContain("etrics", source[source.IndexOf("*/", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.DoesNotContain("indow", source, StringComparison.Ordinal);
        Assert.DoesNotContain("onStateChange", source, StringComparison.Ordinal);
        Assert.DoesNotContain("maxRecoveryTimeMs", source, StringComparison.Ordinal);
        Assert.DoesNotContain("slowCall", source, StringComparison.Ordinal);
    }

    private static string Source(string arguments)
    {
        Assert.True(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out var emission, out _));
        return emission.Files[0].Content;
    }

    private static ArgumentFaults Refused(string arguments)
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out _, out var faults));
        return faults;
    }
}
