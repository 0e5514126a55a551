using CrowVault.Emitters;
using CrowVault.Mcp.Http.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Http.Telemetry;

/// <summary>Measures tool calls over MCP as those over REST are.</summary>
internal static class CallMetrics
{
    /// <summary>Adds the measurement to a server.</summary>
    /// <param name="options">Options of the server.</param>
    /// <param name="door"><c>http</c> or <c>sse</c>.</param>
    public static McpServerOptions Measure(McpServerOptions options, string door)
    {
        options.Filters.Request.CallToolFilters.Add(next => async (request, cancellationToken) =>
        {
            var logger = request.Services!.GetRequiredService<ILoggerFactory>().CreateLogger(ToolCalls.Category);
            var tool = Catalog.Find(request.Params?.Name ?? "")?.Tool;
            using var call = ToolCalls.Begin(
                logger, door, tool, PlainText.Of(request.User?.FindFirst("sub")?.Value ?? Caller.Anyone.Name, 80));
            if (tool is null)
            {
                call.ErrorType = ToolCalls.UnknownTool;
            }

            try
            {
                var result = await next(request, cancellationToken);
                call.ErrorType = result.IsError is true ? ToolCalls.InvalidArguments : null;
                return result;
            }
            catch (McpException)
            {
                // Refused in the words of the protocol.
                call.ErrorType = tool is null ? ToolCalls.UnknownTool : ToolCalls.InvalidArguments;
                throw;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogMessages.Failure(logger, RequestMethods.ToolsCall, tool ?? "unknown", e);
                throw;
            }
        });
        return options;
    }
}
