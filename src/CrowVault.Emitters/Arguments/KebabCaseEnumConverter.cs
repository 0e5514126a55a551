using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Arguments;

/// <summary>
/// Reads and writes an enum as kebab-case strings: <c>TokenBucket</c> is <c>"token-bucket"</c>. Numbers are refused. The library's own
/// converter would bring a good deal of code for each enum, which programs without code made ahead of time compile at every start.
/// </summary>
/// <typeparam name="TEnum">The enum; its values count up from 0.</typeparam>
public sealed class KebabCaseEnumConverter<TEnum> : JsonConverter<TEnum>
    where TEnum : struct, Enum
{
    private readonly string[] _words = EnumWords.Of(typeof(TEnum));

    /// <inheritdoc/>
    public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var value = EnumWords.Read(ref reader, _words);
        return Unsafe.As<int, TEnum>(ref value);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options) =>
        writer.WriteStringValue(_words[Unsafe.As<TEnum, int>(ref value)]);
}

/// <summary>The words that stand for the members of enums.</summary>
internal static class EnumWords
{
    /// <summary>The words in the order of the members.</summary>
    public static string[] Of(Type type) => Array.ConvertAll(Enum.GetNames(type), JsonNamingPolicy.KebabCaseLower.ConvertName);

    /// <summary>The place of the word that is read.</summary>
    public static int Read(ref Utf8JsonReader reader, string[] words)
    {
        var place = reader.TokenType is JsonTokenType.String ? Array.IndexOf(words, reader.GetString()) : -1;
        return place >= 0 ? place : throw new JsonException($"Not one of {string.Join(", ", words)}.");
    }
}
