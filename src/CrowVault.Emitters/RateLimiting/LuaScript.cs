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
            (Algorithm.TokenBucket, false) => "fa8c643f7d8d973a9701f4c51c67694178c6da34",
            (Algorithm.TokenBucket, true) => "170d05a72458052c25966d7d9877525927f3c750",
            (Algorithm.LeakyBucket, false) => "a7081dc7a8af9f655cf465e1f1f2c3e2ccb72fe4",
            (Algorithm.LeakyBucket, true) => "8d80498939f363fe342f7eccc56aadc51843a384",
            (Algorithm.FixedWindow, false) => "9bf1ec06016ec671a69a88a872860b544f8774fc",
            (Algorithm.FixedWindow, true) => "f4b942b2ab28979e7470fe95fa09c79d55757ff5",
            (Algorithm.SlidingWindow, false) => "29325ae4595a090b52f246610a485db447b3e4fe",
            (Algorithm.SlidingWindow, true) => "1891351f1fc1ae6bbafe2e7190d38e9187131dff",
        });
    }
}
