using System.Net;
using System.Text.Json;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class ProtocolTests(OpenServer open) : IClassFixture<OpenServer>
{
    private const string Meta = "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"VERSION\",\"io.modelcontextprotocol/clientInfo\":{\"name\":\"t\",\"version\":\"1\"},\"io.modelcontextprotocol/clientCapabilities\":{}}";

    private HttpServer Server => open.Server;

    [Theory]
    [InlineData("2025-03-26")]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    public async Task Speaks_every_version_with_a_handshake(string version)
    {
        using var answer = await Server.PostMcpAsync(
            $$$$"""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"{{{{version}}}}","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");
        using var message = await ReadAsync(answer);
        Assert.Equal(version, message.RootElement.GetProperty("result").GetProperty("protocolVersion").GetString());

        using var list = await Server.PostMcpAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""", null, ("MCP-Protocol-Version", version));
        using var tools = await ReadAsync(list);
        Assert.NotEqual(0, tools.RootElement.GetProperty("result").GetProperty("tools").GetArrayLength());
    }

    [Fact]
    public async Task Speaks_the_version_without_one()
    {
        using var answer = await Server.PostMcpAsync(
            $$$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"generate_circuit_breaker","arguments":{},{{{{Meta.Replace("VERSION", "2026-07-28", StringComparison.Ordinal)}}}}}}""",
            null,
            ("MCP-Protocol-Version", "2026-07-28"),
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "generate_circuit_breaker"));

        using var message = await ReadAsync(answer);
        var result = message.RootElement.GetProperty("result");
        Assert.True(result.GetProperty("content").GetArrayLength() == 2, message.RootElement.GetRawText());
        Assert.Equal("complete", result.GetProperty("resultType").GetString());
        Assert.Equal("api-mcp", result.GetProperty("_meta").GetProperty("io.modelcontextprotocol/serverInfo").GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("2026-07-28", "2025-11-25")]
    [InlineData("2026-07-28", "2099-01-01")]
    [InlineData("2025-11-25", "2026-07-28")]
    [InlineData("2025-03-26", "2026-07-28")]
    [InlineData(null, "2026-07-28")]
    public async Task Refuses_a_header_that_contradicts_the_body(string? header, string body)
    {
        (string, string)[] headers = header is null ? [] : [("MCP-Protocol-Version", header), ("Mcp-Method", "tools/list")];
        using var answer = await Server.PostMcpAsync(
            $$$$"""{"jsonrpc":"2.0","id":"seven","method":"tools/list","params":{{{{{Meta.Replace("VERSION", body, StringComparison.Ordinal)}}}}}}""", null, headers);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var message = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(-32020, message.RootElement.GetProperty("error").GetProperty("code").GetInt32());
        Assert.Equal("seven", message.RootElement.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("", -32700)]
    [InlineData("{", -32700)]
    [InlineData("[]", -32600)]
    [InlineData("7", -32600)]
    [InlineData("{}", -32600)]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""", -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{},"_meta":{}}}""", -32700)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\ud800"}}""", -32700)]
    public async Task Answers_a_body_that_is_no_message(string body, int code)
    {
        using var answer = await Server.PostMcpAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var message = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(code, message.RootElement.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"nothing/here"}""", -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nothing"}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}""", -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call"}""", -32602)]
    public async Task Answers_a_request_that_cannot_be_served(string body, int code)
    {
        using var answer = await Server.PostMcpAsync(body);
        using var message = await ReadAsync(answer);

        Assert.Equal(code, message.RootElement.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Theory]
    [InlineData("2024-01-01")]
    [InlineData("nonsense")]
    public async Task Refuses_an_unknown_version(string version)
    {
        using var answer = await Server.PostMcpAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", null, ("MCP-Protocol-Version", version));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static async Task<JsonDocument> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        var at = text.IndexOf("data: ", StringComparison.Ordinal);
        return JsonDocument.Parse(at < 0 ? text : text[(at + 6)..]);
    }
}
