using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Telemetry;
using CrowVault.Mcp.JsonRpc;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>Reads the JSON-RPC messages of a body, refuses what is at fault and takes batches apart before the MCP SDK sees them.</summary>
/// <param name="rates">Counts each message of a batch.</param>
/// <param name="logger">Gets the line of a call of a tool that does not exist.</param>
internal sealed class RpcGate(RateLimits rates, ILogger logger)
{
    private const string VersionHeader = "MCP-Protocol-Version";
    private const string BatchVersion = "2025-03-26";
    private const int LargestBatch = 50;

    private static readonly JsonTypeInfo<JsonRpcMessage> s_message =
        (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.ProtocolOptions.GetTypeInfo(typeof(JsonRpcMessage));

    /// <summary>Answers with a JSON-RPC error.</summary>
    public static Task WriteAsync(HttpContext context, RpcError error, int status)
    {
        // The message may repeat what was sent, which no log does.
        Refusals.Note(context, error.Code is RpcError.InvalidParams or RpcError.MethodNotFound or RpcError.ResourceNotFound
            ? $"JSON-RPC error {error.Code}"
            : error.Message);
        return WriteAsync(context, error.ToUtf8(), status);
    }

    /// <summary>Passes a message on, or answers in its place.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<JsonBody.Wanted>() is not { IsRpc: true } wanted
            || context.Features.Get<JsonBody>() is not { } body)
        {
            await next(context);
            return;
        }

        var root = body.Root;
        if (root.ValueKind is JsonValueKind.Array && !wanted.IsStream)
        {
            await AnswerBatchAsync(context, root, next);
            return;
        }

        if (root.ValueKind is not JsonValueKind.Object)
        {
            await WriteAsync(context, new RpcError(RpcError.InvalidRequest, "Send one JSON-RPC message per request."),
                StatusCodes.Status400BadRequest);
            return;
        }

        if (Version(root) is { } version && context.Request.Headers[VersionHeader].ToString() is var header && header != version)
        {
            var error = new RpcError(
                RpcError.HeaderMismatch,
                $"Header mismatch: the {VersionHeader} header does not repeat the protocol version in _meta of the body.",
                MessageParser.FindId(body.Utf8));
            await WriteAsync(context, error, StatusCodes.Status400BadRequest);
            return;
        }

        if (Read(context, root, wanted, out var error2) is { } message)
        {
            context.Features.Set(message);
            if (message is JsonRpcRequest { Method: RequestMethods.Initialize })
            {
                // The version is agreed on by this request; the header belongs to those after it.
                context.Request.Headers.Remove(VersionHeader);
            }
            else if (!wanted.IsStream && context.Request.Headers[VersionHeader].ToString() is { Length: > 0 } asked
                && !RequestChecks.Versions.Contains(asked))
            {
                // The SDK (2.4.0) names the newest version alone, which those who begin with a handshake do not speak.
                var requested = RpcError.Quote(asked);
                var unknown = $"The {VersionHeader} header value '{requested}' is not supported; use one of "
                    + $"{string.Join(", ", RequestChecks.Versions)}.";
                await WriteAsync(context, new RpcError(RpcError.UnsupportedVersion, unknown, MessageParser.FindId(body.Utf8), requested),
                    StatusCodes.Status400BadRequest);
                return;
            }

            if (!wanted.IsStream)
            {
                context.Request.Body = new MemoryStream(Utf8(message, body), writable: false);
            }

            await next(context);
        }
        else if (error2 is null)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        }
        else if (wanted.IsStream && error2 is { Id: not null, Code: not RpcError.InvalidRequest })
        {
            // On the older pair of addresses the answer goes the way of all answers.
            context.Features.Set(error2);
            await next(context);
        }
        else
        {
            await WriteAsync(context, error2, error2.Code == RpcError.InvalidRequest
                ? StatusCodes.Status400BadRequest
                : StatusCodes.Status200OK);
        }
    }

    // The message is read by the SDK once more: from the bytes that came unless something in them was mended.
    private static byte[] Utf8(JsonRpcMessage message, JsonBody body) =>
        message is JsonRpcRequest { Method: RequestMethods.ToolsCall, Params: { } parameters }
            && IsAsSent(body.Root.GetProperty("params"u8), parameters.AsObject())
            && body.Root.GetProperty("id"u8) is var id && (id.ValueKind is JsonValueKind.String || id.TryGetInt64(out _))
            ? body.Utf8.ToArray()
            : JsonSerializer.SerializeToUtf8Bytes(message, s_message);

    private static bool IsAsSent(JsonElement given, JsonObject read) =>
        given.GetPropertyCount() == read.Count
        && (!given.TryGetProperty("_meta"u8, out var meta)
            || !meta.TryGetProperty("progressToken"u8, out var token)
            || token.ValueKind is JsonValueKind.String || (token.ValueKind is JsonValueKind.Number && token.TryGetInt64(out _)));

    private JsonRpcMessage? Read(HttpContext context, JsonElement element, JsonBody.Wanted wanted, out RpcError? error)
    {
        if (MessageParser.TryRead(element, out var message, out error))
        {
            return message;
        }

        if (error is { Code: RpcError.InvalidParams }
            && element.TryGetProperty("method"u8, out var method) && method.ValueEquals(RequestMethods.ToolsCall)
            && element.TryGetProperty("params"u8, out var parameters) && parameters.ValueKind is JsonValueKind.Object
            && parameters.TryGetProperty("name"u8, out var name) && name.ValueKind is JsonValueKind.String
            && Catalog.Find(name.GetString()!) is null)
        {
            using var call = ToolCalls.Begin(logger, wanted.IsStream ? "sse" : "http", null, Caller.Of(context).Shown);
            call.ErrorType = ToolCalls.UnknownTool;
        }

        return null;
    }

    // Protocol 2025-03-26 alone has batches, and it is what a request without the header speaks.
    private async Task AnswerBatchAsync(HttpContext context, JsonElement batch, RequestDelegate next)
    {
        var count = batch.GetArrayLength();
        var refusal = context.Request.Headers[VersionHeader].ToString() is not ("" or BatchVersion)
            ? "Send one JSON-RPC message per request; this version of the protocol has no batches."
            : count == 0 ? "The batch is empty."
            : count > LargestBatch ? $"The batch has {count} messages; send at most {LargestBatch}."
            : null;
        if (refusal is not null)
        {
            await WriteAsync(context, new RpcError(RpcError.InvalidRequest, refusal), StatusCodes.Status400BadRequest);
            return;
        }

        if (!rates.TryTake(context, count - 1))
        {
            await rates.RefuseRateAsync(context, count - 1);
            return;
        }

        var answers = new List<byte[]>();
        var refusals = new BatchRefusals(count, context.Features.Get<JsonBody>()!.Utf8.Length);
        foreach (var element in batch.EnumerateArray())
        {
            if (Read(context, element, new(IsRpc: true), out var error) is { } message)
            {
                if (await AnswerAsync(context, message, next) is { Length: > 0 } answer)
                {
                    answers.Add(message is not JsonRpcRequest { Id: var id } || !IsRefusal(answer) || refusals.TryTake(answer.Length)
                        ? answer
                        : new RpcError(RpcError.InvalidParams, BatchRefusals.Alone, MessageParser.ToUtf8(id)).ToUtf8());
                }
            }
            else if (error is not null && refusals.Of(error) is { } told)
            {
                answers.Add(told.ToUtf8());
            }
        }

        if (answers.Count == 0)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        await WriteAsync(context, [(byte)'[', .. answers.SelectMany((answer, index) => index == 0 ? answer : [(byte)',', .. answer]),
            (byte)']'], StatusCodes.Status200OK);
    }

    // Within a text of JSON the quotes would be escaped.
    private static bool IsRefusal(ReadOnlySpan<byte> answer) =>
        answer.IndexOf("\"isError\":true"u8) >= 0 || answer.IndexOf("\"error\":{\"code\":"u8) >= 0;

    private static async Task<byte[]> AnswerAsync(HttpContext context, JsonRpcMessage message, RequestDelegate next)
    {
        if (message is JsonRpcRequest { Method: RequestChecks.Listen } listen)
        {
            return new RpcError(RpcError.InvalidRequest, "A subscription cannot be part of a batch.",
                MessageParser.ToUtf8(listen.Id)).ToUtf8();
        }

        context.Request.Body = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(message, s_message), writable: false);
        return await AnswerForm.CaptureAsync(context, next);
    }

    private static Task WriteAsync(HttpContext context, byte[] answer, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        return context.Response.Body.WriteAsync(answer).AsTask();
    }

    private static string? Version(JsonElement root) =>
        root.TryGetProperty("params"u8, out var parameters) && parameters.ValueKind is JsonValueKind.Object
        && parameters.TryGetProperty("_meta"u8, out var meta) && meta.ValueKind is JsonValueKind.Object
        && meta.TryGetProperty("io.modelcontextprotocol/protocolVersion"u8, out var version) && version.ValueKind is JsonValueKind.String
            ? version.GetString()
            : null;
}
