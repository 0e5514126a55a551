namespace CrowVault.Mcp.Http.Settings;

/// <summary>Which protocols the HTTP door speaks.</summary>
internal enum HttpTransport
{
    /// <summary>Streamable HTTP and REST.</summary>
    Http,

    /// <summary>The same and the older HTTP+SSE pair.</summary>
    Sse,
}

/// <summary>What the command line says about the HTTP door; null where it says nothing.</summary>
/// <param name="Transport">Which protocols to speak.</param>
/// <param name="Port">Port on the loopback address.</param>
/// <param name="Urls">Addresses to listen on, in place of <paramref name="Port"/>.</param>
/// <param name="SettingsFile">A JSON file of settings. No file is read that was not named: that of a folder in which the server was merely
/// started is its owner's word, not the user's.</param>
internal sealed record ServeArguments(HttpTransport Transport, int? Port, IReadOnlyList<string> Urls, string? SettingsFile = null);
