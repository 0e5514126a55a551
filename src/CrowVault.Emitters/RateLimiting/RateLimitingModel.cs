using System.Text.Json.Serialization;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>A parameter of a limiter.</summary>
/// <param name="Name">Such as <c>refillPerSecond</c>.</param>
/// <param name="Constant">Such as <c>REFILL_PER_SECOND</c>.</param>
/// <param name="Value">Such as <c>100 / 60</c>.</param>
internal sealed record Parameter(string Name, string Constant, string Value);

/// <summary>What the templates of the rate limiter see.</summary>
internal sealed record RateLimitingModel
{
    public required string ClassName { get; init; }

    public required string ClassSummary { get; init; }

    public required string OptionsName { get; init; }

    public required string LimiterOptions { get; init; }

    public required string StoreOptions { get; init; }

    public required string MiddlewareName { get; init; }

    public required Parameter First { get; init; }

    public required Parameter Second { get; init; }

    public required string SharedFigure { get; init; }

    public required string TableName { get; init; }

    public required string LimitOfSentence { get; init; }

    public required bool Limits { get; init; }

    public required IReadOnlyList<TableEntry> FurtherLimits { get; init; }

    public required string PolicyOf { get; init; }

    public required string TestOptions { get; init; }

    public required string TestThird { get; init; }

    public required string TestMember { get; init; }

    public required bool Redis { get; init; }

    public required bool Ioredis { get; init; }

    public required bool NodeRedis { get; init; }

    public required bool Memory { get; init; }

    public required bool Local { get; init; }

    public required bool Closed { get; init; }

    public required bool UndecidedFields { get; init; }

    public required bool Operations { get; init; }

    public required string MemoryExport { get; init; }

    public required string MemoryClass { get; init; }

    public required string MemorySummary { get; init; }

    public required string TakeParameter { get; init; }

    public required string TakeCondition { get; init; }

    public required string TakeFigure { get; init; }

    public required string TakeArgument { get; init; }

    public required string WhileDown { get; init; }

    public required string DecidedBy { get; init; }

    public required string DecidedBySentence { get; init; }

    public required bool WithMetrics { get; init; }

    public required string Mode { get; init; }

    public required string Counted { get; init; }

    public required string CountedEnd { get; init; }

    public required string Prefix { get; init; }

    public required string Rights { get; init; }

    public required string StoreTimeoutMs { get; init; }

    public required string MaxKeys { get; init; }

    public required string MaxKeyLength { get; init; }

    public required string MaxUserIdLength { get; init; }

    public required string FailureSentence { get; init; }

    public required string FailureLog { get; init; }

    public required string Undecided { get; init; }

    public required string BlockFor { get; init; }

    public required string SlotOf { get; init; }

    /// <summary>The address of a slot's master, as the client keeps it.</summary>
    public required string SlotOwner { get; init; }

    public required string Evalsha { get; init; }

    public required string Eval { get; init; }

    public required bool Workers { get; init; }

    public required string FrameworkImport { get; init; }

    public required string FrameworkName { get; init; }

    public required string TrustProxy { get; init; }

    public required string Request { get; init; }

    public required string RequestType { get; init; }

    public required string OnRefusedType { get; init; }

    public required string OnRefusedSentence { get; init; }

    public required string ErrorFor { get; init; }

    public required string ErrorMessage { get; init; }

    public required string Status { get; init; }

    public required string KeyParameters { get; init; }

    public required string KeyWords { get; init; }

    public required string ApiKey { get; init; }

    public required string UserId { get; init; }

    public required bool Address { get; init; }

    public required string Fallback { get; init; }

    public required string Identify { get; init; }

    public required string Decide { get; init; }

    public required bool ClientAddress { get; init; }

    public required bool ClientUser { get; init; }

    public required string ClientParameter { get; init; }

    public required string ClientName { get; init; }

    public required string FetchExample { get; init; }

    public required string FastifyHook { get; init; }

    public required string Parameters { get; init; }

    public required string LimiterArguments { get; init; }

    public required string RedisArgument { get; init; }

    public required bool IsNest { get; init; }

    public required bool HasUser { get; init; }

    public required string UsageImport { get; init; }

    public required string UsageClient { get; init; }

    public required string TestImports { get; init; }

    public required string TestOwnImports { get; init; }

    public required string TestDeclarations { get; init; }

    public required string TestFigures { get; init; }

    public required string TestWaitMs { get; init; }

    public required string TestRefusal { get; init; }

    public required string TestAdmission { get; init; }

    public required string TestFailureTitle { get; init; }

    public required string TestFailureDecisions { get; init; }

    public required string TestConnect { get; init; }

    public required string TestPttl { get; init; }

    public required string TestClose { get; init; }

    public required string TestRequest { get; init; }

    public required string TestKey { get; init; }
}

/// <summary>Serialization of the rate limiter's options and model.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RateLimitingOptions))]
[JsonSerializable(typeof(RateLimitingModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class RateLimitingJson : JsonSerializerContext;
