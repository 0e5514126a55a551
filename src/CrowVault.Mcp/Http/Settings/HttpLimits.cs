namespace CrowVault.Mcp.Http.Settings;

/// <summary>Bounds on what a caller can use.</summary>
/// <param name="MaxBodyBytes">Length of a request body.</param>
/// <param name="MaxJsonDepth">Depth of nesting in it.</param>
/// <param name="HeaderSeconds">Time for a request's headers to arrive.</param>
/// <param name="BodySeconds">Time for its body to arrive.</param>
/// <param name="IdleSeconds">Time a connection may stay open without a request.</param>
/// <param name="MaxConnections">Connections open at once.</param>
/// <param name="CallsInFlight">Calls of one token being worked on at once.</param>
/// <param name="CallsPerSecond">Requests of one token per second.</param>
/// <param name="CallBurst">Requests that a token may send at once after a pause.</param>
/// <param name="SseSessions">SSE sessions open at once.</param>
/// <param name="SseSessionsPerToken">SSE sessions of one token.</param>
/// <param name="SseCallsPerSession">Unanswered calls of one SSE session.</param>
/// <param name="SseCallsPerToken">Unanswered calls of one token over all its SSE sessions.</param>
/// <param name="StopSeconds">Time for accepted calls to be answered when the server stops.</param>
internal sealed record HttpLimits(
    int MaxBodyBytes = 1_048_576,
    int MaxJsonDepth = 64,
    int HeaderSeconds = 10,
    int BodySeconds = 10,
    int IdleSeconds = 120,
    int MaxConnections = 5_000,
    int CallsInFlight = 128,
    int CallsPerSecond = 200,
    int CallBurst = 400,
    int SseSessions = 1_000,
    int SseSessionsPerToken = 20,
    int SseCallsPerSession = 32,
    int SseCallsPerToken = 128,
    int StopSeconds = 8)
{
    /// <summary>Reads the limits.</summary>
    public static HttpLimits Read(SettingReader source)
    {
        var defaults = new HttpLimits();
        return new(
            source.Number(nameof(MaxBodyBytes), defaults.MaxBodyBytes, 1_024, 16_777_216),
            source.Number(nameof(MaxJsonDepth), defaults.MaxJsonDepth, 8, 64),
            source.Number(nameof(HeaderSeconds), defaults.HeaderSeconds, 1, 300),
            source.Number(nameof(BodySeconds), defaults.BodySeconds, 1, 300),
            source.Number(nameof(IdleSeconds), defaults.IdleSeconds, 1, 3_600),
            source.Number(nameof(MaxConnections), defaults.MaxConnections, 1, 100_000),
            source.Number(nameof(CallsInFlight), defaults.CallsInFlight, 1, 100_000),
            source.Number(nameof(CallsPerSecond), defaults.CallsPerSecond, 1, 1_000_000),
            source.Number(nameof(CallBurst), defaults.CallBurst, 1, 1_000_000),
            source.Number(nameof(SseSessions), defaults.SseSessions, 1, 100_000),
            source.Number(nameof(SseSessionsPerToken), defaults.SseSessionsPerToken, 1, 100_000),
            source.Number(nameof(SseCallsPerSession), defaults.SseCallsPerSession, 1, 10_000),
            source.Number(nameof(SseCallsPerToken), defaults.SseCallsPerToken, 1, 100_000),
            source.Number(nameof(StopSeconds), defaults.StopSeconds, 1, 8));
    }
}
