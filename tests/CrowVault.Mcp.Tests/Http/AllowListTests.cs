using System.Net;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class AllowListTests
{
    [Theory]
    [InlineData("mcp.example.com", null, 200)]
    [InlineData("MCP.EXAMPLE.COM:443", null, 200)]
    [InlineData("a.example.net", null, 200)]
    [InlineData("a.b.example.net", null, 200)]
    [InlineData("example.net", null, 403)]
    [InlineData("evilexample.net", null, 403)]
    [InlineData("mcp.example.com.evil.example", null, 403)]
    [InlineData("mcp.example.com", "https://app.example.com", 200)]
    [InlineData("mcp.example.com", "https://app.example.com:443", 200)]
    [InlineData("mcp.example.com", "http://app.example.com", 403)]
    [InlineData("mcp.example.com", "https://app.example.com:8443", 403)]
    [InlineData("mcp.example.com", "https://app.example.com.evil.example", 403)]
    [InlineData("mcp.example.com", "https://mcp.example.com", 200)]
    [InlineData("mcp.example.com", "null", 403)]
    public async Task Accepts_what_the_lists_name(string host, string? origin, int status)
    {
        await using var server = await HttpServer.StartAsync(
            "http", ("CROWVAULT_HTTP_ALLOWED_HOSTS", "mcp.example.com,*.example.net"), ("CROWVAULT_HTTP_ALLOWED_ORIGINS", "https://app.example.com"));
        using var answer = await SendAsync(server, HttpMethod.Get, "/v1/tools", host, origin);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Lets_pages_of_allowed_origins_in_when_cors_is_on()
    {
        var (token, entry) = HttpServer.CreateToken("page");
        await using var server = await HttpServer.StartAsync(
            "http", ("CROWVAULT_HTTP_CORS", "true"), ("CROWVAULT_HTTP_ALLOWED_ORIGINS", "https://app.example.com"), ("CROWVAULT_HTTP_TOKENS", entry));

        // A preflight carries no token.
        using var preflight = await SendAsync(
            server, HttpMethod.Options, "/mcp", "localhost", "https://app.example.com", ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type,mcp-protocol-version"));
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("https://app.example.com", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.False(preflight.Headers.Contains("Access-Control-Allow-Credentials"));

        using var answer = await SendAsync(server, HttpMethod.Get, "/v1/tools", "localhost", "https://app.example.com", ("Authorization", $"Bearer {token}"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.Contains("Access-Control-Allow-Origin"));

        using var without = await SendAsync(server, HttpMethod.Get, "/v1/tools", "localhost", "https://app.example.com");
        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        using var foreign = await SendAsync(server, HttpMethod.Options, "/mcp", "localhost", "https://evil.example", ("Access-Control-Request-Method", "POST"));
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
    }

    [Fact]
    public async Task Shows_its_probes_to_anyone_when_told_to()
    {
        await using var server = await HttpServer.StartAsync(
            "http", ("CROWVAULT_HTTP_PUBLIC_PROBES", "true"), ("CROWVAULT_HTTP_TOKENS", HttpServer.CreateToken("one").Entry));
        foreach (var probe in new[] { "/healthz", "/readyz" })
        {
            using var answer = await SendAsync(server, HttpMethod.Get, probe, "10.0.0.7", null);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        using var other = await SendAsync(server, HttpMethod.Get, "/v1/tools", "localhost", null);
        Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);
    }

    [Fact]
    public async Task Reads_tokens_and_settings_from_files()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var (token, entry) = HttpServer.CreateToken("filed");
            var (other, otherEntry) = HttpServer.CreateToken("listed");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "tokens"), $"# rotated monthly\n{entry}\n\n");
            await File.WriteAllTextAsync(
                Path.Combine(folder.FullName, "settings.json"),
                $$"""{ "CrowVault": { "Http": { "Tokens": ["{{otherEntry}}"], "CallBurst": 7 } }, "Logging": { "Console": { "FormatterName": "json" } } }""");
            await using var server = await HttpServer.StartWithAsync(["--settings", Path.Combine(folder.FullName, "settings.json")], ("CROWVAULT_HTTP_TOKENS_FILE", Path.Combine(folder.FullName, "tokens")));

            foreach (var known in new[] { token, other })
            {
                using var answer = await SendAsync(server, HttpMethod.Get, "/v1/tools", "localhost", null, ("Authorization", $"Bearer {known}"));
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Contains("q=7", Assert.Single(answer.Headers.GetValues("RateLimit-Policy")), StringComparison.Ordinal);
            }

            Assert.Contains("\"Message\":\"Listening on", server.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<HttpResponseMessage> SendAsync(
        HttpServer server, HttpMethod method, string path, string host, string? origin, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Headers = { Host = host } };
        foreach (var (name, value) in origin is null ? headers : [.. headers, ("Origin", origin)])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return server.Client.SendAsync(request);
    }
}
