using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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
    public void Emits_what_the_snapshot_shows(string name, string arguments) => Snapshot.Verify(s_emitter, name, arguments);

    [Theory]
    [InlineData("""{"runtime":"workers","store":"memory","framework":"express"}""", "framework: express does not go with runtime workers, which lacks Node's http module; use hono or fetch.")]
    [InlineData("""{"runtime":"workers","store":"memory","framework":"nest"}""", "framework: nest does not go with runtime workers, which lacks Node's http module; use hono or fetch.")]
    [InlineData("""{"algorithm":"fixed-window","burstCapacity":5}""", "burstCapacity: only token-bucket and leaky-bucket have one; use requestsPerWindow.")]
    [InlineData("""{"store":"memory","onStoreError":"local"}""", "onStoreError: only store redis uses it, memory does not fail; leave it out.")]
    [InlineData("""{"store":"memory","redisClient":"node-redis"}""", "redisClient: only store redis uses it; leave it out.")]
    [InlineData("""{"store":"memory","storeTimeoutMs":5}""", "storeTimeoutMs: only store redis uses it, memory does not wait; leave it out.")]
    [InlineData("""{"maxKeys":5}""", "maxKeys: only store memory and onStoreError local keep keys in memory; set one of them, or leave it out.")]
    [InlineData("""{"runtime":"browser","store":"memory","keyStrategy":"ip"}""", "keyStrategy: ip has no address to go by in a browser; use global, user or api-key.")]
    [InlineData("""{"requestsPerWindow":1,"windowSeconds":31536000,"burstCapacity":143}""", "burstCapacity: 143 would take more than 142 years to come back at 1 per 31536000 s; use 1 to 142.")]
    public void Refuses_what_makes_no_sense(string arguments, string message)
    {
        Assert.False(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out _, out var faults));
        Assert.StartsWith(message, faults.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token-bucket", false)]
    [InlineData("token-bucket", true)]
    [InlineData("leaky-bucket", false)]
    [InlineData("leaky-bucket", true)]
    [InlineData("fixed-window", false)]
    [InlineData("fixed-window", true)]
    [InlineData("sliding-window", false)]
    [InlineData("sliding-window", true)]
    public void Names_the_script_by_its_fingerprint(string algorithm, bool withOperations)
    {
        var source = Source($$"""{"algorithm":"{{algorithm}}","withOperations":{{(withOperations ? "true" : "false")}}}""");
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
    [InlineData("""{"store":"memory"}""", "createHash")]
    [InlineData("""{"onStoreError":"local"}""", "store-failure")]
    public void Leaves_no_trace_of_what_was_not_asked_for(string arguments, string trace) =>
        Assert.DoesNotContain(trace, Source(arguments), StringComparison.Ordinal);

    private static string Source(string arguments)
    {
        Assert.True(s_emitter.TryEmit(JsonElement.Parse(arguments), Snapshot.Version, out var emission, out _));
        var content = emission.Files[0].Content;
        return content[content.IndexOf("*/\n", StringComparison.Ordinal)..];
    }

    [GeneratedRegex("const SCRIPT = `(?<script>[^`]*)`;")]
    private static partial Regex Script();
}
