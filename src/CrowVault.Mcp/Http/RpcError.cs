using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

/// <summary>JSON-RPC errors that are answered before the MCP SDK sees the message.</summary>
internal static class RpcError
{
    /// <summary>The body is not JSON.</summary>
    public const int ParseError = -32700;

    /// <summary>The body is not a JSON-RPC message.</summary>
    public const int InvalidRequest = -32600;

    /// <summary>Something went wrong here.</summary>
    public const int InternalError = -32603;

    /// <summary>Header and body contradict each other (protocol 2026-07-28).</summary>
    public const int HeaderMismatch = -32020;

    private const string VersionHeader = "MCP-Protocol-Version";
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers 400 with a JSON-RPC error.</summary>
    public static Task WriteAsync(HttpContext context, int code, string message, JsonElement? id, int status = StatusCodes.Status400BadRequest)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, s_readable))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            writer.WritePropertyName("id"u8);
            if (id is { ValueKind: JsonValueKind.String or JsonValueKind.Number } known)
            {
                known.WriteTo(writer);
            }
            else
            {
                writer.WriteNullValue();
            }

            writer.WriteStartObject("error"u8);
            writer.WriteNumber("code"u8, code);
            writer.WriteString("message"u8, message);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        return context.Response.Body.WriteAsync(buffer.WrittenMemory).AsTask();
    }

    /// <summary>Refuses what is no single message, and a protocol version in <c>_meta</c> that the header does not repeat.</summary>
    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<JsonBody.Wanted>() is not { IsRpc: true }
            || context.Features.Get<JsonBody>() is not { } body)
        {
            return next(context);
        }

        var root = body.Root;
        if (root.ValueKind is not JsonValueKind.Object)
        {
            return WriteAsync(context, InvalidRequest, "Send one JSON-RPC message per request; batches are not supported.", null);
        }

        JsonElement? id = root.TryGetProperty("id"u8, out var given) ? given : null;
        if (Version(root) is { } version && context.Request.Headers[VersionHeader].ToString() is var header && header != version)
        {
            return WriteAsync(
                context,
                HeaderMismatch,
                $"Header mismatch: the {VersionHeader} header does not repeat the protocol version in _meta of the body.",
                id);
        }

        return next(context);
    }

    private static string? Version(JsonElement root) =>
        root.TryGetProperty("params"u8, out var parameters) && parameters.ValueKind is JsonValueKind.Object
        && parameters.TryGetProperty("_meta"u8, out var meta) && meta.ValueKind is JsonValueKind.Object
        && meta.TryGetProperty("io.modelcontextprotocol/protocolVersion"u8, out var version) && version.ValueKind is JsonValueKind.String
            ? version.GetString()
            : null;
}
