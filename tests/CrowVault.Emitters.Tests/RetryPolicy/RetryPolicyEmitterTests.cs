using System.Text.Json;
using Xunit;

namespace CrowVault.Emitters.Tests.RetryPolicy;

public sealed class RetryPolicyEmitterTests
{
    private static readonly Emitter s_emitter = Catalog.Find("generate_retry_policy")!;

    [Theory]
    [InlineData("defaults", "{}")]
    [InlineData("with-metrics", """{"withMetrics":true}""")]
    [InlineData("with-tests", """{"withTests":true}""")]
    [InlineData("with-fetch-and-tests", """{"withFetch":true,"withTests":true}""")]
    [InlineData("without-jitter", """{"withJitter":false}""")]
    [InlineData("without-retry-after", """{"respectRetryAfter":false}""")]
    [InlineData("without-budget", """{"withRetryBudget":false}""")]
    [InlineData("bare", """{"withJitter":false,"respectRetryAfter":false,"withRetryBudget":false,"withTests":true}""")]
    [InlineData("patient", """{"maxRetries":20,"baseDelayMs":1000,"maxDelayCapMs":60000,"totalTimeoutMs":30000}""")]
    [InlineData("no-retries", """{"maxRetries":0}""")]
    [InlineData("many-statuses", """{"retryOn":[408,409,423,425,429,500,502,503,504,507,508,509,520,521,522,523,524,525,526]}""")]
    [InlineData("network-errors-only", """{"retryErrors":"network","retryOn":[]}""")]
    [InlineData("lasting-statuses", """{"retryOn":[404,503,501],"maxRetries":30}""")]
    public void Emits_what_the_snapshot_shows(string name, string arguments) => Snapshot.Verify(s_emitter, name, arguments);

    [Fact]
    public void Refuses_a_cap_below_the_base_delay() =>
        Assert.Equal(
            "maxDelayCapMs: 100 is less than baseDelayMs 201; use 201 or more.",
            Refused("""{"maxDelayCapMs":100,"baseDelayMs":201}""").Faults.Single().ToString());

    [Fact]
    public void Refuses_a_limit_of_retry_after_that_is_not_respected() =>
        Assert.Equal(
            "maxRetryAfterMs: only respectRetryAfter uses it; set respectRetryAfter to true or leave it out.",
            Refused("""{"respectRetryAfter":false,"maxRetryAfterMs":1000}""").Faults.Single().ToString());

    [Theory]
    [InlineData("[]")]
    [InlineData("[399]")]
    [InlineData("[600]")]
    [InlineData("[503,503]")]
    [InlineData("503")]
    public void Refuses_a_list_of_statuses_that_is_none(string statuses) =>
        Assert.StartsWith("retryOn", Refused($$"""{"retryOn":{{statuses}}}""").Faults.Single().Argument, StringComparison.Ordinal);

    [Fact]
    public void An_option_that_is_off_leaves_no_trace()
    {
        Assert.True(s_emitter.TryEmit(
            JsonElement.Parse("""{"withJitter":false,"respectRetryAfter":false,"withRetryBudget":false}"""),
            Snapshot.Version, out var emission, out _));
        var source = emission.Files[0].Content;
        var body = source[source.IndexOf("*/", StringComparison.Ordinal)..];
        foreach (var trace in new[] { "andom", "itter", "etryAfter", "etry-After", "udget", "retryFetch", "Idempotency" })
        {
            Assert.DoesNotContain(trace, body, StringComparison.Ordinal);
        }
    }

    private static ArgumentFaults Refused(string arguments)
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out _, out var faults));
        return faults;
    }
}
