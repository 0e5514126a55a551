using System.Globalization;
using System.Threading.RateLimiting;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>How much one token may ask for: requests per second, checked before the body is read, of which a large body counts as several;
/// calls in flight, counted from when the body has arrived, so that a slow sender holds no place; and large bodies one at a time, so that
/// the calls of others find a processor and memory.</summary>
internal sealed class RateLimits : IDisposable
{
    // A call has a few hundred bytes; one with two hundred long names has less than a large body.
    private const int BodyOfOne = 4 * 1024;
    private const int LargeBody = 16 * 1024;

    // Of one caller: one is worked on, the next are there by then.
    private const int LargeBodiesHeld = 4;

    // Whoever sends large bodies as fast as they are refused would keep the server busy with taking them off the line; random, since
    // otherwise those refused together would come back together.
    private static readonly (int Least, int Most) s_pauseMs = (500, 1_000);

    private readonly HttpSettings _settings;
    private readonly PartitionedRateLimiter<HttpContext> _rate;
    private readonly PartitionedRateLimiter<HttpContext> _flight;
    private readonly PartitionedRateLimiter<HttpContext> _held;
    private readonly PartitionedRateLimiter<HttpContext> _large;
    private readonly string _ratePolicy;

    /// <summary>Sets up both limits.</summary>
    public RateLimits(HttpSettings settings)
    {
        _settings = settings;
        var limits = settings.Limits;
        _rate = PartitionedRateLimiter.Create<HttpContext, string>(context => IsLimited(context)
            ? RateLimitPartition.Get(Caller.Of(context).Name, _ =>
                new TokenBucket(limits.CallsPerSecond, limits.CallBurst, TimeProvider.System))
            : RateLimitPartition.GetNoLimiter(""));
        _flight = PartitionedRateLimiter.Create<HttpContext, string>(context => HttpMethods.IsPost(context.Request.Method)
            ? RateLimitPartition.GetConcurrencyLimiter(
                Caller.Of(context).Name, _ => new() { PermitLimit = limits.CallsInFlight, QueueLimit = 0 })
            : RateLimitPartition.GetNoLimiter(""));
        _held = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetConcurrencyLimiter(
            Caller.Of(context).Name,
            _ => new() { PermitLimit = LargeBodiesHeld, QueueLimit = limits.CallsInFlight }));
        _large = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetConcurrencyLimiter(
            Caller.Of(context).Name,
            _ => new() { PermitLimit = 1, QueueLimit = limits.CallsInFlight }));
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
        OnRejected = (rejected, _) => RefuseFlightAsync(rejected.HttpContext),
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

    /// <summary>Counts each <see cref="BodyOfOne"/> of a body as a further request; false when they are more than is left.</summary>
    public bool TryTakeBody(HttpContext context, long length) =>
        TryTake(context, (int)Math.Min(length / BodyOfOne, _settings.Limits.CallBurst - 1));

    /// <summary>Whether a body is so long that it needs a place, see <see cref="WaitForPlaceAsync"/>.</summary>
    public static bool IsLarge(long length) => length > LargeBody;

    /// <summary>Waits until a caller may have one more large body in memory.</summary>
    /// <param name="context">The request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>To be disposed of when the request is answered; not acquired when too many wait already.</returns>
    public ValueTask<RateLimitLease> WaitForPlaceAsync(HttpContext context, CancellationToken cancellationToken) =>
        _held.AcquireAsync(context, 1, cancellationToken);

    /// <summary>Waits until a large body, or a manifest, is the only one of its caller that is worked on.</summary>
    /// <param name="context">The request.</param>
    /// <returns>To be disposed of when the request is answered; not acquired when too many wait already.</returns>
    public ValueTask<RateLimitLease> WaitForTurnAsync(HttpContext context) => _large.AcquireAsync(context, 1, context.RequestAborted);

    /// <summary>Answers 429 to a caller that has used up its requests.</summary>
    /// <param name="context">The request.</param>
    /// <param name="count">How many it asked for.</param>
    public async ValueTask RefuseRateAsync(HttpContext context, int count)
    {
        if (IsLarge(context.Request.ContentLength ?? 0) || context.Request.Headers.TransferEncoding.Count > 0)
        {
            await Task.Delay(Random.Shared.Next(s_pauseMs.Least, s_pauseMs.Most), context.RequestAborted);
        }

        var seconds = Math.Max(1, (int)Math.Ceiling(count / (double)_settings.Limits.CallsPerSecond));
        await RefuseAsync(context, _ratePolicy, string.Create(CultureInfo.InvariantCulture, $"\"requests\";r=0;t={seconds}"), seconds,
            "Too many requests per second with this token.");
    }

    /// <summary>Answers 429 to a caller whose calls in flight are all that it may have.</summary>
    public ValueTask RefuseFlightAsync(HttpContext context) => RefuseAsync(
        context,
        string.Create(CultureInfo.InvariantCulture, $"\"in-flight\";q={_settings.Limits.CallsInFlight}"),
        "\"in-flight\";r=0",
        1,
        "Too many calls in flight with this token.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _rate.Dispose();
        _flight.Dispose();
        _held.Dispose();
        _large.Dispose();
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
