namespace CrowVault.Mcp.Http;

/// <summary>An event stream that two write to: each event goes out whole, and a comment goes out while nothing else does, so that proxies
/// and this server notice a peer that has vanished.</summary>
/// <param name="output">The body of the response.</param>
internal sealed class SseEvents(Stream output) : Stream
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(15);

    private readonly MemoryStream _event = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _lastWrite = Environment.TickCount64;

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

    /// <summary>Sends a comment whenever nothing was sent for a while, until the stream ends.</summary>
    public async Task CommentAsync(CancellationToken end)
    {
        try
        {
            while (true)
            {
                var left = (long)s_pause.TotalMilliseconds - (Environment.TickCount64 - Volatile.Read(ref _lastWrite));
                if (left > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(left), end);
                    continue;
                }

                await SendAsync(": still here\n\n"u8.ToArray(), end);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The stream has ended.
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => _event.Write(buffer, offset, count);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer) => _event.Write(buffer);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _event.Write(buffer, offset, count);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _event.Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException("Responses are written asynchronously.");

    /// <inheritdoc/>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        var bytes = _event.ToArray();
        _event.SetLength(0);
        await SendAsync(bytes, cancellationToken);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _event.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task SendAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await output.WriteAsync(bytes, cancellationToken);
            await output.FlushAsync(cancellationToken);
            Volatile.Write(ref _lastWrite, Environment.TickCount64);
        }
        finally
        {
            _turn.Release();
        }
    }
}
