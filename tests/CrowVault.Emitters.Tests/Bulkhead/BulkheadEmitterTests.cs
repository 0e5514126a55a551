using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Emitters.Tests.Bulkhead;

public sealed class BulkheadEmitterTests
{
    private static readonly Emitter s_emitter = Catalog.Find("generate_bulkhead")!;

    [Theory]
    [InlineData("one-partition", """{"partitions":{"payments":20}}""")]
    [InlineData("with-pool", """{"partitions":{"payments":20,"search-api":10},"poolSize":40,"maxQueue":0}""")]
    [InlineData("own-limits", """{"partitions":[{"name":"payments","maxConcurrent":20,"maxQueue":0},{"name":"search-api","maxConcurrent":10,"maxWaitMs":0}]}""")]
    [InlineData("with-metrics", """{"partitions":{"payments":20},"withMetrics":true}""")]
    [InlineData("with-tests", """{"partitions":{"payments":20,"search-api":10},"maxWaitMs":0,"withTests":true}""")]
    public void Emits_what_the_snapshot_shows(string name, string arguments) => Snapshot.Verify(s_emitter, name, arguments);

    [Fact]
    public void Refuses_partitions_that_do_not_fit_the_pool() => Assert.StartsWith(
        "poolSize: 25 is less than the 30 slots of all partitions; use 30 or more, or smaller partitions.",
        Refuse("""{"partitions":{"payments":20,"search":10},"poolSize":25}"""),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", "partitions: required but missing")]
    [InlineData("""{"partitions":{"a":100001}}""", "partitions.a: 100001 is out of range")]
    [InlineData("""{"partitions":{"a":1,"A":2}}""", "partitions: ")]
    [InlineData("""{"partitions":{"a":1},"maxQueue":-1}""", "maxQueue: -1 is out of range")]
    public void Refuses_naming_the_field(string arguments, string fault) => Assert.StartsWith(fault, Refuse(arguments), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(HostileNames.All), MemberType = typeof(HostileNames))]
    public void Refuses_a_hostile_name_naming_the_field(string name)
    {
        var arguments = new JsonObject { ["partitions"] = new JsonObject { [name] = 5 } }.ToJsonString();
        Assert.StartsWith("partitions: ", Refuse(arguments), StringComparison.Ordinal);
    }

    private static string Refuse(string arguments)
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out _, out var faults));
        return faults.Message;
    }
}
