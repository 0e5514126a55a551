using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CrowVault.Mcp.Tests.Http;

/// <summary>Another server that ours talks to, on a free port of the loopback address: keeps what it is sent, answers with what it is told.</summary>
internal sealed class StubServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<string, string?> _answer;

    /// <param name="answer">The body for a path; null for 404, an address for a redirect to it.</param>
    public StubServer(Func<string, string?> answer)
    {
        _answer = answer;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add($"{Address}/");
        _listener.Start();
        _ = RunAsync();
    }

    public string Address { get; }

    /// <summary>Path and body of every request.</summary>
    public ConcurrentQueue<(string Path, string Body)> Requests { get; } = new();

    public void Dispose() => _listener.Close();

    private async Task RunAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream, System.Text.Encoding.Latin1);
            Requests.Enqueue((context.Request.Url!.AbsolutePath, await reader.ReadToEndAsync()));
            var answer = _answer(context.Request.Url.AbsolutePath);
            var isRedirect = answer?.StartsWith("http://", StringComparison.Ordinal) == true;
            context.Response.StatusCode = answer is null ? 404 : isRedirect ? 302 : 200;
            context.Response.RedirectLocation = isRedirect ? answer : null;
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer ?? ""));
            context.Response.Close();
        }
    }
}
