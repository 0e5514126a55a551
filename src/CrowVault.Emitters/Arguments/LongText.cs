using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace CrowVault.Emitters.Arguments;

/// <summary>Looks over what a caller sent before anything else reads it, without a copy of any text in it: one long text, read as often as
/// there are rules for it, would keep a processor from the calls of others.</summary>
internal static class LongText
{
    // A list of two hundred names in text is shorter, and so is every call that can be corrected.
    private const int Longest = 32_768;

    // More than any name or word that is known, so that what was cut is never accepted.
    private const int Kept = 120;

    private static readonly JsonReaderOptions s_anyDepth = new() { MaxDepth = 1_000 };

    /// <summary>Whether all of a value is text: JSON may escape half of a surrogate pair, such as "\ud800", which is none.</summary>
    public static bool IsText(JsonElement value) => Measure(JsonMarshal.GetRawUtf8Value(value)) is not null;

    /// <summary>A value with the beginning of each text, name and number in it that is too long.</summary>
    /// <param name="value">What was sent.</param>
    /// <param name="isCut">Whether something was too long; then the value is not what was sent.</param>
    /// <returns>Null when it is no text, see <see cref="IsText(JsonElement)"/>.</returns>
    public static JsonElement? Cut(JsonElement value, out bool isCut)
    {
        var utf8 = JsonMarshal.GetRawUtf8Value(value);
        var longest = Measure(utf8);
        isCut = longest > Longest;
        return longest is null ? null : isCut ? Copy(utf8) : value;
    }

    // The longest token; null when it is no text.
    private static int? Measure(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            return null;
        }

        if (utf8.Length <= Longest && utf8.IndexOf("\\u"u8) < 0)
        {
            return 0;
        }

        var longest = 0;
        var reader = new Utf8JsonReader(utf8, s_anyDepth);
        while (reader.Read())
        {
            longest = Math.Max(longest, reader.ValueSpan.Length);
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped && !IsText(ref reader))
            {
                return null;
            }
        }

        return longest;
    }

    private static JsonElement Copy(ReadOnlySpan<byte> utf8)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = 1_000 }))
        {
            var reader = new Utf8JsonReader(utf8, s_anyDepth);
            while (reader.Read())
            {
                Copy(ref reader, writer);
            }
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        var isLong = reader.ValueSpan.Length > Longest;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.WriteStartObject();
                break;
            case JsonTokenType.EndObject:
                writer.WriteEndObject();
                break;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                break;
            case JsonTokenType.EndArray:
                writer.WriteEndArray();
                break;
            case JsonTokenType.PropertyName when isLong:
                writer.WritePropertyName(Begin(reader.ValueSpan));
                break;
            case JsonTokenType.PropertyName:
                writer.WritePropertyName(reader.GetString()!);
                break;
            case JsonTokenType.String when isLong:
                writer.WriteStringValue(Begin(reader.ValueSpan));
                break;
            case JsonTokenType.String:
                writer.WriteStringValue(reader.GetString());
                break;
            case JsonTokenType.Number when isLong:
                // As text, since its first digits are another number.
                writer.WriteStringValue(Begin(reader.ValueSpan));
                break;
            case JsonTokenType.None or JsonTokenType.Comment:
                break;
            default:
                writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                break;
        }
    }

    // With its escapes as they were sent.
    private static ReadOnlySpan<byte> Begin(ReadOnlySpan<byte> utf8)
    {
        var length = Kept;
        while ((utf8[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return utf8[..length];
    }

    private static bool IsText(ref Utf8JsonReader reader)
    {
        var characters = ArrayPool<char>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            return reader.CopyString(characters) >= 0;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }
}
