namespace CrowVault.Mcp.Http;

/// <summary>Addresses of the HTTP door.</summary>
internal static class Routes
{
    /// <summary>Streamable HTTP.</summary>
    public const string Mcp = "/mcp";

    /// <summary>Opens a stream of the older HTTP+SSE pair.</summary>
    public const string Sse = "/sse";

    /// <summary>Sends to a stream.</summary>
    public const string Message = "/message";

    /// <summary>A call over plain HTTP.</summary>
    public const string Call = "/v1/tools/call";

    /// <summary>The tools with their schemas.</summary>
    public const string Tools = "/v1/tools";

    /// <summary>All files of a manifest.</summary>
    public const string Stack = "/v1/stack";

    /// <summary>A tool's files as an item of a shadcn registry.</summary>
    public const string RegistryItem = "/r/{tool}.json";

    /// <summary>The items of the registry.</summary>
    public const string Registry = "/r/registry.json";

    /// <summary>The page that shows what the arguments do.</summary>
    public const string Page = "/";

    /// <summary>The OpenAPI document.</summary>
    public const string OpenApi = "/openapi.json";

    /// <summary>What this server is, for models that read the web (llmstxt.org).</summary>
    public const string Llms = "/llms.txt";

    /// <summary>Whether the process lives.</summary>
    public const string Health = "/healthz";

    /// <summary>Whether it takes calls.</summary>
    public const string Ready = "/readyz";

    /// <summary>RFC 9728 metadata.</summary>
    public const string Metadata = "/.well-known/oauth-protected-resource";
}
