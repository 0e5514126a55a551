using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Stack;

/// <summary>What the stack's templates see.</summary>
/// <param name="FailureUnit">The default of the option of that name.</param>
/// <param name="TestImports">Imports of the test runner.</param>
/// <param name="TestDeclarations">What follows the imports of a test.</param>
internal sealed record StackModel(string FailureUnit, string TestImports, string TestDeclarations);

/// <summary>What the snippet that wires the layers sees.</summary>
/// <param name="WithMetrics">Whether the breaker's options are its fourth parameter.</param>
/// <param name="Operation">An operation as a string literal.</param>
/// <param name="Partition">A partition as a string literal.</param>
internal sealed record StackUsageModel(bool WithMetrics, string Operation, string Partition);

/// <summary>Serialization of the stack's options and models.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StackOptions))]
[JsonSerializable(typeof(StackModel))]
[JsonSerializable(typeof(StackUsageModel))]
internal sealed partial class StackJson : JsonSerializerContext;
