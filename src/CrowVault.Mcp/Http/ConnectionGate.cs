using System.IO.Pipelines;
using System.Net.Sockets;
using CrowVault.Mcp.Http.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace CrowVault.Mcp.Http;

/// <summary>
/// Looks after connections before a request is read from them. Kestrel (10.0) takes a connection that says nothing for an idle one, not
/// for one whose headers are late; takes the end of what a peer sends for the end of the peer; and refuses a newcomer while connections
/// that have asked nothing hold every place.
/// </summary>
/// <param name="limits">How many there may be, and how long they may say nothing.</param>
internal sealed class ConnectionGate(HttpLimits limits)
{
    // What a peer that has ended its side may wait for its answers.
    private static readonly TimeSpan s_halfClosed = TimeSpan.FromSeconds(10);

    // A peer that has vanished without a word is found out by TCP: after 15 s of silence it is asked every 5 s, and given up after 30 s.
    private const int KeepAliveSeconds = 15;
    private const int ProbeSeconds = 5;
    private const int Probes = 3;
    private const int GiveUpMilliseconds = 30_000;
    private const int TcpLevel = 6;
    private const int TcpUserTimeoutOnLinux = 18;

    private readonly Lock _lock = new();
    private readonly LinkedList<Place> _silent = new();
    private int _open;

    /// <summary>Serves one connection.</summary>
    public async Task InvokeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var place = new Place(connection);
        if (!TryEnter(place))
        {
            connection.Abort(new("There are too many connections."));
            return;
        }

        try
        {
            ProbeWhenSilent(connection);
            if (!await HasSpokenAsync(connection))
            {
                connection.Abort(new("Nothing was sent."));
                return;
            }

            connection.Features.Set(new Asked(() => Keep(place)));
            using var closed = new CancellationTokenSource();
            await using var ended = connection.ConnectionClosed.UnsafeRegister(
                static closed => ((CancellationTokenSource)closed!).CancelAfter(s_halfClosed), closed);
            connection.Features.Set(new PeerEnded(connection.ConnectionClosed));
            connection.ConnectionClosed = closed.Token;
            var transport = new PatientTransport(connection.Transport);
            connection.Features.Set(transport);
            connection.Transport = transport;
            await next(connection);
        }
        finally
        {
            Leave(place);
        }
    }

    // From now on it is not given up for another: somebody has asked something.
    private void Keep(Place place)
    {
        lock (_lock)
        {
            place.Node.List?.Remove(place.Node);
        }
    }

    // The newest may be a caller; the oldest that has not finished the head of a request is none.
    private bool TryEnter(Place place)
    {
        Place? oldest = null;
        lock (_lock)
        {
            if (_open >= limits.MaxConnections)
            {
                oldest = _silent.First?.Value;
                if (oldest is null)
                {
                    return false;
                }

                GiveUp(oldest);
            }

            _open++;
            _silent.AddLast(place.Node);
        }

        oldest?.Connection.Abort(new("No request was sent, and its place was needed."));
        return true;
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            if (!place.IsGivenUp)
            {
                GiveUp(place);
            }
        }
    }

    private void GiveUp(Place place)
    {
        place.IsGivenUp = true;
        place.Node.List?.Remove(place.Node);
        _open--;
    }

    private async Task<bool> HasSpokenAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        ReadResult read;
        try
        {
            var reading = input.ReadAsync();
            if (reading.IsCompleted)
            {
                read = await reading;
            }
            else
            {
                using var late = new Timer(static input =>
                    ((PipeReader)input!).CancelPendingRead(), input, TimeSpan.FromSeconds(limits.HeaderSeconds), Timeout.InfiniteTimeSpan);
                read = await reading;
            }
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            return false;
        }

        var hasSpoken = !read.Buffer.IsEmpty;

        // Nothing is consumed or examined: the next to read gets it at once.
        input.AdvanceTo(read.Buffer.Start);
        return hasSpoken;
    }

    private static void ProbeWhenSilent(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            return;
        }

        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption(TcpLevel, TcpUserTimeoutOnLinux, BitConverter.GetBytes(GiveUpMilliseconds));
            }
        }
        catch (SocketException)
        {
            // The peer has gone already.
        }
    }

    /// <summary>Tells that the peer has ended its side, which for a stream that only the server writes to means that nobody
    /// listens.</summary>
    /// <param name="Token">Is cancelled then.</param>
    internal sealed record PeerEnded(CancellationToken Token);

    /// <summary>Tells that the head of a request has arrived whole.</summary>
    /// <param name="Tell">May be called for each request.</param>
    internal sealed record Asked(Action Tell);

    private sealed class Place
    {
        public Place(ConnectionContext connection) => (Connection, Node) = (connection, new(this));

        public ConnectionContext Connection { get; }

        public LinkedListNode<Place> Node { get; }

        public bool IsGivenUp { get; set; }
    }
}
