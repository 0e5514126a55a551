using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Emitters.Code;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// <c>simulate -c resilience.json</c>: the manifest in a storm, with and without each layer. The emitted code itself runs, in virtual
/// time, so this needs a runtime for JavaScript, which whoever uses that code has.
/// </summary>
internal static class SimulateCommand
{
    private static readonly string[] s_scenarios = ["brown-out", "outage", "slow", "burst"];

    // What each runtime is told so that it takes its program from standard input.
    private static readonly (string Program, string[] Arguments)[] s_runtimes =
        [("node", ["-"]), ("deno", ["run", "-"]), ("bun", ["run", "-"])];

    public static Command Build()
    {
        var config = new Option<string[]>("--config", "-c")
        {
            Description = "The manifest, as stack takes it. [default: resilience.json]",
            HelpName = "path",
        };
        var scenario = new Option<string>("--scenario")
        {
            Description = "What happens to the service: less capacity, no answers, slow answers, or more requests.",
            DefaultValueFactory = _ => s_scenarios[0],
        };
        scenario.AcceptOnlyFromAmong(s_scenarios);
        var svg = new Option<string?>("--svg") { Description = "Also write the plots to this file.", HelpName = "file" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("simulate", "Run the emitted code of a manifest in a storm, with and without each layer.")
        {
            config, scenario, svg, json,
        };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} simulate -c resilience.json",
            $"{Product.Command} simulate --scenario outage --svg outage.svg");
        command.SetAction(parsed =>
            Run(parsed.GetValue(config) ?? [], parsed.GetRequiredValue(scenario), parsed.GetValue(svg), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string[] configs, string scenario, string? svg, bool json)
    {
        string[] paths = configs.Length == 0 ? [ManifestFile.Usual()] : configs;
        var config = Fault.Show(paths[^1]);
        var manifest = ManifestFile.Read(paths);
        if (!Manifest.TryEmit(manifest, Product.Version, out var emission, out var faults))
        {
            throw new Fault(string.Join('\n', faults.Faults.Select(fault => $"{config}: {fault}")));
        }

        if (!emission.Files.Any(file => file.Path == StackEmitter.Instance.FileName))
        {
            throw new Fault($"{config}: a storm needs circuitBreaker, retryPolicy, timeoutConfig and "
                + "bulkhead; add the sections that are missing.");
        }

        foreach (var warning in emission.Warnings)
        {
            Disk.Say($"Warning: {warning}");
        }

        var answer = Simulate(Program(manifest, scenario, emission));
        using var result = JsonDocument.Parse(answer);
        if (svg is not null)
        {
            Disk.At(svg, () => File.WriteAllText(svg, result.RootElement.GetProperty("svg").GetString()));
        }

        Disk.Print(json ? answer : $"{Table(result.RootElement)}\n");
        return CommandLine.Success;
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

        var code = EmbeddedText.Read(typeof(SimulateCommand).Assembly, "Page/simulate.js");
        return $"{code}\nCrowVaultCommand.command({Encoding.UTF8.GetString(request.ToArray())});\n";
    }

    private static string Simulate(string program)
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
                return process.ExitCode == 0
                    ? output
                    : throw new Fault($"{name} ended with {process.ExitCode}: {FirstError(errors.Result)}");
            }
            catch (Win32Exception)
            {
                // Not on the PATH: the next may be.
            }
            catch (IOException)
            {
                throw new Fault($"{name} did not take the program; it must be Node >= 20, Deno or Bun.");
            }
        }

        throw new Fault("simulate runs the emitted code and needs node, deno or bun on the PATH.");
    }

    private static string FirstError(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(line => line.Contains("Error", StringComparison.Ordinal)) ?? "";

    private static string Table(JsonElement result)
    {
        List<string[]> lines = [Strings(result.GetProperty("columns")), .. result.GetProperty("rows").EnumerateArray().Select(Strings)];
        var widths = lines[0].Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder()
            .Append(result.GetProperty("scenario").GetString()).Append(": ")
            .AppendJoin("; ", Strings(result.GetProperty("world"))).Append("\n\n");
        foreach (var line in lines)
        {
            text.AppendJoin("  ", line.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column])))
                .Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(each => each.GetString()!)];
}
