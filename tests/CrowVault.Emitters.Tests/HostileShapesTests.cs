using System.Text;
using System.Text.Json;
using CrowVault.Emitters.Stack;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>Values of every shape under every name that a call or a manifest may have, as nobody would write them: refused or taken, never a failure from within.</summary>
public sealed class HostileShapesTests
{
    private const int MostAnswered = 65_536;

    private static readonly bool s_isQuick = Environment.GetEnvironmentVariable("CROWVAULT_PROOF") == "quick";

    private static readonly string[] s_scalars =
    [
        "null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e3", "1e-9", "1e400", "2147483648", "9223372036854775808", "\"\"", "\" \"", "\"x\"", "\"2s\"", "\"-1\"", "\"none\"",
        "\"{}\"", "\"[]\"", "\"[{}]\"", "\"{\\\"a\\\":1}\"", "\"a=1,b\"", "\"a:1;a:1\"", "\"100/min\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"__proto__\"", "\"node\"", "\"python\"", "\"429,503\"",
    ];

    private static readonly string[] s_names =
    [
        "0", "1", "2", "", "a", "b", "a.b", "name", "value", "values", "items", "list", "key", "id", "type", "enabled", "ms", "seconds", "timeoutMs", "maxConcurrent", "retry", "requests", "limit", "ttl",
        "__proto__", "constructor", "\\u0000", "arguments", "input", "orders.get", "rate", "window", "per", "rps", "dailyLimit", "requestsPerUser", "useRedis", "noJitter", "429", "default", "min", "max",
    ];

    [Fact]
    public void Each_argument_takes_or_refuses_each_shape()
    {
        string[] inner = ["{}", "[]", "0", "1", "\"x\"", "null", "true", "[[]]", "{\"a\":1}", "{\"a\":{}}", "[{}]", "{\"0\":{}}"];
        string[] shapes =
        [
            .. s_scalars,
            .. inner,
            .. inner.Select(value => $"[{value},{value}]"),
            .. s_names.SelectMany(name => inner.Take(3).Select(value => $"{{\"{name}\":{value}}}")),
            .. inner.Select(value => $"{{\"0\":{value},\"1\":{value},\"2\":{value}}}"),
            .. inner.Select(value => $"[{{\"name\":{value}}},{{\"name\":\"a\",\"timeoutMs\":{value},\"maxConcurrent\":{value}}}]"),
        ];
        foreach (var emitter in Catalog.All)
        {
            foreach (var name in emitter.Arguments.All.Select(argument => argument.Name).Append("withCode").Concat(s_names))
            {
                // A quick run takes every fifth, another one for each name.
                for (var index = s_isQuick ? name.Length % 5 : 0; index < shapes.Length; index += s_isQuick ? 5 : 1)
                {
                    var shape = shapes[index];
                    Try(emitter, $"{{\"{name}\":{shape}}}");
                }
            }
        }
    }

    [Fact]
    public void No_call_and_no_manifest_fails_from_within()
    {
        var random = new Random(1911);
        string[] arguments = [.. Catalog.All.SelectMany(emitter => emitter.Arguments.All).Select(argument => argument.Name).Distinct(), .. s_names];
        string[] sections =
        [
            .. Manifest.Schema.GetProperty("properties").EnumerateObject().Select(section => section.Name),
            .. Manifest.Schema.GetProperty("properties").EnumerateObject().SelectMany(section => section.Value.TryGetProperty("properties", out var members)
                ? members.EnumerateObject().Select(member => member.Name)
                : []),
            .. s_names,
        ];
        for (var index = 0; index < 8_000; index++)
        {
            Try(Catalog.All[random.Next(Catalog.All.Count)], Text(random, random.Next(20) == 0 ? 0 : 3, arguments));
        }

        for (var index = 0; index < 4_000; index++)
        {
            var text = Text(random, random.Next(20) == 0 ? 0 : 4, sections);
            try
            {
                if (!Manifest.TryEmit(JsonElement.Parse(text), "1.2.3", out _, out var faults))
                {
                    AssertAnswer(text, faults);
                }
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{text}: {exception}");
            }
        }
    }

    // What a call costs that is only checked, such as the correction of a refused one, is a share of what its code does.
    [Fact]
    public void To_check_a_call_emits_nothing()
    {
        foreach (var emitter in Catalog.All)
        {
            var call = JsonElement.Parse(emitter.Tool switch
            {
                "generate_timeout_config" => """{"operations":{"orders.get":2000}}""",
                "generate_bulkhead" => """{"partitions":{"orders":20}}""",
                _ => "{}",
            });
            Assert.True(emitter.TryEmit(call, "1.2.3", out _, out _));
            Assert.Null(emitter.Check(call));
            Assert.NotNull(emitter.Check(JsonElement.Parse("""{"x":0}""")));
            var before = GC.GetAllocatedBytesForCurrentThread();
            emitter.Check(call);
            var check = GC.GetAllocatedBytesForCurrentThread() - before;
            emitter.TryEmit(call, "1.2.3", out _, out _);
            var emit = GC.GetAllocatedBytesForCurrentThread() - before - check;
            Assert.True(4 * check < emit, $"{emitter.Tool}: {check} bytes to check, {emit} to emit");
        }
    }

    private static void Try(Emitter emitter, string text)
    {
        try
        {
            if (emitter.TryEmit(JsonElement.Parse(text), "1.2.3", out _, out var faults))
            {
                return;
            }

            AssertAnswer(text, faults);
            if (faults.CorrectedArguments is { } corrected)
            {
                Assert.True(emitter.TryEmit(JsonElement.Parse(corrected), "1.2.3", out _, out var still), $"{text} -> {corrected}: {still?.Message}");
                Assert.NotNull(faults.CorrectedOptions);
            }
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
        {
            Assert.Fail($"{emitter.Tool} {text}: {exception}");
        }
    }

    private static void AssertAnswer(string text, ArgumentFaults faults)
    {
        Assert.InRange(faults.Message.Length, 1, MostAnswered);
        Assert.True(faults.Message.All(c => c is >= '\n' and <= '~'), $"{text}: {faults.Message}");
    }

    // One JSON value, whose members have names that something is known by.
    private static string Text(Random random, int depth, string[] names)
    {
        var text = new StringBuilder();
        Append(text, random, depth, names, isTop: true);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Random random, int depth, string[] names, bool isTop = false)
    {
        var kind = depth == 0 ? 0 : isTop ? 9 : random.Next(10);
        if (kind < 5)
        {
            text.Append(s_scalars[random.Next(s_scalars.Length)]);
            return;
        }

        var count = random.Next(random.Next(8) == 0 ? 25 : 5);
        text.Append(kind < 7 ? '[' : '{');
        var numbered = random.Next(4) == 0;
        var seen = new HashSet<string>();
        for (var index = 0; index < count; index++)
        {
            var name = numbered && !isTop ? $"{index}" : names[random.Next(names.Length)];
            if (kind >= 7 && !seen.Add(name))
            {
                continue;
            }

            text.Append(text[^1] is '[' or '{' ? "" : ",");
            text.Append(kind < 7 ? "" : $"\"{name}\":");
            Append(text, random, depth - 1, names);
        }

        text.Append(kind < 7 ? ']' : '}');
    }
}
