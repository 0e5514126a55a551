using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Arguments;

/// <summary>Serialization of arguments on their way in; the default encoder keeps the text ASCII.</summary>
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(string))]
internal sealed partial class ArgumentJson : JsonSerializerContext
{
    /// <summary>For JSON that people and models read.</summary>
    public static ArgumentJson Readable { get; } =
        new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
