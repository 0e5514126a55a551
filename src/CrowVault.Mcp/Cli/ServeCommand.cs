using System.CommandLine;
using System.Diagnostics;
using CrowVault.Mcp.Http;
using CrowVault.Mcp.Http.Settings;
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
        var port = new Option<int?>("--port")
        {
            Description = $"Port on 127.0.0.1, {HttpSettings.DefaultPort} unless told otherwise; 0 takes a free one.",
            CustomParser = result => CommandLine.ParseNumber(result, 0, ushort.MaxValue, $"--port: use 0 to {ushort.MaxValue}."),
        };
        var urls = new Option<string[]>("--urls")
        {
            Description = "Addresses to listen on in place of --port, such as http://0.0.0.0:8080; beyond this machine only with tokens.",
            AllowMultipleArgumentsPerToken = true,
        };
        var settings =
            new Option<string?>("--settings") { Description = "JSON file of settings for HTTP; no file is read unless it is named here." };
        var command = new Command("serve", "Run the MCP server.") { transport, port, urls, settings };
        ServerOptions.AddTo(command);
        CommandLine.AddExamples(
            command,
            $"{Product.Command} serve --transport http --port 8080",
            $"{Product.Command} serve --transport http --settings serve.json --tools circuit-breaker,retry-policy");
        command.Validators.Add(result =>
        {
            // Without its value there is none to ask for.
            var isStdio = result.GetResult(transport) is not { Implicit: false } given || given.Tokens is [{ Value: Stdio }];
            if (result.GetResult(port) is not null && result.GetResult(urls) is not null)
            {
                result.AddError("--port and --urls: use one of them.");
            }
            else if (isStdio && (result.GetResult(port) ?? result.GetResult(urls) ?? result.GetResult(settings)) is not null)
            {
                result.AddError("--port, --urls and --settings: they need --transport http or sse.");
            }
        });
        command.SetAction((parsed, _) =>
        {
            if (parsed.GetValue(transport) != Stdio)
            {
                EndWithParent();
            }

            return !ServerOptions.Settle(parsed) ? Task.FromResult(CommandLine.Usage) : parsed.GetValue(transport) switch
            {
                Http => HttpDoor.RunAsync(new(HttpTransport.Http, parsed.GetValue(port), parsed.GetValue(urls)
                    ?? [], parsed.GetValue(settings))),
                Sse => HttpDoor.RunAsync(new(HttpTransport.Sse, parsed.GetValue(port), parsed.GetValue(urls)
                    ?? [], parsed.GetValue(settings))),
                _ => StdioDoor.RunAsync(),
            };
        });
        return command;
    }

    // A server without clients on standard input would outlive the npm package's process that was killed.
    private static void EndWithParent()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("CROWVAULT_MCP_PARENT"), out var parent))
        {
            new Thread(() =>
            {
                while (IsAlive(parent))
                {
                    Thread.Sleep(500);
                }

                Environment.Exit(0);
            })
            { IsBackground = true }.Start();
        }
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
