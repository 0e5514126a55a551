using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CrowVault.Mcp.Http;

/// <summary>Refuses requests whose Host or Origin header names someone else, which is how a web page reaches a server on its reader's own
/// machine (DNS rebinding).</summary>
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
        var host = request.Host;
        if (!host.HasValue || !IsAllowed(host.Host))
        {
            return "The Host header names a host that this server does not answer for; see AllowedHosts.";
        }

        var origins = request.Headers.Origin;
        return origins.Count == 0 || IsAllowed(origins, host) ? null : "The Origin header names an origin that is not allowed; see AllowedOrigins.";
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

    private bool IsAllowed(string host) =>
        _hosts.Contains(host)
        || (_suffixes.Count > 0 && _suffixes.Exists(suffix => host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)));

    private bool IsAllowed(StringValues origins, HostString host)
    {
        if (origins is not [{ } text] || Origin(text) is not { } origin)
        {
            return false;
        }

        // The server's own origin: the scheme may differ when TLS ends at a proxy.
        return _origins.Contains(origin) || origin == Origin($"http://{host.Value}") || origin == Origin($"https://{host.Value}");
    }
}
