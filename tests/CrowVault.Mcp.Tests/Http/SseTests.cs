using System.Net;
using System.Text;
using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class SseTests
{
    private const string Call = """{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"generate_circuit_breaker","arguments":{}}}""";

    [Theory]
    [InlineData("/sse", HttpTransportMode.Sse)]
    [InlineData("/mcp", HttpTransportMode.StreamableHttp)]
    public async Task Serves_the_client_of_the_sdk(string path, HttpTransportMode mode)
    {
        await using var server = await HttpServer.StartAsync("sse");
        await using var client = await ConnectAsync(server, path, mode);

        var tools = await client.ListToolsAsync();
        var result = await client.CallToolAsync("generate_circuit_breaker", new Dictionary<string, object?> { ["failureThreshold"] = 3 });
        var refused = await client.CallToolAsync("generate_circuit_breaker", new Dictionary<string, object?> { ["failureTreshold"] = 3 });

        Assert.Contains(tools, tool => tool.Name == "generate_circuit_breaker");
        Assert.StartsWith("/*\n * Circuit breaker.", Assert.IsType<TextContentBlock>(result.Content[1]).Text, StringComparison.Ordinal);
        Assert.True(refused.IsError);
    }

    [Fact]
    public async Task Keeps_streamable_http_stateless_beside_sse()
    {
        await using var server = await HttpServer.StartAsync("sse");

        using var answer = await server.PostMcpAsync(
            """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Mcp-Session-Id"));
    }

    [Fact]
    public async Task Hides_a_session_from_another_token_and_from_the_logs()
    {
        var (owner, other) = (HttpServer.CreateToken("owner"), HttpServer.CreateToken("other"));
        await using var server = await HttpServer.StartAsync(
            "sse", ("CROWVAULT_HTTP_TOKENS", $"{owner.Entry},{other.Entry}"), ("Logging__LogLevel__Default", "Debug"), ("Logging__LogLevel__Microsoft", "Debug"), ("Logging__LogLevel__ModelContextProtocol", "Trace"));
        using var stream = await OpenAsync(server, owner.Token);
        var endpoint = await EndpointAsync(stream);
        var id = endpoint[(endpoint.IndexOf('=', StringComparison.Ordinal) + 1)..];

        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(server, endpoint, Call.Replace("ID", "1", StringComparison.Ordinal), other.Token));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(server, "/message?sessionId=AAAAAAAAAAAAAAAAAAAAAA", Call.Replace("ID", "1", StringComparison.Ordinal), owner.Token));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, endpoint, Call.Replace("ID", "1", StringComparison.Ordinal), owner.Token));
        Assert.Contains("\"id\":1", await stream.ReadUntilAsync("\"id\":1"), StringComparison.Ordinal);
        Assert.DoesNotContain(id, server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bounds_the_sessions_of_one_token()
    {
        var (one, two) = (HttpServer.CreateToken("one"), HttpServer.CreateToken("two"));
        await using var server = await HttpServer.StartAsync(
            "sse", ("CROWVAULT_HTTP_TOKENS", $"{one.Entry},{two.Entry}"), ("CROWVAULT_HTTP_SSE_SESSIONS_PER_TOKEN", "3"));
        var open = new List<RawConnection>();
        for (var i = 0; i < 3; i++)
        {
            open.Add(await OpenAsync(server, one.Token));
            await EndpointAsync(open[^1]);
        }

        using var refused = await OpenAsync(server, one.Token);
        Assert.StartsWith("HTTP/1.1 429 ", await refused.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        using var allowed = await OpenAsync(server, two.Token);
        await EndpointAsync(allowed);

        // A closed stream gives its place back.
        open[0].Dispose();
        for (var attempt = 0; ; attempt++)
        {
            using var again = await OpenAsync(server, one.Token);
            if ((await again.ReadUntilAsync("\r\n\r\n")).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
            {
                break;
            }

            Assert.True(attempt < 100, "The place of a closed session is not given back.");
            await Task.Delay(100);
        }

        open.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task Answers_every_accepted_call_of_twenty_thousand_on_one_session()
    {
        await using var server = await HttpServer.StartAsync("sse", ("Logging__LogLevel__CrowVault.Mcp.Calls", "Warning"));
        using var stream = await OpenAsync(server);
        var endpoint = await EndpointAsync(stream);
        var answers = 0;
        var reading = ReadAsync(stream, () => answers++);

        var (accepted, refused) = await PostAllAsync(server, endpoint, 20_000);
        Assert.Equal(20_000, accepted + refused);
        Assert.True(accepted > 100, $"{accepted} accepted");
        for (var wait = 0; wait < 600 && Volatile.Read(ref answers) < accepted; wait++)
        {
            await Task.Delay(100);
        }

        // The session goes on, and nothing is answered twice.
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, endpoint, Call.Replace("ID", "\"last\"", StringComparison.Ordinal)));
        await reading.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(accepted + 1, answers);
    }

    [Fact]
    public async Task Stays_bounded_when_nobody_reads_the_answers()
    {
        await using var server = await HttpServer.StartAsync("sse", ("Logging__LogLevel__CrowVault.Mcp.Calls", "Warning"));
        using var stream = await OpenAsync(server, receiveBuffer: 4_096);
        var endpoint = await EndpointAsync(stream);
        await PostAllAsync(server, endpoint, 2_000);
        var before = server.WorkingSet;

        var (accepted, refused) = await PostAllAsync(server, endpoint, 18_000);

        // What the sockets on both sides hold is answered; after that, the cap refuses.
        Assert.True(refused > 10_000, $"{accepted} accepted, {refused} refused");
        Assert.True(server.WorkingSet - before < 64 << 20, $"grew by {(server.WorkingSet - before) >> 20} MiB");
        using var health = await server.Client.GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Theory]
    [InlineData("[]", 400)]
    [InlineData("{}", 400)]
    [InlineData("{\"jsonrpc\":\"2.0\"}", 400)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", 400)]
    [InlineData("{", 400)]
    public async Task Refuses_what_is_no_message(string body, int status)
    {
        await using var server = await HttpServer.StartAsync("sse");
        using var stream = await OpenAsync(server);
        var endpoint = await EndpointAsync(stream);

        Assert.Equal(status, (int)await PostAsync(server, endpoint, body));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, endpoint, Call.Replace("ID", "2", StringComparison.Ordinal)));
        Assert.Contains("\"id\":2", await stream.ReadUntilAsync("\"id\":2"), StringComparison.Ordinal);
    }

    internal static Task<McpClient> ConnectAsync(HttpServer server, string path, HttpTransportMode mode, string? token = null) =>
        McpClient.CreateAsync(new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = new Uri(server.Address, path),
            TransportMode = mode,
            AdditionalHeaders = token is null ? null : new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" },
        }));

    internal static async Task<RawConnection> OpenAsync(HttpServer server, string? token = null, int receiveBuffer = 0)
    {
        var connection = await RawConnection.OpenAsync(server, receiveBuffer);
        var authorization = token is null ? "" : $"Authorization: Bearer {token}\r\n";
        await connection.SendAsync($"GET /sse HTTP/1.1\r\nHost: {server.Address.Authority}\r\nAccept: text/event-stream\r\n{authorization}\r\n");
        return connection;
    }

    internal static async Task<string> EndpointAsync(RawConnection stream)
    {
        var text = await stream.ReadUntilAsync("\n\n");
        var from = text.IndexOf("data: ", StringComparison.Ordinal) + 6;
        Assert.True(from > 6, text);
        return text[from..text.IndexOf('\n', from)].Trim();
    }

    internal static async Task<HttpStatusCode> PostAsync(HttpServer server, string endpoint, string message, string? token = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new StringContent(message, Encoding.UTF8, "application/json") };
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        using var answer = await server.Client.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<(int Accepted, int Refused)> PostAllAsync(HttpServer server, string endpoint, int count)
    {
        var (accepted, refused) = (0, 0);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            switch (await PostAsync(server, endpoint, Call.Replace("ID", $"\"{Guid.NewGuid():N}\"", StringComparison.Ordinal)))
            {
                case HttpStatusCode.Accepted:
                    Interlocked.Increment(ref accepted);
                    break;
                case HttpStatusCode.TooManyRequests:
                    Interlocked.Increment(ref refused);
                    break;
                case var other:
                    Assert.Fail($"{other}");
                    break;
            }
        });
        return (accepted, refused);
    }

    // Reads answers until that of the last call.
    private static async Task ReadAsync(RawConnection stream, Action answered)
    {
        for (var rest = ""; ;)
        {
            rest += await stream.ReadUntilAsync("\n\n");
            var events = rest.Split("\n\n");
            rest = events[^1];
            foreach (var item in events[..^1].Where(item => item.Contains("data: {", StringComparison.Ordinal)))
            {
                answered();
                using var message = JsonDocument.Parse(item[item.IndexOf("data: ", StringComparison.Ordinal)..][6..]);
                if (message.RootElement.GetProperty("id").ValueEquals("last"))
                {
                    return;
                }
            }
        }
    }
}
