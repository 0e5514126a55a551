using System.Globalization;
using System.Net;
using CrowVault.Mcp.Http.Gates;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class LimitTests
{
    private const string Body = """{"tool":"generate_circuit_breaker"}""";

    [Fact]
    public async Task Rations_requests_per_token_and_says_when_to_come_back()
    {
        var (one, two) = (HttpServer.CreateToken("one"), HttpServer.CreateToken("two"));
        await using var server = await HttpServer.StartAsync(
            "http",
            ("CROWVAULT_HTTP_TOKENS", $"{one.Entry}\n{two.Entry}"),
            ("CROWVAULT_HTTP_CALLS_PER_SECOND", "1"),
            ("CROWVAULT_HTTP_CALL_BURST", "3"));

        using var first = await server.CallAsync(Body, one.Token);
        Assert.Equal("\"requests\";q=3;w=3", Assert.Single(first.Headers.GetValues("RateLimit-Policy")));
        Assert.Equal("\"requests\";r=2;t=1", Assert.Single(first.Headers.GetValues("RateLimit")));
        for (var i = 0; i < 2; i++)
        {
            using var next = await server.CallAsync(Body, one.Token);
            Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        }

        using var refused = await server.CallAsync(Body, one.Token);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Matches("^\"requests\";r=0;t=[0-9]+$", Assert.Single(refused.Headers.GetValues("RateLimit")));
        var seconds = int.Parse(Assert.Single(refused.Headers.GetValues("Retry-After")), CultureInfo.InvariantCulture);
        Assert.InRange(seconds, 1, 3);

        using var neighbour = await server.CallAsync(Body, two.Token);
        Assert.Equal(HttpStatusCode.OK, neighbour.StatusCode);
        await Task.Delay(TimeSpan.FromSeconds(seconds + 0.2));
        using var later = await server.CallAsync(Body, one.Token);
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Fact]
    public async Task Ends_headers_and_bodies_that_do_not_arrive_in_time()
    {
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_HEADER_SECONDS", "1"), ("CROWVAULT_HTTP_BODY_SECONDS", "1"));
        using var headers = await RawConnection.OpenAsync(server);
        await headers.SendAsync($"GET /healthz HTTP/1.1\r\nHost: {server.Address.Authority}\r\n");
        using var body = await RawConnection.OpenAsync(server);
        await body.SendAsync($"POST /v1/tools/call HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{{");

        Assert.StartsWith("HTTP/1.1 408 ", await body.ReadUntilAsync(null, 8), StringComparison.Ordinal);
        var answer = await headers.ReadUntilAsync(null, 8);
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task A_slow_sender_holds_no_place_among_the_calls_in_flight()
    {
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_CALLS_IN_FLIGHT", "1"));
        var slow = new List<RawConnection>();
        for (var i = 0; i < 10; i++)
        {
            slow.Add(await RawConnection.OpenAsync(server));
            await slow[i].SendAsync($"POST /v1/tools/call HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{{");
        }

        using var answer = await server.CallAsync(Body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        slow.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task Closes_connections_beyond_the_limit()
    {
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_MAX_CONNECTIONS", "2"));
        using var first = await RawConnection.OpenAsync(server);
        using var second = await RawConnection.OpenAsync(server);
        foreach (var connection in new[] { first, second })
        {
            await connection.SendAsync(Probe(server));
            Assert.StartsWith("HTTP/1.1 200 ", await connection.ReadUntilAsync("ok", 8), StringComparison.Ordinal);
        }

        try
        {
            using var third = await RawConnection.OpenAsync(server);
            await third.SendAsync(Probe(server));
            Assert.Equal("", await third.ReadUntilAsync(null, 8));
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // Closed before the request was through.
        }

        await first.SendAsync(Probe(server));
        Assert.StartsWith("HTTP/1.1 200 ", await first.ReadUntilAsync("ok", 8), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silent_connections_keep_no_caller_out_and_are_closed_in_time()
    {
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_MAX_CONNECTIONS", "2"), ("CROWVAULT_HTTP_HEADER_SECONDS", "1"));
        using var first = await RawConnection.OpenAsync(server);
        using var second = await RawConnection.OpenAsync(server);

        using var caller = await RawConnection.OpenAsync(server);
        await caller.SendAsync(Probe(server));
        Assert.StartsWith("HTTP/1.1 200 ", await caller.ReadUntilAsync("ok", 8), StringComparison.Ordinal);

        // They never sent a byte: neither may be told more than that it is over.
        foreach (var silent in new[] { first, second })
        {
            try
            {
                Assert.Equal("", await silent.ReadUntilAsync(null, 8));
            }
            catch (IOException)
            {
                // Reset.
            }
        }
    }

    [Fact]
    public async Task A_peer_that_ends_its_side_gets_its_answers()
    {
        await using var server = await HttpServer.StartAsync("http");
        using var connection = await RawConnection.OpenAsync(server);

        await connection.SendAsync($"POST /v1/tools/call HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}{Probe(server)}");
        connection.EndSending();

        var answers = await connection.ReadUntilAsync(null, 8);
        Assert.Equal(2, answers.Split("HTTP/1.1 200 ").Length - 1);
    }

    public static MatrixTheoryData<int, int> Rates => new([1, 7, 15, 29, 150, 999], [1, 2, 4, 15, 400]);

    [Theory]
    [MemberData(nameof(Rates))]
    public void Gives_the_rate_that_is_configured(int perSecond, int burst)
    {
        var clock = new ManualClock();
        using var bucket = new TokenBucket(perSecond, burst, clock);
        var random = new Random(perSecond * 31 + burst);
        var (taken, seconds) = (0, 0.0);
        while (bucket.AttemptAcquire().IsAcquired)
        {
            taken++;
        }

        Assert.Equal(burst, taken);
        taken = 0;

        // Asked for far more often than it gives, at moments that fit no period.
        while (seconds < 100)
        {
            var step = random.NextDouble() * 0.4 / perSecond;
            clock.Advance(TimeSpan.FromSeconds(step));
            seconds += step;
            taken += bucket.AttemptAcquire().IsAcquired ? 1 : 0;
        }

        Assert.InRange(taken / (seconds * perSecond), 0.98, 1.02);
    }

    [Fact]
    public void A_bucket_holds_no_more_than_its_burst_after_a_pause()
    {
        var clock = new ManualClock();
        using var bucket = new TokenBucket(10, 3, clock);
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => bucket.AttemptAcquire().IsAcquired));
    }

    private static string Probe(HttpServer server) => $"GET /healthz HTTP/1.1\r\nHost: {server.Address.Authority}\r\n\r\n";

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }

    [Fact]
    public async Task Makes_no_session_for_twenty_thousand_unauthenticated_initialize_calls()
    {
        const string Initialize =
            """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";
        await using var server = await HttpServer.StartAsync("sse", ("CROWVAULT_HTTP_TOKENS", HttpServer.CreateToken("one").Entry));
        await SendAsync(2_000);
        var before = server.WorkingSet;

        await SendAsync(18_000);

        Assert.True(server.WorkingSet - before < 64 << 20, $"grew by {(server.WorkingSet - before) >> 20} MiB");

        Task SendAsync(int count) => Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, _) =>
        {
            using var answer = await server.PostMcpAsync(Initialize);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Mcp-Session-Id"));
        });
    }

    [Fact]
    public async Task Names_every_faulty_setting()
    {
        var (exitCode, errors) = await HttpServer.RefuseAsync(
            ["serve", "--transport", "http"],
            ("CROWVAULT_HTTP_MAX_BODYBYTES", "1"),
            ("CROWVAULT_HTTP_CALL_BURST", "0"),
            ("CROWVAULT_HTTP_CORS", "yes"),
            ("CROWVAULT_HTTP_ALLOWED_ORIGINS", "example.com"),
            ("CROWVAULT_HTTP_TOKENS", "cvmcp_secret"),
            ("CROWVAULT_HTTP_JWT_SCOPE", "x"));

        Assert.Equal(2, exitCode);
        Assert.Contains("did you mean CROWVAULT_HTTP_MAX_BODY_BYTES?", errors, StringComparison.Ordinal);
        Assert.Contains("CallBurst: 0 is out of range; use 1 to 1000000.", errors, StringComparison.Ordinal);
        Assert.Contains("Cors: yes is neither true nor false.", errors, StringComparison.Ordinal);
        Assert.Contains("AllowedOrigins: example.com is not an origin", errors, StringComparison.Ordinal);
        Assert.Contains("Tokens: entry 1 is not", errors, StringComparison.Ordinal);
        Assert.Contains("JwtIssuer: missing", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("cvmcp_secret", errors, StringComparison.Ordinal);
    }
}
