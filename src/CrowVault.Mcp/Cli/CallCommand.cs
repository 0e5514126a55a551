using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Mcp.Http;

namespace CrowVault.Mcp.Cli;

/// <summary><c>call generate_circuit_breaker '{...}'</c>: a tool by its MCP name with its arguments as JSON.</summary>
internal static class CallCommand
{
    public static Command Build()
    {
        var tool = new Argument<string>("tool") { Description = "Name of the tool, such as generate_circuit_breaker." };
        tool.CompletionSources.Add(_ => Catalog.All.Select(emitter => new System.CommandLine.Completions.CompletionItem(emitter.Tool)));
        var arguments =
            new Argument<string>("arguments") { Description = "Arguments as one JSON object, or - to read it from standard input." };
        var json = new Option<bool>("--json") { Description = "Print the structured content: files, usage, notes and warnings." };
        var item = new Option<bool>("--registry-item") { Description = "Print the files as an item of a shadcn registry." };
        var command = new Command("call", "Call a tool as an MCP client would.") { tool, arguments, json, item };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} call generate_circuit_breaker '{{\"withMetrics\":true}}'",
            $"echo '{{\"maxRetries\":2}}' | {Product.Command} call generate_retry_policy - --json");
        command.SetAction(parsed =>
            Run(parsed.GetRequiredValue(tool), parsed.GetRequiredValue(arguments), parsed.GetValue(json), parsed.GetValue(item)));
        return command;
    }

    private static int Run(string tool, string arguments, bool json, bool item)
    {
        if (Catalog.Find(tool) is not { } emitter)
        {
            throw new Fault(Catalog.UnknownTool(tool));
        }

        var text = (arguments == "-" ? Disk.ReadInput() : arguments).TrimStart('\uFEFF');
        JsonElement given;
        try
        {
            given = JsonElement.Parse(text);
        }
        catch (JsonException exception)
        {
            throw new Fault($"arguments: not JSON; send one object such as {{}}. {WhereItBreaks(text, exception)}");
        }

        if (!emitter.TryEmit(given, Product.Version, out var emission, out var faults))
        {
            throw new Fault(faults.MessageWith(faults.CorrectedArguments is { } corrected
                ? $"{Product.Command} call {emitter.Tool} {CommandLine.ForShell(corrected)}"
                    + $"{(json ? " --json" : "")}{(item ? " --registry-item" : "")}"
                : null));
        }

        if (item)
        {
            Disk.Print($"{Encoding.UTF8.GetString(RegistryItem.Of(emitter, emission))}\n");
            return CommandLine.Success;
        }

        if (json)
        {
            Disk.Print($"{JsonSerializer.Serialize(emission, EmissionJson.Readable.Emission)}\n");
            return CommandLine.Success;
        }

        if (emission.Remarks() is { Length: > 0 } remarks)
        {
            Disk.Say(remarks);
        }

        Disk.Print(string.Concat(emission.Files.Select(file => file.Content)));
        return CommandLine.Success;
    }

    private static string WhereItBreaks(string text, JsonException exception)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "It is empty.";
        }

        var line = text.Split('\n').ElementAtOrDefault((int)(exception.LineNumber ?? 0)) ?? "";
        var bytes = Encoding.UTF8.GetBytes(line);
        var column = (int)Math.Min(exception.BytePositionInLine ?? 0, bytes.Length);
        var at = string.Create(CultureInfo.InvariantCulture, $"It breaks at line {(exception.LineNumber ?? 0) + 1}, column {column + 1}");
        var rest = Encoding.UTF8.GetString(bytes.AsSpan(column));
        if (rest.Length == 0)
        {
            return $"{at}: it ends too early.";
        }

        var first = Rune.GetRuneAt(rest, 0);
        var near = $"{at}, near {Fault.Show(rest[..Math.Min(rest.Length, 16)])}";
        var before = Encoding.UTF8.GetString(bytes.AsSpan(0, column)).TrimEnd();
        return first.Value is '}' or ']' && before.EndsWith(',') ? $"{near} - the comma before it is one too many."
            : before.Length > 0 && before[^1] is '}' or ']' ? $"{near} - nothing may stand behind the object."
            : (Rune.IsLetter(first) && before.Length > 0 || first.Value is '\'') && before is "" or [.., '{' or ',' or ':' or '[']
                ? $"{near} - names and texts stand in double quotes. A shell takes them away unless the whole stands "
                    + "in single quotes; - reads standard input."
            : near;
    }
}
