using System.Globalization;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>What a caller is told beside the code.</summary>
internal static class RateLimitingRemarks
{
    /// <summary>A short program around the middleware.</summary>
    public static string Usage(RateLimitingOptions options, RateLimitingModel model)
    {
        var call = $"{model.MiddlewareName}({model.RedisArgument})";
        var imports = new List<string>();
        var lines = new List<string>();
        if (model.Redis)
        {
            imports.Add(model.NodeRedis ? "import { createClient } from 'redis';" : "import { Redis } from 'ioredis';");
            lines.AddRange(model.NodeRedis
                ?
                [
                    "const redis = createClient({ url: 'redis://localhost:6379', disableOfflineQueue: true });",
                    "redis.on('error', console.error);",
                    "void redis.connect();",
                ]
                :
                [
                    "const redis = new Redis('redis://localhost:6379', {",
                    "  enableOfflineQueue: false,",
                    "  retryStrategy: (attempts) => Math.min(attempts * 50, 1000),",
                    "});",
                    "redis.on('error', console.error);",
                ]);
        }

        switch (options.Middleware)
        {
            case Framework.Express:
                imports.Add("import express from 'express';");
                lines.AddRange(["const app = express();", $"app.use({call});"]);
                break;
            case Framework.Fastify:
                imports.Add("import { fastify } from 'fastify';");
                lines.AddRange(["const app = fastify();", $"app.addHook('{model.FastifyHook}', {call});"]);
                break;
            case Framework.Hono:
                imports.Add("import { Hono } from 'hono';");
                lines.AddRange(["const app = new Hono();", $"app.use({call});"]);
                break;
            case Framework.Fetch:
                var address = model.ClientAddress ? "address: string, " : "";
                var client = (model.ClientAddress, model.ClientUser) switch
                {
                    (true, true) => ", { address, user }",
                    (true, false) => ", { address }",
                    (false, true) => ", { user }",
                    (false, false) => "",
                };
                var parameters = (model.ClientAddress ? ", address: string" : "") + (model.ClientUser ? ", user: string" : "");
                lines.AddRange(
                [
                    $"const limit = {call};",
                    "",
                    $"export function handle(request: Request{parameters}): Promise<Response> {{",
                    $"  return limit(request, () => new Response('Hello'){client});",
                    "}",
                ]);
                break;
        }

        imports.Add($"import {{ {model.MiddlewareName} }} from './rate-limiter.ts';");
        return string.Join('\n', [.. imports, "", .. lines]);
    }

    /// <summary>Figures derived from the arguments, and what the code relies on.</summary>
    public static IReadOnlyList<string> Notes(RateLimitingOptions options)
    {
        var notes = new List<string>();
        var (limit, window) = ((long)options.RequestsPerWindow, options.WindowSeconds);
        switch (options.Algorithm)
        {
            case Algorithm.TokenBucket or Algorithm.LeakyBucket:
                notes.Add($"{Rate(options)}: one request comes back every {Number(1000.0 * window / limit)} ms, all {options.BurstCapacity} after {Number((double)options.BurstCapacity * window / limit)} s.");
                notes.Add($"A client can be admitted {options.BurstCapacity + limit} times in its first {window} s: {options.BurstCapacity} at once and {limit} as they come back.");
                break;
            case Algorithm.FixedWindow:
                notes.Add($"A client can be admitted {2 * limit} times within moments, at the end of one window and the start of the next; sliding-window rules that out.");
                break;
            case Algorithm.SlidingWindow:
                notes.Add(limit <= 100
                    ? $"The log is exact: never more than {limit} in any {window} s."
                    : $"Never more than {limit} in any {window} s. Above 100 per window the log counts in slices of {Number(window * 10.0)} ms, so a place can come back that much late.");
                break;
        }

        switch (options.KeyStrategy)
        {
            case KeyStrategy.ApiKey:
                notes.Add("The API key is not verified here: whoever invents a new key gets a new limit. Verify it before, or limit by ip as well.");
                break;
            case KeyStrategy.User:
                notes.Add("The user is what your authentication has put on the request (id or sub); it must run before this middleware.");
                break;
            case KeyStrategy.Ip or KeyStrategy.Global:
                break;
        }

        if (options.KeyStrategy is not KeyStrategy.Global)
        {
            notes.Add(options.Middleware switch
            {
                Framework.Express => "The address is request.ip: behind a proxy, set Express's 'trust proxy' to that proxy, else all clients share its address.",
                Framework.Fastify => "The address is request.ip: behind a proxy, set Fastify's trustProxy to that proxy, else all clients share its address.",
                Framework.Hono or Framework.Fetch => options.Runtime switch
                {
                    Runtime.Node or Runtime.Deno or Runtime.Bun when options.Middleware is Framework.Hono =>
                        "The address is the peer's: Hono has no setting for proxies, so behind one change addressOf.",
                    Runtime.Node or Runtime.Deno or Runtime.Bun => "A Request does not carry its sender's address: pass it, or all clients without a key share one.",
                    Runtime.Workers => "The address is cf-connecting-ip, which Cloudflare sets; elsewhere a client could forge it.",
                    Runtime.Browser => "There is no address in a browser: requests without a key are counted together.",
                },
            });
        }

        if (options.Store is Store.Redis)
        {
            notes.Add("Make the client fail fast as in the usage: commands queued during an outage would be counted after it. Redis needs maxmemory-policy noeviction for what is counted to stay.");
        }

        return notes;
    }

    /// <summary>Dangerous combinations.</summary>
    public static IReadOnlyList<string> Warnings(RateLimitingOptions options)
    {
        var warnings = new List<string>();
        if (options.Store is Store.Redis)
        {
            switch (options.OnStoreError)
            {
                case OnStoreError.Open:
                    warnings.Add("onStoreError open: nothing is limited while Redis is away; local keeps a limit per process.");
                    break;
                case OnStoreError.Closed:
                    warnings.Add("onStoreError closed: every request is refused while Redis is away.");
                    break;
                case OnStoreError.Local:
                    warnings.Add("onStoreError local: while Redis is away, n processes admit up to n times the limit.");
                    break;
            }
        }
        else
        {
            warnings.Add("store memory: every process or isolate counts alone, so n of them admit up to n times the limit.");
        }

        if (options.IsBucket && options.BurstCapacity > options.RequestsPerWindow)
        {
            warnings.Add($"burstCapacity {options.BurstCapacity} exceeds requestsPerWindow {options.RequestsPerWindow}: a burst can be larger than a whole window's requests.");
        }

        return warnings;
    }

    private static string Rate(RateLimitingOptions options) => $"{options.RequestsPerWindow} per {options.WindowSeconds} s";

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
