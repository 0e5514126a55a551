using System.Text.Json.Serialization;

namespace CrowVault.Emitters.TimeoutConfig;

/// <summary>What the templates of the timeouts see.</summary>
/// <param name="Operations">The table.</param>
/// <param name="First">The first operation as a string literal.</param>
/// <param name="DefaultTimeoutMs">Numeral.</param>
/// <param name="HasTotal">Whether a request as a whole has a limit.</param>
/// <param name="TotalTimeoutMs">Numeral.</param>
/// <param name="TotalType">Type of the parameter that sets a deadline's length, with its default value if there is one.</param>
/// <param name="MostMs">What a deadline of a header is at most.</param>
/// <param name="CountsWaits">False: these timers limit work.</param>
/// <param name="WithFetch">Whether there is <c>timeoutFetch</c>.</param>
/// <param name="WithMetrics">Whether there are counters and <c>onEvent</c>.</param>
/// <param name="TestImports">Imports of the test runner.</param>
/// <param name="TestDeclarations">What follows the imports of a test.</param>
internal sealed record TimeoutConfigModel(
    IReadOnlyList<TableEntry> Operations,
    string First,
    string DefaultTimeoutMs,
    bool HasTotal,
    string TotalTimeoutMs,
    string TotalType,
    string MostMs,
    bool CountsWaits,
    bool WithFetch,
    bool WithMetrics,
    string TestImports,
    string TestDeclarations);

/// <summary>Serialization of the timeouts' options and model.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TimeoutConfigOptions))]
[JsonSerializable(typeof(TimeoutConfigModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class TimeoutConfigJson : JsonSerializerContext;
