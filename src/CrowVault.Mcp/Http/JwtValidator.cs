using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace CrowVault.Mcp.Http;

/// <summary>Checks JSON web tokens of one issuer; its keys come from its metadata and are fetched again when they change.</summary>
internal sealed class JwtValidator : IDisposable
{
    private static readonly TimeSpan s_leeway = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly HttpClient _http;
    private readonly TokenValidationParameters _parameters;

    /// <summary>Prepares the checks; metadata is fetched with the first token.</summary>
    /// <param name="jwt">Whose tokens are accepted.</param>
    /// <param name="resource">The server's canonical URI, which is the audience unless the settings name another.</param>
    public JwtValidator(JwtSettings jwt, string resource)
    {
        var metadata = jwt.MetadataUrl ?? new Uri($"{jwt.Issuer.TrimEnd('/')}/.well-known/openid-configuration");
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = TimeSpan.FromSeconds(30),
            MaxResponseContentBufferSize = 1024 * 1024,
        };
        _parameters = new()
        {
            ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>(
                metadata.AbsoluteUri,
                new OpenIdConnectConfigurationRetriever(),
                new HttpDocumentRetriever(_http) { RequireHttps = !metadata.IsLoopback }),
            ValidIssuer = jwt.Issuer,
            ValidAudience = jwt.Audience ?? resource,
            ValidAlgorithms =
            [
                SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
                SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
                SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
            ],
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ValidateIssuerSigningKey = true,
            NameClaimType = JwtRegisteredClaimNames.Sub,
            ClockSkew = s_leeway,
        };
    }

    /// <summary>The claims of a token; null when it is not accepted.</summary>
    public async Task<ClaimsIdentity?> ValidateAsync(string token) =>
        await _handler.ValidateTokenAsync(token, _parameters) is { IsValid: true, ClaimsIdentity: var identity } ? identity : null;

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
