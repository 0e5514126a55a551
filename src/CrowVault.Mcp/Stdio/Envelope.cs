using System.Text;
using System.Text.Json;

namespace CrowVault.Mcp.Stdio;

/// <summary>The members of a JSON-RPC 2.0 message that tell requests, replies and cancellations apart.</summary>
/// <param name="Id">The id as JSON text; null when there is none that can be answered to.</param>
/// <param name="HasMethod">Whether it is a request or a notification, not a reply.</param>
/// <param name="CancelledId">The id, as JSON text, of the request that this message cancels.</param>
/// <param name="Problem">Why it is no message that can be answered.</param>
internal readonly record struct Envelope(string? Id, bool HasMethod, string? CancelledId, string? Problem)
{
    /// <summary>Reads a message that is known to be one JSON object.</summary>
    public static Envelope Read(ReadOnlySpan<byte> message)
    {
        string? id = null;
        string? requestId = null;
        string? problem = null;
        var (hasVersion, hasMethod, cancels) = (false, false, false);
        var reader = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = LineReader.MaximumDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not JsonTokenType.PropertyName)
            {
                continue;
            }

            switch (reader.CurrentDepth)
            {
                case 1 when reader.ValueTextEquals("jsonrpc"u8):
                    reader.Read();
                    hasVersion = reader.TokenType is JsonTokenType.String && reader.ValueTextEquals("2.0"u8);
                    break;
                case 1 when reader.ValueTextEquals("id"u8):
                    id = ReadId(ref reader);
                    problem ??= id is null ? "id must be a string or an integer." : null;
                    break;
                case 1 when reader.ValueTextEquals("method"u8):
                    reader.Read();
                    hasMethod = true;
                    problem ??= reader.TokenType is JsonTokenType.String ? null : "method must be a string.";
                    cancels = problem is null && reader.ValueTextEquals("notifications/cancelled"u8);
                    reader.Skip();
                    break;
                case 2 when reader.ValueTextEquals("requestId"u8):
                    requestId = ReadId(ref reader);
                    break;
                case 1 when !reader.ValueTextEquals("params"u8):
                    reader.Skip();
                    break;
            }
        }

        return new(id, hasMethod, cancels ? requestId : null, hasVersion ? problem : "jsonrpc must be \"2.0\".");
    }

    private static string? ReadId(ref Utf8JsonReader reader)
    {
        reader.Read();
        string? id = reader.TokenType switch
        {
            JsonTokenType.String => $"\"{JsonEncodedText.Encode(reader.GetString()!)}\"",
            JsonTokenType.Number when reader.TryGetInt64(out _) => Encoding.ASCII.GetString(reader.ValueSpan),
            _ => null,
        };
        reader.Skip();
        return id;
    }
}
