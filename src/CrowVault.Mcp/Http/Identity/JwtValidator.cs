using System.Buffers.Text;
using System.Text.Json;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.JsonRpc;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CrowVault.Mcp.Http.Identity;

/// <summary>What became of a JSON web token.</summary>
internal enum JwtVerdict
{
    /// <summary>It is not accepted.</summary>
    Refused,

    /// <summary>It is accepted.</summary>
    Accepted,

    /// <summary>Nobody can tell: the keys of its issuer cannot be fetched.</summary>
    Unknown,
}

/// <summary>A token that was looked at.</summary>
/// <param name="Verdict">What became of it.</param>
/// <param name="Subject">Its <c>sub</c>.</param>
/// <param name="Scopes">Its <c>scope</c>.</param>
internal sealed record JwtResult(JwtVerdict Verdict, string Subject = "", IReadOnlyList<string>? Scopes = null)
{
    /// <summary>It is not accepted.</summary>
    public static JwtResult Refused { get; } = new(JwtVerdict.Refused);
}

/// <summary>Checks access tokens of one issuer as RFC 8725 and RFC 9068 have it. What can be seen without a key is looked at first, so
/// that only a token which could be good makes the server ask for keys.</summary>
internal sealed class JwtValidator : IDisposable
{
    private static readonly TimeSpan s_leeway = TimeSpan.FromSeconds(30);

    private static readonly string[] s_algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    // A logout token, a security event or a proof of possession is signed by the same issuer, and no access token (RFC 8725 section 3.11).
    private static readonly string[] s_types = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly IssuerKeys _keys;
    private readonly string _issuer;
    private readonly string _audience;
    private readonly TimeProvider _clock;

    /// <summary>Prepares the checks; keys are fetched with the first token.</summary>
    /// <param name="jwt">Whose tokens are accepted.</param>
    /// <param name="resource">The server's canonical URI, which is the audience unless the settings name another.</param>
    /// <param name="keys">The keys of the issuer.</param>
    /// <param name="clock">Tells the time.</param>
    public JwtValidator(JwtSettings jwt, string resource, IssuerKeys keys, TimeProvider clock) =>
        (_issuer, _audience, _keys, _clock) = (jwt.Issuer, jwt.Audience ?? resource, keys, clock);

    /// <summary>Looks at a token.</summary>
    public async Task<JwtResult> ValidateAsync(string token)
    {
        if (Read(token) is not { } claims)
        {
            return JwtResult.Refused;
        }

        var keys = await _keys.FindAsync(claims.KeyId, claims.Algorithm);
        if (keys is null)
        {
            return new(JwtVerdict.Unknown);
        }

        if (keys.Count == 0)
        {
            return JwtResult.Refused;
        }

        var checkedToken = await _handler.ValidateTokenAsync(token, new()
        {
            // All of them: two keys of a set may have one name.
            IssuerSigningKeyResolver = (_, _, _, _) => keys,
            ValidIssuer = _issuer,
            ValidAudience = _audience,
            ValidAlgorithms = s_algorithms,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ValidateIssuerSigningKey = true,
            NameClaimType = JwtRegisteredClaimNames.Sub,
            ClockSkew = s_leeway,
        });
        return checkedToken.IsValid ? new(JwtVerdict.Accepted, claims.Subject, claims.Scopes) : JwtResult.Refused;
    }

    /// <inheritdoc/>
    public void Dispose() => _keys.Dispose();

    private sealed record Claims(string? KeyId, string Algorithm, string Subject, IReadOnlyList<string> Scopes);

    // Null when no key could make the token good.
    private Claims? Read(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || parts[2].Length == 0)
        {
            return null;
        }

        using var headerDocument = Decode(parts[0]);
        using var claimsDocument = Decode(parts[1]);
        if (headerDocument is not { RootElement: { ValueKind: JsonValueKind.Object } header }
            || claimsDocument is not { RootElement: { ValueKind: JsonValueKind.Object } claims })
        {
            return null;
        }

        // Extensions that must be understood (RFC 7515 section 4.1.11, RFC 7797) are not; a key that the token brings along proves nothing.
        if (header.TryGetProperty("crit"u8, out _) || header.TryGetProperty("b64"u8, out _) || header.TryGetProperty("zip"u8, out _)
            || Text(header, "alg"u8) is not { } algorithm || !s_algorithms.Contains(algorithm)
            || (header.TryGetProperty("typ"u8, out var type)
                && (type.ValueKind is not JsonValueKind.String || !s_types.Contains(type.GetString()!.ToLowerInvariant())))
            || (header.TryGetProperty("kid"u8, out var keyId) && keyId.ValueKind is not JsonValueKind.String))
        {
            return null;
        }

        // A token that is bound to a key (RFC 7800) is worth nothing without the proof, which this server does not ask for.
        if (claims.TryGetProperty("cnf"u8, out _)
            || Text(claims, "iss"u8) != _issuer
            || Text(claims, "sub"u8) is not { Length: > 0 } subject
            || !IsFor(claims)
            || !IsInTime(claims)
            || (claims.TryGetProperty("scope"u8, out var scope) && scope.ValueKind is not JsonValueKind.String))
        {
            return null;
        }

        return new(
            keyId.ValueKind is JsonValueKind.String ? keyId.GetString() : null,
            algorithm,
            subject,
            scope.ValueKind is JsonValueKind.String ? scope.GetString()!.Split(' ') : []);
    }

    private bool IsFor(JsonElement claims) =>
        claims.TryGetProperty("aud"u8, out var audience)
        && (audience.ValueKind is JsonValueKind.String
            ? audience.ValueEquals(_audience)
            : audience.ValueKind is JsonValueKind.Array
            && audience.EnumerateArray().Any(each => each.ValueKind is JsonValueKind.String && each.ValueEquals(_audience)));

    private bool IsInTime(JsonElement claims)
    {
        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        return Seconds(claims, "exp"u8) is { } expires && expires > now - s_leeway.TotalSeconds
            && (!claims.TryGetProperty("nbf"u8, out _) || (Seconds(claims, "nbf"u8) is { } valid && valid <= now + s_leeway.TotalSeconds))
            && (!claims.TryGetProperty("iat"u8, out _) || Seconds(claims, "iat"u8) is not null);
    }

    private static double? Seconds(JsonElement claims, ReadOnlySpan<byte> name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var seconds)
            ? seconds
            : null;

    private static string? Text(JsonElement members, ReadOnlySpan<byte> name) =>
        members.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument? Decode(string part)
    {
        try
        {
            return JsonText.Parse(Base64Url.DecodeFromChars(part), 16, out _);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
