using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

/// <summary>Who sent a request: the bearer of a token.</summary>
/// <param name="Name">Name of the token, or <c>jwt:</c> and the subject of a JSON web token; limits and logs go by it.</param>
internal sealed record Caller(string Name)
{
    /// <summary>The caller when no token is asked for.</summary>
    public static Caller Anyone { get; } = new("anyone");

    /// <summary>The caller of a request that passed the bearer gate.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Anyone;

    /// <summary>Ties the caller to a request; the <c>sub</c> claim is what the MCP SDK binds sessions to.</summary>
    public void Enter(HttpContext context)
    {
        context.Features.Set(this);
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", Name)], "Bearer", "sub", null));
    }
}
