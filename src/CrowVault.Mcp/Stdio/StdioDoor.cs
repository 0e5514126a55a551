using System.Runtime.InteropServices;
using CrowVault.Mcp.Cli;
using CrowVault.Mcp.Server;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Stdio;

/// <summary>MCP over standard input and output: nothing but JSON-RPC is written to standard output.</summary>
internal static class StdioDoor
{
    // What the SDK may take to end once its input has; a reply that nobody reads would hold it for ever.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    /// <summary>Serves until the end of input, SIGTERM, SIGINT or SIGHUP; what was asked before is answered first.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync()
    {
        var output = NativeFile.StandardOutput() ?? Stream.Null;
        Console.SetOut(Console.Error);
        var pending = new PendingRequests();
        var replies = new ReplyWriter(output);
        var input = new StdioInput(NativeFile.StandardInput(), replies, pending);
        var shutdown = new StdioShutdown(input, pending);
        input.Ended = shutdown.InputEnded;
        replies.Closed = shutdown.OutputClosed;
        PipeWatch.StartOutput(shutdown.OutputClosed);
        input.Start();

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            shutdown.Signalled();
        }

        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        var serving = ServeAsync(new StdioTransport(input, replies, pending));
        if (await Task.WhenAny(serving, shutdown.Done) == serving)
        {
            await serving;
        }
        else
        {
            // A write that is stuck cannot be cancelled; the end of the process ends it.
            await Task.WhenAny(serving, Task.Delay(s_grace));
        }

        return 0;
    }

    private static async Task ServeAsync(StdioTransport transport)
    {
        await using var server = McpServer.Create(transport, ApiMcpServer.Options());
        await server.RunAsync();
    }
}
