using System.Globalization;
using System.Threading.RateLimiting;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>How much one token may ask for: requests per second, checked before the body is read, and calls in flight, counted from when the
/// body has arrived, so that a slow sender holds no place.</summary>
internal sealed class RateLimits : IDisposable
{
    private readonly HttpSettings _settings;
    private readonly PartitionedRateLimiter<HttpContext> _rate;
    private readonly PartitionedRateLimiter<HttpContext> _flight;
    private readonly string _ratePolicy;

    /// <summary>Sets up both limits.</summary>
    public RateLimits(HttpSettings settings)
    {
        _settings = settings;
        var limits = settings.Limits;
        _rate = PartitionedRateLimiter.Create<HttpContext, string>(context => IsLimited(context)
            ? RateLimitPartition.Get(Caller.Of(context).Name, _ => new TokenBucket(limits.CallsPerSecond, limits.CallBurst, TimeProvider.System))
            : RateLimitPartition.GetNoLimiter(""));
        _flight = PartitionedRateLimiter.Create<HttpContext, string>(context => HttpMethods.IsPost(context.Request.Method)
            ? RateLimitPartition.GetConcurrencyLimiter(Caller.Of(context).Name, _ => new() { PermitLimit = limits.CallsInFlight, QueueLimit = 0 })
            : RateLimitPartition.GetNoLimiter(""));
        var window = (int)Math.Ceiling(limits.CallBurst / (double)limits.CallsPerSecond);
        _ratePolicy = string.Create(CultureInfo.InvariantCulture, $"\"requests\";q={limits.CallBurst};w={window}");
    }

    /// <summary>The limit on requests per second.</summary>
    public RateLimiterOptions Rate => new()
    {
        RejectionStatusCode = StatusCodes.Status429TooManyRequests,
        GlobalLimiter = _rate,
        OnRejected = (rejected, _) => RefuseRateAsync(rejected.HttpContext, 1),
    };

    /// <summary>The limit on calls in flight.</summary>
    public RateLimiterOptions Flight => new()
    {
        RejectionStatusCode = StatusCodes.Status429TooManyRequests,
        GlobalLimiter = _flight,
        OnRejected = (rejected, _) => RefuseAsync(
            rejected.HttpContext,
            string.Create(CultureInfo.InvariantCulture, $"\"in-flight\";q={_settings.Limits.CallsInFlight}"),
            "\"in-flight\";r=0",
            1,
            "Too many calls in flight with this token."),
    };

    /// <summary>Tells the caller what is left (draft-ietf-httpapi-ratelimit-headers).</summary>
    public Task TellAsync(HttpContext context, RequestDelegate next)
    {
        if (IsLimited(context) && _rate.GetStatistics(context) is { } left)
        {
            context.Response.Headers["RateLimit-Policy"] = _ratePolicy;
            var missing = _settings.Limits.CallBurst - left.CurrentAvailablePermits;
            var seconds = (int)Math.Ceiling(missing / (double)_settings.Limits.CallsPerSecond);
            context.Response.Headers["RateLimit"] =
                string.Create(CultureInfo.InvariantCulture, $"\"requests\";r={left.CurrentAvailablePermits};t={seconds}");
        }

        return next(context);
    }

    /// <summary>Counts further requests that came as one; false when they are more than is left.</summary>
    public bool TryTake(HttpContext context, int count)
    {
        if (count == 0 || !IsLimited(context))
        {
            return true;
        }

        if (count > _settings.Limits.CallBurst)
        {
            return false;
        }

        using var lease = _rate.AttemptAcquire(context, count);
        return lease.IsAcquired;
    }

    /// <summary>Answers 429 to a caller that has used up its requests.</summary>
    /// <param name="context">The request.</param>
    /// <param name="count">How many it asked for.</param>
    public ValueTask RefuseRateAsync(HttpContext context, int count)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(count / (double)_settings.Limits.CallsPerSecond));
        return RefuseAsync(context, _ratePolicy, string.Create(CultureInfo.InvariantCulture, $"\"requests\";r=0;t={seconds}"), seconds, "Too many requests per second with this token.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rate.Dispose();
        _flight.Dispose();
    }

    // Without tokens the server is there for one machine, whose own processes need no ration.
    private bool IsLimited(HttpContext context) => _settings.NeedsToken && context.Features.Get<Caller>() is not null;

    /// <summary>Answers 429.</summary>
    public static ValueTask RefuseAsync(HttpContext context, string policy, string limit, int seconds, string detail)
    {
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["RateLimit-Policy"] = policy;
        context.Response.Headers["RateLimit"] = limit;
        return new(Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, detail));
    }
}
