using System.Text.Json.Serialization;

namespace CrowVault.Emitters;

/// <summary>Where the emitted code runs; it selects the test runner, the import specifiers and the framework adapters.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Runtime>))]
public enum Runtime
{
    /// <summary>Node.js 20 or later.</summary>
    Node,

    /// <summary>Deno 2.</summary>
    Deno,

    /// <summary>Bun 1.2 or later.</summary>
    Bun,

    /// <summary>Cloudflare Workers and other workerd hosts.</summary>
    Workers,

    /// <summary>A web page in a current browser.</summary>
    Browser,
}
