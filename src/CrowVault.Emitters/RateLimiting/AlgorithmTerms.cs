using static CrowVault.Emitters.Code.TypeScript;

namespace CrowVault.Emitters.RateLimiting;

/// <summary>What an algorithm's code is called, in the terms of the field.</summary>
/// <param name="Stem">Stem of file names, such as <c>token-bucket</c>.</param>
/// <param name="Name">Stem of type names, such as <c>TokenBucket</c>.</param>
/// <param name="Function">Stem of function names, such as <c>tokenBucket</c>.</param>
/// <param name="Summary">What it does, in a sentence.</param>
/// <param name="First">The first parameter of its limiter: how much is admitted.</param>
/// <param name="Second">The second parameter of its limiter: in which time.</param>
/// <param name="SharedFigure">The figures by which a deployed version of it is recognized.</param>
/// <param name="Table">What the limiter in memory calls the states of its keys.</param>
/// <param name="LimitOf">What else a limit of a request's own changes.</param>
internal sealed record AlgorithmTerms(
    string Stem,
    string Name,
    string Function,
    string Summary,
    Parameter First,
    Parameter Second,
    string SharedFigure,
    string Table,
    string LimitOf)
{
    public static AlgorithmTerms Of(RateLimitingOptions options)
    {
        var rate = options.RequestsPerWindow % options.WindowSeconds == 0
            ? Numeral(options.RequestsPerWindow / options.WindowSeconds)
            : $"{Numeral(options.RequestsPerWindow)} / {Numeral(options.WindowSeconds)}";
        var capacity = new Parameter("capacity", "CAPACITY", Numeral(options.BurstCapacity));
        var limit = new Parameter("limit", "LIMIT", Numeral(options.RequestsPerWindow));
        var window = new Parameter("windowSeconds", "WINDOW_SECONDS", Numeral(options.WindowSeconds));
        return options.Algorithm switch
        {
            Algorithm.TokenBucket => new(
                "token-bucket",
                "TokenBucket",
                "tokenBucket",
                "Token bucket: a request takes tokens from a bucket of `capacity`, which is refilled at a steady rate.",
                capacity,
                new("refillPerSecond", "REFILL_PER_SECOND", rate),
                "the same capacity or rate",
                "buckets",
                "the rate grows with it."),
            Algorithm.LeakyBucket => new(
                "leaky-bucket",
                "LeakyBucket",
                "leakyBucket",
                "Leaky bucket as a meter: a request raises the level, which falls at a steady rate; one too many is refused, not queued.",
                capacity,
                new("leakPerSecond", "LEAK_PER_SECOND", rate),
                "the same capacity or rate",
                "buckets",
                "the rate grows with it."),
            Algorithm.FixedWindow => new(
                "fixed-window",
                "FixedWindow",
                "fixedWindow",
                "Fixed window: at most `limit` requests in the window that opens with a key's first request"
                    + (options.Limits is null ? "." : "; further limits likewise."),
                limit,
                window,
                "the same limit or window",
                "windows",
                options.Limits is null ? "the window stays." : "the window and the further limits stay."),
            Algorithm.SlidingWindow => new(
                "sliding-window",
                "SlidingWindow",
                "slidingWindow",
                "Sliding window log: at most `limit` requests in any `windowSeconds`"
                    + (options.Limits is null ? "." : "; further limits likewise."),
                limit,
                window,
                "the same limit or window",
                "logs",
                options.Limits is null ? "the window stays." : "the window and the further limits stay."),
        };
    }
}
