using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

/// <summary>A server with tokens and with both protocols.</summary>
public sealed class ClosedServer : IAsyncLifetime
{
    internal HttpServer Server { get; private set; } = null!;

    internal string Token { get; private set; } = null!;

    internal string OtherToken { get; private set; } = null!;

    internal string ExpiredToken { get; } = "cvmcp_expired";

    public async ValueTask InitializeAsync()
    {
        var (first, other) = (HttpServer.CreateToken("first"), HttpServer.CreateToken("other", days: 0));
        (Token, OtherToken) = (first.Token, other.Token);
        var expired = $"old sha256:{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(ExpiredToken)))} 2020-01-01T00:00:00Z";
        Server = await HttpServer.StartAsync("sse", ("CROWVAULT_HTTP_TOKENS", $"{first.Entry},{other.Entry}\n{expired}"));
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed class GateTests(ClosedServer closed) : IClassFixture<ClosedServer>
{
    private static readonly string[] s_paths =
        ["/", "/mcp", "/sse", "/message", "/message?sessionId=x", "/v1/tools", "/v1/tools/call", "/openapi.json", "/healthz", "/readyz", "/nothing"];

    private static readonly string[] s_methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

    private HttpServer Server => closed.Server;

    public static TheoryData<string> Faults => [.. s_faults.Keys];

    private static readonly Dictionary<string, Func<ClosedServer, string[]>> s_faults = new()
    {
        ["no token"] = _ => [],
        ["wrong token"] = _ => ["Authorization: Bearer cvmcp_wrong"],
        ["a character too many"] = closed => [$"Authorization: Bearer {closed.Token}A"],
        ["a character too few"] = closed => [$"Authorization: Bearer {closed.Token[..^1]}"],
        ["expired token"] = closed => [$"Authorization: Bearer {closed.ExpiredToken}"],
        ["empty token"] = _ => ["Authorization: Bearer "],
        ["no scheme"] = closed => [$"Authorization: {closed.Token}"],
        ["basic scheme"] = closed => [$"Authorization: Basic {closed.Token}"],
        ["two tokens in a header"] = closed => [$"Authorization: Bearer {closed.Token}, Bearer {closed.Token}"],
        ["a parameter"] = closed => [$"Authorization: Bearer token=\"{closed.Token}\""],
        ["two headers"] = closed => [$"Authorization: Bearer {closed.Token}", $"Authorization: Bearer {closed.Token}"],
        ["two headers, one wrong"] = closed => [$"Authorization: Bearer {closed.Token}", "Authorization: Bearer cvmcp_wrong"],
        ["another header"] = closed => [$"X-Api-Key: {closed.Token}"],
        ["a cookie"] = closed => [$"Cookie: access_token={closed.Token}"],
        ["a very long token"] = _ => [$"Authorization: Bearer {new string('a', 9_000)}"],
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Asks_for_a_token_on_every_path_and_method(string fault)
    {
        foreach (var path in s_paths)
        {
            foreach (var method in s_methods)
            {
                var answer = await SendAsync(method, path, [$"Host: {Server.Address.Authority}", .. s_faults[fault](closed)]);
                Assert.StartsWith("HTTP/1.1 401 ", answer, StringComparison.Ordinal);
                Assert.Contains("\r\nWWW-Authenticate: Bearer realm=\"api-mcp\"", answer, StringComparison.OrdinalIgnoreCase);
            }
        }

        Assert.DoesNotContain("Call of", Server.Output, StringComparison.Ordinal);
    }

    // Anything but 404 makes a client look for a sign-in that is not there.
    [Theory]
    [InlineData("GET", "/.well-known/oauth-protected-resource")]
    [InlineData("GET", "/.well-known/oauth-protected-resource/mcp")]
    [InlineData("GET", "/.well-known/oauth-authorization-server")]
    [InlineData("GET", "/.well-known/openid-configuration")]
    [InlineData("POST", "/register")]
    [InlineData("GET", "/authorize")]
    [InlineData("POST", "/token")]
    public async Task Has_no_sign_in(string method, string path) =>
        Assert.StartsWith("HTTP/1.1 404 ", await SendAsync(method, path, [$"Host: {Server.Address.Authority}", "Content-Length: 0"]), StringComparison.Ordinal);

    [Fact]
    public async Task Refuses_a_token_in_the_address_even_beside_a_good_header()
    {
        foreach (var path in s_paths)
        {
            var address = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}access_token={closed.Token}";
            var alone = await SendAsync("POST", address, [$"Host: {Server.Address.Authority}"]);
            var beside = await SendAsync("POST", address, [$"Host: {Server.Address.Authority}", $"Authorization: Bearer {closed.Token}"]);
            Assert.StartsWith("HTTP/1.1 401 ", alone, StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 401 ", beside, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Accepts_every_live_token_whatever_the_case_of_the_scheme()
    {
        foreach (var token in new[] { closed.Token, closed.OtherToken })
        {
            foreach (var scheme in new[] { "Bearer", "bearer", "BEARER" })
            {
                var answer = await SendAsync("GET", "/v1/tools", [$"Host: {Server.Address.Authority}", $"Authorization: {scheme} {token}"]);
                Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Answers_before_the_body_has_arrived()
    {
        var answer = await SendAsync("POST", "/v1/tools/call", [$"Host: {Server.Address.Authority}", "Content-Type: application/json", "Content-Length: 1000000"]);

        Assert.StartsWith("HTTP/1.1 401 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host: evil.example")]
    [InlineData("Host: 127.0.0.1:99999")]
    [InlineData("Host: [::1]:65536")]
    [InlineData("Host: .localhost")]
    [InlineData("Host: localhost..")]
    [InlineData("Host: localhost:PORT", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")]
    [InlineData("Host: localhost:PORT", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")]
    [InlineData("Host: evil.example:PORT")]
    [InlineData("Host: localhost.evil.example")]
    [InlineData("Host: 127.0.0.1.evil.example:PORT")]
    [InlineData("Host: 192.0.2.1:PORT")]
    [InlineData("Host: localhost:PORT", "Origin: null")]
    [InlineData("Host: localhost:PORT", "Origin: http://evil.example")]
    [InlineData("Host: localhost:PORT", "Origin: http://localhost:1")]
    [InlineData("Host: localhost:PORT", "Origin: http://localhost")]
    [InlineData("Host: localhost:PORT", "Origin: http://localhost:PORT.evil.example")]
    [InlineData("Host: localhost:PORT", "Origin: http://localhost:PORT", "Origin: http://evil.example")]
    [InlineData("Host: localhost:PORT", "Origin: ")]
    [InlineData("Host: localhost:PORT", "Origin: file://")]
    public async Task Refuses_a_foreign_host_or_origin_on_every_path_and_method(params string[] headers)
    {
        var sent = headers.Select(header => header.Replace("PORT", $"{Server.Address.Port}", StringComparison.Ordinal));
        foreach (var path in s_paths)
        {
            foreach (var method in s_methods)
            {
                var answer = await SendAsync(method, path, [.. sent, $"Authorization: Bearer {closed.Token}"]);
                Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("Host: localhost:PORT")]
    [InlineData("Host: LOCALHOST:PORT")]
    [InlineData("Host: 127.0.0.1:PORT")]
    [InlineData("Host: [::1]:PORT")]
    [InlineData("Host: localhost")]
    [InlineData("Host: localhost.")]
    [InlineData("Host: localhost:PORT", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")]
    [InlineData("Host: localhost:PORT", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")]
    [InlineData("Host: localhost:PORT", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty")]
    [InlineData("Host: localhost:PORT", "Origin: http://localhost:PORT")]
    [InlineData("Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT")]
    public async Task Answers_under_its_own_names(params string[] headers)
    {
        var sent = headers.Select(header => header.Replace("PORT", $"{Server.Address.Port}", StringComparison.Ordinal));
        var answer = await SendAsync("GET", "/v1/tools", [.. sent, $"Authorization: Bearer {closed.Token}"]);

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://192.0.2.1:0")]
    [InlineData("http://example.com:0")]
    public async Task Refuses_to_listen_beyond_loopback_without_tokens(string url)
    {
        var (exitCode, errors) = await HttpServer.RefuseAsync(["serve", "--transport", "http", "--urls", url]);

        Assert.Equal(2, exitCode);
        Assert.Contains("no token is configured", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Does_not_open_addresses_that_the_host_would()
    {
        await using var server = await HttpServer.StartAsync(
            "http", ("ASPNETCORE_URLS", "http://0.0.0.0:0"), ("Kestrel__Endpoints__Other__Url", "http://0.0.0.0:0"), ("ASPNETCORE_ENVIRONMENT", "Development"));

        var listening = server.Output.Split('\n').Single(line => line.Contains("Listening on", StringComparison.Ordinal));
        Assert.DoesNotContain("0.0.0.0", listening, StringComparison.Ordinal);
        Assert.DoesNotContain(",", listening, StringComparison.Ordinal);
    }

    // HttpClient would mend or refuse most of these requests.
    private async Task<string> SendAsync(string method, string path, IEnumerable<string> headers)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Server.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\n{string.Join("\r\n", headers)}\r\n\r\n"));
        var buffer = new byte[4_096];
        var length = 0;
        do
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length)).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            if (read == 0)
            {
                break;
            }

            length += read;
        }
        while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8) && buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
