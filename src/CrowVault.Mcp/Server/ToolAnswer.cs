using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using CrowVault.Mcp.JsonRpc;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Server;

/// <summary>
/// The answer to a tool call, as JSON that is made once. The SDK would escape the code, parse it again and escape it once more on its way
/// to the client, which takes longer than emitting it.
/// </summary>
internal sealed class ToolAnswer
{
    private const string Item = nameof(ToolAnswer);
    private const string Batch = nameof(BatchRefusals);

    private static readonly SearchValues<char> s_emitted = SearchValues.Create(['\n', .. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)]);

    /// <summary>What an answer has around its content, an id and what the SDK adds among it.</summary>
    public const int Frame = 256;

    private readonly byte[] _content;
    private readonly byte[]? _structured;

    /// <summary>What is to be known about the files, then one block per file with its code as it is.</summary>
    public ToolAnswer(Emission emission)
    {
        _content = Content([[emission.Summary()], .. emission.WithCode ? emission.Files.Select(file => new[] { file.Header, file.Code }) : []]);
        _structured = ServerFeatures.Current.StructuredAnswers
            ? JsonSerializer.SerializeToUtf8Bytes(emission, EmissionJson.Readable.Emission)
            : null;
    }

    /// <summary>What was wrong with the call.</summary>
    public ToolAnswer(ArgumentFaults faults)
        : this(ServerFeatures.Current.WithWhatIsOffered(faults).Message)
    {
    }

    private ToolAnswer(string refusal)
    {
        _content = Content([[refusal]]);
        IsError = true;
    }

    /// <summary>Lets a message of a batch share what the refusals of the batch may say.</summary>
    public static void Share(JsonRpcMessage message, BatchRefusals refusals)
    {
        message.Context ??= new();
        message.Context.Items ??= new Dictionary<string, object?>();
        message.Context.Items[Batch] = refusals;
    }

    /// <summary>Whether the call was wrong.</summary>
    public bool IsError { get; }

    /// <summary>Ties the answer to a request, and gives the SDK an outline of it to work with.</summary>
    public CallToolResult Attach(RequestContext<CallToolRequestParams> request)
    {
        request.Items[Item] = IsError && request.Items.TryGetValue(Batch, out var batch) && batch is BatchRefusals refusals
            && !refusals.TryTake(_content.Length + 64)
            ? new ToolAnswer(BatchRefusals.Alone)
            : this;
        return new CallToolResult { IsError = IsError ? true : null };
    }

    /// <summary>Puts the answer in the place of its outline, beside what the SDK has added to that.</summary>
    /// <param name="message">A message on its way to the client.</param>
    public static void Complete(JsonRpcMessage message)
    {
        if (message is JsonRpcResponse { Result: JsonObject outline, Context.Items: { } items } response
            && items.TryGetValue(Item, out var item) && item is ToolAnswer answer)
        {
            response.Result = JsonValue.Create(new CompleteResult(answer, outline), s_json);
        }
    }

    // What is emitted is printable ASCII with line feeds, which takes two bytes a character at most.
    private static byte[] Content(IReadOnlyList<string[]> texts)
    {
        if (!texts.All(text => text.All(IsEmitted)))
        {
            return JsonSerializer.SerializeToUtf8Bytes(
                [.. texts.Select(text => new AnswerBlock("text", string.Concat(text)))], AnswerJson.Readable.AnswerBlockArray);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(texts.Sum(text => (2 * text.Sum(part => part.Length)) + 64));
        var length = 0;
        foreach (var text in texts)
        {
            Append(length == 0 ? "[{\"type\":\"text\",\"text\":\""u8 : "\"},{\"type\":\"text\",\"text\":\""u8);
            foreach (var part in text)
            {
                length += Escape(part, buffer.AsSpan(length));
            }
        }

        Append("\"}]"u8);
        var content = GC.AllocateUninitializedArray<byte>(length);
        buffer.AsSpan(0, length).CopyTo(content);
        ArrayPool<byte>.Shared.Return(buffer);
        return content;

        void Append(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer.AsSpan(length));
            length += bytes.Length;
        }
    }

    // By vectors of our own: on processors of any age SearchValues go through so large a set character by character.
    private static bool IsEmitted(string text)
    {
        var vectors = MemoryMarshal.Cast<char, Vector<ushort>>(text);
        var others = Vector<ushort>.Zero;
        foreach (var characters in vectors)
        {
            var isPrintable = Vector.LessThanOrEqual(characters - new Vector<ushort>(' '), new Vector<ushort>('~' - ' '));
            others |= ~(isPrintable | Vector.Equals(characters, new Vector<ushort>('\n')));
        }

        return others == Vector<ushort>.Zero
            && text.AsSpan(vectors.Length * Vector<ushort>.Count).IndexOfAnyExcept(s_emitted) < 0;
    }

    // Run by run: the encoders of System.Text.Json (10.0) go character by character, in buffers of twelve times the size.
    private static int Escape(ReadOnlySpan<char> text, Span<byte> target)
    {
        // As bytes at the end of the room for it, where what is written cannot reach what has yet to be read.
        var rest = target.Slice(text.Length, text.Length);
        Encoding.ASCII.GetBytes(text, rest);
        var length = 0;
        while (true)
        {
            var run = rest.IndexOfAny((byte)'\n', (byte)'"', (byte)'\\');
            var plain = run < 0 ? rest : rest[..run];
            plain.CopyTo(target[length..]);
            length += plain.Length;
            if (run < 0)
            {
                return length;
            }

            var escaped = rest[run];
            rest = rest[(run + 1)..];
            target[length++] = (byte)'\\';
            target[length++] = escaped == (byte)'\n' ? (byte)'n' : escaped;
        }
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WritePropertyName("content"u8);
        writer.WriteRawValue(_content, skipInputValidation: true);
        if (_structured is not null)
        {
            writer.WritePropertyName("structuredContent"u8);
            writer.WriteRawValue(_structured, skipInputValidation: true);
        }
    }

    private sealed record CompleteResult(ToolAnswer Answer, JsonObject Outline);

    private sealed class Converter : JsonConverter<CompleteResult>
    {
        public override CompleteResult Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, CompleteResult value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            value.Answer.Write(writer);
            foreach (var (name, added) in value.Outline)
            {
                if (name != "content" && added is not null)
                {
                    writer.WritePropertyName(name);
                    added.WriteTo(writer, options);
                }
            }

            writer.WriteEndObject();
        }
    }

    // A node is written by its own converter only where its options are the writer's: those of the SDK's serializer context.
    private static readonly JsonTypeInfo<CompleteResult> s_json = JsonMetadataServices.CreateValueInfo<CompleteResult>(
        McpJsonUtilities.DefaultOptions.TypeInfoResolverChain.OfType<JsonSerializerContext>().First().Options,
        new Converter());
}

/// <summary>A block of text of an answer.</summary>
/// <param name="Type">What kind of block it is.</param>
/// <param name="Text">Its text, for people and models to read as it is.</param>
internal sealed record AnswerBlock([property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("text")] string Text);

[JsonSerializable(typeof(AnswerBlock[]))]
internal sealed partial class AnswerJson : JsonSerializerContext
{
    /// <summary>Escapes only what JSON demands.</summary>
    public static AnswerJson Readable { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
