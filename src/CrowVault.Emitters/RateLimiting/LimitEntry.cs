namespace CrowVault.Emitters.RateLimiting;

/// <summary>One further limit: how many requests in a window of its own.</summary>
public sealed record LimitEntry(
    [property: Argument("Its name.", Example = "\"day\"")]
    string Name,

    [property: Argument("At most.", Maximum = 1_000_000_000, Zero = ZeroMeaning.NoLimit, Example = "1000")]
    int Requests,

    [property: Argument("Window.", Maximum = 31_536_000, Zero = ZeroMeaning.Nothing, Example = "86400")]
    int Seconds);
