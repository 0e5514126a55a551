using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Mcp.Http;
using CrowVault.Mcp.Server;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Cli;

/// <summary><c>tools</c>: what there is to call.</summary>
internal static class ToolsCommand
{
    public static Command Build()
    {
        var tool = new Argument<string?>("tool") { Description = "One tool, with its arguments.", Arity = ArgumentArity.ZeroOrOne };
        tool.CompletionSources.Add(_ => Catalog.All.Select(emitter => new System.CommandLine.Completions.CompletionItem(emitter.Tool)));
        var json = new Option<bool>("--json") { Description = "Print the MCP tools/list result." };
        var registry = new Option<bool>("--registry") { Description = "Print the index of the shadcn registry, registry.json." };
        var command = new Command("tools", "List the tools.") { tool, json, registry };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} tools",
            $"{Product.Command} tools generate_retry_policy",
            $"{Product.Command} tools --json");
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(registry))
            {
                Disk.Print($"{Encoding.UTF8.GetString(RegistryItem.List(Catalog.All))}\n");
                return CommandLine.Success;
            }

            if (parsed.GetValue(tool) is not { } name)
            {
                Disk.Print($"{(parsed.GetValue(json) ? Json(null) : Text())}\n");
                return CommandLine.Success;
            }

            var emitter =
                Catalog.All.FirstOrDefault(each => each.Tool == name || each.Command == name) ?? throw new Fault(Catalog.UnknownTool(name));
            Disk.Print($"{(parsed.GetValue(json) ? Json(emitter.Tool) : Text(emitter))}\n");
            return CommandLine.Success;
        });
        return command;
    }

    /// <summary>The tools/list result as indented JSON.</summary>
    /// <param name="only">Name of the only tool to list; null for all.</param>
    public static string Json(string? only)
    {
        var options = new JsonSerializerOptions(McpJsonUtilities.DefaultOptions)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            WriteIndented = true,
        };
        var tools = ApiMcpServer.Tools.Select(tool => tool.ProtocolTool).Where(tool => only is null || tool.Name == only);
        var list = new ListToolsResult { Tools = [.. tools] };
        return JsonSerializer.Serialize(list, (JsonTypeInfo<ListToolsResult>)options.GetTypeInfo(typeof(ListToolsResult)));
    }

    private static string Text() => string.Join("\n\n", Catalog.All.Select(emitter =>
        $"{emitter.Tool}\n  {emitter.Description}\n  {Product.Command} generate {emitter.Command} --help"));

    private static string Text(Emitter emitter) => string.Join('\n', [
        emitter.Tool,
        $"  {emitter.Description}",
        .. emitter.Arguments.All.Select(argument =>
            $"  {argument.Name}: {argument.Description} {(argument.Required ? "Required" : "Optional")}, "
                + $"{argument.Rule}{Fallback(argument)}."),
    ]);

    private static string Fallback(CrowVault.Emitters.Arguments.Argument argument) => argument.Default is { } value
        ? $", default {value.ToJsonString()}"
        : "";
}
