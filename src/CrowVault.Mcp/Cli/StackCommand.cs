using System.CommandLine;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary><c>stack -c resilience.json -o src/resilience</c>: the whole folder from one manifest, its layers checked against each other.</summary>
internal static class StackCommand
{
    private static readonly JsonDocumentOptions s_manifestOptions =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static Command Build()
    {
        var config = new Option<string>("--config", "-c")
        {
            Description = "The manifest: one section per tool, each with that tool's arguments.",
            HelpName = "path",
            DefaultValueFactory = _ => "resilience.json",
        };
        var schema = new Option<bool>("--schema") { Description = "Print the JSON Schema of the manifest." };
        var files = new FileOptions();
        var command = new Command("stack", "Generate all layers from a manifest and check them against each other.") { config, schema };
        files.AddTo(command);
        CommandLine.AddExamples(
            command,
            $"{Product.Command} stack -c resilience.json -o src/resilience/",
            $"{Product.Command} stack -o src/resilience/ --check",
            $"{Product.Command} stack --schema > resilience.schema.json");
        command.SetAction(parsed => parsed.GetValue(schema) ? PrintSchema() : Run(parsed.GetRequiredValue(config), files.Read(parsed)));
        return command;
    }

    private static int PrintSchema()
    {
        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions
        {
            Indented = true,
            NewLine = "\n",
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            Manifest.Schema.WriteTo(writer);
        }

        output.WriteByte((byte)'\n');
        return CommandLine.Success;
    }

    private static int Run(string config, FileRequest request)
    {
        if (request.Problem is { } problem)
        {
            Console.Error.WriteLine(problem);
            return CommandLine.Usage;
        }

        if (request.Output is null || request.IsFile)
        {
            Console.Error.WriteLine("stack needs -o FOLDER.");
            return CommandLine.Usage;
        }

        if (Read(config) is not { } manifest)
        {
            return CommandLine.Usage;
        }

        if (!Manifest.TryEmit(manifest, Product.Version, out var emission, out var faults))
        {
            Console.Error.WriteLine(string.Join('\n', faults.Faults.Select(fault => $"{config}: {fault}")));
            return CommandLine.Usage;
        }

        // Warnings are worth a line in somebody's CI; figures and progress are for people.
        var watched = !Console.IsErrorRedirected;
        foreach (var line in emission.Warnings.Select(warning => $"Warning: {warning}")
            .Concat(watched ? emission.Notes.Select(note => $"Note: {note}") : []))
        {
            Console.Error.WriteLine(line);
        }

        return EmittedFiles.Apply(emission.Files, request with { Progress = watched || request.DryRun });
    }

    private static JsonElement? Read(string config)
    {
        try
        {
            using var manifest = JsonDocument.Parse(File.ReadAllText(config), s_manifestOptions);
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
}
