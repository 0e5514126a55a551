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
            (Algorithm.TokenBucket, _, false) => ("token-bucket", "3946d7f3c865d0c532a241e4f9c5f8be1a4a3638"),
            (Algorithm.TokenBucket, _, true) => ("token-bucket", "20c0d73650958b9ae81fb9e334eec0b71807a894"),
            (Algorithm.LeakyBucket, _, false) => ("leaky-bucket", "f7a347b93af92a2e5e6736760a501e93d05ea1b9"),
            (Algorithm.LeakyBucket, _, true) => ("leaky-bucket", "b3e8563f2c5e9142b6458ae31a3feb59ec670cf0"),
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
