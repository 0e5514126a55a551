using System.Runtime.InteropServices;
using CrowVault.Mcp.Server;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Stdio;

/// <summary>MCP over standard input and output: nothing but JSON-RPC is written to standard output.</summary>
internal static class StdioDoor
{
    /// <summary>Serves until the end of input, SIGTERM or SIGINT; what was asked before is answered first.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync()
    {
        using var output = Console.OpenStandardOutput();
        Console.SetOut(Console.Error);
        var ledger = new ReplyLedger();
        using var replies = new ReplyWriter(output, ledger);
        var lines = new LineReader(Console.OpenStandardInput(), replies, ledger);
        lines.Start();

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            lines.Stop();
        }

        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await using var transport = new StdioTransport(lines, replies, ledger);
        await using var server = McpServer.Create(transport, ApiMcpServer.Options());
        await server.RunAsync();
        return 0;
    }
}
