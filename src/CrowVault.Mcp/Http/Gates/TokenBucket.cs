using System.Threading.RateLimiting;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>A token bucket that fills by the clock, not by a timer: <see cref="TokenBucketRateLimiter"/> (10.0) adds whole tokens every
/// 100 ms at best, which makes 10 a second of 15.</summary>
/// <param name="perSecond">Tokens that come in a second.</param>
/// <param name="burst">Tokens that can be taken at once after a pause.</param>
/// <param name="clock">Measures time.</param>
internal sealed class TokenBucket(int perSecond, int burst, TimeProvider clock) : RateLimiter
{
    // A token that is on its way when the bucket is full is not lost, so that the rate holds for a burst of one as well.
    private readonly double _capacity = burst + 0.999;
    private readonly Lock _lock = new();
    private double _tokens = burst;
    private long _filled = clock.GetTimestamp();
    private long _used = clock.GetTimestamp();

    /// <inheritdoc/>
    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (_lock)
            {
                Fill();
                return _tokens < burst ? null : clock.GetElapsedTime(_used);
            }
        }
    }

    /// <inheritdoc/>
    public override RateLimiterStatistics GetStatistics()
    {
        lock (_lock)
        {
            Fill();
            return new() { CurrentAvailablePermits = (long)_tokens };
        }
    }

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (_lock)
        {
            Fill();
            if (_tokens < permitCount)
            {
                return Lease.Refused;
            }

            _tokens -= permitCount;
            _used = _filled;
            return Lease.Acquired;
        }
    }

    /// <inheritdoc/>
    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
        new(AttemptAcquireCore(permitCount));

    private void Fill()
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(_capacity, _tokens + (clock.GetElapsedTime(_filled, now).TotalSeconds * perSecond));
        _filled = now;
    }

    private sealed class Lease(bool isAcquired) : RateLimitLease
    {
        public static Lease Acquired { get; } = new(true);

        public static Lease Refused { get; } = new(false);

        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
