using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;

namespace CrowVault.Mcp.Cli;

/// <summary><c>generate circuit-breaker ...</c>: one subcommand per tool, its options derived from the tool's arguments.</summary>
internal static class GenerateCommand
{
    /// <summary>Name of the command whose subcommands are the tools.</summary>
    public const string Name = "generate";

    private static readonly string[] s_style = ["testRunner", "importExtension"];

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
        var files = new OutputOptions(forStack: false);
        var command = new Command(
            emitter.Command,
            $"{emitter.Description} Files are written with -o; how the code is called is then printed to standard error. "
            + "Over a file that is there, arguments that are not given are taken from its header.");
        options.ForEach(option => command.Add(option.Option));
        files.AddTo(command);
        CommandLine.AddExamples(
            command,
            $"{Product.Command} generate {emitter.Command} {Example(emitter)}".TrimEnd(),
            $"{Product.Command} generate {emitter.Command} {Example(emitter)} -o src/resilience/".Replace("  ", " ",
                StringComparison.Ordinal));
        command.SetAction(parsed => Run(emitter, options, files.Read(parsed), parsed));
        return command;
    }

    private static int Run(Emitter emitter, List<ArgumentOption> options, OutputRequest request, ParseResult parsed)
    {
        var arguments = new JsonObject();
        string[] unmatched = [.. parsed.UnmatchedTokens, .. options.SelectMany(option => option.AddTo(arguments, parsed))];
        if (AddUnmatched(arguments, unmatched) is { } unexpected)
        {
            throw new Fault($"'{Fault.Show(unexpected)}' is not an option; see {Product.Command} generate {emitter.Command} --help.");
        }

        if (request.Problem is { } problem)
        {
            throw new Fault(problem);
        }

        if (request.Output is null)
        {
            return Print(emitter, arguments, request, parsed, unmatched);
        }

        var report = new Report(request.Json);
        Settle(request, emitter);
        request = InLanguageOfTheFile(request, emitter);
        var name = request.IsJavaScript ? Path.ChangeExtension(emitter.FileName, ".js") : emitter.FileName;
        var path = request.TargetOf(name, name);
        var real = TargetFile.Follow(path);
        string? whyNoText = null;
        var existing = File.Exists(real) ? Disk.ReadText(real, out whyNoText) ?? "" : null;
        var owned = existing is null ? null : whyNoText is null ? OwnedFile.Read(existing) : TargetFile.OwnedAt(real);
        var isOurs = owned?.Header.Tool == emitter.Tool
            && (request.Name is null ? request.IsFile || owned.Header.Instance is null : owned.Header.Instance == request.Name);
        if (request.Check && arguments.Count == 0 && !isOurs)
        {
            report.Add(new(path, owned is null ? existing is null ? "new" : "foreign" : "other", null, owned is not null
                ? "was emitted by another tool or belongs to another instance."
                : existing is null ? "not there."
                : whyNoText is not null ? whyNoText
                : ThreeWayMerge.HasConflicts(existing) ? ThreeWayMerge.SettleFirst
                : "does not begin with the comment of an emitted file."));
            return report.End(CommandLine.Differs);
        }

        var taken = isOurs ? TakeOver(arguments, emitter, owned!.Header, path) : [];
        var kept = emitter.Arguments.CommandLineOptions(new(arguments
            .Where(each => taken.Contains(each.Key))
            .Select(each => KeyValuePair.Create(each.Key, each.Value?.DeepClone()))));
        var found = ProjectFiles.AddTo(
            arguments, emitter.Arguments, Path.GetDirectoryName(real)!, arguments["runtime"]?.ToString(), request.IsJavaScript);

        // What was found gives way as well where it does not fit.
        taken.UnionWith(s_style.Where(name => arguments.ContainsKey(name)
            && found.Exists(each => each.StartsWith(name, StringComparison.Ordinal))));
        if (!TryEmit(emitter, arguments, taken, out var emission, out var faults))
        {
            // What seems to be missing may stand in a header that cannot be read before its conflicts are settled.
            if (existing is not null && !request.Force && ThreeWayMerge.HasTornHeader(existing))
            {
                report.Add(new(path, "foreign", null, ThreeWayMerge.SettleFirst));
                return report.End(CommandLine.Differs);
            }

            // What the caller gave is the caller's to correct; what the header says is not.
            return isOurs && parsed.Tokens.Count > 0 && faults.Faults.All(fault => taken.Contains(fault.Argument))
                ? throw new Fault($"{Fault.Show(path)}: {NotAccepted(emitter, faults, path)}", CommandLine.Differs)
                : throw Wrong(emitter, FaultsOfTheCall(emitter, arguments, taken) ?? faults, parsed, unmatched);
        }

        emission = request.IsJavaScript ? JavaScript.Of(emission) : emission;
        var files = EmittedFiles.Plan(emission.Files, request, isOurs ? owned!.Header.Instance : null)
            .ConvertAll(file => file with { IsOfOneCall = true });
        var exitCode = EmittedFiles.Apply(
            files, request, report, isOurs || !File.Exists(real) ? StaleTests(files, path, emitter) : []);

        // After what became of the files: where nothing could be written, the reason stands alone.
        if (kept.Length > 0)
        {
            report.Note($"The header of {Fault.Show(path)} gave {kept}.", aloud: !request.Check);
        }

        found.ForEach(each => report.Note(each, aloud: !request.Check));
        foreach (var warning in request.Check ? [] : ProjectFiles.Warnings(Path.GetDirectoryName(real)!, Path.GetExtension(path)))
        {
            report.Warn(warning);
        }

        Remark(emission, report, aloud: !request.Check);
        if (exitCode == CommandLine.Success && !request.OnlyLooks)
        {
            report.Usage = Emitting.UsageOf(emission.Usage, emission.Files[0].Path, Path.GetFileName(path));
            if (!request.Json)
            {
                Disk.Say($"Usage:\n\n{report.Usage}");
            }
        }

        return report.End(exitCode);
    }

    /// <summary>What is wrong with the arguments in a file's header, and the command that writes it with corrected ones.</summary>
    public static string NotAccepted(Emitter emitter, ArgumentFaults faults, string path) => "the arguments in its header are not accepted.\n"
        + faults.MessageWith(faults.CorrectedOptions is { Length: > 0 } options
            ? $"{Product.Command} {Name} {emitter.Command} {options} -o {CommandLine.ForShell(path)} --force"
            : null);

    /// <summary>What is wrong with a call, in the names of options, with the call corrected as it is typed here.</summary>
    private static Fault Wrong(Emitter emitter, ArgumentFaults faults, ParseResult parsed, string[] unmatched)
    {
        var tool = emitter.Arguments.All.Select(argument => argument.OptionName).ToHashSet(StringComparer.Ordinal);
        var others = parsed.CommandResult.Children.OfType<OptionResult>()
            .Where(each => !each.Implicit && !tool.Contains(each.Option.Name))
            .SelectMany(each => each.Tokens.Select(token => CommandLine.ForShell(token.Value)).Prepend(each.IdentifierToken!.Value));
        return new(faults.CommandLineMessage(
            $"{Product.Command} {Name} {emitter.Command}",
            string.Join(' ', others),
            argument => unmatched.Select(token => token.Split('=')[0]).FirstOrDefault(option =>
                option.StartsWith("--", StringComparison.Ordinal) && CamelCase(option.TrimStart('-')) == argument.Trim('"'))));
    }

    // What is corrected is what was typed; the header of the file gives only what a call must have.
    private static ArgumentFaults? FaultsOfTheCall(Emitter emitter, JsonObject arguments, HashSet<string> taken)
    {
        var typed = new JsonObject(arguments
            .Where(each => !taken.Contains(each.Key) || emitter.Arguments.Find(each.Key) is { Required: true })
            .Select(each => KeyValuePair.Create(each.Key, each.Value?.DeepClone())));
        return emitter.TryEmit(ToElement(typed), Product.Version, out _, out var faults) ? null : faults;
    }

    // Where the file is, and where the one is that a link leads to.
    private static void Settle(OutputRequest request, Emitter emitter)
    {
        var path = Path.GetFullPath(request.TargetOf(emitter.FileName, emitter.FileName));
        FolderWrite.Settle(Path.GetDirectoryName(path)!);
        FolderWrite.Settle(Path.GetDirectoryName(TargetFile.Follow(path))!);
    }

    // A file that is there says which language it is generated in again.
    private static OutputRequest InLanguageOfTheFile(OutputRequest request, Emitter emitter)
    {
        if (request.Language is not null || request.IsFile)
        {
            return request;
        }

        var (typed, plain) = (request.TargetOf(emitter.FileName, ""), request.TargetOf(Path.ChangeExtension(emitter.FileName, ".js"), ""));
        return !File.Exists(typed) && File.Exists(plain) && Disk.ReadText(TargetFile.Follow(plain), out _) is { } text
            && (OwnedFile.Read(text)?.Header.Tool == emitter.Tool || ThreeWayMerge.HasTornHeader(text))
            ? request with { Language = JavaScript.Language }
            : request;
    }

    private static int Print(Emitter emitter, JsonObject arguments, OutputRequest request, ParseResult parsed, string[] unmatched)
    {
        if (!emitter.TryEmit(ToElement(arguments), Product.Version, out var emission, out var faults))
        {
            throw Wrong(emitter, faults, parsed, unmatched);
        }

        emission = request.IsJavaScript ? JavaScript.Of(emission) : emission;
        if (request.Json)
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

    // Warnings and figures are for whoever reads the terminal; JSON has them too.
    private static void Remark(Emission emission, Report report, bool aloud)
    {
        foreach (var warning in emission.Warnings)
        {
            report.Warn(warning);
        }

        foreach (var note in emission.Notes)
        {
            report.Note(note, aloud);
        }
    }

    // The arguments of the file that is there, unless others are given. Defaults are left out: they may not fit what is given now.
    private static HashSet<string> TakeOver(JsonObject arguments, Emitter emitter, FileHeader header, string path)
    {
        if (Emitting.ArgumentsOf(header.Arguments) is not { } before)
        {
            throw new Fault($"{Fault.Show(path)}: the arguments in its header "
                + "cannot be read; give them all, with --force.", CommandLine.Differs);
        }

        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in before)
        {
            var argument = emitter.Arguments.All.FirstOrDefault(each => each.Name == name);
            if (!arguments.ContainsKey(name) && !(argument?.Default is { } fallback && JsonNode.DeepEquals(fallback, value)))
            {
                arguments[name] = value?.DeepClone();
                taken.Add(name);
            }
        }

        return taken;
    }

    // What was taken from the header gives way where it does not fit what is given now.
    private static bool TryEmit(
        Emitter emitter,
        JsonObject arguments,
        HashSet<string> taken,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Emission? emission,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out ArgumentFaults? faults)
    {
        if (emitter.TryEmit(ToElement(arguments), Product.Version, out emission, out faults))
        {
            return true;
        }

        var first = faults;
        var fitting = arguments.DeepClone().AsObject();
        for (var round = 0; round <= taken.Count; round++)
        {
            var unfit = faults!.Faults.Select(fault => fault.Argument).Where(name => taken.Contains(name) && fitting.ContainsKey(name))
                .ToList();
            if (unfit.Count == 0 || fitting.Count == unfit.Count)
            {
                break;
            }

            unfit.ForEach(name => fitting.Remove(name));
            if (emitter.TryEmit(ToElement(fitting), Product.Version, out emission, out faults))
            {
                return true;
            }
        }

        faults = first;
        return false;
    }

    // Tests that were asked for once, beside a source that is now emitted without.
    private static List<string> StaleTests(List<PlannedFile> files, string source, Emitter emitter)
    {
        var extension = Path.GetExtension(source);
        var tests = $"{source[..^extension.Length]}.test{extension}";
        return files.Exists(file => file.Path == tests) || !File.Exists(tests)
            || TargetFile.OwnedAt(tests)?.Header.Tool != emitter.Tool ? [] : [tests];
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
    private static string? AddUnmatched(JsonObject arguments, string[] tokens)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!tokens[i].StartsWith("--", StringComparison.Ordinal) || tokens[i].TrimStart('-').Length == 0)
            {
                return tokens[i];
            }

            var split = tokens[i].Split('=', 2);
            var value = split.Length == 2 ? split[1]
                : i + 1 < tokens.Length && !tokens[i + 1].StartsWith("--", StringComparison.Ordinal) ? tokens[++i]
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
