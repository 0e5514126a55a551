using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CrowVault.Tests;

/// <summary>JSON as snapshots hold it: an object or array without objects in it is a line of its own.</summary>
internal static class JsonLayout
{
    /// <summary>Lays JSON out anew.</summary>
    /// <param name="json">Any JSON.</param>
    /// <returns>The same values, with a line feed at the end.</returns>
    public static string Of(string json)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder();
        Write(text, document.RootElement, "");
        return text.Append('\n').ToString();
    }

    private static void Write(StringBuilder text, JsonElement value, string indent)
    {
        if (!HoldsObjects(value))
        {
            text.Append(OnOneLine(value));
            return;
        }

        var isObject = value.ValueKind is JsonValueKind.Object;
        text.Append(isObject ? '{' : '[');
        var separator = "\n";
        foreach (var (name, member) in Members(value))
        {
            text.Append(separator).Append(indent).Append("  ").Append(name);
            Write(text, member, $"{indent}  ");
            separator = ",\n";
        }

        text.Append('\n').Append(indent).Append(isObject ? '}' : ']');
    }

    private static string OnOneLine(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        value.WriteTo(writer);
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static bool HoldsObjects(JsonElement value) =>
        Members(value).Any(each => each.Member.ValueKind is JsonValueKind.Object || HoldsObjects(each.Member));

    private static IEnumerable<(string Name, JsonElement Member)> Members(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Select(each => ($"\"{JsonEncodedText.Encode(each.Name)}\": ", each.Value)),
        JsonValueKind.Array => value.EnumerateArray().Select(each => ("", each)),
        _ => [],
    };
}
