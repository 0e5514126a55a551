using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http.Identity;

/// <summary>Who sent a request: the bearer of a token.</summary>
/// <param name="Name">Name of the token, or <c>jwt:</c> and the subject of a JSON web token; limits and sessions go by it.</param>
internal sealed record Caller(string Name)
{
    /// <summary>The caller when no token is asked for.</summary>
    public static Caller Anyone { get; } = new("anyone");

    /// <summary>The name as it is logged: an issuer decides what a subject looks like.</summary>
    public string Shown { get; } = PlainText.Of(Name, 80);

    /// <summary>The caller of a request that passed the bearer gate.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Anyone;

    /// <summary>Ties the caller to a request; the <c>sub</c> claim is what the MCP SDK binds sessions to.</summary>
    public void AttachTo(HttpContext context)
    {
        context.Features.Set(this);
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", Name)], "Bearer", "sub", null));
    }
}
