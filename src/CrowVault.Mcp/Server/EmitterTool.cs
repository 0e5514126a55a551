using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Mcp.Page;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Server;

/// <summary>One emitter as an MCP tool.</summary>
internal sealed class EmitterTool : McpServerTool, IMcpServerPrimitive
{
    private readonly Emitter _emitter;
    private readonly Lazy<Tool> _tool;

    public EmitterTool(Emitter emitter)
    {
        _emitter = emitter;
        _tool = new(() => Describe(emitter));
    }

    /// <summary>The longest answer in characters, with 200 names of 64 characters and a test.</summary>
    private const int MaxResultChars = 200_000;

    // Claude Code puts an answer of more than 50,000 characters into a file unless the tool says so; it reads this in the list, not in an
    // answer.
    private static JsonObject ToolMeta(Emitter emitter)
    {
        var meta = PreviewResource.ToolMeta();
        if (emitter.Arguments.All.OfType<ObjectListArgument>().Any())
        {
            meta["anthropic/maxResultSizeChars"] = MaxResultChars;
        }

        return meta;
    }

    /// <summary>JSON Schema of <c>{ files, usage, notes, warnings, command }</c>.</summary>
    public static JsonElement ResultSchema { get; } = JsonElement.Parse(
        """
        {"type":"object","properties":{"files":{"type":"array","description":"The source, then its test when asked for.","items":{"type":"object","properties":{"path":{"type":"string","description":"File name."},"role":{"type":"string","enum":["source","test"],"description":"What the file is for."},"language":{"type":"string","enum":["typescript"],"description":"Language of the code."},"content":{"type":"string","description":"The code; missing when withCode is false."}},"required":["path","role","language"],"additionalProperties":false}},"usage":{"type":"string","description":"A snippet that compiles beside the source."},"notes":{"type":"array","description":"Figures derived from the arguments.","items":{"type":"string"}},"warnings":{"type":"array","description":"Dangerous combinations of arguments.","items":{"type":"string"}},"command":{"type":"string","description":"Writes the same files."}},"required":["files","usage","notes","warnings","command"],"additionalProperties":false}
        """);

    /// <summary>Name under which arguments come that are no object.</summary>
    public const string Unreadable = "arguments";

    /// <inheritdoc/>
    public override Tool ProtocolTool => _tool.Value;

    /// <summary>The tool's name, for which the SDK need not describe it: a schema is made for a list, or for a call of its tool.</summary>
    string IMcpServerPrimitive.Id => _emitter.Tool;

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <inheritdoc/>
    public override async ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancellationToken = default)
    {
        var given = request.Params?.Arguments;
        var sent = ToObject(given);
        if (!_emitter.TryEmit(sent, Product.Version, out var emission, out var faults)
            && Missing(given, faults) is { } missing
            && await AskAsync(request.Server, missing, cancellationToken) is { } answer)
        {
            emission = Emit(new Dictionary<string, JsonElement>(given ?? new Dictionary<string, JsonElement>()) { [missing.Name] = answer },
                out faults);
        }

        return (emission is not null
            ? new ToolAnswer(emission)
            : new ToolAnswer(faults!.Within(RefusalLength.Of(JsonMarshal.GetRawUtf8Value(sent).Length) - ToolAnswer.Frame))).Attach(request);
    }

    private static Tool Describe(Emitter emitter) => new()
    {
        Name = emitter.Tool,
        Title = emitter.Title,
        Description = emitter.Description,
        InputSchema = emitter.Arguments.Schema,
        OutputSchema = ServerFeatures.Current.StructuredAnswers ? ResultSchema : null,
        Annotations = new ToolAnnotations
        {
            ReadOnlyHint = true,
            IdempotentHint = true,
            DestructiveHint = false,
            OpenWorldHint = false,
        },
        Meta = ToolMeta(emitter),
        Icons = [Glyph.Icon(emitter.IconPath)],
    };

    // What a person has typed, such as orders.get=2000, comes as text; its correction is the list that was meant.
    private Emission? Emit(IDictionary<string, JsonElement> arguments, out ArgumentFaults? faults)
    {
        var accepted = _emitter.TryEmit(ToObject(arguments), Product.Version, out var emission, out faults)
            || (faults.CorrectedArguments is { } corrected
                && _emitter.TryEmit(JsonElement.Parse(corrected), Product.Version, out emission, out faults));
        return accepted ? emission : null;
    }

    // The one argument that nobody but the user can give, when nothing else is wrong with the call.
    private ObjectListArgument? Missing(IDictionary<string, JsonElement>? given, ArgumentFaults faults) =>
        faults.Total == 1 && _emitter.Arguments.All.OfType<ObjectListArgument>().FirstOrDefault(argument => argument.Required) is { } list
        && (given is null || !given.TryGetValue(list.Name, out var value) || value.ValueKind is JsonValueKind.Null)
            ? list
            : null;

    private static async Task<JsonElement?> AskAsync(McpServer server, ObjectListArgument argument, CancellationToken cancellationToken)
    {
        if (server.ClientCapabilities?.Elicitation is not { } elicitation || (elicitation.Form is null && elicitation.Url is not null))
        {
            return null;
        }

        try
        {
            var result = await server.ElicitAsync(
                new ElicitRequestParams
                {
                    Message = $"Which {argument.Name}? Give each with its {argument.Number!.Name}, such as {argument.ExampleOption}.",
                    RequestedSchema = new ElicitRequestParams.RequestSchema
                    {
                        Properties = new Dictionary<string, ElicitRequestParams.PrimitiveSchemaDefinition>
                        {
                            [argument.Name] = new ElicitRequestParams.StringSchema
                            {
                                Title = argument.Description,
                                Description = $"name={argument.Number.Name}, separated by commas",
                                MaxLength = 4_000,
                            },
                        },
                        Required = [argument.Name],
                    },
                },
                cancellationToken);
            return result.IsAccepted && result.Content is { } content && content.TryGetValue(argument.Name, out var answer) ? answer : null;
        }
        catch (McpException)
        {
            // A client that cannot ask after all gets the fault.
            return null;
        }
    }

    // The SDK hands out a dictionary; the emitters take the one object that every door builds.
    private static JsonElement ToObject(IDictionary<string, JsonElement>? arguments)
    {
        if (arguments is { Count: 1 } && arguments.TryGetValue(Unreadable, out var whole) && whole.ValueKind is not JsonValueKind.Object)
        {
            return whole;
        }

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
