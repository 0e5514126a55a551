using System.Buffers.Binary;
using System.Security.Cryptography;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>Lets a request pass that shows a token (RFC 6750, header only), before anything of its body is read.</summary>
/// <param name="settings">The tokens that are accepted.</param>
/// <param name="validator">Checks JSON web tokens; null when they are not accepted.</param>
/// <param name="clock">Tells which tokens have expired.</param>
internal sealed class BearerGate(HttpSettings settings, JwtValidator? validator, TimeProvider clock)
{
    private const string Scheme = "Bearer ";
    private const int MaxTokenLength = 8_192;

    private readonly ILookup<ulong, BearerToken> _tokens = settings.Tokens.ToLookup(token => Prefix(token.Sha256));

    /// <summary>Passes the request on, or answers 401 (403 when only the scope is missing).</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!settings.NeedsToken)
        {
            await next(context);
            return;
        }

        if (ResourceMetadata.IsDiscovery(context.Request.Path))
        {
            KeepNoPlace(context);
            await (settings.Jwt is not null && context.Request.Path.StartsWithSegments(Routes.Metadata)
                ? next(context)
                : Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no sign-in at this address."));
            return;
        }

        var headers = context.Request.Headers.Authorization;
        if (context.Request.Query.ContainsKey("access_token"))
        {
            await RefuseAsync(context, "invalid_request", "Send the token in the Authorization header, never in the address.");
        }
        else if (headers.Count == 0)
        {
            await RefuseAsync(context, null, "A bearer token is needed: Authorization: Bearer <token>.");
        }
        else if (headers is not [{ } header] || !IsWellFormed(header))
        {
            await RefuseAsync(context, "invalid_request", "The Authorization header is not one bearer token.");
        }
        else
        {
            await CheckAsync(context, next, header[Scheme.Length..].Trim(' '));
        }
    }

    private async Task CheckAsync(HttpContext context, RequestDelegate next, string token)
    {
        if (Find(token) is { } known)
        {
            if (known.Expires <= clock.GetUtcNow())
            {
                await RefuseAsync(context, "invalid_token", "The token has expired.");
                return;
            }

            new Caller(known.Name).AttachTo(context);
            await next(context);
            return;
        }

        var result = validator is null ? JwtResult.Refused : await validator.ValidateAsync(token);
        if (result.Verdict is JwtVerdict.Unknown)
        {
            KeepNoPlace(context);
            context.Response.Headers.RetryAfter = "2";
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable,
                "The issuer of the token cannot be reached, so the token cannot be checked; try again.");
        }
        else if (result.Verdict is JwtVerdict.Refused)
        {
            await RefuseAsync(context, "invalid_token", "The token is not known here.");
        }
        else if (settings.Jwt?.Scope is { } scope && !result.Scopes!.Contains(scope))
        {
            await RefuseAsync(context, "insufficient_scope", $"The token lacks the scope {scope}.", StatusCodes.Status403Forbidden);
        }
        else
        {
            // No opaque token can have this name, and with it the sessions and the ration of the other.
            new Caller($"jwt:{result.Subject}").AttachTo(context);
            await next(context);
        }
    }

    // Where the hash of a token leads says nothing about the token; the hashes found there are compared to their end.
    private BearerToken? Find(string token)
    {
        var hash = BearerToken.Hash(token);
        BearerToken? found = null;
        foreach (var candidate in _tokens[Prefix(hash)])
        {
            if (CryptographicOperations.FixedTimeEquals(candidate.Sha256, hash))
            {
                found = candidate;
            }
        }

        return found;
    }

    private static ulong Prefix(byte[] hash) => BinaryPrimitives.ReadUInt64BigEndian(hash);

    // b64token of RFC 6750 section 2.1.
    private static bool IsWellFormed(string header)
    {
        if (header.Length is <= 7 or > MaxTokenLength || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var token = header.AsSpan(Scheme.Length).Trim(' ').TrimEnd('=');
        if (token.IsEmpty)
        {
            return false;
        }

        foreach (var c in token)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"-._~+/".Contains(c))
            {
                return false;
            }
        }

        return true;
    }

    private Task RefuseAsync(HttpContext context, string? error, string detail, int status = StatusCodes.Status401Unauthorized)
    {
        var challenge = $"Bearer realm=\"{Product.ServerName}\"";
        if (error is not null)
        {
            challenge += $", error=\"{error}\", error_description=\"{detail}\"";
        }

        if (settings.Jwt is { } jwt)
        {
            challenge += $", resource_metadata=\"{MetadataUrl(context.Request)}\"";
            challenge += jwt.Scope is { } scope ? $", scope=\"{scope}\"" : "";
        }

        if (status is StatusCodes.Status401Unauthorized)
        {
            KeepNoPlace(context);
        }

        context.Response.Headers.WWWAuthenticate = challenge;
        return Problem.WriteAsync(context, status, detail);
    }

    // Who has shown no token would hold one of the connections, silent, for as long as a caller may.
    private static void KeepNoPlace(HttpContext context) => context.Response.Headers.Connection = "close";

    private string MetadataUrl(HttpRequest request)
    {
        // RFC 9728 section 3.1 puts the well-known part between the host and the path.
        if (settings.PublicUrl is null)
        {
            return $"{request.Scheme}://{request.Headers.Host}{Routes.Metadata}{Routes.Mcp}";
        }

        var resource = new Uri(settings.Resource);
        return $"{resource.GetLeftPart(UriPartial.Authority)}{Routes.Metadata}{resource.AbsolutePath}";
    }
}
