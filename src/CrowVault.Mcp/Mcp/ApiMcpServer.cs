using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Mcp;

/// <summary>The MCP server <c>api-mcp</c>, whatever the transport. Everything is built once: the SDK asks per request over HTTP.</summary>
internal static class ApiMcpServer
{
    private const string Instructions =
        "Generates TypeScript resilience code that the user owns: paste the source as it is and keep its first comment. "
        + "Layers, outermost first: rate limiter (at ingress), circuit breaker, retry, timeout, bulkhead. "
        + "All arguments but operations and partitions have defaults; pass only what the user asked for. "
        + "An error lists every fault and ends with a corrected call.";

    private static readonly Implementation s_info = new()
    {
        Name = Product.ServerName,
        Title = "CrowVault API resilience",
        Version = Product.Version,
    };

    /// <summary>The tools, in the catalog's order.</summary>
    public static McpServerPrimitiveCollection<McpServerTool> Tools { get; } = Collect(Catalog.All.Select(emitter => new EmitterTool(emitter)));

    /// <summary>Options for one server, to which a transport may add its own.</summary>
    public static McpServerOptions Options() => Configure(new McpServerOptions());

    /// <summary>Fills in what this server is.</summary>
    public static McpServerOptions Configure(McpServerOptions options)
    {
        options.ServerInfo = s_info;
        options.ServerInstructions = Instructions;
        options.ToolCollection = Tools;
        options.Handlers.CallToolHandler = (request, _) => throw Invalid(Catalog.UnknownTool(request.Params?.Name ?? ""));
        options.Filters.Message.IncomingFilters.Add(next => (context, cancellationToken) =>
        {
            if (context.JsonRpcMessage is JsonRpcRequest { Method: RequestMethods.ToolsCall } call)
            {
                CheckCall(call.Params);
            }

            return next(context, cancellationToken);
        });
        return options;
    }

    // The SDK would answer "An error occurred." to parameters of another shape than it expects.
    private static void CheckCall(JsonNode? parameters)
    {
        if (parameters is not JsonObject members)
        {
            throw Invalid("params: missing; send an object with name and arguments.");
        }

        if (members["name"]?.GetValueKind() is not JsonValueKind.String)
        {
            throw Invalid("name: missing; send the name of a tool as a string.");
        }

        if (members["arguments"] is not (null or JsonObject))
        {
            throw Invalid("arguments: not an object; send a JSON object such as {}.");
        }
    }

    private static McpProtocolException Invalid(string message) => new(message, McpErrorCode.InvalidParams);

    private static McpServerPrimitiveCollection<McpServerTool> Collect(IEnumerable<McpServerTool> tools)
    {
        var collection = new McpServerPrimitiveCollection<McpServerTool>();
        foreach (var tool in tools)
        {
            collection.Add(tool);
        }

        return collection;
    }
}
