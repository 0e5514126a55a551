using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using CrowVault.Mcp.Page;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Server;

/// <summary>The MCP server <c>api-mcp</c>, whatever the transport. Everything is built once: the SDK asks per request over HTTP.</summary>
internal static class ApiMcpServer
{
    private const string Instructions =
        "Emits dependency-free TypeScript that the user owns, for five patterns; as layers, outermost "
            + "first: rate limiter (at ingress), circuit "
        + "breaker, retry, timeout, bulkhead. Every answer begins with the command that writes the same files: where there is a shell, "
        + "call with withCode false and run it instead of copying code. Else save each block as it is, first comment included. "
        + "All arguments but operations and partitions have defaults; pass only what the user asked for. "
        + "An error says how to do it right; a corrected call in it means the same.";

    private static readonly Implementation s_info = new()
    {
        Name = Product.ServerName,
        Title = "CrowVault API resilience",
        Version = Product.Version,
        Description = "Resilience code in TypeScript, generated from a few numbers.",
        WebsiteUrl = "https://crowvault.ai",
        Icons = [Glyph.Icon(Glyph.Server)],
    };

    /// <summary>The tools, in the catalog's order.</summary>
    public static McpServerPrimitiveCollection<McpServerTool> Tools { get; } =
        Collect(ServerFeatures.Current.Emitters.Select(emitter => new EmitterTool(emitter)));

    /// <summary>The prompts; the one that asks for all five tools only where they are offered.</summary>
    public static McpServerPrimitiveCollection<McpServerPrompt> Prompts { get; } =
        ServerFeatures.Current.Emitters.Count == Catalog.All.Count
            ? [new DefenceInDepthPrompt(), new ChoosePatternPrompt()]
            : [new ChoosePatternPrompt()];

    /// <summary>The composition of the layers, the choice of a pattern, and a guide per pattern.</summary>
    public static McpServerResourceCollection Resources { get; } = CollectResources();

    /// <summary>Options for one server, to which a transport may add its own.</summary>
    public static McpServerOptions Options() => Configure(new McpServerOptions());

    /// <summary>Fills in what this server is.</summary>
    public static McpServerOptions Configure(McpServerOptions options)
    {
        options.ServerInfo = s_info;
        options.ServerInstructions = Instructions;
        options.ToolCollection = Tools;
        options.PromptCollection = Prompts;
        options.ResourceCollection = Resources;
        options.Capabilities = new() { Extensions = new Dictionary<string, object> { [PreviewResource.Extension] = PreviewResource.Capability() } };
        options.Handlers.CompleteHandler = (request, _) => ValueTask.FromResult(Complete(request.Params));
        options.Handlers.CallToolHandler = (request, _) => throw Invalid(ServerFeatures.Current.UnknownTool(request.Params?.Name ?? ""));
        options.Filters.Message.IncomingFilters.Add(next => (context, cancellationToken) =>
        {
            if (context.JsonRpcMessage is JsonRpcRequest { Method: RequestMethods.ToolsCall } call)
            {
                CheckCall(call.Params);
            }

            return next(context, cancellationToken);
        });
        options.Filters.Message.OutgoingFilters.Add(next => (context, cancellationToken) =>
        {
            ToolAnswer.Complete(context.JsonRpcMessage);
            return next(context, cancellationToken);
        });
        return options;
    }

    private static CompleteResult Complete(CompleteRequestParams? completion)
    {
        var typed = completion?.Argument.Value ?? "";
        IReadOnlyList<string> values = completion?.Ref switch
        {
            PromptReference { Name: "defence_in_depth" } => DefenceInDepthPrompt.Complete(completion.Argument.Name, typed),
            ResourceTemplateReference { Uri: PatternGuides.UriTemplate } =>
                [.. PatternGuides.Patterns.Where(pattern => pattern.StartsWith(typed, StringComparison.OrdinalIgnoreCase))],
            _ => [],
        };
        return new CompleteResult { Completion = new Completion { Values = [.. values], Total = values.Count, HasMore = false } };
    }

    private static McpServerResourceCollection CollectResources() =>
    [
        new TextResource(
            new()
            {
                Name = "resilience-stack.ts",
                Title = "Resilience stack",
                UriTemplate = DefenceInDepthPrompt.StackUri,
                Description = "TypeScript function that puts circuit breaker, retry, timeout and bulkhead around a call.",
                MimeType = "text/x-typescript",
                Annotations = new() { Audience = [Role.User, Role.Assistant], Priority = 0.8f },
            },
            uri => uri == DefenceInDepthPrompt.StackUri ? DefenceInDepthPrompt.Stack : null),
        new TextResource(
            new()
            {
                Name = ChoosePatternPrompt.Name,
                Title = "Which pattern",
                UriTemplate = PatternGuides.ChoiceUri,
                Description = "From what one sees (calls hang, a service is down, clients send too much) to "
                    + "the pattern, its algorithm and its tool.",
                MimeType = "text/markdown",
                Annotations = new() { Audience = [Role.Assistant, Role.User], Priority = 0.6f },
            },
            uri => uri == PatternGuides.ChoiceUri ? PatternGuides.Choice : null),
        .. Catalog.All.Select(emitter => Guide(emitter.Command, $"{emitter.Title} guide",
            $"{emitter.Title}: what it does, when not to use it, which arguments matter.")),
        new PreviewResource(),
        Guide("{pattern}", "Pattern guides", $"Guide to a pattern: {string.Join(", ", PatternGuides.Patterns)}."),
    ];

    private static TextResource Guide(string pattern, string title, string description) => new(
        new()
        {
            Name = pattern == "{pattern}" ? "pattern-guide" : $"{pattern}-guide",
            Title = title,
            UriTemplate = PatternGuides.UriOf(pattern),
            Description = description,
            MimeType = "text/markdown",
            Annotations = new() { Audience = [Role.Assistant, Role.User], Priority = 0.3f },
        },
        PatternGuides.At);

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

        // A model that wrote its arguments as text must see what is wrong, so it is the tool that refuses them.
        if (members["arguments"] is { } given and not JsonObject)
        {
            members["arguments"] = new JsonObject { [EmitterTool.Unreadable] = given.DeepClone() };
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
