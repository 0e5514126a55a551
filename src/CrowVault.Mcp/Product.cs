using System.Reflection;

namespace CrowVault.Mcp;

/// <summary>Names of the product.</summary>
internal static class Product
{
    /// <summary>The MCP server's name.</summary>
    public const string ServerName = "api-mcp";

    /// <summary>The command's name.</summary>
    public const string Command = "crowvault-mcp";

    /// <summary>The version, which also stands in the header of every emitted file.</summary>
    public static string Version { get; } = typeof(Product).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
