using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CrowVault.Emitters;

/// <summary>What a tool answers; the JSON body of REST and, where it is asked for, the structured content of MCP.</summary>
/// <param name="Files">The source first, then its test when asked for.</param>
/// <param name="Usage">A short snippet that compiles beside the source.</param>
/// <param name="Notes">Figures derived from the arguments.</param>
/// <param name="Warnings">Dangerous combinations of arguments.</param>
/// <param name="Command">The command that writes the same files, so that the code need not pass through a model.</param>
/// <param name="Arguments">The arguments that were taken as JSON, by default or not, without switches that are off by default.</param>
[JsonConverter(typeof(EmissionConverter))]
public sealed record Emission(
    IReadOnlyList<GeneratedFile> Files,
    string Usage,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Warnings,
    string Command,
    string Arguments)
{
    /// <summary>How the program is started on a machine that has only npm.</summary>
    public const string Program = "npx -y @crowvault/mcp";

    /// <summary>Dashboard and alerts of a manifest whose guards report events; else null.</summary>
    public Stack.Telemetry.Monitoring? Monitoring { get; init; }

    /// <summary>Whether the answer holds the code of the files.</summary>
    public bool WithCode { get; init; } = true;

    /// <summary>The emission as JSON, with the code readable: only what JSON demands is escaped.</summary>
    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, EmissionJson.Readable.Emission);

    /// <summary>Notes and warnings as lines of text.</summary>
    /// <returns>An empty string when there is nothing to say.</returns>
    public string Remarks() =>
        string.Join('\n', [
            .. Warnings.Select(warning => $"Warning: {warning}"),
            .. Notes.Select(note => $"Note: {note}"),
        ]);

    /// <summary>Everything but the code, as the short text that stands before it.</summary>
    public string Summary()
    {
        var names = string.Join(" and ", Files.Select(file => file.Path));
        var lines = new List<string>
        {
            WithCode
                ? $"{names}, {(Files.Count == 1 ? "in the block" : "one block each")} below. To write the same bytes, run:"
                : $"{names}; without the code. To write it, run:",
            Command,
            $"Arguments: {Arguments}",
            "Usage:",
            Usage,
        };
        if (Remarks() is { Length: > 0 } remarks)
        {
            lines.Add(remarks);
        }

        return string.Join('\n', lines);
    }
}

/// <summary>Writes an emission as <c>{ files, usage, notes, warnings, command }</c>.</summary>
public sealed class EmissionConverter : JsonConverter<Emission>
{
    /// <inheritdoc/>
    public override Emission Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Emissions are only written.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Emission value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("files"u8);
        foreach (var file in value.Files)
        {
            writer.WriteStartObject();
            writer.WriteString("path"u8, file.Path);
            writer.WriteString("role"u8, file.Role is FileRole.Source ? "source"u8 : "test"u8);
            writer.WriteString("language"u8, file.Language);
            if (value.WithCode)
            {
                writer.WriteString("content"u8, file.Content);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("usage"u8, value.Usage);
        WriteTexts(writer, "notes"u8, value.Notes);
        WriteTexts(writer, "warnings"u8, value.Warnings);
        writer.WriteString("command"u8, value.Command);
        writer.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}

/// <summary>Serialization of <see cref="Emission"/>.</summary>
[JsonSerializable(typeof(Emission))]
public sealed partial class EmissionJson : JsonSerializerContext
{
    /// <summary>Leaves quotes and angle brackets of the code as they are.</summary>
    public static EmissionJson Readable { get; } =
        new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
