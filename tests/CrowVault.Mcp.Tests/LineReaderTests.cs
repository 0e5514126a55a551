using System.Text;
using System.Text.Json;
using CrowVault.Mcp.JsonRpc;
using CrowVault.Mcp.Stdio;
using ModelContextProtocol.Protocol;
using Xunit;

namespace CrowVault.Mcp.Tests;

public sealed class LineReaderTests
{
    private const string Lone = "\\ud800";

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":"ping"}""", -32700, null)]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","result":{}}""", -32700, null)]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"\udfff"}""", -32700, "7")]
    [InlineData("""{"jsonrpc":"\ud800","id":7,"method":"ping"}""", -32700, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":"seven","method":"ping","\ud800":1}""", -32700, "\"seven\"")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":{"\ud800":1}}}""", -32700, "7")]
    [InlineData("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"requestId":2}}""", -32700, null)]
    [InlineData("""{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}""", -32700, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"ping","p\u0061rams":{},"params":{}}""", -32700, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":18446744073709551616,"method":"ping"}""", -32600, "18446744073709551616")]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"ping"}""", -32600, "1.5")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"ping"}""", -32600, null)]
    [InlineData("""{"jsonrpc":"2.0","id":7,"error":null}""", -32600, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"tools/list","params":[]}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"cursor":"x"}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"cursor":5}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"prompts/get","params":{"name":"nothing"}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"api-mcp://nothing"}}""", -32002, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"logging/setLevel","params":{"level":"loud"}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":7,"capabilities":{},"clientInfo":{"name":"a","version":"1"}}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a","title":5},"argument":{"name":"a","value":"b"}}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"type":"ref/other"},"argument":{"name":"a","value":"b"}}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":{"progressToken":{}}}}""", -32602, "7")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"no/such"}""", -32601, "7")]
    public void Refuses(string line, int code, string? id)
    {
        var (messages, errors) = Read(Encoding.UTF8.GetBytes(line));

        Assert.Empty(messages);
        var error = Assert.Single(errors);
        Assert.Equal(code, error.Code);
        Assert.Equal(id, error.Id is null ? null : Encoding.UTF8.GetString(error.Id));
    }

    [Theory]
    [InlineData("\uFEFF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1.0,"method":"ping"}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1e3,"method":"ping"}""", "1000")]
    [InlineData("""{"jsonrpc":"2.0","id":-9223372036854775808,"method":"ping"}""", "-9223372036854775808")]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud83d\ude00","method":"ping","params":null}""", "\U0001F600")]
    public void Passes_on(string line, string id) =>
        Assert.Equal(id, Assert.IsType<JsonRpcRequest>(Assert.Single(Read(Encoding.UTF8.GetBytes(line)).Messages)).Id.ToString());

    [Fact]
    public void Offers_the_newest_version_to_who_asks_for_an_unknown_one()
    {
        foreach (var version in new[] { "2024-10-07", "2026-07-28", "2099-01-01", "draft", "" })
        {
            var line = $$"""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"{{version}}","capabilities":{},"clientInfo":{"name":"a","version":"1"} } }""";
            var message = Assert.IsType<JsonRpcRequest>(Assert.Single(Read(Encoding.UTF8.GetBytes(line)).Messages));
            Assert.Equal("2025-11-25", message.Params!["protocolVersion"]!.GetValue<string>());
        }
    }

    [Fact]
    public void An_empty_cursor_is_none()
    {
        foreach (var cursor in new[] { "\"\"", "null" })
        {
            var message = Assert.Single(Read(Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":{{cursor}}} }""")).Messages);
            Assert.Null(((JsonRpcRequest)message).Params!["cursor"]);
        }
    }

    [Fact]
    public void An_answer_does_not_grow_with_what_it_refuses()
    {
        var large = new string('x', 1_000_000);
        string[] lines =
        [
            $$"""{"jsonrpc":"2.0","id":"{{large}}","method":"ping"}""",
            $$"""{"jsonrpc":"2.0","id":1,"method":"{{large}}"}""",
            $$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"{{large}}"} }""",
            $$"""{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"{{large}}"} }""",
            $$"""{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"{{large}}"} }""",
            $$"""{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"{{large}}"} }""",
        ];
        foreach (var line in lines)
        {
            Assert.InRange(Assert.Single(Read(Encoding.UTF8.GetBytes(line)).Errors).ToUtf8().Length, 1, 2_048);
        }
    }

    [Fact]
    public void Takes_every_line_that_a_generator_of_messages_and_its_mutations_make()
    {
        var random = new Random(19);
        var count = Environment.GetEnvironmentVariable("CROWVAULT_PROOF") == "full" ? 1_000_000 : 30_000;
        for (var i = 0; i < count; i++)
        {
            var line = Mutate(random, Encoding.UTF8.GetBytes(Message(random)));
            try
            {
                foreach (var message in Read(line).Messages)
                {
                    // What the SDK and the count of replies look at next.
                    _ = (message as JsonRpcRequest)?.Params?.ToJsonString();
                    new PendingRequests().Received(message);
                }
            }
            catch (Exception e)
            {
                Assert.Fail($"{e.GetType()} at line {i}: {Convert.ToHexString(line)}");
            }
        }
    }

    private static (List<JsonRpcMessage> Messages, List<RpcError> Errors) Read(byte[] line)
    {
        var (messages, errors) = (new List<JsonRpcMessage>(), new List<RpcError>());
        LineReader.Read(line, messages.Add, errors.Add);
        Assert.All(errors, error => JsonDocument.Parse(error.ToUtf8()).Dispose());
        return (messages, errors);
    }

    private static string Message(Random random)
    {
        var members = new List<string>();
        Add("jsonrpc", "\"2.0\"", 0.97);
        Add("id", Value(random, 1), 0.8);
        Add("method", random.NextDouble() < 0.9 ? $"\"{Pick(random, s_methods)}\"" : Value(random, 1), 0.9);
        Add("params", random.NextDouble() < 0.8 ? Object(random, 3) : Value(random, 2), 0.7);
        Add("result", Value(random, 2), 0.05);
        Add("error", Value(random, 2), 0.05);
        var message = $"{{{string.Join(',', members.OrderBy(_ => random.Next()))}}}";
        return random.Next(20) == 0 ? $"[{message},{Value(random, 2)},{message}]" : message;

        void Add(string name, string value, double share)
        {
            if (random.NextDouble() < share)
            {
                members.Add($"\"{name}\":{value}");
            }
        }
    }

    private static string Object(Random random, int depth) =>
        $"{{{string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => $"\"{Pick(random, s_names)}\":{Value(random, depth - 1)}"))}}}";

    private static string Value(Random random, int depth) => random.Next(depth > 0 ? 12 : 9) switch
    {
        0 => "null",
        1 => "true",
        2 or 3 => Pick(random, s_numbers),
        4 or 5 or 6 => $"\"{Pick(random, s_texts)}\"",
        7 => $"\"{Pick(random, s_methods)}\"",
        8 => "\"\"",
        9 => $"[{Value(random, depth - 1)},{Value(random, depth - 1)}]",
        _ => Object(random, depth),
    };

    private static byte[] Mutate(Random random, byte[] line)
    {
        var bytes = line.ToList();
        for (var n = random.Next(3); n > 0 && bytes.Count > 1; n--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(random, s_pieces)));
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(8)));
                    break;
                default:
                    bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(12)).ToArray());
                    break;
            }
        }

        return [.. bytes];
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    private static readonly string[] s_methods =
    [
        "ping", "initialize", "tools/list", "tools/call", "prompts/get", "prompts/list", "resources/read", "resources/list", "resources/subscribe", "logging/setLevel",
        "completion/complete", "server/discover", "subscriptions/listen", "notifications/cancelled", "notifications/progress", "notifications/initialized", "x", Lone,
    ];

    private static readonly string[] s_names =
    [
        "name", "Name", "arguments", "cursor", "uri", "level", "protocolVersion", "capabilities", "clientInfo", "version", "_meta", "progressToken", "requestId", "ref", "type",
        "argument", "value", "context", "", Lone, "n\\u0061me", "__proto__", "io.modelcontextprotocol/protocolVersion",
    ];

    private static readonly string[] s_numbers = ["0", "1", "-1", "1.0", "1.5", "1e3", "1e400", "-0", "9223372036854775807", "18446744073709551615", "123456789012345678901234567890", "1E-400"];

    private static readonly string[] s_texts =
    [
        "2025-06-18", "2026-07-28", "generate_circuit_breaker", "defence_in_depth", "api-mcp://stack/resilience-stack.ts", "info", "ref/prompt", "ref/resource", "services", Lone, "\\udc00\\ud800",
        "\\ud83d\\ude00", "\\u0000", "\\n\\u001b[31m", "x", "2.0",
    ];

    private static readonly string[] s_pieces = ["\"", "{", "}", "[", "]", ",", ":", "\\", "\\u", Lone, "\uFEFF", "null", "1e", "-", "\u0000", "\u2028", "\r", " "];
}
