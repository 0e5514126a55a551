using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>How requests are counted.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Algorithm>))]
public enum Algorithm
{
    /// <summary>Tokens come back at a steady rate; a request takes some.</summary>
    TokenBucket,

    /// <summary>A meter: requests raise a level that falls at a steady rate; none is queued.</summary>
    LeakyBucket,

    /// <summary>A count that begins anew with each window.</summary>
    FixedWindow,

    /// <summary>A log of the last window.</summary>
    SlidingWindow,
}

/// <summary>Where the counts are kept.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Store>))]
public enum Store
{
    /// <summary>In Redis, shared by all processes.</summary>
    Redis,

    /// <summary>In the memory of each process.</summary>
    Memory,
}

/// <summary>What tells one client from another.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<KeyStrategy>))]
public enum KeyStrategy
{
    /// <summary>The header x-api-key.</summary>
    ApiKey,

    /// <summary>The client's network address.</summary>
    Ip,

    /// <summary>The authenticated user.</summary>
    User,

    /// <summary>Nothing: all requests are counted together.</summary>
    Global,
}

/// <summary>What the middleware is for.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Framework>))]
public enum Framework
{
    /// <summary>Express 5.</summary>
    Express,

    /// <summary>Fastify 5.</summary>
    Fastify,

    /// <summary>Hono 4.</summary>
    Hono,

    /// <summary>Handlers that take a Request and give a Response.</summary>
    Fetch,

    /// <summary>Koa 3.</summary>
    Koa,

    /// <summary>NestJS 11, as a guard.</summary>
    Nest,
}

/// <summary>The client library of Redis.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<RedisClient>))]
public enum RedisClient
{
    /// <summary>The package ioredis.</summary>
    Ioredis,

    /// <summary>The package redis.</summary>
    NodeRedis,
}

/// <summary>What happens to a request that Redis cannot decide.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<OnStoreError>))]
public enum OnStoreError
{
    /// <summary>It is admitted.</summary>
    Open,

    /// <summary>It is refused.</summary>
    Closed,

    /// <summary>Each process counts in its memory.</summary>
    Local,
}

/// <summary>Arguments of <c>generate_rate_limiting</c>.</summary>
public sealed record RateLimitingOptions(
    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("Buckets allow bursts; sliding-window is strict.")]
    Algorithm Algorithm = Algorithm.TokenBucket,

    [property: Argument("Shared, or per process.")]
    Store Store = Store.Redis,

    [property: Argument("Per client.", Maximum = 1_000_000_000, Zero = ZeroMeaning.NoLimit)]
    int RequestsPerWindow = 100,

    [property: Argument("Window.", Maximum = 31_536_000, Zero = ZeroMeaning.Nothing)]
    int WindowSeconds = 60,

    [property: Argument("Buckets only.", Maximum = 1_000_000_000)]
    int BurstCapacity = 20,

    [property: Argument("More windows, all or nothing.", MaximumEntries = 10)]
    IReadOnlyList<LimitEntry>? Limits = null,

    [property: Argument("What tells clients apart.")]
    KeyStrategy KeyStrategy = KeyStrategy.ApiKey,

    [property: Argument("Default express on node, else fetch.")]
    Framework? Framework = null,

    [property: Argument("Redis only.")]
    RedisClient RedisClient = RedisClient.Ioredis,

    [property: Argument("Redis down: admit, refuse, count locally.")]
    OnStoreError OnStoreError = OnStoreError.Open,

    [property: Argument("Redis only.", Maximum = 60_000, Zero = ZeroMeaning.NoLimit)]
    int StoreTimeoutMs = 100,

    [property: Argument("Memory or local only.", Maximum = 10_000_000, Zero = ZeroMeaning.NoLimit)]
    int MaxKeys = 100_000,

    [property: Argument("Adds peek, reset, block, acquire (waits).")]
    bool WithOperations = false,

    [property: Argument("Counters and onEvent.", NamedWhenOn = true)]
    bool WithMetrics = false,

    [property: Argument("Tests too.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions
{
    // Name of the limiter's own policy, unless the option name says otherwise.
    private const string MainPolicy = "default";

    // 2^52 microseconds: up to there a bucket is counted without rounding.
    private const long LongestRefillSeconds = 4_503_599_627;

    /// <summary>Whether the algorithm has a burst capacity.</summary>
    internal bool IsBucket => Algorithm is Algorithm.TokenBucket or Algorithm.LeakyBucket;

    /// <summary>The algorithm as the caller names it.</summary>
    internal string Stem => JsonNamingPolicy.KebabCaseLower.ConvertName(Algorithm.ToString());

    /// <summary>The framework, given or not.</summary>
    internal Framework Middleware =>
        Framework ?? (Runtime is Runtime.Node ? RateLimiting.Framework.Express : RateLimiting.Framework.Fetch);

    private bool HasSockets => Runtime is Runtime.Node or Runtime.Deno or Runtime.Bun;

    private long MostBurst => LongestRefillSeconds * RequestsPerWindow / WindowSeconds;

    /// <inheritdoc/>
    public IToolOptions Fit(IReadOnlySet<string> given)
    {
        var fitting = this;
        if (Store is Store.Redis && !HasSockets && !given.Contains("store"))
        {
            fitting = fitting with { Store = Store.Memory };
        }

        // Whoever names further windows wants windows, unless a bucket was asked for.
        if (Limits is not null && !given.Contains("algorithm") && !given.Contains("burstCapacity"))
        {
            fitting = fitting with { Algorithm = Algorithm.SlidingWindow };
        }

        if (fitting.IsBucket && BurstCapacity > MostBurst && !given.Contains("burstCapacity"))
        {
            fitting = fitting with { BurstCapacity = (int)Math.Max(1, MostBurst) };
        }

        return fitting;
    }

    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Conflicts()
    {
        var hasSockets = HasSockets;
        if (Store is Store.Redis && !hasSockets)
        {
            yield return new("store", $"redis does not go with runtime {Name(Runtime)}, where its clients find no TCP; use memory.");
        }

        if (Middleware is not (RateLimiting.Framework.Hono or RateLimiting.Framework.Fetch) && !hasSockets)
        {
            yield return new("framework", $"{Name(Middleware)} does not go with runtime {Name(Runtime)}, which "
                + "lacks Node's http module; use hono or fetch.");
        }

        if (KeyStrategy is KeyStrategy.Ip && Runtime is Runtime.Browser)
        {
            yield return new("keyStrategy", "ip has no address to go by in a browser; use global, user or api-key.");
        }

        foreach (var (index, limit) in (Limits ?? []).Index())
        {
            if (string.Equals(limit.Name, MainPolicy, StringComparison.OrdinalIgnoreCase))
            {
                yield return new($"limits[{index}].name", $"\"{limit.Name}\" is the policy of requestsPerWindow; use another name.");
            }

            if (limit.Seconds == WindowSeconds)
            {
                yield return new($"limits[{index}].seconds",
                    $"{limit.Seconds} is windowSeconds; use requestsPerWindow for that window, or another length.");
            }
            else if (Limits!.Take(index).FirstOrDefault(other => other.Seconds == limit.Seconds) is { } same)
            {
                yield return new($"limits[{index}].seconds", $"{limit.Seconds} is the window of \"{same.Name}\"; give each window once.");
            }
        }

        if (IsBucket && (long)BurstCapacity * WindowSeconds > LongestRefillSeconds * RequestsPerWindow)
        {
            yield return new("burstCapacity", $"{BurstCapacity} would take more than 142 years to come back at {RequestsPerWindow} per "
                + $"{WindowSeconds} s; use 1 to {MostBurst}.")
            {
                Remedy = new Dictionary<string, JsonNode?> { ["burstCapacity"] = MostBurst },
            };
        }

        static string Name<TEnum>(TEnum value)
            where TEnum : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
    }

    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Inapplicable()
    {
        if (IsBucket)
        {
            yield return new(
                "limits",
                $"{Stem} has no windows; use algorithm sliding-window or fixed-window without burstCapacity, or a "
                    + "limiter with a name of its own for each rate.");
        }
        else
        {
            yield return new("burstCapacity", "only token-bucket and leaky-bucket have one; use requestsPerWindow.");
        }

        if (Store is Store.Memory)
        {
            yield return new("redisClient", "only store redis uses it; leave it out.") { Remedy = LeaveOut("redisClient") };
            yield return new("onStoreError", "only store redis uses it, memory does not fail; leave it out.")
            {
                Remedy = LeaveOut("onStoreError"),
            };
            yield return new("storeTimeoutMs", "only store redis uses it, memory does not wait; leave it out.")
            {
                Remedy = LeaveOut("storeTimeoutMs"),
            };
        }
        else if (OnStoreError is not OnStoreError.Local)
        {
            yield return new("maxKeys", "only store memory and onStoreError local keep keys in memory; set one of them, or leave it out.")
            {
                Remedy = new Dictionary<string, JsonNode?> { ["onStoreError"] = "local" },
            };
        }
    }

    private static Dictionary<string, JsonNode?> LeaveOut(string argument) => new() { [argument] = null };
}
