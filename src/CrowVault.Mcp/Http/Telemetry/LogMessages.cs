using CrowVault.Mcp.Http.Identity;
using Microsoft.Extensions.Logging;

namespace CrowVault.Mcp.Http.Telemetry;

/// <summary>What is logged over HTTP.</summary>
/// <remarks>In one class: the generator writes several in an order that changes from build to build, and builds must be equal.</remarks>
internal static partial class LogMessages
{
    [LoggerMessage(LogLevel.Information, "Listening on {Urls} at {Paths}")]
    public static partial void Listening(ILogger logger, string urls, string paths);

    [LoggerMessage(LogLevel.Information, "No token is configured: callers on this machine alone are served, "
        + "without one. Make one with 'token create'")]
    public static partial void NoTokens(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "Tokens arrive unencrypted: put a proxy that ends TLS before this server, and set PublicUrl")]
    public static partial void PlainText(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "{Setting}: others than its owner may write {File}, and with it let anyone in; use chmod 600")]
    public static partial void WritableTokens(ILogger logger, string setting, string file);

    [LoggerMessage(LogLevel.Error, "{Method} of {Endpoint} failed")]
    public static partial void Failure(ILogger logger, string method, string endpoint, Exception exception);

    [LoggerMessage(LogLevel.Information, "Call of {Tool} through {Door} by {Caller}: {Outcome} in {Milliseconds:0.###} ms")]
    public static partial void Call(ILogger logger, string tool, string door, string caller, string outcome, double milliseconds);

    [LoggerMessage(LogLevel.Information, "Refused with {Status}: {Method} {Path} by {Caller}: {Reason}")]
    public static partial void Refused(ILogger logger, int status, string method, string path, string caller, string reason);

    [LoggerMessage(LogLevel.Information, "{Count} more refusals were not logged")]
    public static partial void RefusalsLeftOut(ILogger logger, int count);

    [LoggerMessage(LogLevel.Warning, "Keys of {Issuer} cannot be fetched: {Reason}")]
    public static partial void NoKeys(ILogger logger, string issuer, string reason);
}
