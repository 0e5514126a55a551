using System.Diagnostics;
using System.Net.Sockets;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class StopTests
{
    private const string Body = """{"tool":"generate_circuit_breaker"}""";

    [Fact]
    public async Task Answers_accepted_calls_refuses_new_ones_and_ends_with_zero()
    {
        await using var server = await HttpServer.StartAsync("sse");
        var begun = new List<RawConnection>();
        for (var i = 0; i < 20; i++)
        {
            begun.Add(await RawConnection.OpenAsync(server));
            await begun[i].SendAsync(
                $"POST /v1/tools/call HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body[..10]}");
        }

        using var stream = await SseTests.OpenAsync(server);
        var endpoint = await SseTests.EndpointAsync(stream);
        await SseTests.PostAsync(server, endpoint, """{"jsonrpc":"2.0","id":7,"method":"tools/list"}""");
        await Task.Delay(300);

        var watch = Stopwatch.StartNew();
        server.Terminate();
        await Task.Delay(500);
        await Assert.ThrowsAnyAsync<SocketException>(async () => (await RawConnection.OpenAsync(server)).Dispose());
        foreach (var call in begun)
        {
            await call.SendAsync(Body[10..]);
            var answer = await call.ReadUntilAsync("\"warnings\":");
            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
            call.Dispose();
        }

        Assert.Contains("\"id\":7", await stream.ReadUntilAsync(null), StringComparison.Ordinal);
        Assert.Equal(0, await server.ExitAsync());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task Does_not_wait_for_a_caller_who_never_finishes()
    {
        await using var server = await HttpServer.StartAsync("sse", ("CROWVAULT_HTTP_STOP_SECONDS", "2"));
        using var slow = await RawConnection.OpenAsync(server);
        await slow.SendAsync($"POST /mcp HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{");
        using var idle = await SseTests.OpenAsync(server);
        await SseTests.EndpointAsync(idle);

        var watch = Stopwatch.StartNew();
        server.Terminate();

        Assert.Equal(0, await server.ExitAsync());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task Says_that_the_address_is_taken()
    {
        await using var server = await HttpServer.StartAsync("http");

        var (exitCode, errors) = await HttpServer.RefuseAsync(["serve", "--transport", "http", "--port", $"{server.Address.Port}"]);

        Assert.Equal(2, exitCode);
        Assert.Contains("in use", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }
}
