using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters;
using CrowVault.Mcp.Server;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Cli;

/// <summary><c>tools</c>: what there is to call.</summary>
internal static class ToolsCommand
{
    public static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "Print the MCP tools/list result." };
        var command = new Command("tools", "List the tools.") { json };
        command.SetAction(parsed => Console.Out.WriteLine(parsed.GetValue(json) ? Json() : Text()));
        return command;
    }

    /// <summary>The tools/list result as indented JSON.</summary>
    public static string Json()
    {
        var options = new JsonSerializerOptions(McpJsonUtilities.DefaultOptions)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            WriteIndented = true,
        };
        var result = new ListToolsResult { Tools = [.. ApiMcpServer.Tools.Select(tool => tool.ProtocolTool)] };
        return JsonSerializer.Serialize(result, (JsonTypeInfo<ListToolsResult>)options.GetTypeInfo(typeof(ListToolsResult)));
    }

    private static string Text() => string.Join("\n\n", Catalog.All.Select(emitter =>
        $"{emitter.Tool}\n  {emitter.Description}\n  {Product.Command} generate {emitter.Command} --help"));
}
