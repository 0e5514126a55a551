using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Xunit;

namespace CrowVault.Mcp.Tests;

/// <summary>What the MCP SDK does without our code around it. A test that fails here says that the SDK has learnt it, and which code of ours can go.</summary>
public sealed class WorkaroundTests
{
    [Fact]
    public void MessageParser_takes_ProtocolOptions_because_the_default_ones_fail_at_names_that_differ_in_case()
    {
        var type = (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));
        var request = (JsonRpcRequest)JsonSerializer.Deserialize("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}""", type)!;

        Assert.ThrowsAny<Exception>(() => request.Params!["name"]);
    }

    [Theory]
    [InlineData("resources/read", "{}")]
    [InlineData("prompts/get", "{}")]
    [InlineData("initialize", """{"protocolVersion":"2025-06-18","capabilities":{}}""")]
    public async Task RequestChecks_names_what_is_wrong_because_the_SDK_does_not(string method, string parameters)
    {
        var error = (await AskAsync($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}"""))["error"]!;

        Assert.Contains("An error occurred", error["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestChecks_offers_a_version_because_the_SDK_refuses_one_that_it_does_not_know() =>
        Assert.NotNull((await AskAsync("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2099-01-01","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"""))["error"]);

    [Fact]
    public async Task RequestChecks_takes_an_empty_cursor_away_because_the_SDK_lists_nothing_for_it() =>
        Assert.Empty((await AskAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":""}}"""))["result"]!["tools"]!.AsArray());

    [Fact]
    public async Task PendingRequests_withholds_the_end_of_input_because_the_SDK_drops_what_it_works_on()
    {
        var calls = string.Concat(Enumerable.Range(1, 50).Select(id => $$"""{"jsonrpc":"2.0","id":{{id}},"method":"tools/call","params":{"name":"slow"} }""" + "\n"));
        using var output = new MemoryStream();
        await using var transport = new StreamServerTransport(new MemoryStream(Encoding.UTF8.GetBytes(calls)), output);
        await using var server = McpServer.Create(transport, Options());
        await server.RunAsync(TestContext.Current.CancellationToken);

        Assert.True(Encoding.UTF8.GetString(output.ToArray()).Split('\n').Length < 50);
    }

    [Theory]
    [InlineData("application/json", "application/json", 406)]
    [InlineData("application/json, text/event-stream", "application/json; charset=utf8", 500)]
    public async Task AnswerForm_and_JsonBody_mend_headers_because_the_SDK_takes_one_spelling(string accept, string type, int status)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddMcpServer().WithHttpTransport(transport => transport.Stateless = true);
        await using var app = builder.Build();
        app.MapMcp("/mcp");
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{app.Urls.First()}/mcp") { Content = new ByteArrayContent("""{"jsonrpc":"2.0","id":1,"method":"ping"}"""u8.ToArray()) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        request.Headers.TryAddWithoutValidation("Accept", accept);

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    private static McpServerOptions Options() => new()
    {
        ServerInfo = new() { Name = "bare", Version = "1" },
        ToolCollection = [new SlowTool()],
        ResourceCollection = [McpServerResource.Create(() => "text", new() { UriTemplate = "a://b", Name = "b" })],
        PromptCollection = [McpServerPrompt.Create(() => "text", new() { Name = "p" })],
    };

    private static async Task<JsonNode> AskAsync(string request)
    {
        var (input, output) = (new Pipe(), new Pipe());
        await using var transport = new StreamServerTransport(input.Reader.AsStream(), output.Writer.AsStream());
        await using var server = McpServer.Create(transport, Options());
        using var end = new CancellationTokenSource();
        var running = server.RunAsync(end.Token);
        await input.Writer.WriteAsync(Encoding.UTF8.GetBytes(request + "\n"));
        using var reader = new StreamReader(output.Reader.AsStream());
        var line = await reader.ReadLineAsync();
        await end.CancelAsync();
        try
        {
            await running;
        }
        catch (OperationCanceledException)
        {
            // As it was told.
        }

        return JsonNode.Parse(line!)!;
    }

    private sealed class SlowTool : McpServerTool
    {
        public override Tool ProtocolTool { get; } = new() { Name = "slow", InputSchema = JsonElement.Parse("""{"type":"object"}""") };

        public override IReadOnlyList<object> Metadata => [];

        public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            return new();
        }
    }
}
