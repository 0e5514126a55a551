using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Sends_traces_and_metrics_with_error_types_and_without_secrets()
    {
        using var collector = new StubServer(_ => "{}");
        var (token, entry) = HttpServer.CreateToken("canary");
        await using var server = await HttpServer.StartAsync(
            "sse",
            ("CROWVAULT_HTTP_TOKENS", entry),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_SERVICE_NAME", "resilience-tools"));
        using var stream = await SseTests.OpenAsync(server, token);
        var endpoint = await SseTests.EndpointAsync(stream);
        await SseTests.PostAsync(
            server, endpoint, """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"generate_circuit_breaker","arguments":{}}}""", token);
        await stream.ReadUntilAsync("\"id\":1");
        using var good = await server.CallAsync("""{"tool":"generate_circuit_breaker"}""", token);
        using var bad = await server.CallAsync("""{"tool":"generate_circuit_breaker","args":{"failureThreshold":"canary-value"}}""", token);
        using var unknown = await server.PostMcpAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"canary-tool"}}""", token);
        await unknown.Content.ReadAsStringAsync();
        foreach (var invented in new[] { """{"jsonrpc":"2.0","id":2,"method":"canary-method"}""", """{"jsonrpc":"2.0","method":"canary-notification"}""", """{"jsonrpc":"2.0","id":3,"method":"prompts/get","params":{"name":"canary-prompt"}}""" })
        {
            using var answer = await server.PostMcpAsync(invented, token);
            await SseTests.PostAsync(server, endpoint, invented, token);
        }

        using var query = await server.Client.GetAsync($"/v1/tools?access_token={token}");

        // What is left is sent at the end.
        server.Terminate();
        Assert.Equal(0, await server.ExitAsync());

        var metrics = string.Concat(collector.Requests.Where(request => request.Path == "/v1/metrics").Select(request => request.Body));
        var traces = string.Concat(collector.Requests.Where(request => request.Path == "/v1/traces").Select(request => request.Body));
        foreach (var expected in new[] { "resilience-tools", "crowvault.tool.duration", "generate_circuit_breaker", "error.type", "invalid_arguments", "unknown_tool", "http.server.request.duration", "mcp.server.operation.duration" })
        {
            Assert.Contains(expected, metrics, StringComparison.Ordinal);
        }

        foreach (var expected in new[] { "resilience-tools", "execute_tool generate_circuit_breaker", "tools/call", "invalid_arguments", "POST" })
        {
            Assert.Contains(expected, traces, StringComparison.Ordinal);
        }

        var session = endpoint[(endpoint.IndexOf('=', StringComparison.Ordinal) + 1)..];
        foreach (var secret in new[] { token, session, "canary-value", "canary-tool", "canary-method", "canary-notification", "canary-prompt" })
        {
            Assert.DoesNotContain(secret, metrics, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, traces, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, server.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ends_in_time_without_a_collector()
    {
        await using var server = await HttpServer.StartAsync("http", ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"));
        using var answer = await server.CallAsync("""{"tool":"generate_circuit_breaker"}""");
        Assert.Equal(200, (int)answer.StatusCode);

        var watch = System.Diagnostics.Stopwatch.StartNew();
        server.Terminate();
        Assert.Equal(0, await server.ExitAsync());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }
}
