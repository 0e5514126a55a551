using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Server;

/// <summary>Icons as data URIs, in a green that can be seen on light and on dark.</summary>
internal static class Glyph
{
    /// <summary>The server's own: layers, one above the other.</summary>
    public const string Server = "M12 2l10 5-10 5L2 7zM2 12l10 5 10-5v3l-10 5-10-5z";

    /// <summary>An icon.</summary>
    /// <param name="path">Path data, filled, on a canvas of 24 by 24.</param>
    public static Icon Icon(string path) => new() { Source = Uri(path) };

    // A data URI needs no more escapes than these (RFC 3986), and each costs tokens: so commas stand where SVG allows them for spaces.
    private static string Uri(string path) =>
        $"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0,0,24,24' fill='green'><path d='{path.Replace(' ', ',')}'/></svg>"
            .Replace("<", "%3C", StringComparison.Ordinal)
            .Replace(">", "%3E", StringComparison.Ordinal)
            .Replace(" ", "%20", StringComparison.Ordinal);
}
