using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;

namespace CrowVault.Mcp.Cli;

/// <summary><c>generate circuit-breaker ...</c>: one subcommand per tool, its options derived from the tool's arguments.</summary>
internal static class GenerateCommand
{
    /// <summary>Name of the command whose subcommands are the tools.</summary>
    public const string Name = "generate";

    public static Command Build()
    {
        var generate = new Command(Name, "Generate code to standard output or into files.");
        foreach (var emitter in Catalog.All)
        {
            generate.Add(Build(emitter));
        }

        CommandLine.AddExamples(
            generate,
            $"{Product.Command} generate circuit-breaker --with-metrics > circuit-breaker.ts",
            $"{Product.Command} generate circuit-breaker --with-tests -o src/resilience/",
            $"{Product.Command} generate circuit-breaker -o src/resilience/ --check");
        return generate;
    }

    private static Command Build(Emitter emitter)
    {
        var options = emitter.Arguments.All.Select(argument => new ArgumentOption(argument)).ToList();
        var files = new FileOptions();
        var command = new Command(emitter.Command, emitter.Description);
        options.ForEach(option => command.Add(option.Option));
        files.AddTo(command);
        CommandLine.AddExamples(
            command,
            $"{Product.Command} generate {emitter.Command} {Example(emitter)}".TrimEnd(),
            $"{Product.Command} generate {emitter.Command} {Example(emitter)} -o src/resilience/".Replace("  ", " ", StringComparison.Ordinal));
        command.SetAction(parsed => Run(emitter, options, files.Read(parsed), parsed));
        return command;
    }

    private static int Run(Emitter emitter, List<ArgumentOption> options, FileRequest request, ParseResult parsed)
    {
        var arguments = new JsonObject();
        options.ForEach(option => option.AddTo(arguments, parsed));
        if (AddUnmatched(arguments, parsed.UnmatchedTokens) is { } unexpected)
        {
            Console.Error.WriteLine($"'{unexpected}' is not an option; see {Product.Command} generate {emitter.Command} --help.");
            return CommandLine.Usage;
        }

        if (request.Problem is { } problem)
        {
            Console.Error.WriteLine(problem);
            return CommandLine.Usage;
        }

        if (request.Check && arguments.Count == 0)
        {
            return EmittedFiles.CheckAgainstHeader(request.TargetOf(emitter.FileName));
        }

        if (!emitter.TryEmit(ToElement(arguments), Product.Version, out var emission, out var faults))
        {
            Console.Error.WriteLine(faults.Message);
            return CommandLine.Usage;
        }

        if (emission.Remarks() is { Length: > 0 } remarks)
        {
            Console.Error.WriteLine(remarks);
        }

        return request.Output is null ? EmittedFiles.Print(emission) : EmittedFiles.Apply(emission.Files, request);
    }

    private static JsonElement ToElement(JsonObject arguments)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            arguments.WriteTo(writer);
        }

        return JsonElement.Parse(buffer.ToArray());
    }

    // --max-retry 3 becomes the unknown argument maxRetry.
    private static string? AddUnmatched(JsonObject arguments, IReadOnlyList<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (!tokens[i].StartsWith("--", StringComparison.Ordinal))
            {
                return tokens[i];
            }

            var split = tokens[i].Split('=', 2);
            var value = split.Length == 2 ? split[1]
                : i + 1 < tokens.Count && !tokens[i + 1].StartsWith("--", StringComparison.Ordinal) ? tokens[++i]
                : "true";
            arguments[CamelCase(split[0].TrimStart('-'))] = ArgumentOption.Scalar(value);
        }

        return null;
    }

    private static string CamelCase(string kebab)
    {
        var words = kebab.Split('-', StringSplitOptions.RemoveEmptyEntries);
        return string.Concat(words.Select((word, index) => index == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
    }

    private static string Example(Emitter emitter) => string.Join(' ', emitter.Arguments.All
        .Where(argument => argument.Required)
        .Select(argument => $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(argument.Name)} name=100"));
}
