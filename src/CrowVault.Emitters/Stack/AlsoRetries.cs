using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Stack;

/// <summary>What else repeats calls on the way to the service. Each multiplies the attempts of the emitted retry.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<AlsoRetries>))]
public enum AlsoRetries
{
    /// <summary>AWS SDK for JavaScript v3.</summary>
    AwsSdk,

    /// <summary>The OpenAI client for TypeScript.</summary>
    Openai,

    /// <summary>The Anthropic client for TypeScript.</summary>
    Anthropic,

    /// <summary>axios-retry.</summary>
    AxiosRetry,

    /// <summary>ky.</summary>
    Ky,

    /// <summary>got.</summary>
    Got,

    /// <summary>Istio's sidecar.</summary>
    Istio,

    /// <summary>Envoy with a retry policy.</summary>
    Envoy,

    /// <summary>Browsers, which send a request again when a connection that was kept alive closes before the answer.</summary>
    Browsers,
}

/// <summary>What those retries are by default. docs/STACK.md names the sources.</summary>
internal static class OtherRetries
{
    /// <summary>Attempts for one call in all, unless configured otherwise.</summary>
    public static int DefaultAttempts(this AlsoRetries other) => other switch
    {
        AlsoRetries.AwsSdk => 3,
        AlsoRetries.Openai => 3,
        AlsoRetries.Anthropic => 3,
        AlsoRetries.AxiosRetry => 4,
        AlsoRetries.Ky => 3,
        AlsoRetries.Got => 3,
        AlsoRetries.Istio => 3,
        AlsoRetries.Envoy => 2,
        AlsoRetries.Browsers => 3,
    };

    /// <summary>How to switch it off.</summary>
    public static string WayOut(this AlsoRetries other) => other switch
    {
        AlsoRetries.AwsSdk => "set maxAttempts: 1 on the client",
        AlsoRetries.Openai or AlsoRetries.Anthropic => "set maxRetries: 0 on the client",
        AlsoRetries.AxiosRetry => "leave axios-retry off this client",
        AlsoRetries.Ky => "set retry: 0 on the client",
        AlsoRetries.Got => "set retry: { limit: 0 } on the client",
        AlsoRetries.Istio => "set retries.attempts: 0 in the VirtualService",
        AlsoRetries.Envoy => "leave retry_policy out of the route",
        AlsoRetries.Browsers => "answer browsers with a status, such as 503, in place of closing the connection",
    };
}
