using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters.Stack;
using Xunit;

namespace CrowVault.Emitters.Tests.Stack;

public sealed class ManifestTests
{
    private const string Four = """
        "circuitBreaker":{"failureThreshold":10},"retryPolicy":{"maxRetries":2,"totalTimeoutMs":8000},
        "timeoutConfig":{"operations":{"orders.get":2000}},"bulkhead":{"partitions":{"orders":20}}
        """;

    private static readonly JsonSerializerOptions s_indented =
        new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void Schema_is_the_published_one()
    {
        var readme = typeof(ManifestTests).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Readme").Value!;
        var path = Path.Combine(Path.GetDirectoryName(readme)!, "schemas", "resilience.schema.json");
        var schema = JsonNode.Parse(Manifest.Schema.GetRawText())!.ToJsonString(s_indented) + "\n";
        if (Environment.GetEnvironmentVariable("ACCEPT_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, schema);
        }

        Assert.Equal(schema, File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Emits_each_section_as_its_tool_does()
    {
        var emission = Emit("{\"$schema\":\"resilience.schema.json\"," + Four + ",\"rateLimiting\":{},\"upstreams\":{}}");
        Assert.Equal(
            ["circuit-breaker.ts", "retry.ts", "rate-limiter.ts", "timeouts.ts", "bulkhead.ts", "resilience-stack.ts", "upstreams.ts"],
            emission.Files.Select(file => file.Path));
        Assert.True(Catalog.Find("generate_bulkhead")!.TryEmit(
            JsonElement.Parse("""{"partitions":{"orders":20}}"""), Snapshot.Version, out var alone, out _));
        Assert.Equal(alone.Files[0].Content, emission.Files[4].Content);
        Assert.Contains("upstreams.orders.fetch('orders.get'", emission.Usage, StringComparison.Ordinal);
    }

    [Fact]
    public void Wires_the_layers_only_where_upstreams_are_asked_for()
    {
        var emission = Emit("{" + Four + "}");
        Assert.Equal(["circuit-breaker.ts", "retry.ts", "timeouts.ts", "bulkhead.ts", "resilience-stack.ts"], emission.Files.Select(file => file.Path));
        Assert.Contains("const call = resilienceStack({", emission.Usage, StringComparison.Ordinal);
        Assert.Contains("  return call(\n    'orders.get',\n    'orders',\n", emission.Usage, StringComparison.Ordinal);
        Assert.Contains("\"withFetch\":false", emission.Files[2].Content, StringComparison.Ordinal);
    }

    [Fact]
    public void Emits_the_stack_only_with_its_four_layers() =>
        Assert.Equal(["bulkhead.ts"], Emit("""{"bulkhead":{"partitions":{"a":1}}}""").Files.Select(file => file.Path));

    [Fact]
    public void What_stands_beside_the_sections_holds_where_a_section_is_silent()
    {
        var emission = Emit("""{"runtime":"deno","withTests":true,"retryPolicy":{},"bulkhead":{"partitions":{"a":1},"withTests":false}}""");
        Assert.Equal(["retry.ts", "retry.test.ts", "bulkhead.ts"], emission.Files.Select(file => file.Path));
        Assert.All(emission.Files, file => Assert.Contains("\"runtime\":\"deno\"", file.Content, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[]", "resilience.json: not an object")]
    [InlineData("{}", "resilience.json: no section")]
    [InlineData("""{"retyPolicy":{}}""", "\"retyPolicy\": unknown section; did you mean retryPolicy?")]
    [InlineData("""{"stack":{}}""", "stack: composes two or more of circuitBreaker, retryPolicy, timeoutConfig, bulkhead; add them or leave stack out.")]
    [InlineData("""{"runtime":"workers","retryPolicy":{},"circuitBreaker":{},"stack":{"framework":"koa"}}""", "stack.framework: koa does not go with runtime workers, which lacks Node's http module; use hono or fetch.")]
    [InlineData("""{"rateLimiting":{"framework":"koa"},"retryPolicy":{},"circuitBreaker":{},"stack":{"framework":"fastify"}}""", "stack.framework: not that of the rate limiter, which ingress.ts mounts; name it in rateLimiting.framework.")]
    [InlineData("""{"retryPolicy":{},"bulkhead":{"partitions":{"a":1}},"stack":{"client":"axios"}}""", "stack.client: adapts the upstreams to a client; add the section upstreams, if only as {}.")]
    [InlineData("""{"circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"a":1},"withFetch":false},"bulkhead":{"partitions":{"a":1}},"upstreams":{},"stack":{"client":"ky"}}""", "timeoutConfig.withFetch: false leaves out the fetch of the upstreams")]
    [InlineData("""{"runtime":"workers","circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"a":1}},"bulkhead":{"partitions":{"a":1}},"upstreams":{},"stack":{"client":"undici"}}""", "stack.client: undici does not go with runtime workers, which lacks Node's sockets; use fetch, ky or axios.")]
    [InlineData("""{"runtime":"browser","circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"a":1}},"bulkhead":{"partitions":{"a":1}},"upstreams":{},"stack":{"client":"nest"}}""", "stack.client: nest does not go with runtime browser, which lacks Node's sockets; use fetch, ky or axios.")]
    [InlineData("""{"retryPolicy":{"maxRetry":3}}""", "retryPolicy.maxRetry: unknown argument; did you mean maxRetries?")]
    [InlineData("""{"bulkhead":{"partitions":{"a'b":1}}}""", "bulkhead.partitions: ")]
    [InlineData("""{"retryPolicy":7}""", "retryPolicy.arguments: a number is not an object")]
    [InlineData("""{"retryPolicy":{},"retryPolicy":{}}""", "\"retryPolicy\": given twice")]
    public void Refuses_naming_the_section(string manifest, string fault)
    {
        Assert.False(Manifest.TryEmit(JsonElement.Parse(manifest), Snapshot.Version, out _, out var faults));
        Assert.StartsWith(fault, faults.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reports_the_faults_of_all_sections_together()
    {
        Assert.False(Manifest.TryEmit(
            JsonElement.Parse("""{"retryPolicy":{"maxRetries":-1},"bulkhead":{"partitions":{"a":0}}}"""), Snapshot.Version, out _, out var faults));
        Assert.Equal(["retryPolicy.maxRetries", "bulkhead.partitions.a"], faults.Faults.Select(fault => fault.Argument));
    }

    [Theory]
    [InlineData("payments.charge", true)]
    [InlineData("payments.chargeCard", true)]
    [InlineData("payments.charge_card", true)]
    [InlineData("orders.createDraft", true)]
    [InlineData("PlaceOrder", true)]
    [InlineData("payment-charge", true)]
    [InlineData("SENDMail", true)]
    [InlineData("pay", true)]
    [InlineData("orders.get", false)]
    [InlineData("get-order", false)]
    [InlineData("loadOrder", false)]
    [InlineData("order-items", false)]
    [InlineData("refund_status", false)]
    [InlineData("payments.", false)]
    [InlineData("a._-", false)]
    [InlineData("address", false)]
    public void An_operation_that_changes_something_by_its_name_is_told(string operation, bool isTold)
    {
        var warnings = Emit($$"""
            {"circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"{{operation}}":2000} },"bulkhead":{"partitions":{"all":5} },"upstreams":{} }
            """).Warnings;
        Assert.Equal(isTold, warnings.Any(warning => warning.StartsWith($"Stack: {operation} is retried up to", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("\"baseUrl\":\"https://orders.example\"", ",\"withFetch\":false", true)]
    [InlineData("\"baseUrl\":\"https://orders.example\"", "", false)]
    [InlineData("", ",\"withFetch\":false", false)]
    public void An_address_that_no_fetch_continues_is_told(string settings, string timeouts, bool isTold)
    {
        var warnings = Emit($$$"""
            {"circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"orders.get":2000}{{{timeouts}}}},
             "bulkhead":{"partitions":{"orders":5}},"upstreams":{"orders":{{{{settings}}}}} }
            """).Warnings;
        Assert.Equal(isTold, warnings.Any(warning => warning.StartsWith("Stack: the baseUrl of orders has no effect", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("circuitBreaker", "{}")]
    [InlineData("circuitBreaker", """{"orders":{"circuitBreaker":{"failureThreshold":null,"recoveryTimeMs":null},"retryPolicy":null}}""")]
    [InlineData("retryPolicy", """{"orders":{"retryPolicy":{"maxRetries":null}}}""")]
    [InlineData("retryPolicy", "null")]
    [InlineData("retryPolicy", """{"orders":null}""")]
    [InlineData("retryPolicy", """{"orders":{"baseUrl":null,"operations":null}}""")]
    [InlineData("retryPolicy", """{"orders":{"operations":{"orders.get":null}}}""")]
    [InlineData("retryPolicy", """{"orders":{"operations":{"orders.get":{"retry":null}}}}""")]
    public void A_section_or_a_member_that_is_null_is_the_same_as_left_out(string section, string upstreams)
    {
        static string Written(string sections, string upstreams) =>
            $$$"""{{{{sections}}}"timeoutConfig":{"operations":{"orders.get":2000}},"bulkhead":{"partitions":{"orders":5}},"upstreams":{{{upstreams}}} }""";
        string[] layers = ["circuitBreaker", "retryPolicy", "rateLimiting"];
        var others = layers.Where(each => each != section).Select(each => $"\"{each}\":{{}},");

        Assert.True(Manifest.TryEmit(
            JsonElement.Parse(Written($"{string.Concat(others)}\"{section}\":null,", upstreams)), Snapshot.Version, out var given, out var faults), faults?.Message);
        Assert.True(Manifest.TryEmit(
            JsonElement.Parse(Written($"{string.Concat(others)}\"{section}\":{{}},", "{}")), Snapshot.Version, out var plain, out _));
        Assert.Equal(
            plain.Files.Single(file => file.Path == "upstreams.ts").Content[^2_000..],
            given.Files.Single(file => file.Path == "upstreams.ts").Content[^2_000..]);
    }

    [Theory]
    [InlineData("""{"order":{}}""", "upstreams.order: no such partition of the bulkhead; did you mean orders?")]
    [InlineData("""{"orders":{"baseUri":"https://a.example"}}""", "upstreams.orders: unknown member \"baseUri\"; did you mean baseUrl?")]
    [InlineData("""{"orders":{"baseUrl":"https://user@a.example"}}""", "upstreams.orders.baseUrl: \"https://user@a.example\" is not a usable address")]
    [InlineData("""{"orders":{"baseUrl":"https://a.example/');evil("}}""", "upstreams.orders.baseUrl: ")]
    [InlineData("""{"orders":{"circuitBreaker":{"failureThreshold":0}}}""", "upstreams.orders.circuitBreaker.failureThreshold: 0 is out of range; use 1 to 10000.")]
    [InlineData("""{"orders":{"circuitBreaker":{"withMetrics":true}}}""", "upstreams.orders.circuitBreaker.withMetrics: the same for all upstreams")]
    [InlineData("""{"orders":{"retryPolicy":{"maxRetry":1}}}""", "upstreams.orders.retryPolicy.maxRetry: unknown argument; did you mean maxRetries?")]
    [InlineData("""{"orders":{"operations":{"orders.gte":{}}}}""", "upstreams.orders.operations: orders.gte is no operation of timeoutConfig; did you mean orders.get?")]
    [InlineData("""{"orders":{"operations":{"orders.get":{"retries":false}}}}""", "upstreams.orders.operations.orders.get: \"retries\" is not understood")]
    [InlineData("[]", "upstreams: [] is not an object")]
    public void Refuses_upstreams_that_are_wrong(string upstreams, string fault)
    {
        var manifest = "{" + Four + ",\"upstreams\":" + upstreams + "}";
        Assert.False(Manifest.TryEmit(JsonElement.Parse(manifest), Snapshot.Version, out _, out var faults));
        Assert.StartsWith(fault, faults.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Upstreams_need_every_outbound_layer()
    {
        Assert.False(Manifest.TryEmit(JsonElement.Parse("""{"retryPolicy":{},"upstreams":{}}"""), Snapshot.Version, out _, out var faults));
        Assert.StartsWith("upstreams: need all outbound layers, but circuitBreaker, timeoutConfig, bulkhead is missing", faults.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_upstream_has_its_own_settings_and_operations()
    {
        var emission = Emit("""
            {"circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"orders.get":2000,"payments.charge":5000,"ping":100}},
             "bulkhead":{"partitions":{"orders":20,"payments":10}},
             "upstreams":{"payments":{"baseUrl":"https://payments.example","circuitBreaker":{"failureThreshold":3},"retryPolicy":{"maxRetries":1,"retryOn":[503]},
               "operations":{"payments.charge":{"retry":false},"ping":{}}}}}
            """);
        var source = emission.Files.Single(file => file.Path == "upstreams.ts").Content;
        Assert.Contains("readonly orders: 'orders.get';\n", source, StringComparison.Ordinal);
        Assert.Contains("readonly payments: 'payments.charge' | 'ping';\n", source, StringComparison.Ordinal);
        Assert.Contains("baseUrl: 'https://payments.example',", source, StringComparison.Ordinal);
        Assert.Contains("failureThreshold: 3,", source, StringComparison.Ordinal);
        Assert.Contains("retryOn: [503],", source, StringComparison.Ordinal);
        Assert.Contains("new Set(['payments.charge'])", source, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("express")]
    [InlineData("fastify")]
    [InlineData("hono")]
    [InlineData("koa")]
    [InlineData("nest")]
    [InlineData("fetch")]
    public void Ingress_is_for_the_framework_of_the_limiter(string framework)
    {
        var before = framework is "express" ? [] : (string[])["express"];
        Snapshot.VerifySource("ingress", framework, IngressOf(framework), before.Select(each => (each, IngressOf(each))));
    }

    private static string IngressOf(string framework) =>
        Emit("{" + Four + ",\"rateLimiting\":{\"framework\":\"" + framework + "\"},\"stack\":{\"ingress\":true}}")
            .Files.Single(file => file.Path == "ingress.ts").Content;

    [Fact]
    public void Ingress_without_limiter_and_timeouts_has_neither()
    {
        var source = Emit("""{"circuitBreaker":{},"retryPolicy":{},"stack":{"ingress":true}}""").Files.Single(file => file.Path == "ingress.ts").Content;
        Assert.DoesNotContain("Deadline", source, StringComparison.Ordinal);
        Assert.DoesNotContain("limitRequests", source, StringComparison.Ordinal);
        Assert.Contains("app.use(answerErrors)", source, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fastify")]
    [InlineData("fetch")]
    public void Ingress_without_limiter_is_for_the_framework_of_the_stack(string framework)
    {
        var source = Emit("{" + Four + ",\"stack\":{\"ingress\":true,\"framework\":\"" + framework + "\"}}")
            .Files.Single(file => file.Path == "ingress.ts").Content;
        Assert.Contains("{\"framework\":\"" + framework + "\"}", source, StringComparison.Ordinal);
        Assert.DoesNotContain("limitRequests", source, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_a_framework_other_than_that_of_the_limiter()
    {
        const string Manifested = "{" + Four + ",\"rateLimiting\":{},\"stack\":{\"framework\":\"koa\"}}";
        Assert.False(Manifest.TryEmit(JsonElement.Parse(Manifested), Snapshot.Version, out _, out var faults));
        Assert.Equal("stack.framework", Assert.Single(faults.Faults).Argument);
        Assert.Contains("ingress.ts", Emit(Manifested.Replace("{}", "{\"framework\":\"koa\"}", StringComparison.Ordinal)
            .Replace("koa\"}}", "koa\",\"ingress\":true}}", StringComparison.Ordinal)).Files.Select(file => file.Path));
    }

    [Fact]
    public void Ingress_is_emitted_only_when_asked_for() =>
        Assert.DoesNotContain(Emit("{" + Four + ",\"rateLimiting\":{}}").Files, file => file.Path == "ingress.ts");

    [Theory]
    [InlineData("undici")]
    [InlineData("axios")]
    [InlineData("ky")]
    [InlineData("nest")]
    public void Client_has_an_adapter_beside_the_upstreams(string client)
    {
        var emission = Emit("{" + Four + ",\"upstreams\":{},\"stack\":{\"client\":\"" + client + "\"},\"importExtension\":\"js\"}");
        var source = emission.Files.Single(file => file.Path == $"upstreams-{client}.ts").Content;
        Assert.Contains(" from './upstreams.js';", source, StringComparison.Ordinal);
        Snapshot.VerifyText("upstreams", client, "ts", source);
    }

    [Theory]
    [InlineData("""{"payments.charge":2000}""", true)]
    [InlineData("""[{"name":"payments.charge","timeoutMs":2000,"retry":false}]""", false)]
    [InlineData("""[{"name":"payments.charge","timeoutMs":2000,"retry":true}]""", false)]
    [InlineData("""{"payments.list":2000}""", false)]
    public void Warns_of_a_retry_of_what_changes_something(string operations, bool warned)
    {
        var emission = Emit($$"""
            {"circuitBreaker":{"failureThreshold":20},"retryPolicy":{},"timeoutConfig":{"operations":{{operations}} },"bulkhead":{"partitions":{"payments":20} } }
            """);
        Assert.Equal(warned, emission.Warnings.Any(warning => warning.Contains("set \"retry\": false", StringComparison.Ordinal)));
    }

    [Fact]
    public void Warns_of_retries_that_multiply()
    {
        var emission = Emit("{" + Four + ""","stack":{"alsoRetries":["openai","istio"]}}""");
        Assert.Contains(
            "Stack: 3 attempts x 3 of openai x 3 of istio = 27 requests for one call of an ailing service, and the retry budget sees only its own; "
            + "set maxRetries: 0 on the client, set retries.attempts: 0 in the VirtualService.",
            emission.Warnings);
    }

    [Theory]
    [MemberData(nameof(OthersThatRetry))]
    public void What_else_retries_is_in_the_guide_with_its_attempts_and_source(AlsoRetries other)
    {
        var name = JsonNamingPolicy.KebabCaseLower.ConvertName(other.ToString());
        var readme = typeof(ManifestTests).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Readme").Value!;
        var row = System.IO.File.ReadLines(Path.Combine(Path.GetDirectoryName(readme)!, "docs", "STACK.md"))
            .Single(line => line.StartsWith('|') && line.Split('|')[1].Contains($"`{name}`", StringComparison.Ordinal)
                && line.Split('|').Length == 5);

        Assert.Equal($"{other.DefaultAttempts()}", row.Split('|')[2].Trim());
        Assert.Contains(
            Emit("{" + Four + ",\"stack\":{\"alsoRetries\":[\"" + name + "\"]}}").Warnings,
            warning => warning.Contains($"{other.DefaultAttempts()} of {name} = {3 * other.DefaultAttempts()} requests", StringComparison.Ordinal)
                && warning.EndsWith($"; {other.WayOut()}.", StringComparison.Ordinal));
    }

    public static TheoryData<AlsoRetries> OthersThatRetry => [.. Enum.GetValues<AlsoRetries>()];

    [Fact]
    public void Layers_that_fit_give_figures_and_no_warning()
    {
        var emission = Emit("{" + Four + "}");
        Assert.Empty(emission.Warnings);
        Assert.Contains("Stack: 3 attempts of orders.get (2 s each) and waits of up to 600 ms take 6.6 s at worst.", emission.Notes);
        Assert.Contains("Stack: the circuit opens after 10 failed attempts, which 4 calls can make.", emission.Notes);
    }

    [Theory]
    [InlineData("""{"retryPolicy":{"maxRetries":4,"totalTimeoutMs":5000},"timeoutConfig":{"operations":{"a":2000}}}""",
        "Stack: 5 attempts x 2 s (a) + 3 s of waits = 13 s, but totalTimeoutMs ends the call after 5 s; the last attempts will not finish.")]
    [InlineData("""{"retryPolicy":{"maxRetries":4},"timeoutConfig":{"operations":{"a":20000}}}""",
        "Stack: without totalTimeoutMs a call of a may take 5 x 20 s + 3 s = 1.7 min.")]
    [InlineData("""{"timeoutConfig":{"operations":{"a":800}},"bulkhead":{"partitions":{"b":5}}}""",
        "Stack: a has 800 ms, but may wait up to 1 s for a slot; use a bulkhead maxWaitMs below 800.")]
    [InlineData("""{"retryPolicy":{"withRetryBudget":false}}""",
        "Stack: total amplification is 5 calls per request; withRetryBudget brings it to about 1.1.")]
    [InlineData("""{"circuitBreaker":{"probeTimeoutMs":1000},"timeoutConfig":{"operations":{"a":2000}}}""",
        "Stack: the breaker ends a probe after 1 s, before the 2 s of a are over; use a probeTimeoutMs of 2000 or more.")]
    [InlineData("""{"rateLimiting":{"requestsPerWindow":6000},"timeoutConfig":{"operations":{"a":2000}},"bulkhead":{"partitions":{"b":20}}}""",
        "Stack: the rate limiter admits 100 requests/s of one client, but 20 slots carry only 10/s when a takes its 2 s.")]
    [InlineData("""{"rateLimiting":{"burstCapacity":50},"bulkhead":{"partitions":{"b":20},"maxQueue":10}}""",
        "Stack: a burst of 50 requests of one client exceeds the 30 slots and seats of all partitions.")]
    public void Warns_of_layers_that_do_not_fit(string manifest, string warning) => Assert.Contains(warning, Emit(manifest).Warnings);

    [Fact]
    public void Counts_operations_that_belong_to_no_upstream()
    {
        var emission = Emit("""
            {"circuitBreaker":{},"retryPolicy":{"maxRetries":2},"timeoutConfig":{"operations":{"ping":20000}},"bulkhead":{"partitions":{"a":20,"b":20}}}
            """);
        Assert.Contains("Stack: 3 attempts of ping (20 s each) and waits of up to 600 ms take 1 min at worst.", emission.Notes);
        Assert.Contains("Stack: the circuit opens after 5 failed attempts, which 2 calls can make.", emission.Notes);
    }

    [Theory]
    [InlineData("attempt", "Stack: a single call can make 5 attempts and so open the circuit for all, at 5 failures; use a higher threshold or fewer retries.")]
    [InlineData("call", "Stack: the circuit opens only after 5 x 5 = 25 failed attempts; use failureUnit attempt or a lower threshold.")]
    public void Warns_of_a_threshold_that_does_not_go_with_the_retries(string unit, string warning)
    {
        var manifest = $$"""
            {"circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"a":2000} },"bulkhead":{"partitions":{"b":20} },
             "stack":{"failureUnit":"{{unit}}"} }
            """;
        Assert.Contains(warning, Emit(manifest).Warnings);
    }

    [Fact]
    public void Says_once_what_holds_for_many_upstreams()
    {
        static string Of(int services, string own) => $$"""
            {"circuitBreaker":{"failureThreshold":9},"retryPolicy":{"maxRetries":2},"timeoutConfig":{"operations":{"s1.get":2000} },
             "bulkhead":{"partitions":{ {{string.Join(',', Enumerable.Range(1, services).Select(n => $"\"s{n}\":3"))}} },"maxWaitMs":100},
             "upstreams":{ {{own}} } }
            """;
        const string Held = " whose work ignores its signal can hold all 3 slots with its 3 attempts; pass the signal on, or use more slots or fewer retries.";
        string[] HeldBy(string manifest) => [.. Emit(manifest).Warnings.Where(warning => warning.EndsWith(Held, StringComparison.Ordinal))];
        Assert.Equal(["Stack: one call of s1 or s2" + Held], HeldBy(Of(2, "")));
        Assert.Equal(["Stack: one call of s1, s2, s3 or 197 more" + Held], HeldBy(Of(200, "")));

        var notes = Emit(Of(200, """ "s7":{"circuitBreaker":{"failureThreshold":3} } """)).Notes;
        Assert.Equal(
            [
                "Stack: the circuit of each of s1, s2, s3 and 196 more opens after 9 failed attempts, which 3 calls can make.",
                "Stack: the circuit of s7 opens after 3 failed attempts, which 1 call can make.",
            ],
            notes.Where(note => note.Contains("opens after", StringComparison.Ordinal)));
    }

    [Fact]
    public void Operations_that_are_not_repeated_are_attempted_once()
    {
        const string Layers = """
            "circuitBreaker":{"failureThreshold":4},"retryPolicy":{"maxRetries":4,"baseDelayMs":100},"bulkhead":{"partitions":{"shop":9,"bank":3},"maxWaitMs":100},
            """;
        var emission = Emit("{" + Layers + """
            "timeoutConfig":{"operations":[{"name":"shop.get","timeoutMs":200},{"name":"bank.pay","timeoutMs":4000,"retry":false}],"totalTimeoutMs":5000},
            "upstreams":{"shop":{"retryPolicy":{"maxRetries":1} } },"stack":{"alsoRetries":["openai"]} }
            """);
        Assert.Contains("Stack: one attempt of bank.pay takes 4 s at worst; no operation takes longer.", emission.Notes);
        Assert.Contains("Stack: the circuit of shop opens after 4 failed attempts, which 2 calls can make.", emission.Notes);
        Assert.Contains("Stack: the circuit of bank opens after 4 failed attempts, which 4 calls can make.", emission.Notes);
        Assert.StartsWith("Stack: 2 attempts x 3 of openai = 6 requests", Assert.Single(emission.Warnings), StringComparison.Ordinal);

        var once = Emit("{" + Layers + """
            "timeoutConfig":{"operations":[{"name":"shop.get","timeoutMs":2000,"retry":false},{"name":"bank.pay","timeoutMs":4000,"retry":false}],"totalTimeoutMs":5000},
            "upstreams":{},"stack":{"alsoRetries":["openai"]} }
            """);
        Assert.Empty(once.Warnings);
        Assert.DoesNotContain(once.Notes, note => note.Contains("calls per request", StringComparison.Ordinal));
    }

    private static Emission Emit(string manifest)
    {
        if (!Manifest.TryEmit(JsonElement.Parse(manifest), Snapshot.Version, out var emission, out var faults))
        {
            Assert.Fail(faults.Message);
        }

        return emission;
    }
}
