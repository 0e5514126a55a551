using System.Text;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class SecretTests
{
    private const int SigKill = 9;

    [Theory]
    [InlineData("Information")]
    [InlineData("Trace")]
    public async Task A_token_appears_in_no_output_and_no_answer(string level)
    {
        var (token, entry) = HttpServer.CreateToken("canary");
        await using var server = await HttpServer.StartAsync(
            "sse", ("CROWVAULT_HTTP_TOKENS", entry), ("Logging__LogLevel__Default", level), ("Logging__LogLevel__Microsoft", level), ("Logging__LogLevel__ModelContextProtocol", level));
        var answers = new StringBuilder();
        string[] requests =
        [
            Request("POST", "/v1/tools/call", """{"tool":"generate_circuit_breaker"}""", $"Authorization: Bearer {token}"),
            Request("POST", "/v1/tools/call", """{"tool":"generate_circuit_breaker","args":{"failureThreshold":0}}""", $"Authorization: Bearer {token}"),
            Request("POST", "/v1/tools/call", "{", $"Authorization: Bearer {token}"),
            Request("POST", "/mcp", """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}""", $"Authorization: Bearer {token}", "Accept: application/json, text/event-stream"),
            Request("POST", "/mcp", """{"jsonrpc":"2.0","id":1,"method":"tools/call"}""", $"Authorization: Bearer {token}", "Accept: application/json, text/event-stream"),
            Request("GET", $"/v1/tools?access_token={token}", ""),
            Request("GET", $"/{token}", "", $"Authorization: Bearer {token}x"),
            Request("GET", "/v1/tools", "", $"Authorization: Bearer {token} {token}"),
            Request("GET", "/v1/tools", "", $"Authorization: Bearer {token}", $"Authorization: Bearer {token}"),
            Request("GET", "/v1/tools", "", $"Host: {token}"),
            Request("GET", "/v1/tools", "", $"Origin: {token}", $"Authorization: Bearer {token}"),
            Request("POST", "/message", "{}", $"Authorization: Bearer {token}"),
            $"GET /v1/tools HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer {token}\r\n\r\n",
            $"GET /v1/tools HTTP/9.9 {token}\r\nAuthorization: Bearer {token}\r\n\r\n",
            $"{token}\r\n\r\n",
        ];
        foreach (var request in requests)
        {
            using var connection = await RawConnection.OpenAsync(server);
            await connection.SendAsync(request);
            answers.Append(await connection.ReadUntilAsync(null));
        }

        server.Terminate();
        Assert.Equal(0, await server.ExitAsync());
        Assert.DoesNotContain(token, answers.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token, server.Output, StringComparison.Ordinal);
        Assert.Contains("canary", server.Output, StringComparison.Ordinal);

        string Request(string method, string path, string body, params string[] headers) =>
            $"{method} {path} HTTP/1.1\r\n{(headers.Any(header => header.StartsWith("Host:", StringComparison.Ordinal)) ? "" : $"Host: {server.Address.Authority}\r\n")}"
            + $"Connection: close\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{string.Concat(headers.Select(header => $"{header}\r\n"))}\r\n{body}";
    }

    [Fact]
    public async Task A_token_appears_nowhere_after_a_sudden_end()
    {
        var (token, entry) = HttpServer.CreateToken("canary");
        using var folder = new TemporaryFolder();
        await using var server = await HttpServer.StartInAsync(folder.Path, ("CROWVAULT_HTTP_TOKENS", entry));
        using var answer = await server.CallAsync("""{"tool":"generate_circuit_breaker"}""", token);
        Assert.Equal(200, (int)answer.StatusCode);

        server.Signal(SigKill);

        Assert.Equal(128 + SigKill, await server.ExitAsync());
        Assert.DoesNotContain(token, server.Output, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain(token, await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Argument_values_are_not_logged()
    {
        await using var server = await HttpServer.StartAsync("http");
        using var rest = await server.CallAsync("""{"tool":"generate_circuit_breaker","args":{"failureThreshold":"canary-value"}}""");
        using var mcp = await server.PostMcpAsync(
            """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"canary-tool","arguments":{"canary-name":"canary-value"}}}""");
        await mcp.Content.ReadAsStringAsync();
        server.Terminate();
        await server.ExitAsync();

        Assert.Contains("Call of generate_circuit_breaker through rest by anyone: invalid_arguments", server.Output, StringComparison.Ordinal);
        Assert.Contains("Call of unknown through http by anyone: unknown_tool", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", server.Output, StringComparison.Ordinal);
    }
}
