using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Emitters.Tests.TimeoutConfig;

public sealed class TimeoutConfigEmitterTests
{
    private static readonly Emitter s_emitter = Catalog.Find("generate_timeout_config")!;

    [Theory]
    [InlineData("one-operation", """{"operations":{"orders":2000}}""")]
    [InlineData("with-fetch", """{"operations":{"orders.get":2000,"charge":8000},"withFetch":true}""")]
    [InlineData("with-total", """{"operations":{"orders.get":2000,"charge":90000},"totalTimeoutMs":10000}""")]
    [InlineData("with-metrics", """{"operations":{"orders.get":2000,"charge":8000},"withFetch":true,"withMetrics":true}""")]
    [InlineData("with-tests", """{"operations":{"orders.get":2000,"charge":8000},"totalTimeoutMs":10000,"withFetch":true,"withTests":true}""")]
    public void Emits_what_the_snapshot_shows(string name, string arguments) => Snapshot.Verify(s_emitter, name, arguments);

    [Theory]
    [InlineData("deno")]
    [InlineData("bun")]
    [InlineData("workers")]
    [InlineData("browser")]
    public void Emits_the_same_source_for_every_runtime(string runtime)
    {
        var node = Emit("""{"operations":{"orders":2000},"withTests":true}""");
        var other = Emit($$"""{"operations":{"orders":2000},"withTests":true,"runtime":"{{runtime}}"}""");
        Assert.Equal(Body(node.Files[0]), Body(other.Files[0]));
        Assert.NotEqual(Body(node.Files[1]), Body(other.Files[1]));
    }

    [Fact]
    public void Warns_of_an_operation_longer_than_the_whole()
    {
        var emission = Emit("""{"operations":{"report":9000,"orders":100},"totalTimeoutMs":5000}""");
        Assert.Equal(
            ["report may take 9 s, but totalTimeoutMs ends it after 5 s; use a totalTimeoutMs of 9000 or more, or a limit of at most 5000."],
            emission.Warnings);
    }

    [Theory]
    [InlineData("{}", "operations: required but missing")]
    [InlineData("""{"operations":{}}""", "operations: no entries")]
    [InlineData("""{"operations":{"a":0}}""", "operations.a: 0 is out of range")]
    [InlineData("""{"operations":{"a":1.5}}""", "operations.a: ")]
    [InlineData("""{"operations":{"a":1,"A":2}}""", "operations: ")]
    public void Refuses_naming_the_field(string arguments, string fault) => Assert.StartsWith(fault, Refuse(arguments), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(HostileNames.All), MemberType = typeof(HostileNames))]
    public void Refuses_a_hostile_name_naming_the_field(string name)
    {
        var arguments = new JsonObject { ["operations"] = new JsonObject { [name] = 5 } }.ToJsonString();
        Assert.StartsWith("operations: ", Refuse(arguments), StringComparison.Ordinal);
    }

    private static string Body(GeneratedFile file) => file.Content[(file.Content.IndexOf("*/", StringComparison.Ordinal) + 2)..];

    private static Emission Emit(string arguments)
    {
        Assert.True(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out var emission, out _));
        return emission;
    }

    private static string Refuse(string arguments)
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out _, out var faults));
        return faults.Message;
    }
}
