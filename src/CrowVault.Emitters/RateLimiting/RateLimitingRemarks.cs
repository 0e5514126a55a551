using static CrowVault.Emitters.Code.Wording;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>What a caller is told beside the code.</summary>
internal static class RateLimitingRemarks
{
    /// <summary>Figures derived from the arguments, and what the code relies on.</summary>
    public static IEnumerable<string> Notes(RateLimitingOptions options)
    {
        var (limit, window, burst) = ((long)options.RequestsPerWindow, Span(options.WindowSeconds), options.BurstCapacity);
        yield return options.Algorithm switch
        {
            Algorithm.TokenBucket or Algorithm.LeakyBucket =>
                $"{limit} per {window}: one request comes back every {Duration(1000.0 * options.WindowSeconds / limit)}, all {burst} after "
                + $"{Duration(1000.0 * burst * options.WindowSeconds / limit)}; a client's first {window} can admit {burst + limit}.",
            Algorithm.FixedWindow =>
                $"A client can be admitted {2 * limit} times within moments, at the end of one window and the start of "
                    + "the next; sliding-window rules that out.",
            Algorithm.SlidingWindow => limit <= 100
                ? $"The log is exact: never more than {limit} in any {window}."
                : $"Never more than {limit} in any {window}. Above 100 per window the log counts in slices of "
                    + $"{Duration(options.WindowSeconds * 10.0)}, so a place can come back that much late.",
        };
        if (options.Limits is not null)
        {
            yield return $"A client is admitted at most {Listed(Limits(options).Select(each => each.Words))}: a request counts in "
                + "all of these windows or in none, and the decision and the RateLimit field are those of the window that binds.";
        }

        if (options.KeyStrategy is KeyStrategy.ApiKey)
        {
            yield return "The API key is not verified here: whoever invents a key gets a new limit. "
                + "Verify it before, or limit by ip as well.";
        }

        if (options.KeyStrategy is KeyStrategy.User)
        {
            yield return (options.Middleware is Framework.Fetch
                ? "The user is what your authentication has found: pass its id as in the usage, or the address counts. "
                : $"The user is what your authentication has left on the request, which must run before this {Kind(options)}. ")
                + "Where tenants number their users alike, give the option keyOf.";
        }

        if (options.KeyStrategy is not KeyStrategy.Global)
        {
            yield return Address(options);
        }

        yield return options.Middleware is Framework.Nest
            ? "Let CORS expose RateLimit and Retry-After, or browsers cannot read them."
            : "OPTIONS is not counted. Put CORS before the limiter, exposing RateLimit and Retry-After to browsers.";

        if (options is { WithOperations: true, Runtime: Runtime.Workers })
        {
            yield return "The turn of a request that ends while it waits in acquire is lost: hand the call to ctx.waitUntil.";
        }

        if (options.Store is Store.Redis)
        {
            var rights = options.WithOperations ? "+evalsha +eval +get +set +time +pttl +del" : "+evalsha +eval +get +set +time";
            yield return "Make the client fail fast as in the usage, or commands queued in an outage are counted after it. "
                + $"Redis needs maxmemory-policy noeviction, an ACL user {rights} on ~rate:*.";
            yield return "Give limiters on one Redis different names.";
        }
    }

    /// <summary>Dangerous combinations.</summary>
    public static IEnumerable<string> Warnings(RateLimitingOptions options)
    {
        var (requests, window, burst) = (options.RequestsPerWindow, Span(options.WindowSeconds), options.BurstCapacity);
        yield return (options.Store, options.OnStoreError) switch
        {
            (Store.Memory, _) => "store memory: every process or isolate counts alone, so n of them admit up to n times the limit.",
            (_, OnStoreError.Open) => "onStoreError open: nothing is limited while Redis is away; local keeps a limit per process.",
            (_, OnStoreError.Closed) => "onStoreError closed: every request is answered 503 while Redis is away.",
            (_, OnStoreError.Local) => "onStoreError local: while Redis is away, n processes admit up to n times the limit.",
        };
        foreach (var idle in Idle(options))
        {
            yield return idle;
        }

        if (options.IsBucket && burst > requests)
        {
            yield return $"burstCapacity {burst} exceeds requestsPerWindow {requests}: a burst can "
                + "be larger than a whole window's requests.";
        }
        else if (options.IsBucket && burst < requests)
        {
            yield return $"{options.Stem}: {requests} per {window} is a rate: {burst} at once, then one every "
                + $"{Duration(1000.0 * options.WindowSeconds / requests)}. For {requests} in any {window}, use sliding-window; "
                + $"burstCapacity {requests} admits up to twice that.";
        }
    }

    // By length, each as "1,000 a day".
    private static List<(int Requests, int Seconds, string Words)> Limits(RateLimitingOptions options) =>
        [.. (options.Limits ?? []).Select(limit => (limit.Requests, limit.Seconds))
            .Prepend((Requests: options.RequestsPerWindow, Seconds: options.WindowSeconds))
            .OrderBy(limit => limit.Seconds)
            .Select(limit => (limit.Requests, limit.Seconds, $"{Grouped(limit.Requests)} {Every(limit.Seconds)}"))];

    // Limits that another one makes useless, of two neighbours by length.
    private static IEnumerable<string> Idle(RateLimitingOptions options)
    {
        var limits = Limits(options);
        foreach (var (shorter, longer) in limits.Zip(limits.Skip(1)))
        {
            var most = (long)shorter.Requests * ((longer.Seconds + shorter.Seconds - 1) / shorter.Seconds);
            if (shorter.Requests >= longer.Requests)
            {
                yield return $"limits: {shorter.Words} never binds beside {longer.Words}; leave one of them out.";
            }
            else if (longer.Requests >= most)
            {
                yield return $"limits: {longer.Words} is never reached at {shorter.Words}, which admits "
                    + $"{Grouped(most)}; leave it out, or use less.";
            }
        }
    }

    private static string Listed(IEnumerable<string> words) =>
        words.ToList() is [.. var first, var last] ? $"{string.Join(", ", first)} and {last}" : "";

    private static string Every(int seconds) => Span(seconds) switch
    {
        "hour" => "an hour",
        var span when char.IsAsciiDigit(span[0]) => $"in {span}",
        var span => $"a {span}",
    };

    private static string Kind(RateLimitingOptions options) => options.Middleware switch
    {
        Framework.Nest => "guard",
        Framework.Fastify => "hook",
        Framework.Express or Framework.Hono or Framework.Koa or Framework.Fetch => "middleware",
    };

    private static string Address(RateLimitingOptions options) => options.Middleware switch
    {
        Framework.Express =>
            "The address is request.ip: behind a proxy, set Express's 'trust proxy' to it, else all clients share its address.",
        Framework.Fastify =>
            "The address is request.ip: behind a proxy, set Fastify's trustProxy to that proxy, else all clients share its address.",
        Framework.Koa =>
            "The address is context.ip: behind a proxy, set app.proxy and app.maxIpsCount, else all clients share its address.",
        Framework.Nest =>
            "The address is request.ip: behind a proxy, set 'trust proxy' of the platform to it, else all clients share its address.",
        Framework.Hono or Framework.Fetch => options.Runtime switch
        {
            Runtime.Node or Runtime.Deno or Runtime.Bun when options.Middleware is Framework.Hono =>
                "The address is the peer's: Hono has no setting for proxies, so behind one give the option keyOf.",
            Runtime.Node or Runtime.Deno or Runtime.Bun =>
                "A Request does not carry its sender's address: pass it, or all clients without a key share one.",
            Runtime.Workers => "The address is cf-connecting-ip, which Cloudflare sets; elsewhere a client could forge it.",
            Runtime.Browser => "There is no address in a browser: requests without a key are counted together.",
        },
    };

    private static string Span(int seconds) => seconds switch
    {
        1 => "second",
        60 => "minute",
        3_600 => "hour",
        86_400 => "day",
        604_800 => "week",
        _ when seconds % 86_400 == 0 => $"{seconds / 86_400} days",
        _ => Duration(1000.0 * seconds),
    };
}
