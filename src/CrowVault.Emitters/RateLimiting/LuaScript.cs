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
            (Algorithm.FixedWindow, false, false) => ("fixed-window", "5f7eb6a282cf980a83b8a4db71270974ce78f325"),
            (Algorithm.FixedWindow, false, true) => ("fixed-window", "413361ad0b35ea94424b62247ee8b5ed8da31bfb"),
            (Algorithm.FixedWindow, true, false) => ("fixed-windows", "27556a355d2a0e740016fee91a85a455e6751df1"),
            (Algorithm.FixedWindow, true, true) => ("fixed-windows", "f0abfd34a488ed88ad48edfdae0bbf5c832f5ded"),
            (Algorithm.SlidingWindow, false, false) => ("sliding-window", "22f8ad35052c0250bd7738cdaeddb9c5d28be567"),
            (Algorithm.SlidingWindow, false, true) => ("sliding-window", "74af035c0e531bc583b291d191fb377ce4782e8a"),
            (Algorithm.SlidingWindow, true, false) => ("sliding-windows", "53cbcd50c762de713b797846ab1167aab5ebac97"),
            (Algorithm.SlidingWindow, true, true) => ("sliding-windows", "a38944937581669917734af08771528d0ccc2b33"),
        };
        var block = options.WithOperations ? view.Render("RateLimiting/redis/block.lua") : "";
        return new($"\n{block}{view.Render($"RateLimiting/redis/{file}.lua")}", sha1);
    }
}
