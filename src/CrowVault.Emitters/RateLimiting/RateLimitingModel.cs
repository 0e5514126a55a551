using System.Text.Json.Serialization;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>A parameter of the limiter, and the constant that holds its default.</summary>
/// <param name="Name">Such as <c>refillPerSecond</c>.</param>
/// <param name="Constant">Such as <c>REFILL_PER_SECOND</c>.</param>
/// <param name="Value">Such as <c>100 / 60</c>.</param>
internal sealed record Parameter(string Name, string Constant, string Value);

/// <summary>What the rate limiter's fragments see.</summary>
internal sealed record RateLimitingModel
{
    public required string ClassName { get; init; }

    public required string ClassSummary { get; init; }

    public required string OptionsName { get; init; }

    public required string MiddlewareName { get; init; }

    public required Parameter First { get; init; }

    public required Parameter Second { get; init; }

    /// <summary>What the second parameter fills or drains: <c>refill</c> or <c>leak</c>.</summary>
    public required string Flow { get; init; }

    public required bool Sliding { get; init; }

    public required bool Redis { get; init; }

    public required bool NodeRedis { get; init; }

    /// <summary>Whether keys are counted in memory, always or while Redis is away.</summary>
    public required bool Memory { get; init; }

    public required bool Local { get; init; }

    public required string MemoryExport { get; init; }

    public required string MemoryClass { get; init; }

    public required string MemorySummary { get; init; }

    public required string WhileDown { get; init; }

    public required string Prefix { get; init; }

    public required string StoreTimeoutMs { get; init; }

    public required string MaxKeys { get; init; }

    public required string FailureSentence { get; init; }

    public required string OnStoreError { get; init; }

    /// <summary>What the limiter makes of the script's reply.</summary>
    public required string RedisDecision { get; init; }

    /// <summary>How many figures the script answers with.</summary>
    public required string ReplyLength { get; init; }

    public required string Script { get; init; }

    public required string ScriptSha1 { get; init; }

    public required string Evalsha { get; init; }

    public required string Eval { get; init; }

    public required string FrameworkImport { get; init; }

    public required string RequestType { get; init; }

    /// <summary>Parameters of <c>keyOf</c>.</summary>
    public required string KeyParameters { get; init; }

    public required string ApiKey { get; init; }

    public required string UserId { get; init; }

    /// <summary>The key of a client without API key or user.</summary>
    public required string Fallback { get; init; }

    /// <summary>Whether the caller of a fetch middleware tells the client's address.</summary>
    public required bool ClientAddress { get; init; }

    /// <summary>Whether the caller of a fetch middleware tells who the user is.</summary>
    public required bool ClientUser { get; init; }

    public required string ClientParameter { get; init; }

    public required string ClientName { get; init; }

    public required string FetchExample { get; init; }

    public required string FastifyHook { get; init; }

    /// <summary>Parameters of the middleware's function.</summary>
    public required string Parameters { get; init; }

    public required string LimiterArguments { get; init; }

    public required string RedisArgument { get; init; }

    public required string TestImports { get; init; }

    public required string TestOwnImports { get; init; }

    public required string TestDeclarations { get; init; }

    /// <summary>Figures of a limiter that admits two requests at once.</summary>
    public required string TestFigures { get; init; }

    /// <summary>Time until that limiter, once empty, admits the next.</summary>
    public required string TestWaitMs { get; init; }

    /// <summary>A reply that refuses two requests for 250 ms.</summary>
    public required string TestRefusal { get; init; }

    /// <summary>A reply that admits a request and has the limit back after 500 ms.</summary>
    public required string TestAdmission { get; init; }

    public required string TestFailureTitle { get; init; }

    /// <summary>What becomes of three requests without Redis.</summary>
    public required string TestFailureDecisions { get; init; }

    public required string TestConnect { get; init; }

    public required string TestPttl { get; init; }

    public required string TestClose { get; init; }

    public required string TestRequest { get; init; }
}

/// <summary>What a script sees: nothing, since its figures are passed to it.</summary>
internal sealed record RateLimitingScript;

/// <summary>Serialization of the rate limiter's options and model.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RateLimitingOptions))]
[JsonSerializable(typeof(RateLimitingModel))]
[JsonSerializable(typeof(RateLimitingScript))]
internal sealed partial class RateLimitingJson : JsonSerializerContext;
