using System.Globalization;
using CrowVault.Mcp.Http.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>Refuses requests whose Host or Origin header names someone else, which is how a web page reaches a server on its reader's own
/// machine (DNS rebinding), and those that a browser says come from another site's page.</summary>
internal sealed class HostGate
{
    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _suffixes = [];
    private readonly HashSet<string> _origins = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gathers the names under which the server is reached.</summary>
    public HostGate(HttpSettings settings)
    {
        foreach (var url in settings.Urls)
        {
            if (!HttpSettings.TryParse(url, out var address))
            {
                continue;
            }

            // A wildcard includes loopback; the names of a reachable server come from AllowedHosts and PublicUrl.
            if (HttpSettings.IsLoopback(address) || address.Host is "*" or "+" or "0.0.0.0" or "[::]")
            {
                _hosts.UnionWith(["localhost", "127.0.0.1", "[::1]"]);
            }

            _hosts.Add(address.Host);
        }

        foreach (var host in settings.AllowedHosts)
        {
            if (host.StartsWith("*.", StringComparison.Ordinal))
            {
                _suffixes.Add(host[1..]);
            }
            else
            {
                _hosts.Add(host);
            }
        }

        _origins.UnionWith(settings.AllowedOrigins.Select(Origin).OfType<string>());
        if (settings.PublicUrl is { } url2)
        {
            _hosts.Add(url2.IdnHost.Contains(':') ? $"[{url2.IdnHost}]" : url2.IdnHost);
            _origins.Add(Origin(url2.GetLeftPart(UriPartial.Authority))!);
        }
    }

    /// <summary>Why a request is refused; null when it is not.</summary>
    public string? Refusal(HttpRequest request)
    {
        // As it was sent: HttpRequest.Host decodes punycode, and throws where it is none.
        var header = request.Headers.Host.ToString();
        if (HostName(header) is not { } host || !IsAllowed(host))
        {
            return "The Host header names a host that this server does not answer for; see AllowedHosts.";
        }

        // RFC 9110 section 4.2.4: the user's name before a host is there to mislead.
        if (request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is { } target && !target.StartsWith('/')
            && target.Contains('@', StringComparison.Ordinal))
        {
            return "The address of the request names a user before the host.";
        }

        var origins = request.Headers.Origin;
        if (origins.Count > 0)
        {
            return IsAllowed(origins, header) ? null : "The Origin header names an origin that is not allowed; see AllowedOrigins.";
        }

        // An image, a script or a frame of a page sends no Origin. A link that a person follows is a navigation of the window.
        return request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && !IsFollowedLink(request)
            ? "The request comes from a page of another site."
            : null;
    }

    /// <summary>An origin in its normal form; null when the text is none.</summary>
    public static string? Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.PathAndQuery is "/" && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0 && !text.EndsWith('/')
            ? $"{uri.Scheme}://{uri.IdnHost}:{uri.Port}"
            : null;

    /// <summary>Whether a text can stand in the list of hosts: a name without port, or <c>*.</c> before one.</summary>
    public static bool IsPattern(string host) =>
        Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host.Trim('[', ']')) != UriHostNameType.Unknown;

    /// <summary>The name in a Host header, without port and without the dot of the root; null when it is none.</summary>
    public static string? HostName(string header)
    {
        var portAt = header.StartsWith('[') ? header.IndexOf(']', StringComparison.Ordinal) + 1
            : header.IndexOf(':', StringComparison.Ordinal);
        if (portAt <= 0)
        {
            portAt = header.StartsWith('[') ? 0 : header.Length;
        }

        var (name, port) = (header[..portAt], header[portAt..]);
        if (port.Length > 0
            && (port[0] != ':' || !ushort.TryParse(port.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return null;
        }

        if (name.EndsWith('.') && !name.StartsWith('['))
        {
            name = name[..^1];
        }

        var isName = name.StartsWith('[')
            ? Uri.CheckHostName(name) is UriHostNameType.IPv6 && !name.Contains('%', StringComparison.Ordinal)
            : name.Length <= 253 && name.Split('.')
            .All(label => label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
        return isName ? name : null;
    }

    private static bool IsFollowedLink(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && request.Headers["Sec-Fetch-Mode"] == "navigate"
        && request.Headers["Sec-Fetch-Dest"] == "document"
        && !request.Path.StartsWithSegments(Routes.Sse);

    private bool IsAllowed(string host) =>
        _hosts.Contains(host)
        || (_suffixes.Count > 0 && _suffixes.Exists(suffix => host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)));

    private bool IsAllowed(StringValues origins, string host)
    {
        if (origins is not [{ } text] || Origin(text) is not { } origin)
        {
            return false;
        }

        // The server's own origin: the scheme may differ when TLS ends at a proxy.
        return _origins.Contains(origin) || origin == Origin($"http://{host}") || origin == Origin($"https://{host}");
    }
}
