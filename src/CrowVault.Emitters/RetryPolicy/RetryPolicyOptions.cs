using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace CrowVault.Emitters.RetryPolicy;

/// <summary>Which errors without an HTTP status are worth another attempt.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<RetryErrors>))]
public enum RetryErrors
{
    /// <summary>All but those that another attempt cannot change.</summary>
    Any,

    /// <summary>Failures of the network and time-outs.</summary>
    Network,
}

/// <summary>Arguments of <c>generate_retry_policy</c>.</summary>
public sealed record RetryPolicyOptions(
    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("Retries after the first attempt.", Minimum = 0, Maximum = 100)]
    int MaxRetries = 4,

    [property: Argument("Bound of the first wait; doubles per retry.", Maximum = 3_600_000)]
    int BaseDelayMs = 200,

    [property: Argument("Bound of every wait; at least baseDelayMs.", Maximum = 86_400_000, Zero = ZeroMeaning.NoLimit)]
    int MaxDelayCapMs = 8_000,

    [property: Argument("Random waits up to the bound.")]
    bool WithJitter = true,

    IReadOnlyList<int>? RetryOn = null,

    [property: Argument("Never retry before Retry-After.")]
    bool RespectRetryAfter = true,

    [property: Argument("Give up on a longer Retry-After.", Maximum = 86_400_000, Zero = ZeroMeaning.NoLimit)]
    int MaxRetryAfterMs = 60_000,

    [property: Argument("For all attempts and waits; 0 for none.", Minimum = 0, Maximum = 86_400_000)]
    int TotalTimeoutMs = 0,

    [property: Argument("Retries add about 10% of load at most.")]
    bool WithRetryBudget = true,

    [property: Argument("Add retryFetch.")]
    bool WithFetch = false,

    [property: Argument("Errors without status to retry.")]
    RetryErrors RetryErrors = RetryErrors.Any,

    [property: Argument("Counters and onEvent.", NamedWhenOn = true)]
    bool WithMetrics = false,

    [property: Argument("Tests too.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions
{
    /// <summary>The statuses; the documented ones unless others are given.</summary>
    [Argument("HTTP statuses to retry.", Minimum = 400, Maximum = 599, MinimumEntries = 0, MaximumEntries = 50)]
    public IReadOnlyList<int> RetryOn { get; init; } = RetryOn ?? [429, 502, 503, 504];

    /// <inheritdoc/>
    public IToolOptions Fit(IReadOnlySet<string> given) =>
        MaxDelayCapMs >= BaseDelayMs ? this
        : !given.Contains("maxDelayCapMs") ? this with { MaxDelayCapMs = BaseDelayMs }
        : !given.Contains("baseDelayMs") ? this with { BaseDelayMs = MaxDelayCapMs }
        : this;

    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Conflicts()
    {
        if (RetryOn.Count == 0 && RetryErrors is not RetryErrors.Network)
        {
            yield return new("retryOn", "empty, although retryErrors is any; set retryErrors to network or name statuses.");
        }

        if (MaxDelayCapMs < BaseDelayMs)
        {
            yield return new("maxDelayCapMs", $"{MaxDelayCapMs} is less than baseDelayMs {BaseDelayMs}; use {BaseDelayMs} or more.")
            {
                Remedy = new Dictionary<string, JsonNode?> { ["maxDelayCapMs"] = BaseDelayMs },
            };
        }
    }

    /// <inheritdoc/>
    public IEnumerable<ArgumentFault> Inapplicable()
    {
        if (!RespectRetryAfter)
        {
            yield return new("maxRetryAfterMs", "only respectRetryAfter uses it; set respectRetryAfter to true or leave it out.")
            {
                Remedy = new Dictionary<string, JsonNode?> { ["maxRetryAfterMs"] = null },
            };
        }
    }

    /// <summary>Upper bounds of the waits in milliseconds, one for each retry.</summary>
    internal IEnumerable<double> WaitBounds =>
        Enumerable.Range(0, MaxRetries).Select(attempt => Math.Min(MaxDelayCapMs, BaseDelayMs * Math.Pow(2, attempt)));
}
