using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace CrowVault.Emitters.Tests.RateLimiting;

public sealed partial class RateLimitingEmitterTests
{
    private static readonly Emitter s_emitter = Catalog.Find("generate_rate_limiting")!;

    [Theory]
    [InlineData("defaults", "{}")]
    [InlineData("token-bucket-memory-express", """{"store":"memory"}""")]
    [InlineData("leaky-bucket-node-redis-fastify-local", """{"algorithm":"leaky-bucket","redisClient":"node-redis","framework":"fastify","onStoreError":"local","keyStrategy":"user"}""")]
    [InlineData("fixed-window-ioredis-hono-closed", """{"algorithm":"fixed-window","framework":"hono","onStoreError":"closed","keyStrategy":"ip"}""")]
    [InlineData("sliding-window-ioredis-fetch-local", """{"algorithm":"sliding-window","framework":"fetch","onStoreError":"local","keyStrategy":"global","requestsPerWindow":1000}""")]
    [InlineData("fixed-window-memory-fetch-deno", """{"runtime":"deno","algorithm":"fixed-window","store":"memory","keyStrategy":"user"}""")]
    [InlineData("token-bucket-memory-hono-bun", """{"runtime":"bun","store":"memory","framework":"hono","keyStrategy":"ip"}""")]
    [InlineData("token-bucket-redis-tests", """{"withTests":true}""")]
    [InlineData("leaky-bucket-node-redis-bun-tests", """{"runtime":"bun","algorithm":"leaky-bucket","redisClient":"node-redis","framework":"fastify","onStoreError":"local","keyStrategy":"user","withTests":true}""")]
    [InlineData("sliding-window-memory-deno-tests", """{"runtime":"deno","algorithm":"sliding-window","store":"memory","withTests":true}""")]
    [InlineData("token-bucket-memory-workers-tests", """{"runtime":"workers","store":"memory","framework":"hono","withTests":true}""")]
    [InlineData("fixed-window-memory-koa-operations", """{"algorithm":"fixed-window","store":"memory","framework":"koa","keyStrategy":"ip","withOperations":true}""")]
    [InlineData("token-bucket-redis-nest-operations", """{"framework":"nest","keyStrategy":"user","withOperations":true}""")]
    [InlineData("token-bucket-memory-fetch-browser", """{"runtime":"browser","store":"memory","requestsPerWindow":120}""")]
    [InlineData("with-metrics", """{"withMetrics":true,"withOperations":true}""")]
    [InlineData("memory-with-metrics", """{"store":"memory","withMetrics":true}""")]
    [InlineData("sliding-window-redis-limits", """{"requestsPerWindow":10,"windowSeconds":1,"limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("fixed-window-node-redis-fetch-local-limits-operations", """{"algorithm":"fixed-window","framework":"fetch","redisClient":"node-redis","onStoreError":"local","withOperations":true,"withTests":true,"limits":[{"name":"hour","requests":1000,"seconds":3600},{"name":"per.month","requests":50000,"seconds":2592000}]}""")]
    [InlineData("sliding-window-memory-workers-limits-tests", """{"runtime":"workers","requestsPerWindow":10,"windowSeconds":1,"limits":[{"name":"day","requests":1000,"seconds":86400}],"withTests":true}""")]
    [InlineData("token-bucket-memory-workers-operations", """{"runtime":"workers","store":"memory","withOperations":true}""")]
    public void Emits_what_the_snapshot_shows(string name, string arguments) => Snapshot.Verify(s_emitter, name, arguments);

    [Theory]
    [InlineData("""{"runtime":"workers","store":"memory","framework":"express"}""", "framework: express does not go with runtime workers, which lacks Node's http module; use hono or fetch.")]
    [InlineData("""{"runtime":"workers","store":"memory","framework":"nest"}""", "framework: nest does not go with runtime workers, which lacks Node's http module; use hono or fetch.")]
    [InlineData("""{"algorithm":"fixed-window","burstCapacity":5}""", "burstCapacity: only token-bucket and leaky-bucket have one; use requestsPerWindow.")]
    [InlineData("""{"store":"memory","onStoreError":"local"}""", "onStoreError: only store redis uses it, memory does not fail; leave it out.")]
    [InlineData("""{"store":"memory","redisClient":"node-redis"}""", "redisClient: only store redis uses it; leave it out.")]
    [InlineData("""{"store":"memory","storeTimeoutMs":5}""", "storeTimeoutMs: only store redis uses it, memory does not wait; leave it out.")]
    [InlineData("""{"algorithm":"leaky-bucket","limits":[{"name":"day","requests":1000,"seconds":86400}]}""", "limits: leaky-bucket has no windows; use algorithm sliding-window or fixed-window without burstCapacity, or a limiter with a name of its own for each rate.")]
    [InlineData("""{"burstCapacity":5,"limits":[{"name":"day","requests":1000,"seconds":86400}]}""", "limits: token-bucket has no windows; use algorithm sliding-window or fixed-window without burstCapacity, or a limiter with a name of its own for each rate.")]
    [InlineData("""{"limits":[{"name":"Default","requests":1000,"seconds":86400}]}""", "limits[0].name: \"Default\" is the policy of requestsPerWindow; use another name.")]
    [InlineData("""{"limits":[{"name":"minute","requests":1000,"seconds":60}]}""", "limits[0].seconds: 60 is windowSeconds; use requestsPerWindow for that window, or another length.")]
    [InlineData("""{"limits":[{"name":"day","requests":10,"seconds":99},{"name":"DAY","requests":10,"seconds":98}]}""", "limits[1].name: \"DAY\" differs from \"day\" at most in case; give each name once.")]
    [InlineData("""{"limits":[{"name":"a","requests":10,"seconds":99},{"name":"b","requests":20,"seconds":99}]}""", "limits[1].seconds: 99 is the window of \"a\"; give each window once.")]
    [InlineData("""{"maxKeys":5}""", "maxKeys: only store memory and onStoreError local keep keys in memory; set one of them, or leave it out.")]
    [InlineData("""{"runtime":"browser","store":"memory","keyStrategy":"ip"}""", "keyStrategy: ip has no address to go by in a browser; use global, user or api-key.")]
    [InlineData("""{"requestsPerWindow":1,"windowSeconds":31536000,"burstCapacity":143}""", "burstCapacity: 143 would take more than 142 years to come back at 1 per 31536000 s; use 1 to 142.")]
    public void Refuses_what_makes_no_sense(string arguments, string message)
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out _, out var faults));
        Assert.StartsWith(message, faults.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_further_limits_in_other_forms()
    {
        foreach (var limits in (string[])[
            """{"day":{"requests":1000,"seconds":86400}}""",
            """[{"day":{"requests":1000,"seconds":86400}}]""",
            """[{"name":"day","requestsPerWindow":1000,"windowSeconds":86400}]""",
            JsonValue.Create("""[{"name":"day","requests":1000,"seconds":86400}]""").ToJsonString()])
        {
            Assert.False(s_emitter.TryEmit(JsonElement.Parse($$"""{"limits":{{limits}}}"""), Snapshot.Version, out _, out var faults));
            Assert.Equal("""{"limits":[{"name":"day","requests":1000,"seconds":86400}]}""", faults.CorrectedArguments);
        }
    }

    [Fact]
    public void Offers_no_call_without_the_limits_that_were_meant()
    {
        foreach (var limits in (string[])[
            """[{"name":"day","requests":1000}]""",
            """["10/s","20/s"]""",
            """["10/s","gold"]""",
            """["1000/month"]""",
            """{"seconds":60}"""])
        {
            Assert.False(s_emitter.TryEmit(JsonElement.Parse($$"""{"limits":{{limits}}}"""), Snapshot.Version, out _, out var faults));
            Assert.Null(faults.CorrectedArguments);
        }
    }

    [Theory]
    [InlineData("""{"limits":["10/s","1000/day"]}""", """{"requestsPerWindow":10,"windowSeconds":1,"limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("""{"limits":"10/s, 1,000/day"}""", """{"requestsPerWindow":10,"windowSeconds":1,"limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("""{"limits":"5 per 90 seconds and 100 an hour"}""", """{"requestsPerWindow":5,"windowSeconds":90,"limits":[{"name":"hour","requests":100,"seconds":3600}]}""")]
    [InlineData("""{"limits":{"second":10,"perDay":1000}}""", """{"requestsPerWindow":10,"windowSeconds":1,"limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("""{"limits":{"day":1000}}""", """{"requestsPerWindow":1000,"windowSeconds":86400}""")]
    [InlineData("""{"limits":"1000 a day"}""", """{"requestsPerWindow":1000,"windowSeconds":86400}""")]
    [InlineData("""{"limits":["10/s","100/90s"],"windowSeconds":3600}""", """{"windowSeconds":3600,"limits":[{"name":"second","requests":10,"seconds":1},{"name":"per-90s","requests":100,"seconds":90}]}""")]
    [InlineData("""{"limits":{"10/s":"","1000/day":""}}""", """{"requestsPerWindow":10,"windowSeconds":1,"limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("""{"limits":{"requests":1000,"seconds":86400}}""", """{"limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("""{"limits":[{"requests":10,"seconds":1},{"requests":1000,"per":"day"}]}""", """{"limits":[{"name":"second","requests":10,"seconds":1},{"name":"day","requests":1000,"seconds":86400}]}""")]
    public void Reads_rates_as_limits(string arguments, string corrected)
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out _, out var faults));
        Assert.NotNull(faults.CorrectedArguments);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(corrected), JsonNode.Parse(faults.CorrectedArguments)), faults.Message);
        Assert.True(s_emitter.TryEmit(JsonElement.Parse(corrected), Snapshot.Version, out _, out _));
    }

    [Fact]
    public void Two_rates_that_are_both_the_limit_itself_are_a_question()
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse("""{"rate":"5/s","limits":["1000/day"]}"""), Snapshot.Version, out _, out var faults));
        Assert.Null(faults.CorrectedArguments);
    }

    [Theory]
    [InlineData("{}", "sliding-window")]
    [InlineData("""{"algorithm":"token-bucket"}""", "sliding-window")]
    [InlineData("""{"algorithm":"fixed-window"}""", "fixed-window")]
    public void Takes_a_window_for_further_limits(string arguments, string algorithm)
    {
        var call = JsonNode.Parse(arguments)!.AsObject();
        call["limits"] = JsonNode.Parse("""[{"name":"day","requests":1000,"seconds":86400}]""");
        Assert.True(s_emitter.TryEmit(JsonElement.Parse(call.ToJsonString()), Snapshot.Version, out var emission, out _));
        Assert.Contains($"\"algorithm\":\"{algorithm}\"", emission.Files[0].Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, 1, "day", 1000, 86400, "at most 10 a second and 1,000 a day")]
    [InlineData(5, 30, "hour", 100, 3600, "at most 5 in 30 s and 100 an hour")]
    [InlineData(1000, 604800, "burst", 20, 1, "at most 20 a second and 1,000 a week")]
    public void Says_what_the_limits_are(int requests, int seconds, string name, int more, int longer, string words)
    {
        var emission = Emitted($$"""{"requestsPerWindow":{{requests}},"windowSeconds":{{seconds}},"limits":[{"name":"{{name}}","requests":{{more}},"seconds":{{longer}}}]}""");
        Assert.Contains(emission.Notes, note => note.Contains(words, StringComparison.Ordinal));
        Assert.DoesNotContain(emission.Warnings, warning => warning.StartsWith("limits", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(10, 1, 1_000_000, 86400, "limits: 1,000,000 a day is never reached at 10 a second, which admits 864,000; leave it out, or use less.")]
    [InlineData(10, 1, 864_000, 86400, "limits: 864,000 a day is never reached at 10 a second, which admits 864,000; leave it out, or use less.")]
    [InlineData(10, 1, 10, 3600, "limits: 10 a second never binds beside 10 an hour; leave one of them out.")]
    public void Warns_of_limits_that_never_bind(int requests, int seconds, int more, int longer, string warning) =>
        Assert.Contains(
            warning,
            Emitted($$"""{"requestsPerWindow":{{requests}},"windowSeconds":{{seconds}},"limits":[{"name":"more","requests":{{more}},"seconds":{{longer}}}]}""").Warnings);

    [Theory]
    [InlineData("token-bucket", false, false)]
    [InlineData("token-bucket", true, false)]
    [InlineData("leaky-bucket", false, false)]
    [InlineData("leaky-bucket", true, false)]
    [InlineData("fixed-window", false, false)]
    [InlineData("fixed-window", true, false)]
    [InlineData("fixed-window", false, true)]
    [InlineData("fixed-window", true, true)]
    [InlineData("sliding-window", false, false)]
    [InlineData("sliding-window", true, false)]
    [InlineData("sliding-window", false, true)]
    [InlineData("sliding-window", true, true)]
    public void Names_the_script_by_its_fingerprint(string algorithm, bool withOperations, bool withLimits)
    {
        var limits = withLimits ? ""","limits":[{"name":"day","requests":1000,"seconds":86400}]""" : "";
        var source = Source($$"""{"algorithm":"{{algorithm}}","withOperations":{{(withOperations ? "true" : "false")}}{{limits}}}""");
        var script = Script().Match(source).Groups["script"].Value;
        Assert.NotEmpty(script);
        Assert.DoesNotContain('\\', script);
#pragma warning disable CA5350 // Redis names scripts by SHA-1.
        var sha1 = Convert.ToHexStringLower(SHA1.HashData(Encoding.ASCII.GetBytes(script)));
#pragma warning restore CA5350
        Assert.Contains($"const SCRIPT_SHA1 = '{sha1}';", source, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"store":"memory"}""", "edis")]
    [InlineData("""{"onStoreError":"open"}""", "KeyTable")]
    [InlineData("""{"keyStrategy":"global"}""", "networkOf")]
    [InlineData("""{"keyStrategy":"ip"}""", "crypto")]
    [InlineData("""{"algorithm":"fixed-window"}""", "CAPACITY")]
    [InlineData("""{"framework":"hono"}""", "express")]
    [InlineData("{}", "block")]
    [InlineData("{}", "peek")]
    [InlineData("{}", "503")]
    [InlineData("""{"algorithm":"fixed-window"}""", "FURTHER_LIMITS")]
    [InlineData("""{"algorithm":"sliding-window","store":"memory"}""", "bindingOf")]
    [InlineData("""{"store":"memory"}""", "createHash")]
    [InlineData("""{"onStoreError":"local"}""", "store-failure")]
    public void Leaves_no_trace_of_what_was_not_asked_for(string arguments, string trace) =>
        Assert.DoesNotContain(trace, Source(arguments), StringComparison.Ordinal);

    private static Emission Emitted(string arguments)
    {
        Assert.True(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out var emission, out _));
        return emission;
    }

    private static string Source(string arguments)
    {
        var content = Emitted(arguments).Files[0].Content;
        return content[content.IndexOf("*/\n", StringComparison.Ordinal)..];
    }

    [GeneratedRegex("const SCRIPT = `(?<script>[^`]*)`;")]
    private static partial Regex Script();
}
