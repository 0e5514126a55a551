using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;

namespace CrowVault.Mcp.Stdio;

/// <summary>
/// Standard input, a line at a time: bounds a line's length, answers what is not JSON, and passes the rest on to the SDK. The end of
/// input reaches the SDK only when every request before it has been answered.
/// </summary>
internal sealed class LineReader(Stream input, ReplyStream replies, ReplyLedger ledger)
{
    /// <summary>Bytes that one line may have, its line feed not counted.</summary>
    public const int LongestLine = 4 * 1024 * 1024;

    /// <summary>How deep a message may nest.</summary>
    public const int MaximumDepth = 64;

    // Longer than any call can take; ends the process even if a reply were never to come.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    // What a client wrote just before a signal is still on its way through the pipe.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(50);

    private readonly Pipe _pipe = new(new PipeOptions(useSynchronizationContext: false));
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Lock _lock = new();
    private long _lastRead;
    private bool _tooLong;
    private bool _ended;
    private int _stopping;

    /// <summary>Starts reading.</summary>
    /// <returns>What the SDK reads.</returns>
    public Stream Start()
    {
        // A read from standard input cannot be cancelled, so it must not keep the process alive.
        new Thread(Pump) { IsBackground = true, Name = "stdin" }.Start();
        return _pipe.Reader.AsStream();
    }

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
            _pipe.Writer.Complete();
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
            Refuse(-32600, $"Invalid request: a line has more than {LongestLine} bytes.");
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
            Refuse(-32700, "Parse error: the line is not valid UTF-8.");
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
                Refuse(-32700, $"Parse error: the line is not one JSON value of at most {MaximumDepth} levels.");
                break;
            default:
                Refuse(-32600, "Invalid request: a line must hold one JSON-RPC object.");
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
            Refuse(-32600, "Invalid request: the batch is empty.");
        }

        foreach (var message in batch.EnumerateArray())
        {
            if (message.ValueKind is JsonValueKind.Object)
            {
                Pass(System.Text.Encoding.UTF8.GetBytes(message.GetRawText().ReplaceLineEndings(" ")));
            }
            else
            {
                Refuse(-32600, "Invalid request: a batch holds JSON-RPC objects.");
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
            Refuse(-32600, $"Invalid request: {problem}", envelope);
            return;
        }

        ledger.WaitRoom(s_patience);
        ledger.Received(envelope);
        _pipe.Writer.Write(message);
        _pipe.Writer.Write("\n"u8);
        // Pausing here while the SDK catches up is what bounds the pipe.
        _pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult();
    }

    private void Refuse(int code, string message, Envelope envelope = default)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            writer.WritePropertyName("id"u8);
            writer.WriteRawValue(envelope.Id ?? "null");
            writer.WriteStartObject("error"u8);
            writer.WriteNumber("code"u8, code);
            writer.WriteString("message"u8, message);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        replies.WriteLine(buffer.WrittenSpan);
    }
}
