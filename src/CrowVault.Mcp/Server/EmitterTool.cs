using System.Buffers;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Mcp.Page;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Server;

/// <summary>One emitter as an MCP tool.</summary>
internal sealed class EmitterTool : McpServerTool
{
    // Terse, because tools/list is loaded into a client's context; REST's OpenAPI document states the full shape.
    private static readonly JsonElement s_outputSchema = JsonElement.Parse(
        """
        {"type":"object","properties":{"files":{"type":"array","items":{"type":"object","required":["path","role","language","content"]}},"usage":{"type":"string"},"notes":{"type":"array"},"warnings":{"type":"array"}},"required":["files","usage","notes","warnings"]}
        """);

    private readonly Emitter _emitter;
    private readonly Memo<ToolAnswer> _answers = new();

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
            Meta = PreviewResource.ToolMeta(),
            Icons = [new Icon { Source = IconUri(emitter.IconPath) }],
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
        ValueTask.FromResult(Call(ToObject(request.Params?.Arguments)).Attach(request));

    private ToolAnswer Call(JsonElement arguments)
    {
        var key = arguments.GetRawText();
        if (_answers.Find(key) is { } known)
        {
            return known;
        }

        if (!_emitter.TryEmit(arguments, Product.Version, out var emission, out var faults))
        {
            return new ToolAnswer(faults);
        }

        var answer = new ToolAnswer(emission);
        _answers.Keep(key, answer);
        return answer;
    }

    // A data URI needs no more escapes than these (RFC 3986), and each costs tokens.
    private static string IconUri(string path) =>
        $"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'><path d='{path}'/></svg>"
            .Replace("<", "%3C", StringComparison.Ordinal)
            .Replace(">", "%3E", StringComparison.Ordinal)
            .Replace(" ", "%20", StringComparison.Ordinal);

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
