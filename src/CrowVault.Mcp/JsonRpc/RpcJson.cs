using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CrowVault.Mcp.JsonRpc;

/// <summary>Serialization of ids.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class RpcJson : JsonSerializerContext
{
    /// <summary>Escapes only what JSON demands.</summary>
    public static RpcJson Readable { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
