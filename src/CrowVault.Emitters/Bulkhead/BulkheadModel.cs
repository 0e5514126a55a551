using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Bulkhead;

/// <summary>What the bulkhead's templates see.</summary>
/// <param name="Partitions">The table.</param>
/// <param name="First">The first partition as a string literal.</param>
/// <param name="Meaning">What the table holds.</param>
/// <param name="OwnLimits">Whether each entry has a queue and a wait of its own.</param>
/// <param name="CountsWaits">True: these timers limit waits, which are counted.</param>
/// <param name="MaxQueue">Numeral.</param>
/// <param name="MaxWaitMs">Numeral.</param>
/// <param name="WithMetrics">Whether there is <c>onEvent</c>.</param>
/// <param name="TestImports">Imports of the test runner.</param>
/// <param name="TestDeclarations">What follows the imports of a test.</param>
internal sealed record BulkheadModel(
    IReadOnlyList<TableEntry> Partitions,
    string First,
    string Meaning,
    bool OwnLimits,
    bool CountsWaits,
    string MaxQueue,
    string MaxWaitMs,
    bool WithMetrics,
    string TestImports,
    string TestDeclarations);

/// <summary>Serialization of the bulkhead's options and model.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BulkheadOptions))]
[JsonSerializable(typeof(BulkheadModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class BulkheadJson : JsonSerializerContext;
