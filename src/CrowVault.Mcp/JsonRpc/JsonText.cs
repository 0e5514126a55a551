using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace CrowVault.Mcp.JsonRpc;

/// <summary>Reads JSON that a caller sent so that nothing which is read from it later can fail: it is valid UTF-8, of a bounded depth and
/// number of values, without a name given twice in one object and without half a surrogate pair.</summary>
/// <remarks>Readers that come later look at names and texts only when they are asked for, and then throw what nobody expects of
/// them.</remarks>
internal static class JsonText
{
    /// <summary>How deep a message may nest.</summary>
    public const int MaximumDepth = 64;

    // Each takes some 350 bytes on its way to a tool; the largest call that makes sense has about 2,000.
    private const int MostValues = 50_000;

    /// <summary>Parses a text.</summary>
    /// <param name="utf8">The text; a byte order mark before it is passed over. It must live as long as the document.</param>
    /// <param name="maxDepth">How deep it may nest.</param>
    /// <param name="fault">What is wrong with it.</param>
    /// <returns>The document, to be disposed of; null when something is wrong.</returns>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> utf8, int maxDepth, out string? fault)
    {
        utf8 = WithoutMark(utf8);
        if (!Utf8.IsValid(utf8.Span))
        {
            fault = "not valid UTF-8.";
            return null;
        }

        try
        {
            if ((utf8.Length > MostValues || utf8.Span.IndexOf("\\u"u8) >= 0) && CountValues(utf8.Span, maxDepth) > MostValues)
            {
                fault = $"too large: it has more than {MostValues} names and values.";
                return null;
            }

            fault = null;
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader's own message may repeat what was sent.
            fault = $"not one JSON value of a depth of at most {maxDepth}, without a name given twice in one "
                + "object and without half a surrogate pair.";
            return null;
        }
    }

    /// <summary>The text after its byte order mark, if it has one (RFC 8259 section 8.1 lets a reader ignore it).</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> utf8) =>
        utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;

    // Throws at the first escape that stands for half a pair.
    private static int CountValues(ReadOnlySpan<byte> utf8, int maxDepth)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = maxDepth });
        var count = 0;
        while (count <= MostValues && reader.Read())
        {
            count++;
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                var characters = ArrayPool<char>.Shared.Rent(reader.ValueSpan.Length);
                try
                {
                    reader.CopyString(characters);
                }
                finally
                {
                    ArrayPool<char>.Shared.Return(characters);
                }
            }
        }

        return count;
    }
}
