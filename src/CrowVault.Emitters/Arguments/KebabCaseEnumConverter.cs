using System.Text.Json;
using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Arguments;

/// <summary>Reads and writes an enum as kebab-case strings: <c>TokenBucket</c> is <c>"token-bucket"</c>. Numbers are refused.</summary>
/// <typeparam name="TEnum">The enum.</typeparam>
public sealed class KebabCaseEnumConverter<TEnum>()
    : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;
