using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.JsonRpc;

/// <summary>Makes a message of the MCP SDK from JSON, or says what is wrong with it.</summary>
internal static class MessageParser
{
    // Longer ids would make an answer as long as the request.
    private const int LongestId = 1_024;

    // The protocol's own options tell "name" from "Name"; with the SDK's default options (2.3.0 and 2.4.0) a message that has both fails
    // later, within a call.
    private static readonly JsonTypeInfo<JsonRpcMessage> s_message =
        (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.ProtocolOptions.GetTypeInfo(typeof(JsonRpcMessage));

    private static readonly JsonTypeInfo<RequestId> s_id =
        (JsonTypeInfo<RequestId>)McpJsonUtilities.ProtocolOptions.GetTypeInfo(typeof(RequestId));

    /// <summary>An id as JSON.</summary>
    public static byte[] ToUtf8(RequestId id) => JsonSerializer.SerializeToUtf8Bytes(id, s_id);

    /// <summary>Reads one message.</summary>
    /// <param name="element">What <see cref="JsonText"/> has let through.</param>
    /// <param name="message">The message; null when it needs no answer and none of the SDK's attention, or is at fault.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <returns>Whether <paramref name="message"/> is there.</returns>
    public static bool TryRead(JsonElement element, [NotNullWhen(true)] out JsonRpcMessage? message, out RpcError? error)
    {
        message = null;
        if (element.ValueKind is not JsonValueKind.Object)
        {
            error = Invalid("a message is a JSON object.", null);
            return false;
        }

        byte[]? id = null;
        RequestId known = default;
        if (element.TryGetProperty("id"u8, out var given))
        {
            id = RawId(given);
            known = Id(given);
        }

        var isAnswer = IsAnswer(element);
        var isNotification = IsNotification(element, given.ValueKind);
        if (Problem(element, known, isNotification ? default : given.ValueKind) is { } problem)
        {
            error = isAnswer ? null : Invalid(problem, id);
            return false;
        }

        try
        {
            message = isNotification || (given.ValueKind is JsonValueKind.Number && !given.TryGetInt64(out _))
                ? JsonSerializer.Deserialize(WithId(element, known), s_message)
                : element.Deserialize(s_message);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or FormatException or NotSupportedException)
        {
            message = null;
        }

        if (message is null)
        {
            error = isAnswer ? null : Invalid("the message is not a JSON-RPC request, notification or response.", id);
            return false;
        }

        error = RequestChecks.Check(message) is { } refusal ? refusal with { Id = id } : null;
        if (error is not null || RequestChecks.IsIgnored(message))
        {
            message = null;
            return false;
        }

        return true;
    }

    /// <summary>The id of a text that is no valid JSON-RPC message, as far as it can be read, so that its sender need not wait for
    /// ever.</summary>
    public static byte[]? FindId(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonText.MaximumDepth });
        try
        {
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isId = reader.ValueTextEquals("id"u8);
                if (!reader.Read())
                {
                    return null;
                }

                if (isId && reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
                {
                    var element = JsonElement.ParseValue(ref reader);
                    return RawId(element);
                }

                if (!reader.TrySkip())
                {
                    return null;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It ends here.
        }

        return null;
    }

    /// <summary>An id as the SDK has it; that of <c>null</c> when it is none. Some languages write every number with a fraction: 1.0 is an
    /// integer all the same.</summary>
    public static RequestId Id(JsonElement id) => id.ValueKind switch
    {
        JsonValueKind.String when id.GetRawText().Length <= LongestId => new(id.GetString()!),
        JsonValueKind.Number when id.TryGetInt64(out var number) => new(number),
        JsonValueKind.Number when id.GetRawText().Length <= 64 && id.TryGetDecimal(out var number)
            && number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue => new((long)number),
        _ => default,
    };

    // An answer to an answer would be taken for that to a request of the sender's own, and two peers could go on with it for ever. One to
    // a message whose id was not read has none (JSON-RPC 2.0 section 5).
    private static bool IsAnswer(JsonElement element) =>
        !element.TryGetProperty("method"u8, out _)
        && ((element.TryGetProperty("error"u8, out var error) && error.ValueKind is not JsonValueKind.Null)
            || element.TryGetProperty("result"u8, out _));

    // Some languages write every member that they have, and null where there is no id.
    private static bool IsNotification(JsonElement element, JsonValueKind id) =>
        id is JsonValueKind.Null && element.TryGetProperty("method"u8, out var method) && method.ValueKind is JsonValueKind.String
        && method.GetString()!.StartsWith("notifications/", StringComparison.Ordinal);

    private static string? Problem(JsonElement element, RequestId id, JsonValueKind idKind)
    {
        if (!element.TryGetProperty("jsonrpc"u8, out var version) || version.ValueKind is not JsonValueKind.String || !version.ValueEquals(
            "2.0"u8))
        {
            return "jsonrpc must be \"2.0\".";
        }

        if (idKind is not JsonValueKind.Undefined && id == default)
        {
            return $"id must be a string or an integer, of at most {LongestId} bytes or 64 bits.";
        }

        return element.TryGetProperty("method"u8, out var method) && method.ValueKind is not JsonValueKind.String
            ? "method must be a string."
            : null;
    }

    private static RpcError Invalid(string message, byte[]? id) => new(RpcError.InvalidRequest, $"Invalid request: {message}", id);

    // An answer goes to the id that was sent, even where that is not a valid one.
    private static byte[]? RawId(JsonElement id)
    {
        if (id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
        {
            return null;
        }

        try
        {
            var raw = id.ValueKind is JsonValueKind.String
                ? JsonSerializer.Serialize(id.GetString()!, RpcJson.Readable.String)
                : id.GetRawText();
            return raw.Length <= LongestId ? Encoding.UTF8.GetBytes(raw) : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair cannot be sent back.
            return null;
        }
    }

    // Without an id when there is none.
    private static byte[] WithId(JsonElement message, RequestId id)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var member in message.EnumerateObject())
            {
                if (!member.NameEquals("id"u8))
                {
                    member.WriteTo(writer);
                }
                else if (id != default)
                {
                    writer.WriteNumber("id"u8, long.Parse(id.ToString(), CultureInfo.InvariantCulture));
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
