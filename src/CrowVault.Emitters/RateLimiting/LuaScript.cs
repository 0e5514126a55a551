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
            (Algorithm.TokenBucket, _, false) => ("token-bucket", "628c64ec81466bb44c797f0df7cf2483b166e2c3"),
            (Algorithm.TokenBucket, _, true) => ("token-bucket", "228f68ffee8ee1409bca5c655cc4c171efec3636"),
            (Algorithm.LeakyBucket, _, false) => ("leaky-bucket", "1faf414edaf23514047c977a6db45d5e2fbbcff8"),
            (Algorithm.LeakyBucket, _, true) => ("leaky-bucket", "e785164645b5f880c290204936cb1eb1667816ab"),
            (Algorithm.FixedWindow, false, false) => ("fixed-window", "ec73084b07d4100e394a5392afdb638a4584ef23"),
            (Algorithm.FixedWindow, false, true) => ("fixed-window", "f8c2d7f5bfdad5066578ca3ff870c5e2bc0ad2a6"),
            (Algorithm.FixedWindow, true, false) => ("fixed-windows", "2536f2fdc506213a968bc753b40d63977ce1f57a"),
            (Algorithm.FixedWindow, true, true) => ("fixed-windows", "1e6d33e15609a89103aa4df25ec270b9a6b828f7"),
            (Algorithm.SlidingWindow, false, false) => ("sliding-window", "311d15f6b974b144cedd012f815a46ffd6f411ff"),
            (Algorithm.SlidingWindow, false, true) => ("sliding-window", "2c749fdb6c3a0dde67660f96d7b2d31b3e7cbf01"),
            (Algorithm.SlidingWindow, true, false) => ("sliding-windows", "092e21ea43f8ff695eb87eeb81246fbd1cf31bb5"),
            (Algorithm.SlidingWindow, true, true) => ("sliding-windows", "5c1f07bbedaa86993c2906a506ce647f8bb2ef05"),
        };
        var block = options.WithOperations ? view.Render("RateLimiting/redis/block.lua") : "";
        return new($"\n{block}{view.Render($"RateLimiting/redis/{file}.lua")}", sha1);
    }
}
