using System.CommandLine;
using CrowVault.Mcp.Http;
using CrowVault.Mcp.Stdio;

namespace CrowVault.Mcp.Cli;

/// <summary><c>serve</c>: the MCP server on the transport of choice.</summary>
internal static class ServeCommand
{
    private const string Stdio = "stdio";
    private const string Http = "http";
    private const string Sse = "sse";

    public static Command Build()
    {
        var transport = new Option<string>("--transport")
        {
            Description = "How clients reach the server: standard input and output, HTTP, or HTTP with the older SSE pair as well.",
            DefaultValueFactory = _ => Stdio,
        };
        transport.AcceptOnlyFromAmong(Stdio, Http, Sse);
        var port = new Option<int?>("--port") { Description = $"Port on 127.0.0.1, {HttpSettings.DefaultPort} unless told otherwise; 0 takes a free one." };
        port.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int?>() is < 0 or > ushort.MaxValue)
            {
                result.AddError($"--port: use 0 to {ushort.MaxValue}.");
            }
        });
        var urls = new Option<string[]>("--urls")
        {
            Description = "Addresses to listen on in place of --port, such as http://0.0.0.0:8080; beyond this machine only with tokens.",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("serve", "Run the MCP server.") { transport, port, urls };
        ServerOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(port) is not null && result.GetResult(urls) is not null)
            {
                result.AddError("--port and --urls: use one of them.");
            }
            else if (result.GetValue(transport) == Stdio && (result.GetResult(port) ?? result.GetResult(urls)) is not null)
            {
                result.AddError("--port and --urls: they need --transport http or sse.");
            }
        });
        command.SetAction((parsed, _) => !ServerOptions.Settle(parsed) ? Task.FromResult(CommandLine.Usage) : parsed.GetValue(transport) switch
        {
            Http => HttpDoor.RunAsync(new(HttpTransport.Http, parsed.GetValue(port), parsed.GetValue(urls) ?? [])),
            Sse => HttpDoor.RunAsync(new(HttpTransport.Sse, parsed.GetValue(port), parsed.GetValue(urls) ?? [])),
            _ => StdioDoor.RunAsync(),
        });
        return command;
    }
}
