using System.CommandLine;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;

namespace CrowVault.Mcp.Cli;

/// <summary><c>call generate_circuit_breaker '{...}'</c>: a tool by its MCP name with its arguments as JSON.</summary>
internal static class CallCommand
{
    public static Command Build()
    {
        var tool = new Argument<string>("tool") { Description = "Name of the tool, such as generate_circuit_breaker." };
        var arguments = new Argument<string>("arguments") { Description = "Arguments as one JSON object, or - to read it from standard input." };
        var json = new Option<bool>("--json") { Description = "Print the structured content: files, usage, notes and warnings." };
        var command = new Command("call", "Call a tool as an MCP client would.") { tool, arguments, json };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} call generate_circuit_breaker '{{\"withMetrics\":true}}'",
            $"echo '{{\"maxRetries\":2}}' | {Product.Command} call generate_retry_policy - --json");
        command.SetAction(parsed => Run(parsed.GetRequiredValue(tool), parsed.GetRequiredValue(arguments), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string tool, string arguments, bool json)
    {
        if (Catalog.Find(tool) is not { } emitter)
        {
            Console.Error.WriteLine(Catalog.UnknownTool(tool));
            return CommandLine.Usage;
        }

        JsonElement given;
        try
        {
            given = JsonElement.Parse(arguments == "-" ? Console.In.ReadToEnd() : arguments);
        }
        catch (JsonException)
        {
            Console.Error.WriteLine("arguments: not JSON; send one object such as {}.");
            return CommandLine.Usage;
        }

        if (!emitter.TryEmit(given, Product.Version, out var emission, out var faults))
        {
            Console.Error.WriteLine(faults.Message);
            return CommandLine.Usage;
        }

        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(emission, EmissionJson.Readable.Emission));
            return CommandLine.Success;
        }

        if (emission.Remarks() is { Length: > 0 } remarks)
        {
            Console.Error.WriteLine(remarks);
        }

        return EmittedFiles.Print(emission);
    }
}
