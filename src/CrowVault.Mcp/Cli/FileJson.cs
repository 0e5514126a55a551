using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Mcp.Cli;

/// <summary>JSON of a file that somebody else may have written: with comments and a comma too many, and without half of a surrogate pair,
/// which JSON can escape and nothing can read.</summary>
internal static class FileJson
{
    private static readonly JsonDocumentOptions s_lenient =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Parses a text; throws <see cref="JsonException"/> with the place of the fault.</summary>
    public static JsonElement Parse(string text)
    {
        using var document = JsonDocument.Parse(text, s_lenient);
        if (text.Contains("\\u", StringComparison.Ordinal))
        {
            ReadEveryText(Encoding.UTF8.GetBytes(text));
        }

        return document.RootElement.Clone();
    }

    /// <summary>What is wrong with a text that cannot be parsed, and where.</summary>
    public static string WhatIsWrong(string text, JsonException exception) => ConflictIn(text)
        ?? $"not JSON at line {exception.LineNumber + 1}, column {exception.BytePositionInLine + 1}";

    /// <summary>Where a merge has left a conflict; null when there is none.</summary>
    public static string? ConflictIn(string text)
    {
        var lines = text.Split('\n');
        var first = Array.FindIndex(lines, line => line.StartsWith("<<<<<<<", StringComparison.Ordinal));
        return first >= 0 && Array.Exists(lines, line => line.StartsWith(">>>>>>>", StringComparison.Ordinal))
            ? $"has a conflict of a merge at line {first + 1}; settle it first"
            : null;
    }

    /// <summary>A value with the last of several members of one name, which is the one that npm and TypeScript read.</summary>
    public static JsonNode? ToNode(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new JsonObject();
                foreach (var member in value.EnumerateObject())
                {
                    members[member.Name] = ToNode(member.Value);
                }

                return members;
            case JsonValueKind.Array:
                return new JsonArray([.. value.EnumerateArray().Select(ToNode)]);
            default:
                return value.ValueKind is JsonValueKind.Null ? null : JsonValue.Create(value);
        }
    }

    private static void ReadEveryText(ReadOnlySpan<byte> utf8)
    {
        var reader =
            new Utf8JsonReader(utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    reader.GetString();
                }
            }
        }
        catch (InvalidOperationException exception)
        {
            var before = utf8[..(int)reader.TokenStartIndex];
            throw new JsonException(exception.Message, null, before.Count((byte)'\n'), before.Length - 1 - before.LastIndexOf((byte)'\n'));
        }
    }
}
