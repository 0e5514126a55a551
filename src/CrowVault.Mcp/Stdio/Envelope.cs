using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>What must be right about a JSON-RPC 2.0 message before the SDK reads it.</summary>
/// <param name="Id">The id to answer to; that of <c>null</c> when there is none.</param>
/// <param name="Problem">Why it is no message that can be answered.</param>
internal readonly record struct Envelope(RequestId Id, string? Problem)
{
    /// <summary>Reads a message that is known to be one JSON object.</summary>
    public static Envelope Read(ReadOnlySpan<byte> message)
    {
        RequestId id = default;
        string? problem = null;
        var hasVersion = false;
        var reader = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = LineReader.MaximumDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("jsonrpc"u8))
            {
                reader.Read();
                hasVersion = reader.TokenType is JsonTokenType.String && reader.ValueTextEquals("2.0"u8);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = ReadId(ref reader);
                problem ??= id == default ? "id must be a string or an integer." : null;
            }
            else if (reader.ValueTextEquals("method"u8))
            {
                reader.Read();
                problem ??= reader.TokenType is JsonTokenType.String ? null : "method must be a string.";
            }

            reader.Skip();
        }

        return new(id, hasVersion ? problem : "jsonrpc must be \"2.0\".");
    }

    private static RequestId ReadId(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new(reader.GetString()!);
            case JsonTokenType.Number when reader.TryGetInt64(out var number):
                return new(number);
            default:
                return default;
        }
    }
}
