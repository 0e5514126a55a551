using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CrowVault.Mcp.Tests.Http;

/// <summary>A connection that sends exactly what it is told, in as many pieces as it is told.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private RawConnection(TcpClient client) => (_client, _stream) = (client, client.GetStream());

    public static async Task<RawConnection> OpenAsync(HttpServer server, int receiveBuffer = 0)
    {
        var client = new TcpClient();
        if (receiveBuffer > 0)
        {
            client.ReceiveBufferSize = receiveBuffer;
        }

        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        return new(client);
    }

    public Task SendAsync(string text) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();

    /// <summary>Says that nothing more will be sent.</summary>
    public void EndSending() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Reads until a text has come or the other side has closed.</summary>
    /// <returns>All that has come.</returns>
    public async Task<string> ReadUntilAsync(string? text, int seconds = 30)
    {
        var all = new StringBuilder();
        var buffer = new byte[65_536];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (text is null || !all.ToString().Contains(text, StringComparison.Ordinal))
        {
            var read = await _stream.ReadAsync(buffer, patience.Token);
            if (read == 0)
            {
                break;
            }

            all.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return all.ToString();
    }

    public void Dispose() => _client.Dispose();
}
