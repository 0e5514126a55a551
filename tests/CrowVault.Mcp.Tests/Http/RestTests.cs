using System.Net;
using System.Text.Json;
using CrowVault.Emitters;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

/// <summary>One server without tokens for the tests that need nothing else.</summary>
public sealed class OpenServer : IAsyncLifetime
{
    internal HttpServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await HttpServer.StartAsync("http");

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed class RestTests(OpenServer open) : IClassFixture<OpenServer>
{
    private HttpServer Server => open.Server;

    [Theory]
    [InlineData("""{ "server": "api-mcp", "tool": "generate_circuit_breaker", "args": { "runtime": "node", "failureThreshold": 5, "recoveryTimeMs": 30000, "withMetrics": true } }""")]
    [InlineData("""{ "server": "api-mcp", "tool": "generate_retry_policy", "args": { "maxRetries": 4, "baseDelayMs": 200, "maxDelayCapMs": 8000, "withJitter": true, "retryOn": [429, 502, 503, 504] } }""")]
    [InlineData("""{ "server": "api-mcp", "tool": "generate_rate_limiting", "args": { "algorithm": "token-bucket", "store": "redis", "requestsPerWindow": 100, "windowSeconds": 60, "burstCapacity": 20, "keyStrategy": "api-key" } }""")]
    public async Task Answers_the_documented_calls(string body)
    {
        using var call = JsonDocument.Parse(body);
        var tool = call.RootElement.GetProperty("tool").GetString()!;
        Assert.SkipWhen(Catalog.Find(tool) is null, $"{tool} is not there yet.");

        using var answer = await Server.CallAsync(body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        var expected = JsonSerializer.Serialize(Emit(tool, call.RootElement.GetProperty("args")), EmissionJson.Readable.Emission);
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Offers_only_the_tools_that_were_named()
    {
        await using var server = await HttpServer.StartWithAsync(["--tools", "retry-policy,bulkhead"]);

        using var listed = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/tools"));
        Assert.Equal(
            ["generate_retry_policy", "generate_bulkhead"],
            listed.RootElement.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString()));
        using var other = await server.CallAsync("""{"tool":"generate_timeout_config","args":{}}""");
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
        Assert.Contains(
            "generate_timeout_config is not offered here; the tools are generate_retry_policy, generate_bulkhead.",
            await other.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        using var offered = await server.CallAsync("""{"tool":"generate_retry_policy","args":{}}""");
        Assert.Equal(HttpStatusCode.OK, offered.StatusCode);
        using var item = await server.Client.GetAsync("/r/timeout-config.json");
        Assert.Equal(HttpStatusCode.NotFound, item.StatusCode);
    }

    [Theory]
    [InlineData("text/plain", "text/plain; charset=utf-8")]
    [InlineData("text/x-typescript", "text/x-typescript; charset=utf-8")]
    [InlineData("text/plain, */*", "text/plain; charset=utf-8")]
    [InlineData("text/plain;q=0.5, application/json", "application/json")]
    [InlineData("text/*, application/json;q=0.9", "text/x-typescript; charset=utf-8")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/json;q=0, */*", "text/x-typescript; charset=utf-8")]
    public async Task Answers_in_the_form_that_is_accepted(string accept, string contentType)
    {
        using var answer = await Server.CallAsync("""{"tool":"generate_circuit_breaker","args":{"withTests":true}}""", accept: accept);

        Assert.Equal(contentType, answer.Content.Headers.ContentType?.ToString());
        if (contentType.StartsWith("text/", StringComparison.Ordinal))
        {
            using var arguments = JsonDocument.Parse("""{"withTests":true}""");
            Assert.Equal(Emit("generate_circuit_breaker", arguments.RootElement).Files[0].Content, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Refuses_what_it_cannot_answer_in()
    {
        using var answer = await Server.CallAsync("""{"tool":"generate_circuit_breaker"}""", accept: "image/png");

        Assert.Equal(HttpStatusCode.NotAcceptable, answer.StatusCode);
    }

    [Fact]
    public async Task Lists_every_fault_and_a_corrected_call()
    {
        using var answer = await Server.CallAsync(
            """{"server":"api-mcp","tool":"generate_circuit_breaker","args":{"failureTreshold":7,"recoveryTimeMs":0}}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var errors = problem.RootElement.GetProperty("errors");
        Assert.Equal(["/args/failureTreshold", "/args/recoveryTimeMs"], errors.EnumerateArray().Select(error => error.GetProperty("pointer").GetString()));
        Assert.Equal("failureTreshold: unknown argument; did you mean failureThreshold?", errors[0].GetProperty("detail").GetString());

        using var corrected = await Server.CallAsync(problem.RootElement.GetProperty("correctedCall").GetRawText());
        Assert.Equal(HttpStatusCode.OK, corrected.StatusCode);
    }

    [Theory]
    [InlineData("""{"name":"generate_retry_policy","arguments":{"maxRetries":2}}""", """{"maxRetries":2}""")]
    [InlineData("""{"tool":"generate_retry_policy","maxRetries":2,"withCode":false}""", """{"maxRetries":2,"withCode":false}""")]
    [InlineData("""{"tool":"retry-policy","params":{"maxRetries":"2"}}""", """{"maxRetries":2}""")]
    [InlineData("""{"server":"other","tool":"generate_retry_policy","args":null}""", "{}")]
    [InlineData("""{"tool":"generate_retry_policy","maxRetries":2,"colour":1}""", null)]
    [InlineData("""{"tool":"generate_retry_policy","maxRetries":2,"args":{}}""", null)]
    [InlineData("""{"tool":"generate_retry_policy","args":{},"arguments":{"maxRetries":2}}""", null)]
    [InlineData("""{"tool_name":"generate_retry_policy","parameters":{"maxRetries":2}}""", """{"maxRetries":2}""")]
    [InlineData("""{"Tool":"generate_retry_policy","Args":{"maxRetries":2}}""", """{"maxRetries":2}""")]
    [InlineData("""{"tool":"generate_retry_policy","input":{"maxRetries":2}}""", """{"maxRetries":2}""")]
    [InlineData("""{"tool":"generate_retry_policy","args":{"maxRetries":2},"withCode":false}""", """{"withCode":false,"maxRetries":2}""")]
    [InlineData("""{"tool":"generate_retry_policy","args":{"withCode":true},"withCode":false}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"generate_retry_policy","arguments":{"maxRetries":2},"_meta":{"progressToken":1}}}""", """{"maxRetries":2}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}""", null)]
    [InlineData("""{"name":"payments","args":{}}""", null)]
    public async Task Corrects_the_form_of_a_call(string body, string? args)
    {
        using var answer = await Server.CallAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(args is not null, problem.RootElement.TryGetProperty("correctedCall", out var call));
        if (args is not null)
        {
            Assert.Equal(args, call.GetProperty("args").GetRawText());
            using var corrected = await Server.CallAsync(call.GetRawText());
            Assert.Equal(HttpStatusCode.OK, corrected.StatusCode);
        }
    }

    [Theory]
    [InlineData("""{"operations":{"orders.get":0}}""", "/args/operations/orders.get")]
    [InlineData("""{"operations":[{"name":"a","timeoutMs":5},{"name":"b","timeoutMs":-1}]}""", "/args/operations/1/timeoutMs")]
    [InlineData("""{"operations":[7]}""", "/args/operations/0")]
    [InlineData("""{"operations":{"a":1},"\u00e9/~":null}""", "/args/\u00e9~1~0")]
    public async Task Says_where_a_fault_is(string arguments, string place)
    {
        using var answer = await Server.CallAsync($$"""{"server":null,"tool":"generate_timeout_config","args":{{arguments}} }""");

        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal([place], problem.RootElement.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("pointer").GetString()));
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("null", 400)]
    [InlineData("[]", 400)]
    [InlineData("{", 400)]
    [InlineData("{}", 400)]
    [InlineData("{\"tool\":7}", 400)]
    [InlineData("{\"tool\":\"generate_circuit_breakr\"}", 400)]
    [InlineData("{\"server\":\"other\",\"tool\":\"generate_circuit_breaker\"}", 400)]
    [InlineData("{\"tool\":\"generate_circuit_breaker\",\"args\":[]}", 400)]
    [InlineData("{\"tool\":\"generate_circuit_breaker\",\"arguments\":{}}", 400)]
    [InlineData("{\"tool\":\"generate_circuit_breaker\",\"tool\":\"generate_circuit_breaker\"}", 400)]
    [InlineData("{\"tool\":\"generate_circuit_breaker\",\"args\":{\"failureThreshold\":1e999}}", 400)]
    [InlineData("{\"tool\":\"\\ud800\"}", 400)]
    public async Task Refuses_a_malformed_call(string body, int status)
    {
        using var answer = await Server.CallAsync(body);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Refuses_bodies_beyond_the_limits()
    {
        var tooLong = new string(' ', 1_048_577);
        using var size = await Server.CallAsync(tooLong);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, size.StatusCode);

        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tools/call") { Content = new StreamContent(new MemoryStream(new byte[1_048_577])) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = true;
        using var chunked = await Server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);

        static string Nested(int depth) => $$"""{"tool":"generate_circuit_breaker","args":{{string.Concat(Enumerable.Repeat("[", depth - 1))}}{{new string(']', depth - 1)}}}""";
        using var deep = await Server.CallAsync(Nested(65));
        Assert.Contains("depth", await deep.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var lessDeep = await Server.CallAsync(Nested(64));
        Assert.Contains("args", await lessDeep.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (deep.StatusCode, lessDeep.StatusCode));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task Refuses_another_content_type(string? type)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tools/call") { Content = new ByteArrayContent("{}"u8.ToArray()) };
        if (type is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using var answer = await Server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Fact]
    public async Task Lists_the_tools_as_mcp_does()
    {
        using var rest = JsonDocument.Parse(await Server.Client.GetStringAsync("/v1/tools"));
        using var mcp = await Server.PostMcpAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""");
        var events = await mcp.Content.ReadAsStringAsync();
        using var answer = JsonDocument.Parse(events[(events.IndexOf("data: ", StringComparison.Ordinal) + 6)..]);

        Assert.True(JsonElement.DeepEquals(answer.RootElement.GetProperty("result").GetProperty("tools"), rest.RootElement.GetProperty("tools")));
    }

    [Fact]
    public async Task Describes_itself_as_openapi()
    {
        using var document = JsonDocument.Parse(await Server.Client.GetStringAsync("/openapi.json"));

        Assert.StartsWith("3.1.", document.RootElement.GetProperty("openapi").GetString(), StringComparison.Ordinal);

        // Linters want each operation to say so where there is no token.
        Assert.Equal(0, document.RootElement.GetProperty("security").GetArrayLength());
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");
        foreach (var emitter in Catalog.All)
        {
            Assert.True(JsonElement.DeepEquals(emitter.Arguments.Schema, schemas.GetProperty($"{emitter.Tool}_args")));
        }
    }

    [Theory]
    [InlineData("GET", "/healthz", 200)]
    [InlineData("HEAD", "/healthz", 200)]
    [InlineData("GET", "/readyz", 200)]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/v1/tools/call", 405)]
    [InlineData("DELETE", "/mcp", 405)]
    [InlineData("GET", "/sse", 404)]
    [InlineData("OPTIONS", "/v1/tools/call", 405)]
    public async Task Has_its_addresses_and_no_others(string method, string path, int status)
    {
        using var answer = await Server.Client.SendAsync(new(new(method), path));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private static Emission Emit(string tool, JsonElement arguments)
    {
        Assert.True(Catalog.Find(tool)!.TryEmit(arguments, Product.Version, out var emission, out _));
        return emission;
    }
}
