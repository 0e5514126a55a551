using System.Net;
using CrowVault.Mcp.Http.Gates;
using CrowVault.Mcp.Http.Identity;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http.Settings;

/// <summary>Everything that can be set about the HTTP door. Times are in seconds.</summary>
/// <param name="Transport">Which protocols to speak.</param>
/// <param name="Urls">Addresses to listen on.</param>
/// <param name="PublicUrl">Address under which callers reach the server, such as <c>https://mcp.example.com</c>.</param>
/// <param name="AllowedHosts">Names accepted in the Host header, beside those in <paramref name="Urls"/> and <paramref
/// name="PublicUrl"/>.</param>
/// <param name="AllowedOrigins">Origins accepted in the Origin header, beside the server's own.</param>
/// <param name="Cors">Whether pages of <paramref name="AllowedOrigins"/> may read answers.</param>
/// <param name="PublicProbes">Whether <c>/healthz</c> and <c>/readyz</c> answer without token and for any Host.</param>
/// <param name="Tokens">Opaque bearer tokens, as hashes.</param>
/// <param name="TokensFile">Where some of them were read from; null when there is no such file.</param>
/// <param name="Jwt">Acceptance of JSON web tokens; null when off.</param>
/// <param name="Limits">Bounds on what a caller can use.</param>
internal sealed record HttpSettings(
    HttpTransport Transport,
    IReadOnlyList<string> Urls,
    Uri? PublicUrl,
    IReadOnlyList<string> AllowedHosts,
    IReadOnlyList<string> AllowedOrigins,
    bool Cors,
    bool PublicProbes,
    IReadOnlyList<BearerToken> Tokens,
    string? TokensFile,
    JwtSettings? Jwt,
    HttpLimits Limits)
{
    /// <summary>Whether a caller has to show a token.</summary>
    public bool NeedsToken => Tokens.Count > 0 || Jwt is not null;

    /// <summary>The server's canonical URI, which is the audience of its JSON web tokens.</summary>
    public string Resource => $"{(PublicUrl?.AbsoluteUri ?? Urls[0]).TrimEnd('/')}{Routes.Mcp}";

    /// <summary>What stands before every path of the public address: nothing, or <c>/tools</c>.</summary>
    public string Prefix => PublicUrl?.AbsolutePath.TrimEnd('/') ?? "";

    /// <summary>Reads the settings: the command line wins over the environment, the environment over the file that <c>--settings</c>
    /// names.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="source">The other sources.</param>
    /// <param name="faults">Everything that is wrong, one sentence each.</param>
    /// <returns>Null when something is wrong.</returns>
    public static HttpSettings? Read(ServeArguments arguments, SettingReader source, out IReadOnlyList<string> faults)
    {
        var urls = arguments.Urls.Count > 0 ? arguments.Urls : arguments.Port is { } port ? [Loopback(port)] : source.List("Urls");
        var settings = new HttpSettings(
            arguments.Transport,
            urls.Count > 0 ? urls : [Loopback(DefaultPort)],
            source.Url("PublicUrl"),
            source.List("AllowedHosts"),
            source.List("AllowedOrigins"),
            source.Flag("Cors"),
            source.Flag("PublicProbes"),
            BearerToken.ReadAll(source),
            source.Text("TokensFile"),
            JwtSettings.Read(source),
            HttpLimits.Read(source));
        settings.Check(source.Faults);
        source.RefuseUnknown();
        faults = source.Faults;
        return faults.Count == 0 ? settings : null;
    }

    /// <summary>The port when none is given.</summary>
    public const int DefaultPort = 8080;

    private static string Loopback(int port) => $"http://127.0.0.1:{port}";

    private void Check(List<string> faults)
    {
        foreach (var url in Urls)
        {
            if (!TryParse(url, out var address))
            {
                faults.Add($"urls: {url} is not an address to listen on; use one such as http://127.0.0.1:8080 (TLS ends at a proxy).");
            }
            else if (!IsLoopback(address) && !NeedsToken)
            {
                faults.Add($"urls: {url} can be reached from other machines, and no token is configured; "
                    + "make one with 'token create', or listen on http://127.0.0.1 alone.");
            }
        }

        foreach (var origin in AllowedOrigins.Where(origin => HostGate.Origin(origin) is null))
        {
            faults.Add($"AllowedOrigins: {origin} is not an origin; use one such as https://app.example.com.");
        }

        foreach (var host in AllowedHosts.Where(host => !HostGate.IsPattern(host)))
        {
            faults.Add($"AllowedHosts: {host} is not a host name; use one such as mcp.example.com or *.example.com.");
        }

        foreach (var name in Tokens.GroupBy(token => token.Name, StringComparer.Ordinal).Where(tokens => tokens.Count() > 1))
        {
            faults.Add($"Tokens: the name {name.Key} is given twice; limits and logs go by name, so give each token its own.");
        }

        if (Cors && AllowedOrigins.Count == 0)
        {
            faults.Add("Cors: on, but AllowedOrigins is empty; name the origins whose pages may read answers.");
        }
    }

    /// <summary>Whether an address to listen on can be reached from this machine alone.</summary>
    public static bool IsLoopback(BindingAddress address) =>
        address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>Reads an address to listen on; plain HTTP with neither path nor socket file.</summary>
    public static bool TryParse(string url, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out BindingAddress? address)
    {
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            address = null;
        }

        if (address is { Scheme: "http", PathBase: "" or "/", IsUnixPipe: false, IsNamedPipe: false, Port: >= 0 and <= 65535 })
        {
            return true;
        }

        address = null;
        return false;
    }
}
