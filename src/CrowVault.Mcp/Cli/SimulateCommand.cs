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

    private const int MostNames = 10;

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
        var service = new Option<string?>("--service")
        {
            Description = "The service that is called, one of the bulkhead's partitions. [default: the first]",
            HelpName = "name",
        };
        var operation = new Option<string?>("--operation")
        {
            Description = "The operation that is called, one of timeoutConfig. [default: the service's first]",
            HelpName = "name",
        };
        var svg = new Option<string?>("--svg") { Description = "Also write the plots to this file.", HelpName = "file" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command(
            "simulate", "Run the emitted code of a manifest in a storm, with and without each layer. Needs Node, Deno or Bun.")
        {
            config, scenario, service, operation, svg, json,
        };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} simulate -c resilience.json",
            $"{Product.Command} simulate --scenario outage --service payments --operation payments.charge --svg outage.svg");
        command.SetAction(parsed => Run(
            parsed.GetValue(config) ?? [], parsed.GetRequiredValue(scenario), parsed.GetValue(service), parsed.GetValue(operation),
            parsed.GetValue(svg), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string[] configs, string scenario, string? service, string? operation, string? svg, bool json)
    {
        if (svg is not null && (!svg.EndsWith(".svg", StringComparison.OrdinalIgnoreCase) || Directory.Exists(svg)))
        {
            throw new Fault($"--svg: {Fault.Show(svg)} is no .svg file; give the path of one.");
        }

        if (Fault.OfTilde("--svg", svg) is { } unexpanded)
        {
            throw new Fault(unexpanded);
        }

        if (svg is not null)
        {
            RefuseInTheWay(svg);
        }

        string[] paths = configs.Length == 0 ? [ManifestFile.Usual()] : configs;
        var config = Fault.Show(paths[^1]);
        var manifest = ManifestFile.Read(paths);
        if (!Manifest.TryEmit(manifest, Product.Version, out var emission, out var faults))
        {
            throw ManifestFile.Wrong(paths[^1], faults);
        }

        if (!emission.Files.Any(file => file.Path == StackEmitter.Instance.FileName))
        {
            throw new Fault($"{config}: a storm needs circuitBreaker, retryPolicy, timeoutConfig and "
                + "bulkhead; add the sections that are missing.");
        }

        var services = Names(manifest, "bulkhead", "partitions");
        if (service is not null && !services.Contains(service))
        {
            throw new Fault($"--service: {Fault.Show(service)} is no partition of bulkhead; "
                + (services.Count == 0 ? "leave it out." : $"use {OneOf(services)}."));
        }

        var operations = Names(manifest, "timeoutConfig", "operations");
        if (operation is not null && !operations.Contains(operation))
        {
            throw new Fault($"--operation: {Fault.Show(operation)} is no operation of timeoutConfig; "
                + (operations.Count == 0 ? "leave it out." : $"use {OneOf(operations)}."));
        }

        foreach (var warning in emission.Warnings)
        {
            Disk.Say($"Warning: {warning}");
        }

        if (service is null && operation is null && services.Count > 1)
        {
            Disk.Say($"Note: {services[0]} is drawn, the first of {services.Count} services; --service NAME draws another: "
                + $"{string.Join(", ", services.Skip(1).Take(MostNames))}{(services.Count - 1 > MostNames ? ", ..." : ".")}");
        }

        var answer = Simulate(Program(manifest, scenario, service, operation, emission));
        using var result = JsonDocument.Parse(answer);
        if (svg is not null)
        {
            Write(svg, result.RootElement.GetProperty("svg").GetString()!);
        }

        Disk.Print(json ? answer : $"{Table(result.RootElement, LineWidth)}\n");
        return CommandLine.Success;
    }

    private static int LineWidth => !Console.IsOutputRedirected && Console.WindowWidth is > 0 and var width ? width : int.MaxValue;

    private static void Write(string path, string text)
    {
        RefuseInTheWay(path);
        var real = Path.GetFullPath(path);
        using var write = FolderWrite.Open(Path.GetDirectoryName(real)!);
        write.Stage(Path.GetFileName(real), Encoding.UTF8.GetBytes(text));
        write.Commit();
    }

    // Nothing tells a picture of this command from another file, so a link must not lead to what is overwritten.
    private static void RefuseInTheWay(string path)
    {
        if (Disk.At(path, () => new FileInfo(path).LinkTarget) is not null)
        {
            throw new Fault($"{Fault.Show(path)}: a link is in the way; remove it or choose another place with --svg.");
        }

        if (!File.Exists(path))
        {
            return;
        }

        if (!NativeFile.IsRegular(path))
        {
            throw new Fault($"{Fault.Show(path)}: something that is no regular file is in the way; remove it or choose another place "
                + "with --svg.");
        }

        if (TargetFile.IsWriteProtected(path))
        {
            throw new Fault($"{Fault.Show(path)}: read-only; nothing was written. Make it writable.");
        }
    }

    // Partitions or operations in either of their forms; the manifest has been checked.
    private static List<string> Names(JsonElement manifest, string section, string map) =>
        !manifest.TryGetProperty(section, out var of) || !of.TryGetProperty(map, out var entries) ? []
            : entries.ValueKind is JsonValueKind.Object ? [.. entries.EnumerateObject().Select(each => each.Name)]
            : [.. entries.EnumerateArray().Select(each => each.GetProperty("name").GetString()!)];

    private static string OneOf(List<string> names) =>
        names.Count == 1 ? names[0] : $"one of {string.Join(", ", names.Take(MostNames))}{(names.Count > MostNames ? ", ..." : "")}";

    // The bundled simulation and, as JSON, what it is to run.
    private static string Program(JsonElement manifest, string scenario, string? service, string? operation, Emission emission)
    {
        using var request = new MemoryStream();
        using (var writer = new Utf8JsonWriter(request, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default }))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("manifest"u8);
            manifest.WriteTo(writer);
            writer.WriteString("scenario"u8, scenario);
            writer.WriteString("service"u8, service);
            writer.WriteString("operation"u8, operation);
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
            if (RuntimePath.Find(name) is not { } path)
            {
                continue;
            }

            var start = new ProcessStartInfo(path, arguments)
            {
                // Deno and Bun read settings of the folder that they are started in, and Bun the code that these name.
                WorkingDirectory = name == "node" ? "" : AppContext.BaseDirectory,
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
                try
                {
                    process.StandardInput.Write(program);
                    process.StandardInput.Close();
                }
                catch (IOException)
                {
                    // It has ended before it read everything, and says why on standard error.
                }

                // A launcher of a runtime may greet before the one line that counts.
                var output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode != 0 ? throw new Fault($"{name} ended with {process.ExitCode}: {FirstError(errors.Result)}")
                    : output.LastIndexOf("{\"scenario\"", StringComparison.Ordinal) is >= 0 and var begin ? output[begin..]
                    : throw new Fault($"{name} did not run the program; it must be Node >= 20, Deno or Bun.");
            }
            catch (Win32Exception)
            {
                // No program after all: the next may be.
            }
        }

        throw new Fault("simulate runs the emitted code and needs node, deno or bun on the PATH, outside of the open folder.");
    }

    private static string FirstError(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(line => line.Contains("Error", StringComparison.Ordinal)) ?? "";

    /// <summary>The table; where a line is too short for it, with headings of more lines than one.</summary>
    internal static string Table(JsonElement result, int lineWidth)
    {
        string[][] head = [Strings(result.GetProperty("columns"))];
        string[][] rows = [.. result.GetProperty("rows").EnumerateArray().Select(Strings)];
        if (head[0].Select((heading, column) => rows.Append(head[0]).Max(line => line[column].Length) + 2).Sum() - 2 > lineWidth)
        {
            head = Folded(head[0], rows);
        }

        string[][] lines = [.. head, .. rows];
        var widths = lines[0].Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder()
            .Append(result.GetProperty("scenario").GetString()).Append(": ")
            .AppendJoin("; ", Strings(result.GetProperty("world"))).Append("\n\n");
        foreach (var line in lines)
        {
            text.AppendJoin("  ", line.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column])))
                .Append('\n');
        }

        // A line apart, so that they are not taken for rows.
        text.Append('\n').AppendJoin('\n', Strings(result.GetProperty("remarks")));
        return text.ToString().TrimEnd('\n');
    }

    // Each heading in as many lines as it takes to be no wider than what stands below it, its last line lowest.
    private static string[][] Folded(string[] headings, string[][] rows)
    {
        var folded = headings.Select((heading, column) =>
        {
            var words = heading.Split(' ');
            var width = Math.Max(rows.Max(row => row[column].Length), words.Max(word => word.Length));
            List<string> lines = [words[0]];
            foreach (var word in words[1..])
            {
                if (lines[^1].Length + 1 + word.Length <= width)
                {
                    lines[^1] += $" {word}";
                }
                else
                {
                    lines.Add(word);
                }
            }

            return lines;
        }).ToArray();
        var height = folded.Max(lines => lines.Count);
        return [.. Enumerable.Range(0, height).Select(line =>
            folded.Select(lines => line - height + lines.Count is >= 0 and var own ? lines[own] : "").ToArray())];
    }

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(each => each.GetString()!)];
}
