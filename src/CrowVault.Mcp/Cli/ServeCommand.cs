using System.CommandLine;
using CrowVault.Mcp.Stdio;

namespace CrowVault.Mcp.Cli;

/// <summary><c>serve</c>: the MCP server on the transport of choice.</summary>
internal static class ServeCommand
{
    public static Command Build()
    {
        var transport = new Option<string>("--transport") { Description = "How clients reach the server.", DefaultValueFactory = _ => "stdio" };
        transport.AcceptOnlyFromAmong("stdio");
        var command = new Command("serve", "Run the MCP server.") { transport };
        command.SetAction((_, _) => StdioDoor.RunAsync());
        return command;
    }
}
