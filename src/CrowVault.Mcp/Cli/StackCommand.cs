using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// <c>stack -c resilience.json -o src/resilience</c>: the whole folder from one manifest, its layers checked against each other.
/// </summary>
internal static class StackCommand
{
    private static readonly string[] s_style = ["testRunner", "importExtension"];

    public static Command Build()
    {
        var config = new Option<string[]>("--config", "-c")
        {
            Description = "The manifest: one section per tool, each with that tool's arguments. JSON "
                + "with comments, YAML, a package.json with "
                + "the key \"resilience\", or - for standard input; of several the later ones win. [default: resilience.json]",
            HelpName = "path",
        };
        var schema = new Option<bool>("--schema") { Description = "Print the JSON Schema of the manifest." };
        var dashboard = new Option<string>("--dashboard")
        {
            Description = "Also write a Grafana dashboard (.json) for the metrics of telemetry.ts.",
            HelpName = "path",
        };
        var alerts = new Option<string>("--alerts")
        {
            Description = "Also write Prometheus alerting rules (.yml, .yaml), with thresholds from the manifest.",
            HelpName = "path",
        };
        var files = new OutputOptions(forStack: true);
        var command = new Command("stack", "Generate all layers from a manifest and check them against each other.")
        {
            config, schema, dashboard, alerts,
        };
        files.AddTo(command);
        CommandLine.AddExamples(
            command,
            $"{Product.Command} stack -c resilience.json -o src/resilience/",
            $"{Product.Command} stack -o src/resilience/ --check",
            $"{Product.Command} stack -c resilience.json -c resilience.production.json -o src/resilience/ --merge",
            $"{Product.Command} stack -o src/resilience/ --dashboard grafana.json --alerts alerts.yml",
            $"{Product.Command} stack --schema > resilience.schema.json");
        command.SetAction(parsed => parsed.GetValue(schema)
            ? PrintSchema()
            : Run(parsed.GetValue(config) ?? [], files.Read(parsed), new(parsed.GetValue(dashboard), parsed.GetValue(alerts))));
        return command;
    }

    /// <summary>The schema of the manifest as text.</summary>
    public static string Schema()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions
        {
            Indented = true,
            NewLine = "\n",
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            Manifest.Schema.WriteTo(writer);
        }

        return $"{Encoding.UTF8.GetString(buffer.ToArray())}\n";
    }

    private static int PrintSchema()
    {
        Disk.Print(Schema());
        return CommandLine.Success;
    }

    private static int Run(string[] configs, OutputRequest request, MonitoringRequest monitoring)
    {
        if (request.Problem is { } problem)
        {
            throw new Fault(problem);
        }

        if (request.Output is null || request.IsFile)
        {
            throw new Fault("stack needs -o FOLDER.");
        }

        string[] paths = configs.Length == 0 ? [ManifestFile.Usual()] : configs;
        var config = paths[^1];
        var report = new Report(request.Json);
        var manifest = ManifestFile.Read(paths);
        request = request with { Language = request.Language ?? Manifest.LanguageOf(manifest) };
        manifest = WithProjectStyle(manifest, request, out var found);
        if (!Manifest.TryEmit(manifest, Product.Version, out var emission, out var faults))
        {
            throw ManifestFile.Wrong(config, faults);
        }

        FolderWrite.Settle(Path.GetFullPath(request.Output));
        var watching = monitoring.Plan(emission.Monitoring);
        emission = request.IsJavaScript ? JavaScript.Of(emission) : emission;

        var files = emission.Files.Select(file => new PlannedFile(request.TargetOf(file.Path, file.Path), file.Content)).ToList();
        var watched = !Console.IsErrorRedirected;
        var asked = request with { Progress = watched || request.DryRun };
        var exitCode = EmittedFiles.Apply(files, asked, report, Leftovers(files, request.Output));
        exitCode = Math.Max(exitCode, MonitoringFiles.Apply(watching, asked, report));
        if (!request.OnlyLooks && config != "-")
        {
            try
            {
                WriteSchema(manifest, config, report);
            }
            catch (Fault fault)
            {
                // An editor misses it; the code is written.
                report.Say($"The schema that the manifest names was not written. {fault.Message}");
            }
        }

        // Warnings are worth a line in somebody's CI; figures and progress are for people.
        foreach (var warning in emission.Warnings)
        {
            report.Warn(warning);
        }

        foreach (var warning in request.Check ? [] : ProjectFiles.Warnings(request.Output, request.IsJavaScript ? ".js" : ".ts"))
        {
            report.Warn(warning);
        }

        foreach (var note in found.Concat(emission.Notes))
        {
            report.Note(note, aloud: watched);
        }

        report.Usage = emission.Usage;
        return report.End(exitCode);
    }

    // Emitted files of the folder that the manifest does not name: a section was taken out, or tests are no longer asked for.
    private static List<string> Leftovers(List<PlannedFile> files, string folder)
    {
        var planned = files.Select(file => Path.GetFileName(file.Path)).ToHashSet(StringComparer.Ordinal);
        var left = new List<string>();
        foreach (var (tool, file) in Manifest.Sections.Select(each => (each.Emitter.Tool, each.Emitter.FileName))
            .Concat(Manifest.FilesOfTheWhole.Select(each => (each.Key, each.Value))))
        {
            string[] names = [file, Path.ChangeExtension(file, ".test.ts")];
            foreach (var name in names.Concat(names.Select(name => Path.ChangeExtension(name, ".js")))
                .Where(name => !planned.Contains(name)))
            {
                var path = Path.Combine(folder, name);
                if (File.Exists(path) && NativeFile.IsRegular(path)
                    && TargetFile.OwnedAt(path) is { } owned && owned.Header.Tool == tool && owned.Header.Instance is null)
                {
                    left.Add(path);
                }
            }
        }

        return left;
    }

    private static JsonElement WithProjectStyle(JsonElement manifest, OutputRequest request, out List<string> found)
    {
        found = [];
        var known = Manifest.Schema.GetProperty("properties");
        if (manifest.ValueKind is not JsonValueKind.Object || !known.TryGetProperty("testRunner", out _)
            || !known.TryGetProperty("importExtension", out _))
        {
            return manifest;
        }

        var style = new JsonObject();
        foreach (var name in s_style.Where(name => manifest.TryGetProperty(name, out _)))
        {
            style[name] = "given";
        }

        var runtime = manifest.TryGetProperty("runtime", out var given) && given.ValueKind is JsonValueKind.String
            ? given.GetString()
            : null;
        found = ProjectFiles.AddTo(style, StackEmitter.Instance.Arguments, request.Output!, runtime, request.IsJavaScript)
            .ConvertAll(note => note.Replace("--test-runner", "testRunner in the manifest", StringComparison.Ordinal)
                .Replace("--import-extension", "importExtension in the manifest", StringComparison.Ordinal));

        return ManifestFile.Overlay(JsonElement.Parse(style.ToJsonString()), manifest, depth: 1);
    }

    // "$schema": "./resilience.schema.json" gives editors names and ranges, if the file is there. Never outside the manifest's folder.
    private static void WriteSchema(JsonElement manifest, string config, Report report)
    {
        if (!manifest.TryGetProperty("$schema", out var property) || property.ValueKind is not JsonValueKind.String
            || property.GetString() is not { } name || Path.GetFileName(name) is not { Length: > 0 } file
            || (name != file && name != $"./{file}") || !file.EndsWith(".schema.json", StringComparison.Ordinal) || file.StartsWith('.'))
        {
            return;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(config))!;
        var path = Path.Combine(folder, file);
        var schema = Schema();
        if (new FileInfo(path).LinkTarget is not null || Directory.Exists(path)
            || (File.Exists(path) && (Disk.ReadText(path, out _) is not { } there || there.ReplaceLineEndings("\n") == schema || !IsOurs(there))))
        {
            return;
        }

        using var write = FolderWrite.Open(folder);
        write.Stage(file, TargetFile.Bytes(schema));
        write.Commit();
        report.Say($"{Fault.Show(path)}: written, because the manifest names it as its $schema.");
    }

    private static bool IsOurs(string schema)
    {
        try
        {
            return JsonNode.Parse(schema) is JsonObject { Count: > 0 } read && read["title"]?.ToString() == "resilience.json"
                && read["description"]?.ToString().Contains("CrowVault.Mcp", StringComparison.Ordinal) == true;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return false;
        }
    }
}
