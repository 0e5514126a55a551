using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CrowVault.Mcp.Tests.Http;

/// <summary>The built program serving HTTP on a free port of the loopback address.</summary>
internal sealed partial class HttpServer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HttpServer(Process process) => _process = process;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>A client that follows nothing and waits long.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>The process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>What it has written to standard output and standard error so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Memory that is resident now.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts the server and waits until it listens.</summary>
    /// <param name="transport"><c>http</c> or <c>sse</c>.</param>
    /// <param name="settings">Names and values of environment variables.</param>
    public static Task<HttpServer> StartAsync(string transport, params (string Name, string Value)[] settings) =>
        StartAsync(Info("serve", "--transport", transport, "--port", "0"), settings);

    /// <summary>Starts the server with further arguments.</summary>
    public static Task<HttpServer> StartWithAsync(string[] arguments, params (string Name, string Value)[] settings) =>
        StartAsync(Info(["serve", "--transport", "http", "--port", "0", .. arguments]), settings);

    /// <summary>Starts the server in a folder of its own.</summary>
    public static Task<HttpServer> StartInAsync(string folder, params (string Name, string Value)[] settings)
    {
        var start = Info("serve", "--transport", "http", "--port", "0");
        start.WorkingDirectory = folder;
        return StartAsync(start, settings);
    }

    private static async Task<HttpServer> StartAsync(ProcessStartInfo start, (string Name, string Value)[] settings)
    {
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var server = new HttpServer(new Process { StartInfo = start });
        server._process.OutputDataReceived += (_, e) => server.Read(e.Data);
        server._process.ErrorDataReceived += (_, e) => server.Read(e.Data);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            server.Address = await server._address.Task.WaitAsync(s_patience);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        server.Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = server.Address, Timeout = s_patience };
        return server;
    }

    /// <summary>Starts the server where it must refuse to start.</summary>
    /// <returns>Exit code and standard error.</returns>
    public static async Task<(int ExitCode, string Errors)> RefuseAsync(string[] arguments, params (string Name, string Value)[] settings)
    {
        var start = Info(arguments);
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        return (process.ExitCode, await errors);
    }

    /// <summary>Makes a token as a user does.</summary>
    /// <returns>The token, and its entry in the configuration.</returns>
    public static (string Token, string Entry) CreateToken(string name, int days = 1)
    {
        var (exitCode, output, _) = ServerProcess.Run("", "token", "create", "--name", name, "--days", $"{days}", "--json");
        Xunit.Assert.Equal(0, exitCode);
        using var created = JsonDocument.Parse(output);
        return (created.RootElement.GetProperty("token").GetString()!, created.RootElement.GetProperty("entry").GetString()!);
    }

    /// <summary>Calls a tool over REST.</summary>
    public Task<HttpResponseMessage> CallAsync(string body, string? token = null, string? accept = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tools/call") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return Client.SendAsync(request);
    }

    /// <summary>Sends one JSON-RPC message to <c>/mcp</c>.</summary>
    public Task<HttpResponseMessage> PostMcpAsync(string message, string? token = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(message, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Client.SendAsync(request);
    }

    /// <summary>Tells the server to stop, as an orchestrator does.</summary>
    public void Terminate() => Signal(15);

    /// <summary>Sends a signal (signal(7)).</summary>
    public void Signal(int number) => Xunit.Assert.Equal(0, Kill(_process.Id, number));

    /// <summary>Waits for a text in the output, which comes a little after what it tells of.</summary>
    public async Task WaitForOutputAsync(string text)
    {
        for (var wait = 0; wait < 200 && !Output.Contains(text, StringComparison.Ordinal); wait++)
        {
            await Task.Delay(50);
        }

        Xunit.Assert.Contains(text, Output, StringComparison.Ordinal);
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(s_patience);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static ProcessStartInfo Info(params string[] arguments) => new(ServerProcess.Program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectStandardInput = true,
    };

    private void Read(string? line)
    {
        if (line is null)
        {
            _address.TrySetException(new InvalidOperationException($"The server ended: {Output}"));
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (Listening().Match(line) is { Success: true } match)
        {
            _address.TrySetResult(new(match.Groups[1].Value));
        }
    }

    [GeneratedRegex("Listening on (http://[0-9.]+:[0-9]+)")]
    private static partial Regex Listening();

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
