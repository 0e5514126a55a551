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
            (Algorithm.FixedWindow, true, false) => ("fixed-windows", "3bf7896cf8d502a3bd9747ad08d9e521f7fc6e93"),
            (Algorithm.FixedWindow, true, true) => ("fixed-windows", "12f5a4b944f0a92639f0a28a8f08dd0981693d03"),
            (Algorithm.SlidingWindow, false, false) => ("sliding-window", "d723c2fe61542ae894590e357c942666783a3999"),
            (Algorithm.SlidingWindow, false, true) => ("sliding-window", "0ae8e72c7f244455a35c4c3e269f0b17ddedfbe4"),
            (Algorithm.SlidingWindow, true, false) => ("sliding-windows", "4b25e77e8c7d128adf746f373ba97ab87bfa31ae"),
            (Algorithm.SlidingWindow, true, true) => ("sliding-windows", "8068369b53a6bd7e5b0c35a31bdb26309ca1fb35"),
        };
        var block = options.WithOperations ? view.Render("RateLimiting/redis/block.lua") : "";
        return new($"\n{block}{view.Render($"RateLimiting/redis/{file}.lua")}", sha1);
    }
}
