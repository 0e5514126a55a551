using System.Net;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

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
internal sealed record ServeArguments(HttpTransport Transport, int? Port, IReadOnlyList<string> Urls);

/// <summary>Everything that can be set about the HTTP door. Times are in seconds.</summary>
/// <param name="Transport">Which protocols to speak.</param>
/// <param name="Urls">Addresses to listen on.</param>
/// <param name="PublicUrl">Address under which callers reach the server, such as <c>https://mcp.example.com</c>.</param>
/// <param name="AllowedHosts">Names accepted in the Host header, beside those in <paramref name="Urls"/> and <paramref name="PublicUrl"/>.</param>
/// <param name="AllowedOrigins">Origins accepted in the Origin header, beside the server's own.</param>
/// <param name="Cors">Whether pages of <paramref name="AllowedOrigins"/> may read answers.</param>
/// <param name="PublicProbes">Whether <c>/healthz</c> and <c>/readyz</c> answer without token and for any Host.</param>
/// <param name="Tokens">Opaque bearer tokens, as hashes.</param>
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
    JwtSettings? Jwt,
    HttpLimits Limits)
{
    /// <summary>Whether a caller has to show a token.</summary>
    public bool NeedsToken => Tokens.Count > 0 || Jwt is not null;

    /// <summary>The server's canonical URI, which is the audience of its JSON web tokens.</summary>
    public string Resource => $"{(PublicUrl?.AbsoluteUri ?? Urls[0]).TrimEnd('/')}{HttpDoor.McpPath}";

    /// <summary>Reads the settings: the command line wins over the environment, the environment over <c>appsettings.json</c>.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="source">The other sources.</param>
    /// <param name="faults">Everything that is wrong, one sentence each.</param>
    /// <returns>Null when something is wrong.</returns>
    public static HttpSettings? Read(ServeArguments arguments, SettingSource source, out IReadOnlyList<string> faults)
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

/// <summary>Acceptance of JSON web tokens from an authorization server.</summary>
/// <param name="Issuer">The <c>iss</c> claim and, unless <paramref name="MetadataUrl"/> is given, where the server's metadata is found.</param>
/// <param name="MetadataUrl">OpenID Connect or RFC 8414 metadata of the authorization server.</param>
/// <param name="Audience">The <c>aud</c> claim; the server's canonical URI when null.</param>
/// <param name="Scope">A scope that the token must carry; none when null.</param>
internal sealed record JwtSettings(string Issuer, Uri? MetadataUrl, string? Audience, string? Scope)
{
    /// <summary>Reads the settings; null when no issuer is given.</summary>
    public static JwtSettings? Read(SettingSource source)
    {
        var issuer = source.Text("JwtIssuer");
        var metadata = source.Url("JwtMetadataUrl");
        var (audience, scope) = (source.Text("JwtAudience"), source.Text("JwtScope"));
        if (issuer is null)
        {
            if (metadata is not null || audience is not null || scope is not null)
            {
                source.Faults.Add("JwtIssuer: missing; give the issuer of the tokens.");
            }

            return null;
        }

        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var uri) || !IsSafe(uri) || (metadata is not null && !IsSafe(metadata)))
        {
            source.Faults.Add("JwtIssuer: use an https address (http is for loopback alone).");
        }

        return new(issuer, metadata, audience, scope);
    }

    private static bool IsSafe(Uri uri) => uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback);
}

/// <summary>Bounds on what a caller can use.</summary>
/// <param name="MaxBodyBytes">Length of a request body.</param>
/// <param name="MaxJsonDepth">Depth of nesting in it.</param>
/// <param name="HeaderSeconds">Time for a request's headers to arrive.</param>
/// <param name="BodySeconds">Time for its body to arrive.</param>
/// <param name="IdleSeconds">Time a connection may stay open without a request.</param>
/// <param name="MaxConnections">Connections open at once.</param>
/// <param name="CallsInFlight">Calls of one token being worked on at once.</param>
/// <param name="CallsPerSecond">Requests of one token per second.</param>
/// <param name="CallBurst">Requests that a token may send at once after a pause.</param>
/// <param name="SseSessions">SSE sessions open at once.</param>
/// <param name="SseSessionsPerToken">SSE sessions of one token.</param>
/// <param name="SseCallsPerSession">Unanswered calls of one SSE session.</param>
/// <param name="SseCallsPerToken">Unanswered calls of one token over all its SSE sessions.</param>
/// <param name="StopSeconds">Time for accepted calls to be answered when the server stops.</param>
internal sealed record HttpLimits(
    int MaxBodyBytes = 1_048_576,
    int MaxJsonDepth = 64,
    int HeaderSeconds = 10,
    int BodySeconds = 10,
    int IdleSeconds = 120,
    int MaxConnections = 5_000,
    int CallsInFlight = 128,
    int CallsPerSecond = 200,
    int CallBurst = 400,
    int SseSessions = 1_000,
    int SseSessionsPerToken = 20,
    int SseCallsPerSession = 32,
    int SseCallsPerToken = 128,
    int StopSeconds = 8)
{
    /// <summary>Reads the limits.</summary>
    public static HttpLimits Read(SettingSource source)
    {
        var defaults = new HttpLimits();
        return new(
            source.Number(nameof(MaxBodyBytes), defaults.MaxBodyBytes, 1_024, 16_777_216),
            source.Number(nameof(MaxJsonDepth), defaults.MaxJsonDepth, 8, 64),
            source.Number(nameof(HeaderSeconds), defaults.HeaderSeconds, 1, 300),
            source.Number(nameof(BodySeconds), defaults.BodySeconds, 1, 300),
            source.Number(nameof(IdleSeconds), defaults.IdleSeconds, 1, 3_600),
            source.Number(nameof(MaxConnections), defaults.MaxConnections, 1, 100_000),
            source.Number(nameof(CallsInFlight), defaults.CallsInFlight, 1, 100_000),
            source.Number(nameof(CallsPerSecond), defaults.CallsPerSecond, 1, 1_000_000),
            source.Number(nameof(CallBurst), defaults.CallBurst, 1, 1_000_000),
            source.Number(nameof(SseSessions), defaults.SseSessions, 1, 100_000),
            source.Number(nameof(SseSessionsPerToken), defaults.SseSessionsPerToken, 1, 100_000),
            source.Number(nameof(SseCallsPerSession), defaults.SseCallsPerSession, 1, 10_000),
            source.Number(nameof(SseCallsPerToken), defaults.SseCallsPerToken, 1, 100_000),
            source.Number(nameof(StopSeconds), defaults.StopSeconds, 1, 8));
    }
}
