namespace CrowVault.Mcp.Http.Identity;

/// <summary>A new token, shown once.</summary>
/// <param name="Token">What callers send.</param>
/// <param name="Entry">What goes into the configuration.</param>
internal sealed record CreatedToken(string Token, string Entry);
