namespace CrowVault.Emitters.Arguments;

/// <summary>What to do about a value that people ask for and that no argument takes.</summary>
/// <param name="Use">The choice that means the same; null when there is none.</param>
/// <param name="Advice">The way out, ending in a full stop.</param>
internal sealed record SupportedWay(string? Use, string Advice)
{
    private const string Handlers = "use fetch: its handlers take a Request and give a Response, as they do there.";

    private const string OwnMiddleware =
        "there is no middleware for it; take framework fetch and call the limiter's consume in a middleware of your own.";

    private const string Functions =
        "use node; an instance serves one caller at a time and is frozen between calls, so keep counts in "
            + "Redis and expect no timer to run meanwhile.";

    private const string TypeScriptOnly = "the tools emit TypeScript only; there is nothing for other languages.";

    private static readonly Dictionary<(string Argument, string Value), SupportedWay> s_ways = Table(
        ("framework", Handlers, "fetch", [
            "nextjs", "next", "remix", "reactrouter", "sveltekit", "svelte", "astro", "solidstart", "nuxt", "nitro", "h3", "itty",
            "workers", "cloudflare", "cloudflareworkers", "bun", "bunserve", "deno", "denodeploy", "fresh", "vercel", "netlify",
            "graphqlyoga", "yoga",
        ]),
        ("framework",
            "use express: its middleware takes Node's own request and response; its types come from @types/express.",
            "express", ["node", "nodehttp", "http", "https", "connect", "polka"]),
        ("framework",
            "use what the function is written for: fetch where it takes a Request, else the framework that an adapter runs there; "
            + "keep counts in Redis.",
            null, ["lambda", "awslambda", "apigateway", "serverless", "azurefunctions", "cloudfunctions", "gcf"]),
        ("framework", "use nest.", "nest", ["nestjs"]),
        ("framework", "use express.", "express", ["expressjs", "express4", "express5"]),
        ("framework", "use fastify.", "fastify", ["fastifyjs"]),
        ("framework", "use koa.", "koa", ["koajs"]),
        ("framework", "use hono.", "hono", ["honojs"]),
        ("framework", OwnMiddleware, null, [
            "hapi", "restify", "adonis", "adonisjs", "elysia", "feathers", "sails", "trpc", "graphql", "apollo", "socketio",
            "ws", "websocket", "websockets", "oak", "uwebsockets", "uwebsocketsjs", "hyperexpress", "loopback",
        ]),
        ("framework", "use fetch: handlers take a Request and give a Response.", "fetch", ["none", "web", "standard", "vanilla"]),
        ("runtime", Functions, "node", [
            "lambda", "awslambda", "serverless", "netlify", "vercel", "cloudfunctions", "gcf", "azurefunctions", "cloudrun",
        ]),
        ("runtime", "use node.", "node", ["nodejs", "nodets", "electron", "express", "server", "backend"]),
        ("runtime", "use workers.", "workers", [
            "cloudflare", "cloudflareworkers", "worker", "workerd", "edge", "verceledge", "edgeruntime", "wrangler",
        ]),
        ("runtime", "use browser.", "browser", [
            "web", "chrome", "firefox", "safari", "client", "frontend", "react", "reactnative", "vue", "webworker",
        ]),
        ("runtime", TypeScriptOnly, null, ["python", "go", "golang", "java", "kotlin", "rust", "ruby", "php", "dotnet", "csharp"]),
        ("store",
            "Upstash speaks Redis over TLS: use redis with ioredis at its rediss:// address, or pass an adapter with evalsha and eval "
            + "around its REST client.",
            "redis", ["upstash", "upstashredis", "vercelkv"]),
        ("store", "it speaks Redis's protocol: use redis.", "redis", [
            "valkey", "dragonfly", "keydb", "elasticache", "ioredis", "noderedis", "rediscluster", "redisstack", "garnet",
        ]),
        ("store", "use memory: each process counts for itself.", "memory", ["inmemory", "local", "lru", "map", "process"]),
        ("store", "use redis, shared by all processes, or memory, in each one's own.", null, [
            "memcached", "postgres", "postgresql", "mysql", "mongodb", "mongo", "dynamodb", "sqlite", "database", "cloudflarekv", "kv",
            "durableobjects", "d1",
        ]),
        ("redisClient", "use ioredis with Upstash's rediss:// address, or pass an adapter with evalsha and eval around its REST client.",
            "ioredis", ["upstash", "upstashredis"]),
        ("redisClient", "the package redis is node-redis.", "node-redis", ["redis", "redisclient"]),
        ("redisClient", "the emitted interface RedisClient names the two methods it needs; pass an adapter.", null, [
            "bun", "bunredis", "denoredis", "glide", "valkeyglide",
        ]),
        ("algorithm", "GCRA is the leaky bucket as a meter.", "leaky-bucket", ["gcra", "leakybucketmeter"]),
        ("algorithm", "use leaky-bucket.", "leaky-bucket", ["leaky"]),
        ("algorithm", "use sliding-window.", "sliding-window", [
            "slidinglog", "slidingwindowlog", "slidingwindowcounter", "rollingwindow", "sliding", "rolling",
        ]),
        ("algorithm", "use fixed-window.", "fixed-window", ["window", "counter", "fixed", "fixedwindowcounter"]),
        ("algorithm", "use token-bucket.", "token-bucket", ["tokens", "token", "bucket", "burst"]),
        ("algorithm", "leaky-bucket is a meter and queues nobody; to bound concurrency use generate_bulkhead.", null, [
            "concurrency", "concurrent", "queue", "leakybucketqueue",
        ]),
        ("keyStrategy", "use ip.", "ip", ["ipaddress", "address", "remoteaddress", "clientip", "perip", "byip"]),
        ("keyStrategy", "use user: the id that your authentication has set on the request.", "user", [
            "userid", "account", "jwt", "sub", "session", "peruser", "byuser",
        ]),
        ("keyStrategy", "use api-key: the header x-api-key.", "api-key", ["key", "apitoken", "header", "xapikey", "token", "perkey", "perapikey", "headerxapikey"]),
        ("keyStrategy", "use global: all requests are counted together.", "global", ["none", "all", "shared", "everyone"]),
        ("keyStrategy", "no strategy stands for it; leave it out and give the middleware the option keyOf, which returns it.", null, [
            "tenant", "customer", "organization", "org", "route", "path", "endpoint", "custom",
        ]),
        ("tripOn", "use failure-rate.", "failure-rate", [
            "rate", "percentage", "percent", "errorrate", "errorpercentage", "failurepercentage", "window", "slidingwindow",
        ]),
        ("tripOn", "use consecutive.", "consecutive", ["count", "failures", "consecutivefailures", "failurecount", "threshold"]),
        ("tripOn", "use failure-rate and give slowCallMs: slower calls count as failed.", null, [
            "slow", "slowcalls", "latency", "timeout", "timeouts",
        ]),
        ("onStoreError", "use open.", "open", ["allow", "admit", "failopen", "pass", "accept"]),
        ("onStoreError", "use closed.", "closed", ["deny", "refuse", "failclosed", "block", "reject"]),
        ("onStoreError", "use local.", "local", ["memory", "fallback", "inmemory"]),
        ("retryOn", "Name each status: of those 500, 502, 503 and 504 may pass by themselves.", null, ["5xx", "500s", "server", "servererrors"]),
        ("retryOn", "Name each status: of those 408, 425 and 429 may pass by themselves.", null, ["4xx", "400s", "client", "clienterrors"]),
        ("retryOn", "Name each status: 408, 425, 429, 500, 502, 503 and 504 may pass by themselves.", null, ["all", "any", "errors"]),
        ("retryOn", "It lists statuses; errors of the network and time-outs are retried as retryErrors says, by default all.", null, [
            "network", "networkerrors", "connection", "connectionerrors", "connectionreset", "timeout", "timeouts", "sockethangup",
            "econnreset", "econnrefused", "econnaborted", "etimedout", "epipe", "enotfound", "eaiagain",
        ]),
        ("retryErrors", "use any.", "any", ["all", "every", "everything", "default"]),
        ("retryErrors", "use network: failures of the network and time-outs.", "network", [
            "networkonly", "networkerrors", "connection", "connectionerrors", "transient", "io",
        ]),
        ("testRunner", "use node: node:test.", "node", ["nodetest", "nodejs"]),
        ("testRunner", "its tests can be run by node:test; use node, or one of node, vitest, jest, deno, bun.", null, [
            "mocha", "jasmine", "ava", "tap", "uvu", "playwright", "cypress",
        ]),
        ("importExtension", "use none.", "none", ["", "no", "false", "extensionless"]),
        ("importExtension", "use js.", "js", ["mjs", "javascript", ".js"]),
        ("importExtension", "use ts.", "ts", ["mts", "tsx", "typescript", ".ts"]),
        ("language", "leave it out for TypeScript; the command generate takes --language javascript.", null, ["javascript", "js"]),
        ("language", TypeScriptOnly, null, [
            "python", "go", "golang", "java", "kotlin", "rust", "ruby", "php", "csharp", "c#", "swift", "elixir",
            "scala", "dart",
        ]));

    /// <summary>What to do about a value of an argument.</summary>
    /// <param name="argument">Name of the argument.</param>
    /// <param name="value">The word that was given.</param>
    /// <returns>Null when nothing is known about it.</returns>
    public static SupportedWay? For(string argument, string value) =>
        value.Length <= 64 ? s_ways.GetValueOrDefault((argument, Reading.Fold(value))) : null;

    private static Dictionary<(string, string), SupportedWay> Table(
        params (string Argument, string Advice, string? Use, string[] Values)[] rows)
    {
        var table = new Dictionary<(string, string), SupportedWay>();
        foreach (var (argument, advice, use, values) in rows)
        {
            foreach (var value in values)
            {
                table.TryAdd((argument, Reading.Fold(value)), new(use, advice));
            }
        }

        return table;
    }
}
