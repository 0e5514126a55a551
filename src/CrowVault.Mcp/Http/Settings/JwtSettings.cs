namespace CrowVault.Mcp.Http.Settings;

/// <summary>Acceptance of JSON web tokens from an authorization server.</summary>
/// <param name="Issuer">The <c>iss</c> claim and, unless <paramref name="MetadataUrl"/> is given, where the server's metadata is
/// found.</param>
/// <param name="MetadataUrl">OpenID Connect or RFC 8414 metadata of the authorization server.</param>
/// <param name="Audience">The <c>aud</c> claim; the server's canonical URI when null.</param>
/// <param name="Scope">A scope that the token must carry; none when null.</param>
internal sealed record JwtSettings(string Issuer, Uri? MetadataUrl, string? Audience, string? Scope)
{
    /// <summary>Reads the settings; null when no issuer is given.</summary>
    public static JwtSettings? Read(SettingReader source)
    {
        var issuer = source.Required("JwtIssuer");
        var metadata = source.Required("JwtMetadataUrl") is null ? null : source.Url("JwtMetadataUrl");
        var (audience, scope) = (source.Required("JwtAudience"), source.Required("JwtScope"));
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

    /// <summary>Whether an address can be trusted to be its owner's: https, or http on this machine.</summary>
    public static bool IsSafe(Uri uri) => uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback);
}
