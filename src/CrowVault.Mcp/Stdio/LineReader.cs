using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>
/// Standard input, a line at a time: bounds a line's length, answers what is not JSON, and passes the rest on to the SDK. The end of
/// input reaches the SDK only when every request before it has been answered.
/// </summary>
internal sealed class LineReader(Stream input, ReplyWriter replies, ReplyLedger ledger)
{
    /// <summary>Bytes that one line may have, its line feed not counted.</summary>
    public const int LongestLine = 4 * 1024 * 1024;

    /// <summary>How deep a message may nest.</summary>
    public const int MaximumDepth = 64;

    private const int ParseError = (int)McpErrorCode.ParseError;
    private const int InvalidRequest = (int)McpErrorCode.InvalidRequest;

    // Longer than any call can take; ends the process even if a reply were never to come.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    // What a client wrote just before a signal is still on its way through the pipe.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(50);

    private static readonly JsonTypeInfo<JsonRpcMessage> s_message =
        (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    // Reading pauses while so many messages wait for the SDK.
    private readonly Channel<JsonRpcMessage> _messages = Channel.CreateBounded<JsonRpcMessage>(
        new BoundedChannelOptions(64) { SingleReader = true });

    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Lock _lock = new();
    private long _lastRead;
    private bool _tooLong;
    private bool _ended;
    private int _stopping;

    /// <summary>What the SDK reads.</summary>
    public ChannelReader<JsonRpcMessage> Messages => _messages.Reader;

    /// <summary>Starts reading.</summary>
    public void Start() =>
        // A read from standard input cannot be cancelled, so it must not keep the process alive.
        new Thread(Pump) { IsBackground = true, Name = "stdin" }.Start();

    /// <summary>Ends the input once what has been written to it is read and answered.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _stopping, 1) == 0)
        {
            new Thread(EndWhenQuiet) { IsBackground = true, Name = "stop" }.Start();
        }
    }

    private void Pump()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (input.Read(buffer) is var count and > 0)
            {
                Volatile.Write(ref _lastRead, Environment.TickCount64);
                Split(buffer.AsSpan(0, count));
            }
        }
        catch (IOException)
        {
            // As good as the end of input.
        }

        lock (_lock)
        {
            EndLine();
        }

        End();
    }

    private void EndWhenQuiet()
    {
        var deadline = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        Volatile.Write(ref _lastRead, Environment.TickCount64);
        while (Environment.TickCount64 - Volatile.Read(ref _lastRead) < s_quiet.TotalMilliseconds
            && Environment.TickCount64 < deadline)
        {
            Thread.Sleep(5);
        }

        End();
    }

    private void End()
    {
        ledger.WaitSettled(s_patience);
        lock (_lock)
        {
            _ended = true;
            _messages.Writer.TryComplete();
        }
    }

    private void Split(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is var end and >= 0)
        {
            Append(bytes[..end]);
            lock (_lock)
            {
                EndLine();
            }

            bytes = bytes[(end + 1)..];
        }

        Append(bytes);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _tooLong |= _line.WrittenCount + bytes.Length > LongestLine;
        if (!_tooLong)
        {
            _line.Write(bytes);
        }
    }

    private void EndLine()
    {
        if (_tooLong)
        {
            Refuse(InvalidRequest, $"Invalid request: a line has more than {LongestLine} bytes.");
        }
        else
        {
            Accept(_line.WrittenSpan.Trim(" \t\r"u8));
        }

        _tooLong = false;
        _line.ResetWrittenCount();
        if (_line.Capacity > 1024 * 1024)
        {
            _line.Clear();
        }
    }

    private void Accept(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            return;
        }

        if (!Utf8.IsValid(line))
        {
            Refuse(ParseError, "Parse error: the line is not valid UTF-8.");
            return;
        }

        switch (Kind(line))
        {
            case JsonTokenType.StartObject:
                Pass(line);
                break;
            case JsonTokenType.StartArray:
                PassBatch(line);
                break;
            case JsonTokenType.None:
                Refuse(ParseError, $"Parse error: the line is not one JSON value of at most {MaximumDepth} levels.");
                break;
            default:
                Refuse(InvalidRequest, "Invalid request: a line must hold one JSON-RPC object.");
                break;
        }
    }

    // The whole line is parsed, so that what is passed on is known to be JSON.
    private static JsonTokenType Kind(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = MaximumDepth });
        try
        {
            reader.Read();
            var kind = reader.TokenType;
            while (reader.Read())
            {
            }

            return kind;
        }
        catch (JsonException)
        {
            return JsonTokenType.None;
        }
    }

    // JSON-RPC batches belong to MCP 2025-03-26 alone; each message is answered by itself.
    private void PassBatch(ReadOnlySpan<byte> line)
    {
        var batch = JsonElement.Parse(line);
        if (batch.GetArrayLength() == 0)
        {
            Refuse(InvalidRequest, "Invalid request: the batch is empty.");
        }

        foreach (var message in batch.EnumerateArray())
        {
            if (message.ValueKind is JsonValueKind.Object)
            {
                Pass(System.Text.Encoding.UTF8.GetBytes(message.GetRawText()));
            }
            else
            {
                Refuse(InvalidRequest, "Invalid request: a batch holds JSON-RPC objects.");
            }
        }
    }

    private void Pass(ReadOnlySpan<byte> message)
    {
        if (_ended)
        {
            return;
        }

        var envelope = Envelope.Read(message);
        if (envelope.Problem is { } problem)
        {
            Refuse(InvalidRequest, $"Invalid request: {problem}", envelope.Id);
            return;
        }

        JsonRpcMessage received;
        try
        {
            received = JsonSerializer.Deserialize(message, s_message)!;
        }
        catch (JsonException)
        {
            Refuse(InvalidRequest, "Invalid request: the line is not a JSON-RPC request, notification or response.", envelope.Id);
            return;
        }

        ledger.WaitRoom(s_patience);
        ledger.Received(received);
        if (!_messages.Writer.TryWrite(received))
        {
            _messages.Writer.WriteAsync(received).AsTask().GetAwaiter().GetResult();
        }
    }

    private void Refuse(int code, string message, RequestId id = default) =>
        replies.Write(new JsonRpcError { Id = id, Error = new() { Code = code, Message = message } });
}
