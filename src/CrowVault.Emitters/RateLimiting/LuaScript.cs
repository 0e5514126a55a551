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
            (Algorithm.FixedWindow, false, false) => ("fixed-window", "52ff93051b7ebd3f285deaf2ce72afccc43bbd26"),
            (Algorithm.FixedWindow, false, true) => ("fixed-window", "83a8bf9a248828fb63136d626ce46e6d42002c09"),
            (Algorithm.FixedWindow, true, false) => ("fixed-windows", "27556a355d2a0e740016fee91a85a455e6751df1"),
            (Algorithm.FixedWindow, true, true) => ("fixed-windows", "f0abfd34a488ed88ad48edfdae0bbf5c832f5ded"),
            (Algorithm.SlidingWindow, false, false) => ("sliding-window", "1eb8d9a5e086b0dac60f2bc66a3d22acdaad733b"),
            (Algorithm.SlidingWindow, false, true) => ("sliding-window", "b7bd74e404f9d24d99424dc5d0f073aae103a192"),
            (Algorithm.SlidingWindow, true, false) => ("sliding-windows", "53cbcd50c762de713b797846ab1167aab5ebac97"),
            (Algorithm.SlidingWindow, true, true) => ("sliding-windows", "a38944937581669917734af08771528d0ccc2b33"),
        };
        var block = options.WithOperations ? view.Render("RateLimiting/redis/block.lua") : "";
        return new($"\n{block}{view.Render($"RateLimiting/redis/{file}.lua")}", sha1);
    }
}
