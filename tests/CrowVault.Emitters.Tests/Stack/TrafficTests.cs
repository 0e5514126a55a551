using System.Text.Json;
using CrowVault.Emitters.Stack;
using Xunit;

namespace CrowVault.Emitters.Tests.Stack;

/// <summary>The section <c>traffic</c>: what is refused, and the sentences. tests/page/forecast.test.mjs compares the figures with the emitted code.</summary>
public sealed class TrafficTests
{
    private const string Bulkhead = "\"bulkhead\":{\"partitions\":{\"orders\":20,\"payments\":10}}";

    [Theory]
    [InlineData("\"traffic\":[]", "traffic: not an object; use one such as {\"orders\":{\"callsPerSecond\":50,\"errorPercent\":1}}.")]
    [InlineData("\"traffic\":{\"ordres\":{\"callsPerSecond\":1}}", "traffic.ordres: no partition of the bulkhead; did you mean orders?")]
    [InlineData(
        "\"traffic\":{\"search\":{\"callsPerSecond\":1}}",
        "traffic.search: no partition of the bulkhead; the partitions are orders, payments.")]
    [InlineData("\"traffic\":{\"orders\":50}", "traffic.orders: not an object; use one such as {\"callsPerSecond\":50,\"errorPercent\":1}.")]
    [InlineData("\"traffic\":{\"orders\":{}}", "traffic.orders.callsPerSecond: required but missing; give the calls per second of one process.")]
    [InlineData("\"traffic\":{\"orders\":{\"callsPerSecond\":0}}", "traffic.orders.callsPerSecond: 0 is out of range; use 0.001 to 1000000.")]
    [InlineData("\"traffic\":{\"orders\":{\"callsPerSecond\":\"50\"}}", "traffic.orders.callsPerSecond: not a number; use 0.001 to 1000000.")]
    [InlineData(
        "\"traffic\":{\"orders\":{\"callsPerSecond\":5,\"errorsPercent\":1}}", "traffic.orders.errorsPercent: unknown member; did you mean errorPercent?")]
    [InlineData(
        "\"traffic\":{\"orders\":{\"callsPerSecond\":5,\"errorPercent\":101}}", "traffic.orders.errorPercent: 101 is out of range; use 0 to 100.")]
    [InlineData("\"traffic\":{\"orders\":{\"callsPerSecond\":5,\"p50Ms\":40}}", "traffic.orders.p99Ms: missing; give p50Ms and p99Ms together, or neither.")]
    [InlineData(
        "\"traffic\":{\"orders\":{\"callsPerSecond\":5,\"p50Ms\":40,\"p99Ms\":4}}", "traffic.orders.p99Ms: 4 is less than p50Ms 40; use 40 or more.")]
    [InlineData("\"traffic\":{\"orders\":{\"callsPerSecond\":5},\"orders\":{\"callsPerSecond\":6}}", "traffic.orders: given twice; give it once.")]
    [InlineData(
        "\"traffic\":{\"orders\":{\"callsPerSecond\":null}}",
        "traffic.orders.callsPerSecond: required but missing; give the calls per second of one process.")]
    [InlineData("\"trafic\":{}", "\"trafic\": unknown section; did you mean traffic?")]
    public void Refuses(string section, string fault)
    {
        Assert.False(Manifest.TryEmit(JsonElement.Parse($"{{{Bulkhead},{section}}}"), Snapshot.Version, out _, out var faults));
        Assert.Equal([fault], faults.Faults.Select(each => each.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"traffic\":null,\"language\":null")]
    [InlineData(",\"traffic\":{\"orders\":null}")]
    public void Says_nothing_without_traffic(string section) =>
        Assert.DoesNotContain(Emit($"{{{Bulkhead}{section}}}").Notes, note => note.StartsWith("Traffic", StringComparison.Ordinal));

    [Fact]
    public void Finds_out_how_often_windows_overflow_for_sixteen_services_and_says_so()
    {
        var names = Enumerable.Range(0, 40).Select(each => $"p{each}").ToList();
        var partitions = string.Join(',', names.Select(name => $"\"{name}\":10"));
        var traffic = string.Join(',', names.Select(name => $$"""
            "{{name}}":{ "callsPerSecond": 1, "errorPercent": 5 }
            """));
        string[] Notes(string breaker) => [.. Emit(
            $$"""{ "circuitBreaker": {{breaker}}, "bulkhead": { "partitions": { {{partitions}} }, "poolSize": 400 }, "traffic": { {{traffic}} } }""").Notes];

        var drawn = Notes("""{ "tripOn": "failure-rate" }""");
        Assert.Equal(16, drawn.Count(note => note.StartsWith("Traffic of p", StringComparison.Ordinal)
            && note.Contains("by chance", StringComparison.Ordinal)));
        Assert.Contains(
            "Traffic: how often a circuit with a failure rate opens by chance is forecast for the first 16 services; leave out the traffic "
                + "of others to see more.",
            drawn);

        // A formula takes no time.
        var counted = Notes("{}");
        Assert.Equal(40, counted.Count(note => note.Contains("by chance", StringComparison.Ordinal)));
        Assert.DoesNotContain(counted, note => note.StartsWith("Traffic: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Forecasts_each_layer_of_a_service()
    {
        var notes = Emit($$"""
            { "circuitBreaker": {}, "retryPolicy": { "maxRetries": 2 }, "timeoutConfig": { "operations": { "orders.get": 300 } }, {{Bulkhead}}, "stack": {},
              "traffic": { "orders": { "callsPerSecond": 50, "errorPercent": 5, "p50Ms": 40, "p99Ms": 400 } } }
            """).Notes.Where(note => note.StartsWith("Traffic", StringComparison.Ordinal));
        Assert.Equal(
            [
                "Traffic of orders: a limit of 300 ms cuts off 2.09 % of the calls of orders.get.",
                "Traffic of orders: with 6.98 % of the attempts failing, retries make 1.07 calls of each.",
                "Traffic of orders: with 6.98 % of what it sees failing, the circuit opens by chance about every 3.34 h.",
                "Traffic of orders: an outage is noticed about 100 ms at most after the first failures arrive. "
                    + "One that fails every fifth call is noticed after about 24.5 s.",
                "Traffic of orders: 3.33 of 20 slots are taken on average; fewer than one call in 100,000 waits for a slot.",
            ],
            notes);
    }

    [Fact]
    public void An_upstreams_own_settings_count()
    {
        var notes = Emit($$"""
            { "circuitBreaker": {}, "retryPolicy": {}, "timeoutConfig": { "operations": { "orders.get": 300 } }, {{Bulkhead}}, "stack": {},
              "upstreams": { "orders": { "circuitBreaker": { "failureThreshold": 25 } } }, "traffic": { "orders": { "callsPerSecond": 50 } } }
            """).Notes;
        Assert.Contains(notes, note => note.StartsWith("Traffic of orders: an outage is noticed about 500 ms", StringComparison.Ordinal));
    }

    private static Emission Emit(string manifest)
    {
        Assert.True(Manifest.TryEmit(JsonElement.Parse(manifest), Snapshot.Version, out var emission, out var faults), faults?.ToString());
        return emission;
    }
}
