using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class RegistryTests(OpenServer open) : IClassFixture<OpenServer>
{
    [Theory]
    [InlineData("circuit-breaker", "", "generate_circuit_breaker", "{}")]
    [InlineData("generate_circuit_breaker", "?failureThreshold=3&with-metrics&withTests=true", "generate_circuit_breaker", """{"failureThreshold":3,"withMetrics":true,"withTests":true}""")]
    [InlineData("retry-policy", "?max-retries=2&retryOn=429,503&retryOn=500&withJitter=false", "generate_retry_policy", """{"maxRetries":2,"retryOn":[429,503,500],"withJitter":false}""")]
    [InlineData("rate-limiting", "?store=memory&framework=hono", "generate_rate_limiting", """{"store":"memory","framework":"hono"}""")]
    [InlineData("timeout-config", "?operations=orders.get=2000,payments.charge=5000", "generate_timeout_config", """{"operations":{"orders.get":2000,"payments.charge":5000}}""")]
    [InlineData("bulkhead", "?partitions=%5B%7B%22name%22%3A%22orders%22%2C%22maxConcurrent%22%3A5%7D%5D", "generate_bulkhead", """{"partitions":[{"name":"orders","maxConcurrent":5}]}""")]
    public async Task An_item_holds_the_bytes_that_every_other_way_gives(string name, string query, string tool, string arguments)
    {
        Assert.True(Catalog.Find(tool)!.TryEmit(JsonElement.Parse(arguments), Product.Version, out var emission, out _));

        using var answer = await open.Server.Client.GetAsync(new Uri($"/r/{name}.json{query}", UriKind.Relative), TestContext.Current.CancellationToken);
        var item = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
        Assert.Equal(
            ("https://ui.shadcn.com/schema/registry-item.json", Catalog.Find(tool)!.Command, "registry:lib"),
            (item["$schema"]!.GetValue<string>(), item["name"]!.GetValue<string>(), item["type"]!.GetValue<string>()));
        Assert.Equal(
            emission!.Files.Select(file => (file.Path, file.Content, "registry:file", $"src/resilience/{file.Path}")),
            item["files"]!.AsArray().Select(file => (Text(file, "path"), Text(file, "content"), Text(file, "type"), Text(file, "target"))));
        Assert.StartsWith(emission.Usage, Text(item, "docs"), StringComparison.Ordinal);

        // The command line gives the same item.
        var called = ServerProcess.Run("", "call", tool, arguments, "--registry-item");
        Assert.Equal((0, $"{item.ToJsonString(s_relaxed)}\n"), (called.ExitCode, called.Output));
    }

    [Theory]
    [InlineData("circuit-breaker", "?failureThreshold=0", "failureThreshold: 0 is out of range; use 1 to 10000.", "/args/failureThreshold")]
    [InlineData("circuit-breaker", "?failureThreshold=", "failureThreshold: \"\" is not an integer; use 1 to 10000.", "/args/failureThreshold")]
    [InlineData("circuit-breaker", "?failureTreshold=3", "failureTreshold: unknown argument; did you mean failureThreshold?", "/args/failureTreshold")]
    [InlineData("circuit-breaker", "?withCode=false", "withCode: an item is its code; leave withCode out.", "/args/withCode")]
    [InlineData("circuit-breaker", "?failureThreshold=3&failureThreshold=4", "failureThreshold: [\"3\",\"4\"] is not an integer", "/args/failureThreshold")]
    [InlineData("circuit-breaker", "?failureThreshold=3&failure-threshold=4", "failureThreshold: [3,4] is not an integer", "/args/failureThreshold")]
    [InlineData("bulkhead", "?partitions=a=10,a=20", "partitions: \"a=20\" is not a usable name", "/args/partitions")]
    [InlineData("bulkhead", "", "partitions: required but missing", "/args/partitions")]
    public async Task Faults_are_told_as_by_every_call(string name, string query, string detail, string place)
    {
        using var answer = await open.Server.Client.GetAsync(new Uri($"/r/{name}.json{query}", UriKind.Relative), TestContext.Current.CancellationToken);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
        Assert.StartsWith(detail, Text(problem, "detail"), StringComparison.Ordinal);
        Assert.Equal(place, Text(problem["errors"]![0], "pointer"));
    }

    [Theory]
    [InlineData("circuit-breaker", "?failureThreshold=0&slowCallMs=9&withTests", "?failureThreshold=1&tripOn=failure-rate&slowCallMs=9&withTests")]
    [InlineData("bulkhead", "?partitions=a,b&maxConcurrent=3", "?partitions=a=3,b=3")]
    [InlineData("retry-policy", "?withJitter=no&max-retry=2", "?maxRetries=2&withJitter=false")]
    [InlineData("retry-policy", "?withCode=false&retryOn=429,503", "?retryOn=429,503")]
    [InlineData("timeout-config", "?operations=[{%22name%22:%22a%22,%22timeoutMs%22:%222s%22,%22retry%22:true}]", "?operations=%5B%7B%22name%22:%22a%22,%22timeoutMs%22:2000,%22retry%22:true%7D%5D")]
    public async Task A_refused_address_is_answered_with_one_that_works(string name, string query, string corrected)
    {
        // What the command shadcn sends; it shows the detail of an answer in the type that it asks for.
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/r/{name}.json{query}");
        request.Headers.Accept.ParseAdd("application/vnd.shadcn.v1+json, application/json;q=0.9");
        using var answer = await open.Server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        var url = Text(problem, "correctedUrl");

        Assert.Equal((HttpStatusCode.BadRequest, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
        Assert.Equal($"{open.Server.Client.BaseAddress}r/{name}.json{corrected}", url);
        Assert.EndsWith($"\nCorrected address: {url}", Text(problem, "detail"), StringComparison.Ordinal);
        Assert.Null(problem["correctedCall"]);
        using var again = await open.Server.Client.GetAsync(new Uri(url), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task Says_which_tools_there_are()
    {
        using var unknown = await open.Server.Client.GetAsync(new Uri("/r/circuit-braker.json", UriKind.Relative), TestContext.Current.CancellationToken);
        using var list = await open.Server.Client.GetAsync(new Uri("/r/registry.json", UriKind.Relative), TestContext.Current.CancellationToken);
        var index = await list.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("did you mean generate_circuit_breaker?", await unknown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(Catalog.All.Select(emitter => emitter.Command), JsonNode.Parse(index)!["items"]!.AsArray().Select(item => Text(item, "name")));
        Assert.Equal($"{index}\n", ServerProcess.Run("", "tools", "--registry").Output);
    }

    [Fact]
    public async Task A_server_with_tokens_gives_items_to_those_who_have_one()
    {
        var (token, entry) = HttpServer.CreateToken("registry");
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_TOKENS", entry));

        using var refused = await server.Client.GetAsync(new Uri("/r/circuit-breaker.json", UriKind.Relative), TestContext.Current.CancellationToken);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/r/circuit-breaker.json") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (refused.StatusCode, answer.StatusCode));
    }

    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Text(JsonNode? node, string member) => node![member]!.GetValue<string>();
}
