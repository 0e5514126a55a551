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
            (Algorithm.TokenBucket, false) => "7167191f22dd091585c6ce7d9741a6863884d03e",
            (Algorithm.TokenBucket, true) => "2870de8226aa61f7fb118311b0569abb219ed3d0",
            (Algorithm.LeakyBucket, false) => "75d2d4085d587528ff9a02c17f598067463b3f8f",
            (Algorithm.LeakyBucket, true) => "b1d424c6dbc8905a53b5d47cc26fa17196b37ee9",
            (Algorithm.FixedWindow, false) => "9bf1ec06016ec671a69a88a872860b544f8774fc",
            (Algorithm.FixedWindow, true) => "f4b942b2ab28979e7470fe95fa09c79d55757ff5",
            (Algorithm.SlidingWindow, false) => "29325ae4595a090b52f246610a485db447b3e4fe",
            (Algorithm.SlidingWindow, true) => "1891351f1fc1ae6bbafe2e7190d38e9187131dff",
        });
    }
}
