namespace CrowVault.Emitters.RateLimiting;

/// <summary>The script that Redis runs for an algorithm, and the SHA-1 by which Redis names it.</summary>
/// <param name="Text">The script as the emitted code has it.</param>
/// <param name="Sha1">Its fingerprint; a constant, because a SHA-1 at run time would load OpenSSL. A test proves it.</param>
internal sealed record LuaScript(string Text, string Sha1)
{
    public static LuaScript Of(RateLimitingOptions options, TemplateView view)
    {
        var (file, sha1) = (options.Algorithm, options.Limits is not null, options.WithOperations) switch
        {
            (Algorithm.TokenBucket, _, false) => ("token-bucket", "7167191f22dd091585c6ce7d9741a6863884d03e"),
            (Algorithm.TokenBucket, _, true) => ("token-bucket", "2870de8226aa61f7fb118311b0569abb219ed3d0"),
            (Algorithm.LeakyBucket, _, false) => ("leaky-bucket", "75d2d4085d587528ff9a02c17f598067463b3f8f"),
            (Algorithm.LeakyBucket, _, true) => ("leaky-bucket", "b1d424c6dbc8905a53b5d47cc26fa17196b37ee9"),
            (Algorithm.FixedWindow, false, false) => ("fixed-window", "9bf1ec06016ec671a69a88a872860b544f8774fc"),
            (Algorithm.FixedWindow, false, true) => ("fixed-window", "f4b942b2ab28979e7470fe95fa09c79d55757ff5"),
            (Algorithm.FixedWindow, true, false) => ("fixed-windows", "526ffe7c210ab503a51385810198d546bc6f79e9"),
            (Algorithm.FixedWindow, true, true) => ("fixed-windows", "ee7c879fd3c1a58d2bf1517a960d3202da132731"),
            (Algorithm.SlidingWindow, false, false) => ("sliding-window", "29325ae4595a090b52f246610a485db447b3e4fe"),
            (Algorithm.SlidingWindow, false, true) => ("sliding-window", "1891351f1fc1ae6bbafe2e7190d38e9187131dff"),
            (Algorithm.SlidingWindow, true, false) => ("sliding-windows", "b32a56fe7cde99ae8cb983f84971ec67a84bc7ca"),
            (Algorithm.SlidingWindow, true, true) => ("sliding-windows", "ee9b0d17e0ebeef8a12ccfe2c4ee6a4678b8004f"),
        };
        var block = options.WithOperations ? view.Render("RateLimiting/redis/block.lua") : "";
        return new($"\n{block}{view.Render($"RateLimiting/redis/{file}.lua")}", sha1);
    }
}
