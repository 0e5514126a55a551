using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using ModelContextProtocol;

namespace CrowVault.Mcp.JsonRpc;

/// <summary>A JSON-RPC error that is answered before the MCP SDK sees the message.</summary>
/// <param name="Code">One of the codes below.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Id">The id to answer to, as JSON; null where it could not be read.</param>
/// <param name="Requested">The version of the protocol that is not spoken here, as it may be told; null for every other error.</param>
internal sealed record RpcError(int Code, string Message, byte[]? Id = null, string? Requested = null)
{
    /// <summary>The text is not JSON.</summary>
    public const int ParseError = (int)McpErrorCode.ParseError;

    /// <summary>The text is not a JSON-RPC message.</summary>
    public const int InvalidRequest = (int)McpErrorCode.InvalidRequest;

    /// <summary>There is no such method.</summary>
    public const int MethodNotFound = (int)McpErrorCode.MethodNotFound;

    /// <summary>The parameters of the method are at fault.</summary>
    public const int InvalidParams = (int)McpErrorCode.InvalidParams;

    /// <summary>Something went wrong here.</summary>
    public const int InternalError = (int)McpErrorCode.InternalError;

    /// <summary>There is no resource at this URI.</summary>
    public const int ResourceNotFound = (int)McpErrorCode.ResourceNotFound;

    /// <summary>Header and body contradict each other (protocol 2026-07-28).</summary>
    public const int HeaderMismatch = -32020;

    /// <summary>The version of the protocol is not spoken here (protocol 2026-07-28).</summary>
    public const int UnsupportedVersion = -32022;

    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A text of the caller's as it may stand in a message: bounded, and without characters that a terminal obeys.</summary>
    public static string Quote(string text) => text.Length == 0 ? "\"\"" : PlainText.Of(text, 60);

    /// <summary>The message that answers.</summary>
    public byte[] ToUtf8()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, s_readable))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            writer.WritePropertyName("id"u8);
            if (Id is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                writer.WriteRawValue(Id, skipInputValidation: true);
            }

            writer.WriteStartObject("error"u8);
            writer.WriteNumber("code"u8, Code);
            writer.WriteString("message"u8, Message);
            if (Requested is not null)
            {
                writer.WriteStartObject("data"u8);
                writer.WriteStartArray("supported"u8);
                foreach (var version in RequestChecks.Versions)
                {
                    writer.WriteStringValue(version);
                }

                writer.WriteEndArray();
                writer.WriteString("requested"u8, Requested);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
