using System.Text.Json.Serialization;

namespace CrowVault.Emitters.RetryPolicy;

/// <summary>What the retry policy's templates see.</summary>
/// <param name="WithJitter">Whether waits are random.</param>
/// <param name="RespectRetryAfter">Whether Retry-After is a floor.</param>
/// <param name="WithRetryBudget">Whether retries are paid from a budget.</param>
/// <param name="WithFetch">Whether there is <c>retryFetch</c>.</param>
/// <param name="WithMetrics">Whether there are counters and <c>onEvent</c>.</param>
/// <param name="HasDestination">Whether it matters what is called: to a budget, or to an event.</param>
/// <param name="Retries">True: the fragment of outcomes is a breaker's as well.</param>
/// <param name="ReadsHeaders">Whether a header is looked for, in an answer or in a request.</param>
/// <param name="NetworkOnly">Whether of the errors without a status only those of the network are retried.</param>
/// <param name="BudgetPercent">Retries that the budget earns per hundred requests.</param>
/// <param name="BudgetCapacity">Retries that the budget holds.</param>
/// <param name="Waits">Waits in words.</param>
/// <param name="MaxRetries">Retries after the first attempt.</param>
/// <param name="BaseDelayMs">Numeral.</param>
/// <param name="MaxDelayCapMs">Numeral.</param>
/// <param name="MaxRetryAfterMs">Numeral.</param>
/// <param name="TotalTimeoutMs">Numeral.</param>
/// <param name="RetryOn">The array literal of the statuses, laid out to fit the line.</param>
/// <param name="Attempts">Attempts at most.</param>
/// <param name="FirstFailure">An error that is retried: one with a status of the list, where that has any.</param>
/// <param name="TestImports">Imports of the test runner.</param>
/// <param name="TestDeclarations">What follows the imports of a test.</param>
internal sealed record RetryPolicyModel(
    bool WithJitter,
    bool RespectRetryAfter,
    bool WithRetryBudget,
    bool WithFetch,
    bool WithMetrics,
    bool HasDestination,
    bool Retries,
    bool ReadsHeaders,
    bool NetworkOnly,
    int BudgetPercent,
    int BudgetCapacity,
    string Waits,
    int MaxRetries,
    string BaseDelayMs,
    string MaxDelayCapMs,
    string MaxRetryAfterMs,
    string TotalTimeoutMs,
    string RetryOn,
    int Attempts,
    string FirstFailure,
    string TestImports,
    string TestDeclarations);

/// <summary>Serialization of the retry policy's options and model.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RetryPolicyOptions))]
[JsonSerializable(typeof(RetryPolicyModel), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class RetryPolicyJson : JsonSerializerContext;
