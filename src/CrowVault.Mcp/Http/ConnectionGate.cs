using System.IO.Pipelines;
using System.Net.Sockets;
using CrowVault.Mcp.Http.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace CrowVault.Mcp.Http;

/// <summary>
/// Looks after connections before a request is read from them. Kestrel (10.0) takes a connection that says nothing for an idle one, not
/// for one whose headers are late; takes the end of what a peer sends for the end of the peer; and refuses a newcomer while connections
/// that ask nothing hold every place.
/// </summary>
/// <remarks>
/// A connection without a request makes room for a newcomer when no request on it was ever let through, the oldest first; else when its
/// token has more than half of all places. Where there are no tokens, all who were let through are one caller.
/// </remarks>
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
    private readonly LinkedList<Place> _strange = new();
    private readonly LinkedList<Place> _known = new();
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

            connection.Features.Set(new Turn(() => Begin(place), caller => End(place, caller)));
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

    // Until it is answered it is not given up for another.
    private void Begin(Place place)
    {
        lock (_lock)
        {
            place.Node.List?.Remove(place.Node);
        }
    }

    private void End(Place place, string? caller)
    {
        lock (_lock)
        {
            place.Caller = caller ?? place.Caller;
            if (!place.IsGivenUp && place.Node.List is null)
            {
                (place.Caller is null ? _strange : _known).AddLast(place.Node);
            }
        }
    }

    private Place? OldestOfWhoHasMost() => _known
        .Where(place => place.Caller!.Length > 0)
        .GroupBy(place => place.Caller)
        .Where(places => places.Count() > limits.MaxConnections / 2)
        .Select(places => places.First())
        .FirstOrDefault();

    // The newest may be a caller; the oldest that asks nothing is none.
    private bool TryEnter(Place place)
    {
        Place? oldest = null;
        lock (_lock)
        {
            if (_open >= limits.MaxConnections)
            {
                oldest = _strange.First?.Value ?? OldestOfWhoHasMost();
                if (oldest is null)
                {
                    return false;
                }

                GiveUp(oldest);
            }

            _open++;
            _strange.AddLast(place.Node);
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

    /// <summary>Tells when a connection has a request.</summary>
    /// <param name="Begin">The head of a request has arrived whole.</param>
    /// <param name="End">It is answered; gets <see cref="Caller"/>.</param>
    internal sealed record Turn(Action Begin, Action<string?> End)
    {
        /// <summary>By which token the request was let through; empty where none is needed, null when it was not.</summary>
        public string? Caller { get; set; }
    }

    private sealed class Place
    {
        public Place(ConnectionContext connection) => (Connection, Node) = (connection, new(this));

        public ConnectionContext Connection { get; }

        public LinkedListNode<Place> Node { get; }

        public string? Caller { get; set; }

        public bool IsGivenUp { get; set; }
    }
}
