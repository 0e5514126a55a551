using System.Security.Cryptography;
using System.Text;
using CrowVault.Emitters.Code;

namespace CrowVault.Mcp.Page;

/// <summary>The page that shows what the arguments do: one HTML file, built in <c>web/</c> and embedded.</summary>
internal static class PreviewPage
{
    private static readonly Lazy<string> s_html = new(() => Read("page.html"));

    private static readonly Lazy<string> s_policy = new(() =>
        "default-src 'none'; "
        + $"script-src {HashOf("<script type=\"module\">", "</script>")} 'strict-dynamic'; style-src {HashOf("<style>", "</style>")}; "
        + "img-src data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types crowvault");

    /// <summary>The document.</summary>
    public static string Html => s_html.Value;

    /// <summary>The Content-Security-Policy under which it runs: its own script and style, its workers, its own server, nothing
    /// else.</summary>
    public static string Policy => s_policy.Value;

    /// <summary>What speaks with the host of an MCP App, as a script that comes before the page's own.</summary>
    public static string HostScript() => Read("app.js");

    private static string Read(string file) => EmbeddedText.Read(typeof(PreviewPage).Assembly, $"Page/{file}");

    private static string HashOf(string open, string close)
    {
        var start = Html.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var text = Html[start..Html.IndexOf(close, start, StringComparison.Ordinal)];
        return $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";
    }
}
