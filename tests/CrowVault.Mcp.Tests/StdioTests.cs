using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Mcp.Tests;

/// <summary>The stdio door, driven as a process: what goes in on standard input and what comes out on standard output.</summary>
public sealed class StdioTests
{
    private const string Initialize =
        """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}""";

    private const string Initialized = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";

    [Fact]
    public void A_thousand_requests_followed_by_the_end_of_input_get_a_thousand_replies()
    {
        var replies = Talk(Enumerable.Range(1, 1000).Select(id => Call(id, "generate_circuit_breaker", "{}")));

        Assert.Equal(Enumerable.Range(1, 1000), replies.Keys.Order());
        Assert.All(replies.Values, reply => Assert.StartsWith("/*", reply["result"]!["content"]![1]!["text"]!.GetValue<string>()));
    }

    [Fact]
    public void Answers_what_was_asked_before_SIGTERM_and_exits_with_0()
    {
        using var server = ServerProcess.Start();
        var input = server.Process.StandardInput;
        input.Write(string.Concat(Enumerable.Range(1, 200)
            .Select(id => Call(id, "generate_circuit_breaker", "{}") + "\n").Prepend(Initialized + "\n").Prepend(Initialize + "\n")));
        input.Flush();
        var first = server.Process.StandardOutput.ReadLine();
        using (var kill = Process.Start("kill", ["-TERM", $"{server.Process.Id}"]))
        {
            kill.WaitForExit();
        }

        var output = server.Process.StandardOutput.ReadToEnd();
        Assert.True(server.Process.WaitForExit(TimeSpan.FromSeconds(30)));

        Assert.Equal(0, server.Process.ExitCode);
        Assert.Equal(Enumerable.Range(0, 201), Replies($"{first}\n{output}").Select(reply => reply["id"]!.GetValue<int>()).Order());
    }

    [Theory]
    [InlineData("2024-11-05")]
    [InlineData("2025-03-26")]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    public void Speaks_the_protocol_versions_that_begin_with_a_handshake(string version)
    {
        var replies = Replies(ServerProcess.Run(Initialize.Replace("2025-06-18", version, StringComparison.Ordinal) + "\n").Output);

        var result = Assert.Single(replies)["result"]!;
        Assert.Equal(version, result["protocolVersion"]!.GetValue<string>());
        Assert.Equal("api-mcp", result["serverInfo"]!["name"]!.GetValue<string>());
        Assert.Contains("rate limiter", result["instructions"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public void Speaks_the_protocol_version_without_a_handshake()
    {
        const string meta = """
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}
            """;
        var (_, output, _) = ServerProcess.Run(
            $$$"""
            {"jsonrpc":"2.0","id":1,"method":"server/discover","params":{{{{meta}}}}}
            {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"generate_circuit_breaker","arguments":{},{{{meta}}}}}

            """);

        var replies = Replies(output).ToDictionary(reply => reply["id"]!.GetValue<int>());
        Assert.Contains("2026-07-28", replies[1]["result"]!["supportedVersions"]!.AsArray().Select(version => version!.GetValue<string>()));
        var result = replies[2]["result"]!;
        Assert.StartsWith("circuit-breaker.ts, ", result["content"]![0]!["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("complete", result["resultType"]!.GetValue<string>());
        Assert.Equal("api-mcp", result["_meta"]!["io.modelcontextprotocol/serverInfo"]!["name"]!.GetValue<string>());
    }

    [Fact]
    public void A_result_says_what_is_to_be_known_and_then_holds_each_file_as_it_is()
    {
        var result = Talk([Call(1, "generate_circuit_breaker", """{"failureThreshold":3,"withTests":true,"testRunner":"jest","importExtension":"js"}""")])[1]["result"]!;

        Assert.Equal(["content"], result.AsObject().Select(member => member.Key));
        var texts = result["content"]!.AsArray().Select(block => block!["text"]!.GetValue<string>()).ToList();
        Assert.Equal(3, texts.Count);
        Assert.StartsWith(
            """
            circuit-breaker.ts and circuit-breaker.test.ts, one block each below. To write the same bytes, run:
            npx -y @crowvault/mcp generate circuit-breaker --failure-threshold 3 --with-tests --test-runner jest --import-extension js -o src/resilience/
            Arguments: {"runtime":"node","failureThreshold":3,
            """.ReplaceLineEndings("\n").TrimEnd('\n'),
            texts[0],
            StringComparison.Ordinal);
        Assert.Contains("\nUsage:\nimport { CircuitBreaker } from './circuit-breaker.js';\n", texts[0], StringComparison.Ordinal);
        Assert.Contains("\nNote: ", texts[0], StringComparison.Ordinal);
        Assert.StartsWith("/*\n * Circuit breaker. ", texts[1], StringComparison.Ordinal);
        Assert.StartsWith("/*\n * Tests of circuit-breaker.ts. ", texts[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Structured_answers_hold_the_same_as_the_blocks()
    {
        var replies = Replies(ServerProcess.Run(
            $$"""
            {{Initialize}}
            {{Initialized}}
            {{Call(1, "generate_circuit_breaker", """{"withTests":true}""")}}
            {{Call(2, "generate_circuit_breaker", """{"withCode":false}""")}}
            {"jsonrpc":"2.0","id":3,"method":"tools/list"}

            """,
            "--answers",
            "structured").Output).ToDictionary(reply => reply["id"]!.GetValue<int>());

        var structured = replies[1]["result"]!["structuredContent"]!;
        Assert.Equal(["files", "usage", "notes", "warnings", "command"], structured.AsObject().Select(member => member.Key));
        Assert.Equal(
            replies[1]["result"]!["content"]!.AsArray().Skip(1).Select(block => block!["text"]!.GetValue<string>()),
            structured["files"]!.AsArray().Select(file => file!["content"]!.GetValue<string>()));
        Assert.Equal(["source", "test"], structured["files"]!.AsArray().Select(file => file!["role"]!.GetValue<string>()));
        var bare = replies[2]["result"]!["structuredContent"]!["files"]![0]!.AsObject();
        Assert.Equal(["path", "role", "language"], bare.Select(member => member.Key));
        Assert.All(replies[3]["result"]!["tools"]!.AsArray(), tool =>
            Assert.Equal("array", tool!["outputSchema"]!["properties"]!["files"]!["type"]!.GetValue<string>()));
    }

    [Fact]
    public void An_answer_without_code_is_one_block()
    {
        var texts = Talk([Call(1, "generate_bulkhead", """{"partitions":{"orders":5},"withCode":false}""")])[1]["result"]!["content"]!.AsArray();

        var text = Assert.Single(texts)!["text"]!.GetValue<string>();
        Assert.StartsWith(
            "bulkhead.ts; without the code. To write it, run:\nnpx -y @crowvault/mcp generate bulkhead --partitions orders=5 -o src/resilience/\n",
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Offers_only_the_tools_that_were_named()
    {
        var replies = Replies(ServerProcess.Run(
            $$"""
            {{Initialize}}
            {{Initialized}}
            {"jsonrpc":"2.0","id":1,"method":"tools/list"}
            {{Call(2, "generate_bulkhead", "{}")}}
            {"jsonrpc":"2.0","id":3,"method":"prompts/list"}
            {{Call(4, "generate_retry_policy", """{"maxRetries":"3","maxQueue":null}""")}}
            {{Call(5, "generate_retry_policy", """{"maxRetries":"3","failureThreshold":null}""")}}

            """,
            "--tools",
            "retry-policy,generate_circuit_breaker").Output).ToDictionary(reply => reply["id"]!.GetValue<int>());

        Assert.Equal(
            ["generate_circuit_breaker", "generate_retry_policy"],
            replies[1]["result"]!["tools"]!.AsArray().Select(tool => tool!["name"]!.GetValue<string>()));
        Assert.Equal(
            "generate_bulkhead is not offered here; the tools are generate_circuit_breaker, generate_retry_policy.",
            replies[2]["error"]!["message"]!.GetValue<string>());

        Assert.Equal(
            """
            maxRetries: "3" is not an integer; use 0 to 100.
            maxQueue: unknown argument; generate_bulkhead takes it. Not offered here: generate_bulkhead.
            Corrected call: generate_retry_policy {"maxRetries":3}
            """.ReplaceLineEndings("\n"),
            replies[4]["result"]!["content"]![0]!["text"]!.GetValue<string>());
        Assert.DoesNotContain("not offered", replies[5]["result"]!.ToJsonString(), StringComparison.Ordinal);

        // The other prompt has all five called.
        Assert.Equal(["choose_pattern"], replies[3]["result"]!["prompts"]!.AsArray().Select(prompt => prompt!["name"]!.GetValue<string>()));
    }

    [Fact]
    public void Refuses_to_offer_a_tool_that_does_not_exist()
    {
        var (code, _, error) = ServerProcess.Run("", "--tools", "bulkheads");

        Assert.Equal(2, code);
        Assert.Equal("--tools: Unknown tool \"bulkheads\"; did you mean generate_bulkhead?\n", error);
    }

    [Fact]
    public void Asks_the_user_for_what_only_the_user_knows()
    {
        using var server = ServerProcess.Start();
        var (input, output) = (server.Process.StandardInput, server.Process.StandardOutput);
        input.WriteLine(Initialize.Replace("\"capabilities\":{}", "\"capabilities\":{\"elicitation\":{}}", StringComparison.Ordinal));
        output.ReadLine();
        input.WriteLine(Initialized);
        input.WriteLine(Call(1, "generate_timeout_config", """{"defaultTimeoutMs":700}"""));
        input.Flush();
        var question = JsonNode.Parse(output.ReadLine()!)!;
        Assert.Equal("elicitation/create", question["method"]!.GetValue<string>());
        Assert.Equal("Which operations? Give each with its timeoutMs, such as orders.get=2000.", question["params"]!["message"]!.GetValue<string>());
        input.WriteLine(
            $$$"""{"jsonrpc":"2.0","id":{{{question["id"]!.ToJsonString()}}},"result":{"action":"accept","content":{"operations":"orders.get=2 s, pay=500"} } }""");
        input.Close();

        var answer = JsonNode.Parse(output.ReadLine()!)!["result"]!["content"]![0]!["text"]!.GetValue<string>();
        Assert.Contains("""Arguments: {"operations":{"orders.get":2000,"pay":500},"runtime":"node","defaultTimeoutMs":700,""", answer, StringComparison.Ordinal);
        Assert.True(server.Process.WaitForExit(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Answers_a_call_that_waits_for_a_client_that_has_left()
    {
        using var server = ServerProcess.Start();
        var (input, output) = (server.Process.StandardInput, server.Process.StandardOutput);
        input.WriteLine(Initialize.Replace("\"capabilities\":{}", "\"capabilities\":{\"elicitation\":{}}", StringComparison.Ordinal));
        output.ReadLine();
        input.WriteLine(Initialized);
        input.WriteLine(Call(1, "generate_timeout_config", "{}"));
        input.WriteLine(Call(2, "generate_bulkhead", "{}"));
        input.Close();

        var replies = Replies(output.ReadToEnd()).Where(message => message["result"] is not null).ToList();
        Assert.Equal([1, 2], replies.Select(reply => reply["id"]!.GetValue<int>()).Order());
        Assert.All(replies, reply => Assert.Contains("required but missing", reply["result"]!["content"]![0]!["text"]!.GetValue<string>(), StringComparison.Ordinal));
        Assert.True(server.Process.WaitForExit(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Wrong_arguments_get_an_error_result_that_a_model_can_correct()
    {
        var result = Talk([Call(1, "generate_circuit_breaker", """{"failureThreshold":0,"withMetric":true}""")])[1]["result"]!;

        Assert.Equal(["content", "isError"], result.AsObject().Select(member => member.Key));
        Assert.True(result["isError"]!.GetValue<bool>());
        Assert.Equal(
            """
            failureThreshold: 0 is out of range; use 1 to 10000.
            withMetric: unknown argument; did you mean withMetrics?
            Corrected call: generate_circuit_breaker {"failureThreshold":1,"withMetrics":true}
            """.ReplaceLineEndings("\n"),
            result["content"]![0]!["text"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("\"{\\\"failureThreshold\\\":3}\"", "a string", "generate_circuit_breaker {\"failureThreshold\":3}")]
    [InlineData("""[{"failureThreshold":3}]""", "a list", "generate_circuit_breaker {\"failureThreshold\":3}")]
    [InlineData("3", "a number", "generate_circuit_breaker {}")]
    public void Arguments_that_are_no_object_are_refused_where_the_model_sees_it(string arguments, string kind, string corrected)
    {
        var replies = Replies(ServerProcess.Run($"{Initialize}\n{Initialized}\n{Call(2, "generate_circuit_breaker", arguments)}\n").Output);

        var result = Assert.Single(replies, reply => reply["id"]?.ToJsonString() == "2")["result"]!;
        Assert.True(result["isError"]!.GetValue<bool>());
        Assert.Equal(
            $"arguments: {kind} is not an object; send a JSON object such as {{}}.\nCorrected call: {corrected}",
            result["content"]![0]!["text"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"generate_circuit_braker"}}""", -32602, "did you mean generate_circuit_breaker?")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}""", -32602, "name: missing")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call"}""", -32602, "params: missing")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/calls","params":{}}""", -32601, "tools/calls")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""", -32600, "jsonrpc must be \"2.0\"")]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"ping"}""", -32600, "id must be a string or an integer")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""", -32600, "id must be a string or an integer")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":7}""", -32600, "method must be a string")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,", -32700, "not one JSON value")]
    [InlineData("{} {}", -32700, "not one JSON value")]
    [InlineData("hello", -32700, "not one JSON value")]
    [InlineData("\"hello\"", -32600, "one JSON-RPC object")]
    [InlineData("[]", -32600, "the batch is empty")]
    [InlineData("""{"jsonrpc":"2.0"}""", -32600, "not a JSON-RPC request")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", -32600, "not a JSON-RPC request")]
    public void A_malformed_message_gets_a_clear_error_and_the_server_goes_on(string message, int code, string text)
    {
        var replies = Replies(ServerProcess.Run($"{Initialize}\n{Initialized}\n{message}\n{Call(2, "generate_circuit_breaker", "{}")}\n").Output);

        var error = Assert.Single(replies, reply => reply["error"] is not null)["error"]!;
        Assert.Equal(code, error["code"]!.GetValue<int>());
        Assert.Contains(text, error["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(replies, reply => reply["id"]?.ToJsonString() == "2" && reply["result"] is not null);
    }

    [Theory]
    [InlineData(4 * 1024 * 1024 + 1, true)]
    [InlineData(5_000_000, true)]
    [InlineData(1_000_000, false)]
    public void A_line_has_at_most_4_MiB(int length, bool refused)
    {
        var message = """{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"x":""}}}""";
        message = message.Insert(message.IndexOf("\"\"", StringComparison.Ordinal) + 1, new string('x', length - message.Length));
        var replies = Replies(ServerProcess.Run($"{Initialize}\n{Initialized}\n{message}\n{Call(2, "generate_circuit_breaker", "{}")}\n").Output);

        Assert.Equal(3, replies.Count);
        Assert.Equal(refused ? 1 : 0, replies.Count(reply => reply["error"]?["code"]?.GetValue<int>() == -32600));
        Assert.Contains(replies, reply => reply["id"]?.ToJsonString() == "2" && reply["result"] is not null);
    }

    [Fact]
    public void Invalid_UTF8_gets_a_clear_error_and_the_server_goes_on()
    {
        using var server = ServerProcess.Start();
        var input = server.Process.StandardInput.BaseStream;
        input.Write(Encoding.UTF8.GetBytes($"{Initialize}\n{Initialized}\n"));
        input.Write([.. "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\":\""u8, 0xC3, 0x28, 0xFF, .. "\"}\n"u8]);
        input.Write(Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":2,"method":"ping"}""" + "\n"));
        input.Close();

        var replies = Replies(server.Process.StandardOutput.ReadToEnd());

        Assert.Equal(-32700, Assert.Single(replies, reply => reply["error"] is not null)["error"]!["code"]!.GetValue<int>());
        Assert.Contains(replies, reply => reply["id"]?.ToJsonString() == "2" && reply["result"] is not null);
    }

    [Fact]
    public void A_last_line_without_a_line_feed_is_answered() =>
        Assert.Single(Replies(ServerProcess.Run(Initialize).Output));

    [Fact]
    public void A_batch_is_answered_message_by_message()
    {
        var replies = Replies(ServerProcess.Run(
            Initialize + "\n" + """[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]""" + "\n").Output);

        Assert.Equal([0, 1, 2], replies.Select(reply => reply["id"]!.GetValue<int>()).Order());
    }

    [Fact]
    public void A_client_that_goes_away_ends_the_server()
    {
        using var server = ServerProcess.Start();
        server.Process.StandardOutput.Close();
        server.Process.StandardInput.Write(string.Concat(Enumerable.Range(1, 300)
            .Select(id => Call(id, "generate_circuit_breaker", "{}") + "\n").Prepend(Initialize + "\n")));
        server.Process.StandardInput.Close();

        Assert.True(server.Process.WaitForExit(TimeSpan.FromSeconds(20)));
    }

    private static string Call(int id, string tool, string arguments) =>
        $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":"{{{tool}}}","arguments":{{{arguments}}}}}""";

    private static Dictionary<int, JsonNode> Talk(IEnumerable<string> messages)
    {
        var (exitCode, output, errors) = ServerProcess.Run(string.Concat(messages.Prepend(Initialized).Prepend(Initialize).Select(line => line + "\n")));
        Assert.Equal((0, ""), (exitCode, errors));
        var replies = Replies(output).ToDictionary(reply => reply["id"]!.GetValue<int>());
        Assert.True(replies.Remove(0), "initialize was not answered");
        return replies;
    }

    // Each line must be one JSON-RPC message, or parsing throws: nothing else is written to standard output.
    private static List<JsonNode> Replies(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            var message = JsonNode.Parse(line)!;
            Assert.Equal("2.0", message["jsonrpc"]!.GetValue<string>());
            return message;
        })];
}
