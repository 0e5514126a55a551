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
            (Algorithm.TokenBucket, _, false) => ("token-bucket", "640ba7209c386c6437bb609936d292f8707f1513"),
            (Algorithm.TokenBucket, _, true) => ("token-bucket", "e2de6654089b29b08b12da576a8f841c6abaa398"),
            (Algorithm.LeakyBucket, _, false) => ("leaky-bucket", "e4dff75b32ddae9a85c2f1ea962f9d6614bed787"),
            (Algorithm.LeakyBucket, _, true) => ("leaky-bucket", "effdb3504cbb03cfc922c5c52acc247dc25f0991"),
            (Algorithm.FixedWindow, false, false) => ("fixed-window", "ec73084b07d4100e394a5392afdb638a4584ef23"),
            (Algorithm.FixedWindow, false, true) => ("fixed-window", "f8c2d7f5bfdad5066578ca3ff870c5e2bc0ad2a6"),
            (Algorithm.FixedWindow, true, false) => ("fixed-windows", "2536f2fdc506213a968bc753b40d63977ce1f57a"),
            (Algorithm.FixedWindow, true, true) => ("fixed-windows", "1e6d33e15609a89103aa4df25ec270b9a6b828f7"),
            (Algorithm.SlidingWindow, false, false) => ("sliding-window", "8b21c88afe987d096c10fab5ce7a6b22ce36d4ae"),
            (Algorithm.SlidingWindow, false, true) => ("sliding-window", "09985be76b019d4c299b063577fce35d96baba60"),
            (Algorithm.SlidingWindow, true, false) => ("sliding-windows", "5e55ae9c0281398c87cfefa22eb4e51f87752ed8"),
            (Algorithm.SlidingWindow, true, true) => ("sliding-windows", "b6fb67a003963062130e8d1bcbd8b768b3acc5d5"),
        };
        var block = options.WithOperations ? view.Render("RateLimiting/redis/block.lua") : "";
        return new($"\n{block}{view.Render($"RateLimiting/redis/{file}.lua")}", sha1);
    }
}
