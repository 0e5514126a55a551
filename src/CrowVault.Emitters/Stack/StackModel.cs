using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Stack;

/// <summary>What the templates of the stack see.</summary>
/// <param name="FailureUnit">The default of the option of that name.</param>
/// <param name="Shared">Whether requests of one process may touch each other's objects, which Workers do not allow.</param>
/// <param name="TestImports">Imports of the test runner.</param>
/// <param name="TestDeclarations">What follows the imports of a test.</param>
internal sealed record StackModel(string FailureUnit, bool Shared, string TestImports, string TestDeclarations);

/// <summary>What the snippet that wires the layers sees.</summary>
/// <param name="Operation">An operation as a string literal.</param>
/// <param name="Partition">A partition as a string literal.</param>
internal sealed record StackUsageModel(string Operation, string Partition);

/// <summary>What the templates of the upstreams see.</summary>
/// <param name="Operations">From the key of an upstream to the union of its operations.</param>
/// <param name="Settings">Upstreams that have settings of their own.</param>
/// <param name="Once">Operations that are never repeated, as a list literal; empty when there is none.</param>
/// <param name="HasTotal">Whether a call as a whole has a limit.</param>
/// <param name="TimeoutImports">Names that are imported from timeouts.ts.</param>
/// <param name="WithFetch">Whether timeouts.ts has <c>timeoutFetch</c>.</param>
/// <param name="CountsAttempts">Whether the breaker counts each attempt of a call.</param>
/// <param name="WithBudget">Whether retry.ts has a budget.</param>
/// <param name="BreakerReports">Whether the breakers report events.</param>
/// <param name="RetryReports">Whether the retries do.</param>
/// <param name="TimeoutReports">Whether the timeouts do.</param>
/// <param name="BulkheadReports">Whether the bulkheads do.</param>
/// <param name="Reports">Whether any of them does.</param>
/// <param name="MaxKeys">Upstreams made at run time that are kept at most.</param>
/// <param name="SlotsPerKey">Calls at once for each of those.</param>
/// <param name="TellsBusy">Whether an adapter asks whether calls are running.</param>
/// <param name="First">An upstream, for the usage and the tests.</param>
/// <param name="FirstMember">The same as a member access.</param>
/// <param name="FirstOperation">One of its operations.</param>
/// <param name="TestImports">Imports of the test runner.</param>
/// <param name="TestDeclarations">What follows the imports of a test.</param>
internal sealed record UpstreamsModel(
    IReadOnlyList<TableEntry> Operations,
    IReadOnlyList<UpstreamSettings> Settings,
    string Once,
    bool HasTotal,
    string TimeoutImports,
    bool WithFetch,
    bool CountsAttempts,
    bool WithBudget,
    bool BreakerReports,
    bool RetryReports,
    bool TimeoutReports,
    bool BulkheadReports,
    bool Reports,
    string MaxKeys,
    string SlotsPerKey,
    bool TellsBusy,
    string First,
    string FirstMember,
    string FirstOperation,
    string TestImports,
    string TestDeclarations);

/// <summary>Settings of one upstream.</summary>
/// <param name="Key">Its name as a property key.</param>
/// <param name="BaseUrl">String literal; empty when there is none.</param>
/// <param name="Groups">Settings of the layers.</param>
internal sealed record UpstreamSettings(string Key, string BaseUrl, IReadOnlyList<SettingsGroup> Groups);

/// <summary>What the templates of the ingress see.</summary>
/// <param name="Imports">The imports, and a blank line when a limiter follows; empty for none.</param>
/// <param name="Limiter">Name of the limiter's middleware; empty when the manifest has no limiter.</param>
/// <param name="Mount">The line that mounts it.</param>
/// <param name="HasDeadline">Whether timeouts.ts is there.</param>
internal sealed record IngressModel(string Imports, string Limiter, string Mount, bool HasDeadline);

/// <summary>Serialization of the options and models of this room.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StackOptions))]
[JsonSerializable(typeof(StackModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StackUsageModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(UpstreamsModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Telemetry.TelemetryModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(IngressModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class StackJson : JsonSerializerContext;
