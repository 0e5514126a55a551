using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters;
using CrowVault.Mcp.Server;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.JsonRpc;

/// <summary>
/// Checks the parameters of every method before the MCP SDK sees them, and mends what has only one meaning. The SDK (2.4.0) answers "An
/// error occurred." to parameters of another shape than it expects, serves nothing for a cursor that is empty, refuses a protocol version
/// that it does not know where the handshake wants an offer, and measures methods and tools under whatever names callers invent.
/// </summary>
internal static class RequestChecks
{
    /// <summary>The newest version that begins with a handshake: the offer to a client that asks for an unknown one.</summary>
    public const string NewestHandshake = "2025-11-25";

    private static readonly string[] s_handshakes = ["2024-11-05", "2025-03-26", "2025-06-18", NewestHandshake];

    /// <summary>All versions of the protocol that are spoken here, the newest without a handshake.</summary>
    public static IReadOnlyList<string> Versions { get; } = [.. s_handshakes, "2026-07-28"];

    private static readonly string[] s_levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

    private static readonly HashSet<string> s_methods = new(StringComparer.Ordinal)
    {
        RequestMethods.Initialize, RequestMethods.Ping, RequestMethods.ToolsList, RequestMethods.ToolsCall, RequestMethods.PromptsList,
        RequestMethods.PromptsGet, RequestMethods.ResourcesList, RequestMethods.ResourcesTemplatesList, RequestMethods.ResourcesRead,
        RequestMethods.ResourcesSubscribe, RequestMethods.ResourcesUnsubscribe, RequestMethods.CompletionComplete, SetLevel,
        "server/discover", Listen,
    };

    private static readonly HashSet<string> s_notifications = new(StringComparer.Ordinal)
    {
        NotificationMethods.InitializedNotification, NotificationMethods.CancelledNotification, NotificationMethods.ProgressNotification,
        "notifications/roots/list_changed",
    };

    // Deprecated since 2026-07-28, and served to those who speak an older version.
    private const string SetLevel = "logging/setLevel";

    /// <summary>The request that stays open until its sender leaves; no answer to it is owed.</summary>
    public const string Listen = "subscriptions/listen";

    /// <summary>What is wrong with a message; null when it can be passed on. Notifications and answers are never refused.</summary>
    public static RpcError? Check(JsonRpcMessage message)
    {
        if (message is not JsonRpcRequest request)
        {
            return null;
        }

        if (!s_methods.Contains(request.Method))
        {
            return new(RpcError.MethodNotFound, $"Method '{RpcError.Quote(request.Method)}' is not available.");
        }

        if (request.Params is not (null or JsonObject))
        {
            return Invalid("params: not an object; send a JSON object such as {}.");
        }

        return Check(request, request.Params as JsonObject);
    }

    /// <summary>Whether nobody here listens to a message: a notification that no version of the protocol has, or one of another
    /// shape.</summary>
    public static bool IsIgnored(JsonRpcMessage message) =>
        message is JsonRpcNotification notification
        && (!s_notifications.Contains(notification.Method)
            || notification.Params is not (null or JsonObject)
            || (notification.Params is JsonObject parameters && !IsWellFormed(notification.Method, parameters)));

    private static RpcError? Check(JsonRpcRequest request, JsonObject? parameters)
    {
        if (parameters is not null && (Meta(parameters) ?? Answers(parameters)) is { } fault)
        {
            return fault;
        }

        switch (request.Method)
        {
            case RequestMethods.Initialize:
                return Text(parameters, "protocolVersion", $"the version of the protocol, such as \"{NewestHandshake}\"")
                    ?? Object(parameters, "capabilities", "an object such as {}")
                    ?? Object(parameters, "clientInfo", "an object with name and version")
                    ?? Text(parameters!["clientInfo"]!.AsObject(), "name", "the name of the client", "clientInfo.")
                    ?? Text(parameters["clientInfo"]!.AsObject(), "version", "the version of the client", "clientInfo.")
                    ?? Client(parameters) ?? Offer(parameters);
            case RequestMethods.ToolsList or RequestMethods.PromptsList or RequestMethods.ResourcesList or RequestMethods.ResourcesTemplatesList:
                return Cursor(parameters);
            case RequestMethods.ToolsCall:
                return Text(parameters, "name", "the name of a tool", isMissing: "missing; send the name of a tool as a "
                    + "string.") ?? Tool(parameters!);
            case RequestMethods.PromptsGet:
                return Text(parameters, "name", $"the name of a prompt, such as \"{ApiMcpServer.Prompts.First().ProtocolPrompt.Name}\"")
                    ?? Prompt(parameters!);
            case RequestMethods.ResourcesRead or RequestMethods.ResourcesSubscribe or RequestMethods.ResourcesUnsubscribe:
                return Text(parameters, "uri", "the URI of a resource") ?? Resource(parameters!);
            case SetLevel:
                return Text(parameters, "level", $"one of {string.Join(", ", s_levels)}") ?? Level(parameters!);
            case RequestMethods.CompletionComplete:
                return Object(parameters, "ref", "an object with type, and name or uri")
                    ?? Reference(parameters!["ref"]!.AsObject())
                    ?? Object(parameters, "argument", "an object with name and value")
                    ?? Text(parameters["argument"]!.AsObject(), "name", "the name of an argument", "argument.")
                    ?? Text(parameters["argument"]!.AsObject(), "value", "what was typed so far", "argument.")
                    ?? Context(parameters)
                    ?? Shape<CompleteRequestParams>(parameters);
            case Listen:
                return Object(parameters, "notifications", "an object such as { \"toolsListChanged\": true }")
                    ?? Shape<SubscriptionsListenRequestParams>(parameters!);
            default:
                return null;
        }
    }

    // What any request of 2026-07-28 may bring along: answers to what the server has asked for, and what it gave to remember.
    private static RpcError? Answers(JsonObject parameters) =>
        parameters.ContainsKey("inputResponses") || parameters.ContainsKey("requestState")
            ? Shape<PingRequestParams>(new(parameters.Where(each => each.Key is "inputResponses" or "requestState")
                .Select(each => KeyValuePair.Create(each.Key, each.Value?.DeepClone()))))
            : null;

    // Whether the SDK can read parameters, and if not, which of them.
    private static RpcError? Shape<T>(JsonObject parameters)
        where T : RequestParams
    {
        try
        {
            parameters.Deserialize((JsonTypeInfo<T>)McpJsonUtilities.ProtocolOptions.GetTypeInfo(typeof(T)));
            return null;
        }
        catch (JsonException e)
        {
            return Invalid($"{RpcError.Quote(e.Path is { Length: > 2 } path ? path[2..] : "params")}: not of the type that the protocol "
                + "gives it; mend it, or leave it out.");
        }
    }

    private static RpcError? Meta(JsonObject parameters)
    {
        if (!parameters.TryGetPropertyValue("_meta", out var meta))
        {
            return null;
        }

        if (meta is null)
        {
            parameters.Remove("_meta");
            return null;
        }

        if (meta is not JsonObject members)
        {
            return Invalid("_meta: not an object; send a JSON object such as {}.");
        }

        if (!members.TryGetPropertyValue("progressToken", out var token))
        {
            return null;
        }

        if (token is null)
        {
            members.Remove("progressToken");
            return null;
        }

        return IsId(members, "progressToken") ? null : Invalid("_meta.progressToken: send a string or an integer.");
    }

    // Of what a client says of itself nothing depends on more than this: no server is worth less for an icon that it cannot read.
    private static RpcError? Client(JsonObject parameters)
    {
        var client = parameters["clientInfo"]!.AsObject();
        foreach (var (name, _) in client.Where(each => each.Key is not ("name" or "version")).ToArray())
        {
            client.Remove(name);
        }

        return Shape<InitializeRequestParams>(parameters);
    }

    // A server answers with a version that it speaks when it does not know the one that is asked for (lifecycle, "Version Negotiation").
    private static RpcError? Offer(JsonObject parameters)
    {
        if (!s_handshakes.Contains(parameters["protocolVersion"]!.GetValue<string>()))
        {
            parameters["protocolVersion"] = NewestHandshake;
        }

        return null;
    }

    // Every list is one page, so no cursor was ever given out.
    private static RpcError? Cursor(JsonObject? parameters)
    {
        if (parameters is null || !parameters.TryGetPropertyValue("cursor", out var cursor))
        {
            return null;
        }

        if (cursor is null || (cursor.GetValueKind() is JsonValueKind.String && cursor.GetValue<string>().Length == 0))
        {
            parameters.Remove("cursor");
            return null;
        }

        return Invalid("cursor: not one of this server's; the list has one page, so leave it out.");
    }

    private static RpcError? Tool(JsonObject parameters)
    {
        if (parameters.TryGetPropertyValue("arguments", out var arguments) && arguments is null)
        {
            parameters.Remove("arguments");
        }

        var name = parameters["name"]!.GetValue<string>();
        if (ServerFeatures.Current.Find(name) is not { } emitter)
        {
            return Invalid(ServerFeatures.Current.UnknownTool(PlainText.Of(name, 60)));
        }

        // The SDK passes over members that it does not know, and the call would be one with defaults.
        foreach (var (member, _) in parameters)
        {
            if (member is "args" or "input" or "params" or "parameters"
                || (member is not ("name" or "arguments" or "_meta" or "task") && emitter.Arguments.All.Any(each => each.Name == member)))
            {
                return Invalid($"{member}: not read here; the arguments of a tool go into arguments, an object beside name.");
            }
        }

        return null;
    }

    private static RpcError? Prompt(JsonObject parameters)
    {
        var name = parameters["name"]!.GetValue<string>();
        if (!ApiMcpServer.Prompts.TryGetPrimitive(name, out _))
        {
            return Invalid($"name: there is no prompt {RpcError.Quote(name)}; the prompts are "
                + $"{string.Join(", ", ApiMcpServer.Prompts.Select(each => each.ProtocolPrompt.Name))}.");
        }

        if (!parameters.TryGetPropertyValue("arguments", out var arguments))
        {
            return null;
        }

        if (arguments is null)
        {
            parameters.Remove("arguments");
            return null;
        }

        return arguments is JsonObject ? null : Invalid("arguments: not an object; send a JSON object of strings.");
    }

    private static RpcError? Resource(JsonObject parameters)
    {
        var uri = parameters["uri"]!.GetValue<string>();
        if (ApiMcpServer.Resources.Any(resource => resource.IsMatch(uri)))
        {
            return null;
        }

        var known = ApiMcpServer.Resources.Where(resource => !resource.IsTemplated)
            .Select(resource => resource.ProtocolResourceTemplate.UriTemplate);
        return new(RpcError.ResourceNotFound, $"uri: there is no resource {RpcError.Quote(uri)}; the "
            + $"resources are {string.Join(", ", known)}.");
    }

    private static RpcError? Level(JsonObject parameters)
    {
        var level = parameters["level"]!.GetValue<string>();
        return s_levels.Contains(level)
            ? null
            : Invalid($"level: {RpcError.Quote(level)} is unknown; use one of {string.Join(", ", s_levels)}.");
    }

    private static RpcError? Reference(JsonObject reference) =>
        Text(reference, "type", "ref/prompt or ref/resource", "ref.") is { } fault ? fault
        : reference["type"]!.GetValue<string>() switch
        {
            "ref/prompt" => Text(reference, "name", "the name of a prompt", "ref."),
            "ref/resource" => Text(reference, "uri", "the URI of a resource or its template", "ref."),
            _ => Invalid("ref.type: use ref/prompt or ref/resource."),
        };

    private static RpcError? Context(JsonObject parameters)
    {
        if (!parameters.TryGetPropertyValue("context", out var context))
        {
            return null;
        }

        if (context is null)
        {
            parameters.Remove("context");
            return null;
        }

        return context is JsonObject members && members["arguments"] is null or JsonObject
            && (members["arguments"] as JsonObject)?.All(each => each.Value?.GetValueKind() is JsonValueKind.String) is not false
            ? null
            : Invalid("context: send an object with arguments, an object of strings.");
    }

    private static RpcError? Text(JsonObject? members, string name, string what, string prefix = "", string? isMissing = null)
    {
        if (members?[name] is not { } value)
        {
            return members is null && isMissing is not null
                ? Invalid("params: missing; send an object with name and arguments.")
                : Invalid($"{prefix}{name}: {isMissing ?? $"missing; send {what}."}");
        }

        return value.GetValueKind() is JsonValueKind.String
            ? null
            : Invalid($"{prefix}{name}: {isMissing ?? $"not a string; send {what}."}");
    }

    private static RpcError? Object(JsonObject? members, string name, string what) =>
        members?[name] is not { } value ? Invalid($"{name}: missing; send {what}.")
        : value is JsonObject ? null : Invalid($"{name}: not an object; send {what}.");

    private static bool IsWellFormed(string method, JsonObject parameters) => method switch
    {
        NotificationMethods.CancelledNotification => IsId(parameters, "requestId") && parameters["reason"] is null or JsonValue,
        NotificationMethods.ProgressNotification =>
            IsId(parameters, "progressToken") && parameters["progress"]?.GetValueKind() is JsonValueKind.Number,
        _ => true,
    };

    // Some languages write every number with a fraction: 1.0 is an integer all the same.
    private static bool IsId(JsonObject members, string name)
    {
        if (members[name] is not JsonValue value || !value.TryGetValue<JsonElement>(out var element)
            || MessageParser.Id(element) is var id && id == default)
        {
            return false;
        }

        if (id.Id is long number && !element.TryGetInt64(out _))
        {
            members[name] = number;
        }

        return true;
    }

    private static RpcError Invalid(string message) => new(RpcError.InvalidParams, message);
}
