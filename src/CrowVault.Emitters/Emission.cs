using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CrowVault.Emitters;

/// <summary>What a tool answers; the structured content of MCP and the JSON body of REST.</summary>
/// <param name="Files">The source first, then its test when asked for.</param>
/// <param name="Usage">A short snippet that compiles beside the source.</param>
/// <param name="Notes">Figures derived from the arguments.</param>
/// <param name="Warnings">Dangerous combinations of arguments.</param>
public sealed record Emission(
    IReadOnlyList<GeneratedFile> Files,
    string Usage,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Warnings)
{
    /// <summary>The emission as JSON, with the code readable: only what JSON demands is escaped.</summary>
    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, EmissionJson.Readable.Emission);

    /// <summary>Usage, notes and warnings as the short text that follows the code.</summary>
    /// <returns>An empty string when there is nothing to say.</returns>
    public string Remarks() =>
        string.Join('\n', [
            .. Warnings.Select(warning => $"Warning: {warning}"),
            .. Notes.Select(note => $"Note: {note}"),
        ]);
}

/// <summary>Serialization of <see cref="Emission"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Emission))]
public sealed partial class EmissionJson : JsonSerializerContext
{
    /// <summary>Leaves quotes and angle brackets of the code as they are.</summary>
    public static EmissionJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
