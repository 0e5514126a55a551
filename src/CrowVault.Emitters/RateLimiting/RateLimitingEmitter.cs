using static CrowVault.Emitters.Code.TypeScript;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>Emits a rate limiter: the fragments that the arguments ask for, one below the other.</summary>
internal sealed class RateLimitingEmitter() : Emitter<RateLimitingOptions>(() => RateLimitingJson.Default.RateLimitingOptions)
{
    // Longer ones would fill the memory, and no service hands them out.
    private const int MaxKeyLength = 512;

    private const int MaxUserIdLength = 256;

    /// <inheritdoc/>
    public override string Tool => "generate_rate_limiting";

    /// <inheritdoc/>
    public override string Title => "Rate limiter";

    /// <inheritdoc/>
    public override string Description =>
        "TypeScript rate limiter and middleware: 429 for clients that send too much. Use it where requests arrive; "
        + "to pace your own calls, withOperations. Not for concurrency (generate_bulkhead).";

    /// <inheritdoc/>
    public override string IconPath => "M2 4h20L12 22z";

    /// <inheritdoc/>
    public override string FileName => "rate-limiter.ts";

    private protected override EmittedCode Write(RateLimitingOptions options)
    {
        var algorithm = AlgorithmTerms.Of(options);
        var framework = FrameworkTerms.Of(options);
        var model = ModelOf(options, algorithm, framework);
        var view = WithParts(Templates.View(model, RateLimitingJson.Default.RateLimitingModel), options);
        return new(
            string.Join('\n', Fragments(options, model, algorithm, framework).Select(fragment => Render(view, fragment))),
            options.WithTests ? string.Join('\n', TestFragments(options).Select(fragment => Render(view, $"tests/{fragment}"))) : "",
            Render(view, "usage/usage.ts").Trim('\n'),
            [.. RateLimitingRemarks.Notes(options)],
            [.. RateLimitingRemarks.Warnings(options)])
        {
            Needs = options.Store is Store.Redis
                ? "ES2022, web-standard globals and Redis >= 5: Node >= 20, Deno, Bun"
                : FileHeader.WebStandards,
        };
    }

    // Public API first, helpers last.
    private static IEnumerable<string> Fragments(
        RateLimitingOptions options, RateLimitingModel model, AlgorithmTerms algorithm, FrameworkTerms framework)
    {
        yield return "types.ts";
        if (model.Redis)
        {
            yield return options.RedisClient is RedisClient.Ioredis ? "redis/client-ioredis.ts" : "redis/client-node-redis.ts";
        }

        yield return "options.ts";
        if (model.ClientAddress || model.ClientUser)
        {
            yield return "middleware/fetch-client.ts";
        }

        yield return $"middleware/{Lower(options.Middleware)}.ts";
        if (options.Middleware is Framework.Hono)
        {
            yield return $"middleware/exchange-hono-{Lower(options.Runtime)}.ts";
        }

        if (options.Middleware is Framework.Fastify or Framework.Nest)
        {
            yield return "middleware/error.ts";
        }

        yield return $"key/{Lower(options.KeyStrategy)}.ts";
        if (model.Redis)
        {
            yield return model.Limits ? "redis/windows.ts" : $"redis/{algorithm.Stem}.ts";
            if (!model.Local)
            {
                yield return $"redis/undecided-{Lower(options.OnStoreError)}.ts";
            }

            yield return "redis/store.ts";
            yield return "redis/prefix.ts";
        }

        if (model.Memory)
        {
            yield return $"memory/{algorithm.Stem}{(model.Limits ? "s" : "")}.ts";
            yield return "memory/key-table.ts";
        }

        if (options.WithOperations)
        {
            yield return "operations/turns.ts";
            yield return "operations/blocked.ts";
            if (model.Memory)
            {
                yield return "operations/blocks.ts";
            }
        }

        if (options.IsBucket)
        {
            yield return "units.ts";
        }

        if (model.Memory && options.Algorithm is Algorithm.SlidingWindow)
        {
            yield return "slices.ts";
        }

        if (model.Limits)
        {
            yield return "limits.ts";
        }

        yield return "policy.ts";
        if (options.WithMetrics)
        {
            yield return "events.ts";
        }

        if (options.KeyStrategy is KeyStrategy.User)
        {
            if (options.Middleware is Framework.Hono or Framework.Koa)
            {
                yield return $"key/authenticated-{Lower(options.Middleware)}.ts";
            }

            yield return options.Middleware is Framework.Fetch ? "key/user-text.ts" : "key/user-id.ts";
        }

        if (model.Address)
        {
            if (framework.AddressFragment.Length > 0)
            {
                yield return $"key/{framework.AddressFragment}.ts";
            }

            yield return "key/network.ts";
        }

        if (model.Address || options.Middleware is Framework.Nest
            || (options.KeyStrategy is KeyStrategy.User && options.Middleware is not Framework.Fetch))
        {
            yield return "key/warn-once.ts";
        }

        if (options.Middleware is not Framework.Nest)
        {
            yield return "middleware/problem.ts";
        }

        yield return "middleware/fields.ts";
        yield return "middleware/tell.ts";
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

        if (options.Limits is not null)
        {
            yield return options.Store is Store.Redis ? "test-limits-redis.ts" : "test-limits-memory.ts";
        }

        if (options.KeyStrategy is KeyStrategy.ApiKey)
        {
            yield return "test-key-api-key.ts";
        }
    }

    // Parts that stand within a fragment.
    private static TemplateView WithParts(TemplateView view, RateLimitingOptions options)
    {
        var script = LuaScript.Of(options, view);
        var client = Lower(options.RedisClient);
        var operations = options.WithOperations;
        return view
            .With("settings", Part("middleware/settings.ts"))
            .With("usageBody", Part($"usage/{Lower(options.Middleware)}.ts"))
            .With("memoryOperations", operations ? $"{Render(view, "operations/memory.ts")}" : "")
            .With("memoryBlock", operations ? $"{Part("operations/memory-block.ts")}\n" : "")
            .With("redisOperations", operations ? Render(view, "operations/redis.ts") : "")
            .With("clientCheck", Part($"redis/check-{client}.ts"))
            .With("mend", Part($"redis/mend-{client}.ts"))
            .With("script", options.Store is Store.Redis ? script.Text : "")
            .With("scriptSha1", script.Sha1);

        string Part(string name) => Render(view, name).TrimEnd('\n');
    }

    private static string Render(TemplateView view, string fragment) => view.Render($"RateLimiting/{fragment}.liquid");

    private static RateLimitingModel ModelOf(RateLimitingOptions options, AlgorithmTerms algorithm, FrameworkTerms framework)
    {
        var redis = options.Store is Store.Redis;
        var local = redis && options.OnStoreError is OnStoreError.Local;
        var closed = redis && options.OnStoreError is OnStoreError.Closed;
        var ioredis = options.RedisClient is RedisClient.Ioredis;
        var optionsName = $"{algorithm.Name}Options";
        var fetch = options.Middleware is Framework.Fetch;
        var address = options.KeyStrategy is not KeyStrategy.Global && framework.Address.Length > 0;
        var clientAddress = address && framework.Address == "client.address";
        var clientUser = fetch && options.KeyStrategy is KeyStrategy.User;
        var client = clientAddress || clientUser;
        var className = $"{algorithm.Name}Limiter";
        var middlewareName = $"{algorithm.Function}{(options.Middleware is Framework.Nest ? "Guard" : "Middleware")}";
        var counted = !options.WithMetrics ? "" : $"counted(this.#onEvent, {(options.WithOperations ? "take, " : "")}";
        var keyArguments = $"{framework.Request}{(client ? ", client" : "")}";
        return new()
        {
            ClassName = className,
            ClassSummary = algorithm.Summary,
            OptionsName = optionsName,
            LimiterOptions = $"Readonly<{optionsName}>",
            StoreOptions = $"Readonly<{optionsName}>",
            MiddlewareName = middlewareName,
            First = algorithm.First,
            Second = algorithm.Second,
            SharedFigure = algorithm.SharedFigure,
            TableName = algorithm.Table,
            LimitOfSentence = algorithm.LimitOf,
            Limits = options.Limits is not null,
            FurtherLimits = [.. (options.Limits ?? []).Select(Entry)],
            PolicyOf = options.Limits is null ? "decision" : framework.Request,
            TestOptions = options.Limits is null ? "" : ", { limits: {} }",
            TestThird = options.Algorithm is Algorithm.SlidingWindow ? "default 0" : "long 0",
            TestMember = options.Limits is null ? "" : "limits: {}, ",
            Redis = redis,
            Ioredis = redis && ioredis,
            NodeRedis = redis && !ioredis,
            Memory = !redis || local,
            Local = local,
            Closed = closed,
            UndecidedFields = redis && !local,
            Operations = options.WithOperations,
            MemoryExport = redis ? "" : "export ",
            MemoryClass = redis ? $"Local{algorithm.Name}" : className,
            MemorySummary = redis ? "The same limiter in the memory of this process, for as long as Redis is away." : algorithm.Summary,
            TakeParameter = options.WithOperations ? ", take = true" : "",
            TakeCondition = options.WithOperations ? " && take" : "",
            TakeArgument = options.WithOperations ? ", take" : "",
            TakeFigure = options.WithOperations ? "take ? serial() : 0" : "serial()",
            WhileDown = redis ? " in memory while Redis is away" : "",
            DecidedBy = (options.WithOperations, redis && !local) switch
            {
                (false, false) => "'count'",
                (true, false) => "'count' | 'block'",
                (false, true) => "'count' | 'store-failure'",
                (true, true) => "'count' | 'block' | 'store-failure'",
            },
            DecidedBySentence = (options.WithOperations, redis && !local) switch
            {
                (false, false) => "A count decided.",
                (true, false) => "A count, or a block of the key.",
                (false, true) => "A count, or what was chosen for the case that Redis cannot decide.",
                (true, true) => "A count, a block of the key, or what was chosen for the case that Redis cannot decide.",
            },
            WithMetrics = options.WithMetrics,
            Mode = Lower(options.OnStoreError),
            Counted = counted,
            CountedEnd = options.WithMetrics ? ")" : "",
            Prefix = $"rate:{algorithm.Stem}:",
            Rights = options.WithOperations ? "+evalsha +eval +get +set +time +pttl +del" : "+evalsha +eval +get +set +time",
            StoreTimeoutMs = Numeral(options.StoreTimeoutMs),
            MaxKeys = Numeral(options.MaxKeys),
            MaxKeyLength = Numeral(MaxKeyLength),
            MaxUserIdLength = Numeral(MaxUserIdLength),
            FailureSentence = options.OnStoreError switch
            {
                OnStoreError.Open => "without an answer the request is admitted.",
                OnStoreError.Closed => "without an answer the request is refused.",
                OnStoreError.Local => "without an answer the request is counted in memory.",
            },
            FailureLog = options.OnStoreError switch
            {
                OnStoreError.Open => "admits everything",
                OnStoreError.Closed => "refuses everything",
                OnStoreError.Local => "counts in memory",
            },
            Undecided = local
                ? $"this.#local.decide(key, cost, {algorithm.First.Name}{(options.WithOperations ? ", take" : "")})"
                : $"{counted}undecided({algorithm.First.Name}, this.name){(options.WithMetrics ? ")" : "")}",
            BlockFor = ioredis ? "'PX', milliseconds" : "{ PX: milliseconds }",
            SlotOf = ioredis ? "slotOf(`${this.#redis.options?.keyPrefix ?? ''}${key}`)" : "slotOf(key)",
            SlotOwner = ioredis ? "[0]" : "master.address",
            Evalsha = ioredis ? "redis.evalsha(SCRIPT_SHA1, 1, key, ...figures)" : "send(redis, 'evalSha', SCRIPT_SHA1, key, figures)",
            Eval = ioredis ? "redis.eval(SCRIPT, 1, key, ...figures)" : "send(redis, 'eval', SCRIPT, key, figures)",
            Workers = options.Runtime is Runtime.Workers,
            FrameworkImport = Imports(options, framework),
            FrameworkName = framework.Name,
            TrustProxy = framework.TrustProxy,
            Request = framework.Request,
            RequestType = framework.RequestType,
            OnRefusedType = framework.RefusedType,
            OnRefusedSentence = options.Middleware is Framework.Nest
                ? "Makes the error of a refusal, in place of a `RateLimitedError`; a gateway tells its client only of a `WsException`."
                : "Answers a request that is refused, in place of a problem document.",
            ErrorFor = options.Middleware is Framework.Nest ? "the exception filters of Nest" : "an error handler of the application",
            ErrorMessage = closed
                ? "decision.decidedBy === 'store-failure' ? 'Service Unavailable' : 'Too Many Requests'"
                : "'Too Many Requests'",
            Status = closed ? "statusOf(decision)" : "429",
            KeyParameters = KeyParameters(options, framework, client, address),
            KeyWords = options.KeyStrategy switch
            {
                KeyStrategy.ApiKey => "the API key",
                KeyStrategy.Ip => "the address",
                KeyStrategy.User => "the user",
                KeyStrategy.Global => "one for all",
            },
            ApiKey = framework.ApiKey,
            UserId = $"userIdOf({framework.User})",
            Address = address,
            Fallback = address ? $"`ip:${{networkOf({framework.Address}, ipv6Prefix)}}`" : "'ip:unknown'",
            Identify = Identify(options, framework, address, client),
            Decide = redis ? "await limiter.consume" : "limiter.decide",
            ClientAddress = clientAddress,
            ClientUser = clientUser,
            ClientParameter = client ? "  client?: FetchClient,\n" : "",
            ClientName = client ? ", client" : "",
            FetchExample = client ? $"limit(request, handle, {(clientAddress ? "{ address }" : "{ user }")})" : "limit(request, handle)",
            FastifyHook = options.KeyStrategy is KeyStrategy.User ? "preHandler" : "onRequest",
            Parameters =
                $"{(redis ? "redis: RedisClient,\n" : "")}{algorithm.First.Name}: number = {algorithm.First.Constant},\n"
                + $"{algorithm.Second.Name}: number = {algorithm.Second.Constant},\noptions: Readonly<{optionsName}> = {{}},",
            LimiterArguments = $"{(redis ? "redis, " : "")}{algorithm.First.Name}, {algorithm.Second.Name}, options",
            RedisArgument = redis ? "redis" : "",
            IsNest = options.Middleware is Framework.Nest,
            HasUser = options.KeyStrategy is KeyStrategy.User,
            UsageImport = options.Middleware switch
            {
                Framework.Express => "import express from 'express';\n",
                Framework.Fastify => "import { fastify } from 'fastify';\n",
                Framework.Hono => "import { Hono } from 'hono';\n",
                Framework.Koa => "import Koa from 'koa';\n",
                Framework.Nest =>
                    $"import {{ {(options.KeyStrategy is KeyStrategy.User ? "type CanActivate, " : "")}HttpException, type INestApplication }} "
                    + "from '@nestjs/common';\n",
                Framework.Fetch => "",
            },
            UsageClient = (clientAddress, clientUser) switch
            {
                (true, true) => ", { address, user }",
                (true, false) => ", { address }",
                (false, true) => ", { user }",
                (false, false) => "",
            },
            TestImports = TestRunner.Imports(options) + (redis ? "import process from 'node:process';\n" : ""),
            TestOwnImports = TestImports(options, algorithm),
            TestDeclarations = TestRunner.Declarations(options),
            TestFigures = options.IsBucket ? "2, 1" : "2, 2",
            TestWaitMs = options.IsBucket ? "1000" : "2000",
            TestRefusal = options.IsBucket ? "[0, 250_000_000_000_000]" : "[0, 1, 250, 250]",
            TestAdmission = options.IsBucket ? "[1, 500_000_000_000_000]" : "[1, 1, 0, 500]",
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
            TestKey = redis ? "keeps the API key out of the store" : "takes the API key as the key",
        };
    }

    // As Prettier leaves it: on one line if it fits, else a line for each figure.
    private static TableEntry Entry(LimitEntry limit)
    {
        var key = PropertyKey(limit.Name);
        string[] figures = [$"requests: {Numeral(limit.Requests)}", $"seconds: {Numeral(limit.Seconds)}"];
        var line = $"{{ {string.Join(", ", figures)} }}";
        return new(key, $"  {key}: {line},".Length <= Columns ? line : $"{{\n    {string.Join(",\n    ", figures)},\n  }}");
    }

    private static string TestImports(RateLimitingOptions options, AlgorithmTerms algorithm)
    {
        var key = options.KeyStrategy is KeyStrategy.ApiKey ? ", keyOf" : "";
        var types = options.Store is Store.Redis ? "import type { RedisClient } from './rate-limiter.ts';\n" : "";
        return $"import {{ {algorithm.Name}Limiter{key} }} from './rate-limiter.ts';\n{types}";
    }

    // A type-only import of a framework, and what hashes API keys before they leave the process.
    private static string Imports(RateLimitingOptions options, FrameworkTerms framework)
    {
        var hash = options is { Store: Store.Redis, KeyStrategy: KeyStrategy.ApiKey } ? "import { createHash } from 'node:crypto';\n" : "";
        var imports = hash + framework.Import;
        return imports.Length > 0 ? $"{imports}\n" : "";
    }

    private static string Identify(RateLimitingOptions options, FrameworkTerms framework, bool address, bool client)
    {
        var request = framework.Request;
        var prefix = address ? ", ipv6Prefix" : "";
        var check = address ? "const { ipv6Prefix = 64 } = options;\nrequireInteger('ipv6Prefix', ipv6Prefix, 32, 128);\n" : "";
        var parameters = client ? $"{request}: {framework.RequestType}, client?: FetchClient" : $"{request}: {framework.RequestType}";
        return $"{check}const identify = ({parameters}): string => {{\n"
            + "  // What is typed as any can be an id that is no text.\n"
            + $"  const id: unknown = options.keyOf?.({request}) ?? '';\n"
            + "  const key = String(id);\n"
            + "  const isId = typeof id === 'string' || typeof id === 'object' || typeof id === 'bigint';\n"
            + "  if (!(isId || Number.isFinite(id)) || key.startsWith('[object ')) {\n"
            + "    throw new TypeError(`keyOf: ${key} would be one key for all clients; return a text.`);\n"
            + "  }\n"
            + $"  return key === '' ? keyOf({request}{(client ? ", client" : "")}{prefix}) : key;\n}};";
    }

    private static string KeyParameters(RateLimitingOptions options, FrameworkTerms framework, bool client, bool address)
    {
        var read = options.KeyStrategy is KeyStrategy.ApiKey || framework.Address.Contains(framework.Request, StringComparison.Ordinal)
            || (options.KeyStrategy is KeyStrategy.User && framework.User.Contains(framework.Request, StringComparison.Ordinal));
        return $"{(read ? "" : "_")}{framework.Request}: "
            + $"{framework.RequestType}{(client ? ", client: FetchClient = {}" : "")}{(address ? ", ipv6Prefix = 64" : "")}";
    }

    private static string Lower<TEnum>(TEnum value)
        where TEnum : struct, Enum => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
