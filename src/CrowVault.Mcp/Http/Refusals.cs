using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CrowVault.Mcp.Http;

/// <summary>Logs each refusal with its reason, and no more of them in a second than a person can read.</summary>
internal sealed class Refusals(ILogger logger, TimeProvider clock)
{
    private const int MostPerSecond = 20;

    private readonly Lock _lock = new();
    private long _second;
    private int _logged;
    private int _left;

    /// <summary>Ties a reason to a request that is being refused.</summary>
    public static void Note(HttpContext context, string reason) => context.Features.Set(new Reason(reason));

    /// <summary>Logs a request that was refused.</summary>
    public void Log(HttpContext context)
    {
        if (context.Features.Get<Reason>() is not { } reason || !TryEnter(out var left))
        {
            return;
        }

        if (left > 0)
        {
            LogMessages.RefusalsLeftOut(logger, left);
        }

        LogMessages.Refused(
            logger,
            context.Response.StatusCode,
            PlainText.Of(context.Request.Method, 16),
            context.GetEndpoint()?.DisplayName is { } ? PlainText.Of(context.Request.Path.Value ?? "", 64) : "(no such address)",
            Caller.Of(context).Shown,
            PlainText.Of(reason.Text, 300));
    }

    private bool TryEnter(out int left)
    {
        lock (_lock)
        {
            var second = clock.GetTimestamp() / clock.TimestampFrequency;
            if (second != _second)
            {
                (_second, _logged) = (second, 0);
            }

            if (_logged >= MostPerSecond)
            {
                _left++;
                left = 0;
                return false;
            }

            _logged++;
            (left, _left) = (_left, 0);
            return true;
        }
    }

    private sealed record Reason(string Text);
}
