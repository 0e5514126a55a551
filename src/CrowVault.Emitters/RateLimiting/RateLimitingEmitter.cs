using System.Security.Cryptography;
using System.Text;
using static CrowVault.Emitters.Code.TypeScript;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>Emits a rate limiter: the fragments that the arguments ask for, one below the other.</summary>
internal sealed class RateLimitingEmitter() : Emitter<RateLimitingOptions>(RateLimitingJson.Default.RateLimitingOptions)
{
    /// <inheritdoc/>
    public override string Tool => "generate_rate_limiting";

    /// <inheritdoc/>
    public override string Title => "Rate limiter";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript rate limiter and middleware that answers 429 to clients that send too much. Use it where requests arrive. Not to "
        + "bound concurrency (generate_bulkhead) or to pace your own calls.";

    /// <inheritdoc/>
    public override string IconPath => "M2 4h20l-8 9v7l-4 2v-9z";

    /// <inheritdoc/>
    public override string FileName => "rate-limiter.ts";

    private protected override EmittedCode Write(RateLimitingOptions options)
    {
        var model = ModelOf(options);
        var view = Templates.View(model, RateLimitingJson.Default.RateLimitingModel);
        return new(
            string.Join('\n', Fragments(options, model).Select(fragment => Render(fragment, view))),
            options.WithTests ? string.Join('\n', TestFragments(options).Select(fragment => Render(fragment, view))) : "",
            RateLimitingRemarks.Usage(options, model),
            RateLimitingRemarks.Notes(options),
            RateLimitingRemarks.Warnings(options))
        {
            Needs = options.Store is Store.Redis
                ? "ES2022, web-standard globals and Redis >= 5: Node >= 20, Deno, Bun"
                : FileHeader.WebStandards,
        };
    }

    // The reader meets what is called first, and last what it rests on.
    private static IEnumerable<string> Fragments(RateLimitingOptions options, RateLimitingModel model)
    {
        var algorithm = AlgorithmTerms.Of(options);
        var framework = FrameworkTerms.Of(options);
        yield return "types.ts";
        if (model.Redis)
        {
            yield return options.RedisClient is RedisClient.Ioredis ? "redis-client-ioredis.ts" : "redis-client-node-redis.ts";
        }

        yield return "options.ts";
        if (model.ClientAddress || model.ClientUser)
        {
            yield return "fetch-client.ts";
        }

        yield return options.Middleware switch
        {
            Framework.Express => "middleware-express.ts",
            Framework.Fastify => "middleware-fastify.ts",
            Framework.Hono => "middleware-hono.ts",
            Framework.Fetch => "middleware-fetch.ts",
        };
        yield return options.KeyStrategy switch
        {
            KeyStrategy.ApiKey => "key-api-key.ts",
            KeyStrategy.Ip => "key-ip.ts",
            KeyStrategy.User => "key-user.ts",
            KeyStrategy.Global => "key-global.ts",
        };
        if (model.Redis)
        {
            yield return options.IsBucket ? "redis-bucket.ts" : "redis-window.ts";
            yield return "redis-script.ts";
        }

        if (model.Memory)
        {
            yield return $"memory-{algorithm.Stem}.ts";
            yield return "key-table.ts";
        }

        if (options.IsBucket)
        {
            yield return "units.ts";
        }

        if (model.Sliding)
        {
            yield return "slices.ts";
        }

        yield return "policy.ts";
        if (options.KeyStrategy is KeyStrategy.User)
        {
            yield return "user-id.ts";
        }

        if (options.KeyStrategy is not KeyStrategy.Global && framework.Address.Length > 0)
        {
            if (framework.AddressFragment.Length > 0)
            {
                yield return $"{framework.AddressFragment}.ts";
            }

            yield return "network.ts";
        }

        yield return "fields.ts";
    }

    private static IEnumerable<string> TestFragments(RateLimitingOptions options)
    {
        yield return "test-imports.ts";
        if (options.Store is Store.Redis)
        {
            yield return options.RedisClient is RedisClient.Ioredis ? "test-redis-ioredis.ts" : "test-redis-node-redis.ts";
            yield return "test-redis.ts";
        }
        else
        {
            yield return "test-memory.ts";
        }

        if (options.KeyStrategy is KeyStrategy.ApiKey)
        {
            yield return "test-key-api-key.ts";
        }
    }

    private static RateLimitingModel ModelOf(RateLimitingOptions options)
    {
        var algorithm = AlgorithmTerms.Of(options);
        var framework = FrameworkTerms.Of(options);
        var redis = options.Store is Store.Redis;
        var local = redis && options.OnStoreError is OnStoreError.Local;
        var ioredis = options.RedisClient is RedisClient.Ioredis;
        var optionsName = $"{algorithm.Name}Options";
        var script = redis ? $"\n{Lua(algorithm)}" : "";
        var client = options.Middleware is Framework.Fetch && options.KeyStrategy is not KeyStrategy.Global;
        var clientAddress = client && framework.Address == "client.address";
        var clientUser = client && options.KeyStrategy is KeyStrategy.User;
        client = clientAddress || clientUser;
        var redisParameter = redis ? "redis: RedisClient,\n" : "";
        var model = new RateLimitingModel
        {
            ClassName = $"{algorithm.Name}Limiter",
            ClassSummary = algorithm.Summary,
            OptionsName = optionsName,
            MiddlewareName = $"{algorithm.Function}Middleware",
            First = algorithm.First,
            Second = algorithm.Second,
            Flow = algorithm.Flow,
            Sliding = options.Algorithm is Algorithm.SlidingWindow,
            Redis = redis,
            NodeRedis = redis && !ioredis,
            Memory = !redis || local,
            Local = local,
            MemoryExport = redis ? "" : "export ",
            MemoryClass = redis ? $"Local{algorithm.Name}" : $"{algorithm.Name}Limiter",
            MemorySummary = redis ? "The same limiter in the memory of this process, for as long as Redis is away." : algorithm.Summary,
            WhileDown = redis ? " in memory while Redis is away" : "",
            Prefix = $"rate:{algorithm.Stem}:",
            StoreTimeoutMs = Numeral(options.StoreTimeoutMs),
            MaxKeys = Numeral(options.MaxKeys),
            FailureSentence = options.OnStoreError switch
            {
                OnStoreError.Open => "without an answer the request is admitted.",
                OnStoreError.Closed => "without an answer the request is refused.",
                OnStoreError.Local => "without an answer the request is counted in memory.",
            },
            OnStoreError = "",
            RedisDecision = "",
            ReplyLength = options.IsBucket ? "2" : "4",
            Script = script,
            ScriptSha1 = Convert.ToHexStringLower(Sha1(script)),
            Evalsha = ioredis ? "evalsha(SCRIPT_SHA1, 1, key, ...figures)" : "evalSha(SCRIPT_SHA1, options)",
            Eval = ioredis ? "eval(SCRIPT, 1, key, ...figures)" : "eval(SCRIPT, options)",
            FrameworkImport = framework.Import,
            RequestType = framework.RequestType,
            KeyParameters = KeyParameters(options, framework, client),
            ApiKey = framework.ApiKey,
            UserId = $"userIdOf({framework.User})",
            Fallback = framework.Address.Length > 0 ? $"`ip:${{networkOf({framework.Address})}}`" : "'ip:unknown'",
            ClientAddress = clientAddress,
            ClientUser = clientUser,
            ClientParameter = client ? "  client?: FetchClient,\n" : "",
            ClientName = client ? ", client" : "",
            FetchExample = client ? $"limit(request, handle, {(clientAddress ? "{ address }" : "{ user }")})" : "limit(request, handle)",
            FastifyHook = options.KeyStrategy is KeyStrategy.User ? "preHandler" : "onRequest",
            Parameters =
                $"{redisParameter}{algorithm.First.Name}: number = {algorithm.First.Constant},\n"
                + $"{algorithm.Second.Name}: number = {algorithm.Second.Constant},\noptions: {optionsName} = {{}},",
            LimiterArguments = $"{(redis ? "redis, " : "")}{algorithm.First.Name}, {algorithm.Second.Name}, options",
            RedisArgument = redis ? "redis" : "",
            TestImports = TestRunner.Imports(options) + (redis ? "import process from 'node:process';\n" : ""),
            TestOwnImports = TestImports(options, algorithm),
            TestDeclarations = TestRunner.Declarations(options),
            TestFigures = options.IsBucket ? "2, 1" : "2, 2",
            TestWaitMs = options.IsBucket ? "1000" : "2000",
            TestRefusal = options.Algorithm switch
            {
                Algorithm.TokenBucket => "[0, 1_750_000]",
                Algorithm.LeakyBucket => "[0, 250_000]",
                Algorithm.FixedWindow or Algorithm.SlidingWindow => "[0, 1, 250, 250]",
            },
            TestAdmission = options.Algorithm switch
            {
                Algorithm.TokenBucket => "[1, 1_500_000]",
                Algorithm.LeakyBucket => "[1, 500_000]",
                Algorithm.FixedWindow or Algorithm.SlidingWindow => "[1, 1, 0, 500]",
            },
            TestFailureTitle = options.OnStoreError switch
            {
                OnStoreError.Open => "admits everything while Redis is down, and tells why",
                OnStoreError.Closed => "admits nothing while Redis is down, and tells why",
                OnStoreError.Local => "counts in memory while Redis is down, and tells why",
            },
            TestFailureDecisions = options.OnStoreError switch
            {
                OnStoreError.Open => "[true, true, true]",
                OnStoreError.Closed => "[false, false, false]",
                OnStoreError.Local => "[true, true, false]",
            },
            TestConnect = ioredis
                ? "const { Redis } = await import('ioredis');\nconst redis = new Redis(redisUrl);"
                : "const { createClient } = await import('redis');\nconst redis = createClient({ url: redisUrl });\nawait redis.connect();",
            TestPttl = ioredis ? "pttl" : "pTTL",
            TestClose = ioredis ? "quit" : "close",
            TestRequest = framework.TestRequest,
        };
        return !redis ? model : model with
        {
            RedisDecision = options.IsBucket ? Render($"redis-decision-{algorithm.Stem}.ts", model).TrimEnd() : "",
            OnStoreError = Render(
                options.OnStoreError switch
                {
                    OnStoreError.Open => "on-store-error-open.ts",
                    OnStoreError.Closed => "on-store-error-closed.ts",
                    OnStoreError.Local => "on-store-error-local.ts",
                },
                model).TrimEnd(),
        };
    }

    private static string TestImports(RateLimitingOptions options, AlgorithmTerms algorithm)
    {
        var key = options.KeyStrategy is KeyStrategy.ApiKey ? "keyOf" : "";
        var limiter = $"{algorithm.Name}Limiter";
        var names = string.Join(", ", new[] { limiter, key }.Where(name => name.Length > 0));
        var types = options.Store is Store.Redis ? "import type { RedisClient } from './rate-limiter.ts';\n" : "";
        return $"import {{ {names} }} from './rate-limiter.ts';\n{types}";
    }

    private static string Render(string fragment, RateLimitingModel model) =>
        Render(fragment, Templates.View(model, RateLimitingJson.Default.RateLimitingModel));

    private static string Render(string fragment, TemplateView view) => view.Render($"RateLimiting/{fragment}.liquid");

    private static string Lua(AlgorithmTerms algorithm) =>
        Templates.View(new RateLimitingScript(), RateLimitingJson.Default.RateLimitingScript).Render($"RateLimiting/{algorithm.Stem}.lua.liquid");

    // Redis names a script by its SHA-1; nothing rests on its strength.
    private static byte[] Sha1(string script) =>
#pragma warning disable CA5350
        SHA1.HashData(Encoding.ASCII.GetBytes(script));
#pragma warning restore CA5350

    private static string KeyParameters(RateLimitingOptions options, FrameworkTerms framework, bool client)
    {
        var read = options.KeyStrategy is KeyStrategy.ApiKey || framework.Address.Contains(framework.Request, StringComparison.Ordinal)
            || (options.KeyStrategy is KeyStrategy.User && framework.User.Contains(framework.Request, StringComparison.Ordinal));
        return $"{(read ? "" : "_")}{framework.Request}: {framework.RequestType}{(client ? ", client: FetchClient = {}" : "")}";
    }
}
