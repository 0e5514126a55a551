using System.Buffers;

namespace CrowVault.Mcp.Stdio;

/// <summary>
/// Standard output, a whole line at a time: the SDK's messages and the reader's own error replies never interleave, and each reply
/// is struck off the ledger once it is written.
/// </summary>
internal sealed class ReplyStream(Stream output, ReplyLedger ledger) : Stream
{
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private readonly Lock _lock = new();
    private bool _closed;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes one message of the reader's own.</summary>
    public void WriteLine(ReadOnlySpan<byte> message)
    {
        lock (_lock)
        {
            Emit([.. message, (byte)'\n']);
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.IndexOf((byte)'\n') is var end and >= 0)
        {
            _line.Write(buffer[..(end + 1)]);
            buffer = buffer[(end + 1)..];
            lock (_lock)
            {
                Emit(_line.WrittenSpan);
            }

            ledger.Sent(Envelope.Read(_line.WrittenSpan));
            _line.ResetWrittenCount();
        }

        _line.Write(buffer);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush()
    {
        // Every line has been written through already.
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private void Emit(ReadOnlySpan<byte> line)
    {
        if (_closed)
        {
            return;
        }

        try
        {
            output.Write(line);
            output.Flush();
        }
        catch (IOException)
        {
            // The client has gone; what is still owed to it can never be delivered.
            _closed = true;
            ledger.WriteOff();
        }
    }
}
