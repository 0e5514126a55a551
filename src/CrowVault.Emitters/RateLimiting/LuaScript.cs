namespace CrowVault.Emitters.RateLimiting;

/// <summary>The script that Redis runs for an algorithm, and the SHA-1 by which Redis names it.</summary>
/// <param name="Text">The script as the emitted code has it.</param>
/// <param name="Sha1">Its fingerprint; a constant, because a SHA-1 at run time would load OpenSSL. A test proves it.</param>
internal sealed record LuaScript(string Text, string Sha1)
{
    public static LuaScript Of(RateLimitingOptions options, TemplateView view)
    {
        var stem = AlgorithmTerms.Of(options).Stem;
        var block = options.WithOperations ? view.Render("RateLimiting/redis/block.lua") : "";
        return new($"\n{block}{view.Render($"RateLimiting/redis/{stem}.lua")}", (options.Algorithm, options.WithOperations) switch
        {
            (Algorithm.TokenBucket, false) => "015b71d3124a99308e42d31af01b72332aea24ea",
            (Algorithm.TokenBucket, true) => "59cf23f96c10ea38f88931080e0f7d314caff8eb",
            (Algorithm.LeakyBucket, false) => "d8e77db5f5b90ce137b776594a6ac84e6bd4d920",
            (Algorithm.LeakyBucket, true) => "c3a1a74dd726fe551a9a70360d619bb2984346ca",
            (Algorithm.FixedWindow, false) => "3f56cb06e610843559e2c7fe8cc128cf680cb7ca",
            (Algorithm.FixedWindow, true) => "1a8ed3d9ac285da3c3595037898c8d82bfa40b63",
            (Algorithm.SlidingWindow, false) => "0a3f18734bcceeef1f2f53290804d2192ab69c81",
            (Algorithm.SlidingWindow, true) => "52559e17c1d774f043cd54e1c00b7e0953c44176",
        });
    }
}
