using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// <c>simulate -c resilience.json</c>: the manifest in a storm, with and without each layer. The emitted code itself runs, in virtual time, so
/// this needs a runtime for JavaScript, which whoever uses that code has.
/// </summary>
internal static class SimulateCommand
{
    private static readonly string[] s_scenarios = ["brown-out", "outage", "slow", "burst"];

    // What each runtime is told so that it takes its program from standard input.
    private static readonly (string Program, string[] Arguments)[] s_runtimes = [("node", ["-"]), ("deno", ["run", "-"]), ("bun", ["run", "-"])];

    public static Command Build()
    {
        var config = new Option<string>("--config", "-c")
        {
            Description = "The manifest, with the sections circuitBreaker, retryPolicy, timeoutConfig and bulkhead.",
            HelpName = "path",
            DefaultValueFactory = _ => "resilience.json",
        };
        var scenario = new Option<string>("--scenario")
        {
            Description = "What happens to the service: less capacity, no answers, slow answers, or more requests.",
            DefaultValueFactory = _ => s_scenarios[0],
        };
        scenario.AcceptOnlyFromAmong(s_scenarios);
        var svg = new Option<string?>("--svg") { Description = "Also write the plots to this file.", HelpName = "file" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("simulate", "Run the emitted code of a manifest in a storm, with and without each layer.") { config, scenario, svg, json };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} simulate -c resilience.json",
            $"{Product.Command} simulate --scenario outage --svg outage.svg");
        command.SetAction(parsed =>
            Run(parsed.GetRequiredValue(config), parsed.GetRequiredValue(scenario), parsed.GetValue(svg), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string config, string scenario, string? svg, bool json)
    {
        if (Read(config) is not { } manifest)
        {
            return CommandLine.Usage;
        }

        if (!Manifest.TryEmit(manifest, Product.Version, out var emission, out var faults))
        {
            Console.Error.WriteLine(string.Join('\n', faults.Faults.Select(fault => $"{config}: {fault}")));
            return CommandLine.Usage;
        }

        if (!emission.Files.Any(file => file.Path == StackEmitter.Instance.FileName))
        {
            Console.Error.WriteLine($"{config}: a storm needs circuitBreaker, retryPolicy, timeoutConfig and bulkhead; add the sections that are missing.");
            return CommandLine.Usage;
        }

        foreach (var warning in emission.Warnings)
        {
            Console.Error.WriteLine($"Warning: {warning}");
        }

        var answer = Simulate(Program(manifest, scenario, emission), out var problem);
        if (answer is null)
        {
            Console.Error.WriteLine(problem);
            return CommandLine.Usage;
        }

        using var result = JsonDocument.Parse(answer);
        Console.Out.WriteLine(json ? answer.TrimEnd() : Table(result.RootElement));
        return svg is null ? CommandLine.Success : Write(svg, result.RootElement.GetProperty("svg").GetString()!);
    }

    private static JsonElement? Read(string config)
    {
        try
        {
            using var manifest = JsonDocument.Parse(
                File.ReadAllText(config),
                new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return manifest.RootElement.Clone();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{config}: cannot be read; give the manifest with -c PATH.");
        }
        catch (JsonException exception)
        {
            Console.Error.WriteLine($"{config}: not JSON at line {exception.LineNumber + 1}.");
        }

        return null;
    }

    private static int Write(string path, string text)
    {
        try
        {
            File.WriteAllText(path, text);
            return CommandLine.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{path}: cannot be written.");
            return CommandLine.Usage;
        }
    }

    // The bundled simulation and, as JSON, what it is to run.
    private static string Program(JsonElement manifest, string scenario, Emission emission)
    {
        using var request = new MemoryStream();
        using (var writer = new Utf8JsonWriter(request, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default }))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("manifest"u8);
            manifest.WriteTo(writer);
            writer.WriteString("scenario"u8, scenario);
            writer.WriteStartArray("files"u8);
            foreach (var file in emission.Files.Where(file => file.Role is FileRole.Source))
            {
                writer.WriteStartObject();
                writer.WriteString("path"u8, file.Path);
                writer.WriteString("content"u8, file.Content);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        using var stream = typeof(SimulateCommand).Assembly.GetManifestResourceStream("Page/simulate.js")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return $"{reader.ReadToEnd()}\nCrowVaultCommand.command({Encoding.UTF8.GetString(request.ToArray())});\n";
    }

    // Null when no runtime is there, or the program failed in it.
    private static string? Simulate(string program, out string problem)
    {
        foreach (var (name, arguments) in s_runtimes)
        {
            var start = new ProcessStartInfo(name, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
                StandardOutputEncoding = Encoding.UTF8,
            };
            try
            {
                using var process = Process.Start(start)!;
                var errors = process.StandardError.ReadToEndAsync();
                process.StandardInput.Write(program);
                process.StandardInput.Close();
                var output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                problem = process.ExitCode == 0 ? "" : $"{name} ended with {process.ExitCode}: {LastLine(errors.Result)}";
                return process.ExitCode == 0 ? output : null;
            }
            catch (Win32Exception)
            {
                // Not on the PATH: the next may be.
            }
            catch (IOException)
            {
                problem = $"{name} did not take the program; it must be Node >= 20, Deno or Bun.";
                return null;
            }
        }

        problem = "simulate runs the emitted code and needs node, deno or bun on the PATH.";
        return null;
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(line => line.Contains("Error", StringComparison.Ordinal)) ?? "";

    private static string Table(JsonElement result)
    {
        List<string[]> lines = [Strings(result.GetProperty("columns")), .. result.GetProperty("rows").EnumerateArray().Select(Strings)];
        var widths = lines[0].Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder()
            .Append(result.GetProperty("scenario").GetString()).Append(": ")
            .AppendJoin("; ", Strings(result.GetProperty("world"))).Append("\n\n");
        foreach (var line in lines)
        {
            text.AppendJoin("  ", line.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(each => each.GetString()!)];
}
