using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CrowVault.Mcp.Http.Identity;

namespace CrowVault.Mcp.Http;

/// <summary>Serialization of what this door answers itself.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(CreatedToken))]
[JsonSerializable(typeof(ResourceMetadata))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
[JsonSerializable(typeof(string))]
internal sealed partial class HttpJson : JsonSerializerContext
{
    /// <summary>Escapes only what JSON demands.</summary>
    public static HttpJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
