using System.Buffers;
using System.Text.Json;
using CrowVault.Emitters;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Mcp;

/// <summary>One emitter as an MCP tool.</summary>
internal sealed class EmitterTool : McpServerTool
{
    private static readonly JsonElement s_outputSchema = JsonElement.Parse(
        """
        {"type":"object","properties":{"files":{"type":"array","items":{"type":"object","properties":{"path":{"type":"string"},"role":{"enum":["source","test"]},"language":{"const":"typescript"},"content":{"type":"string"}},"required":["path","role","language","content"]}},"usage":{"type":"string"},"notes":{"type":"array","items":{"type":"string"}},"warnings":{"type":"array","items":{"type":"string"}}},"required":["files","usage","notes","warnings"]}
        """);

    private readonly Emitter _emitter;

    public EmitterTool(Emitter emitter)
    {
        _emitter = emitter;
        ProtocolTool = new Tool
        {
            Name = emitter.Tool,
            Title = emitter.Title,
            Description = emitter.Description,
            InputSchema = emitter.Arguments.Schema,
            OutputSchema = s_outputSchema,
            Annotations = new ToolAnnotations
            {
                ReadOnlyHint = true,
                IdempotentHint = true,
                DestructiveHint = false,
                OpenWorldHint = false,
            },
            Icons = [new Icon { Source = IconUri(emitter.IconPath), MimeType = "image/svg+xml" }],
        };
    }

    /// <inheritdoc/>
    public override Tool ProtocolTool { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <inheritdoc/>
    public override ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Call(ToObject(request.Params?.Arguments)));

    /// <summary>Calls the tool.</summary>
    /// <param name="arguments">One JSON object.</param>
    /// <returns>The code, or an error that names every fault and how to mend it.</returns>
    public CallToolResult Call(JsonElement arguments)
    {
        if (!_emitter.TryEmit(arguments, Product.Version, out var emission, out var faults))
        {
            return new CallToolResult { IsError = true, Content = [Text(faults.Message)] };
        }

        var remarks = emission.Remarks();
        return new CallToolResult
        {
            Content =
            [
                .. emission.Files.Select(file => Text(file.Content)),
                .. remarks.Length == 0 ? Array.Empty<TextContentBlock>() : [Text(remarks)],
            ],
            StructuredContent = emission.ToJson(),
        };
    }

    private static TextContentBlock Text(string text) => new() { Text = text };

    private static string IconUri(string path) => "data:image/svg+xml," + Uri.EscapeDataString(
        $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='gray'><path d='{path}'/></svg>");

    // The SDK hands out a dictionary; the emitters take the one object that every door builds.
    private static JsonElement ToObject(IDictionary<string, JsonElement>? arguments)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in arguments ?? new Dictionary<string, JsonElement>())
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
