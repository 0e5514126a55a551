using System.Threading.Channels;
using CrowVault.Mcp.JsonRpc;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>
/// Standard input. One thread reads lines, so that the end of input is noticed however slowly the client takes its replies; another reads
/// what they hold, answers what is at fault and passes the rest on to the SDK.
/// </summary>
internal sealed class StdioInput
{
    // Read ahead of what is worked on; a line may have half of it.
    private const int MostWaitingBytes = 2 * LineReader.LongestLine;

    private readonly Stream _input;
    private readonly ReplyWriter _replies;
    private readonly PendingRequests _pending;
    private readonly Queue<byte[]?> _lines = [];
    private readonly object _lock = new();
    private int _waitingBytes;
    private bool _atEnd;
    private bool _isReading;
    private long _lastTaken;
    private long _lastRead = Environment.TickCount64;

    // Reading pauses while so many messages wait for the SDK.
    private readonly Channel<JsonRpcMessage> _messages = Channel.CreateBounded<JsonRpcMessage>(
        new BoundedChannelOptions(64) { SingleReader = true });

    public StdioInput(Stream input, ReplyWriter replies, PendingRequests pending) =>
        (_input, _replies, _pending) = (input, replies, pending);

    /// <summary>What the SDK reads.</summary>
    public ChannelReader<JsonRpcMessage> Messages => _messages.Reader;

    /// <summary>When the last byte came, by <see cref="Environment.TickCount64"/>.</summary>
    public long LastRead => Volatile.Read(ref _lastRead);

    /// <summary>Whether something has been sent that is not read yet. The end of input is nothing that was sent.</summary>
    public bool HasMore
    {
        get
        {
            lock (_lock)
            {
                return !_atEnd && PipeWatch.HoldsInput();
            }
        }
    }

    /// <summary>Runs once when the input has ended.</summary>
    public Action? Ended { get; set; }

    /// <summary>Starts reading.</summary>
    public void Start()
    {
        // A read from standard input cannot be cancelled, so it must not keep the process alive.
        new Thread(ReadBytes) { IsBackground = true, Name = "stdin" }.Start();
        new Thread(ReadLines) { IsBackground = true, Name = "lines" }.Start();
    }

    /// <summary>Waits until every line that has come is passed on or answered.</summary>
    /// <param name="patience">How long it may take from one line to the next.</param>
    /// <returns>Whether all are.</returns>
    public bool WaitUntilRead(TimeSpan patience)
    {
        lock (_lock)
        {
            _lastTaken = Environment.TickCount64;
            while (_lines.Count > 0 || _isReading)
            {
                var left = (long)patience.TotalMilliseconds - (Environment.TickCount64 - _lastTaken);
                if (left <= 0)
                {
                    return false;
                }

                Monitor.Wait(_lock, TimeSpan.FromMilliseconds(left));
            }

            return true;
        }
    }

    /// <summary>Ends what the SDK reads.</summary>
    public void Complete() => _messages.Writer.TryComplete();

    private void ReadBytes()
    {
        var framer = new LineFramer(LineReader.LongestLine);
        var buffer = new byte[64 * 1024];
        try
        {
            while (_input.Read(buffer) is var count and > 0)
            {
                Volatile.Write(ref _lastRead, Environment.TickCount64);
                framer.Add(buffer.AsSpan(0, count), Enqueue);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // As good as the end of input.
        }

        framer.End(Enqueue);
        lock (_lock)
        {
            _atEnd = true;
            Monitor.PulseAll(_lock);
        }

        Ended?.Invoke();
    }

    private void Enqueue(byte[]? line)
    {
        lock (_lock)
        {
            while (_waitingBytes > MostWaitingBytes)
            {
                Monitor.Wait(_lock);
            }

            _lines.Enqueue(line);
            _waitingBytes += line?.Length ?? 0;
            Monitor.PulseAll(_lock);
        }
    }

    private void ReadLines()
    {
        while (TryDequeue(out var line))
        {
            if (line is null)
            {
                _replies.Write(LineReader.TooLong);
            }
            else
            {
                LineReader.Read(line, Pass, _replies.Write);
            }
        }
    }

    private bool TryDequeue(out byte[]? line)
    {
        lock (_lock)
        {
            _isReading = false;
            Monitor.PulseAll(_lock);
            while (!_lines.TryDequeue(out line))
            {
                if (_atEnd)
                {
                    return false;
                }

                Monitor.Wait(_lock);
            }

            _waitingBytes -= line?.Length ?? 0;
            _isReading = true;
            _lastTaken = Environment.TickCount64;
            Monitor.PulseAll(_lock);
            return true;
        }
    }

    private void Pass(JsonRpcMessage message)
    {
        if (message is JsonRpcRequest request && _pending.RefusalOf(request) is { } refusal)
        {
            _replies.Write(new(RpcError.InvalidRequest, refusal, MessageParser.ToUtf8(request.Id)));
            return;
        }

        _pending.WaitForCapacity();
        if (_pending.Received(message))
        {
            Write(message);
        }
    }

    /// <summary>Answers a question of the server's own in the place of the client, which will not.</summary>
    public async ValueTask DeclineAsync(RequestId question)
    {
        try
        {
            await _messages.Writer.WriteAsync(
                new JsonRpcError { Id = question, Error = new() { Code = RpcError.InvalidRequest, Message = "Nobody is there to answer." } });
        }
        catch (ChannelClosedException)
        {
            // The server is ending.
        }
    }

    private void Write(JsonRpcMessage message)
    {
        try
        {
            if (!_messages.Writer.TryWrite(message))
            {
                _messages.Writer.WriteAsync(message).AsTask().GetAwaiter().GetResult();
            }
        }
        catch (ChannelClosedException)
        {
            // The server is ending.
        }
    }
}
