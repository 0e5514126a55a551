using System.CommandLine;
using System.Text.RegularExpressions;
using CrowVault.Emitters.Code;

namespace CrowVault.Mcp.Cli;

/// <summary>Where emitted files go and what may happen to those that are there.</summary>
/// <param name="Output">A folder or a file; null for standard output.</param>
/// <param name="DryRun">Say what would be written, write nothing.</param>
/// <param name="Diff">Show how files would change, write nothing.</param>
/// <param name="Check">Only compare; the exit code tells.</param>
/// <param name="Force">Overwrite files that were edited.</param>
/// <param name="Merge">Merge edits with what is emitted now.</param>
internal sealed partial record OutputRequest(string? Output, bool DryRun, bool Diff, bool Check, bool Force, bool Merge)
{
    /// <summary>Whether each written file is reported; what was left alone always is.</summary>
    public bool Progress { get; init; } = true;

    /// <summary>Whether the answer is JSON on standard output.</summary>
    public bool Json { get; init; }

    /// <summary>Remove files that a manifest no longer names.</summary>
    public bool Prune { get; init; }

    /// <summary>Name of this instance where a project has several; null for the only one.</summary>
    public string? Name { get; init; }

    /// <summary>Language that was asked for by name; null when none was.</summary>
    public string? Language { get; init; }

    /// <summary>Whether the files are JavaScript: asked for, by name or by the name of the file.</summary>
    public bool IsJavaScript => Language == JavaScript.Language || (Language is null && IsFile && JavaScript.Is(Output!));

    /// <summary>Whether nothing is written.</summary>
    public bool OnlyLooks => DryRun || Diff || Check;

    /// <summary>What is wrong with the request; null when nothing is.</summary>
    public string? Problem =>
        Output is null && (OnlyLooks || Force || Merge || Prune) ? "--dry-run, --diff, --check and --force need -o PATH."
        : Output is null && Name is not null ? "--name needs -o PATH."
        : string.IsNullOrWhiteSpace(Output) && Output is not null ? "-o: the path is empty; give a folder or a .ts file."
        : Output is "-" ? "-o: - is no folder; without -o the code goes to standard output."
        : Fault.OfTilde("-o", Output) is { } unexpanded ? unexpanded
        : Language is not (null or JavaScript.Language or "typescript")
            ? $"--language: {Fault.Show(Language)} cannot be emitted; use typescript or javascript."
        : Language is not null && IsFile && JavaScript.Is(Output!) != (Language == JavaScript.Language)
            ? $"-o: a {Path.GetExtension(Output)} file cannot hold "
                + $"{(Language == JavaScript.Language ? "JavaScript; use .js or .mjs" : "TypeScript; use .ts, .mts or .cts")}, or give a "
                + "folder."
        : new[] { DryRun, Diff, Check, Force }.Count(given => given) > 1 ? "Give one of --dry-run, --diff, --check and --force."
        : Merge && Force ? "Give one of --merge and --force."
        : Name is not null && !InstanceName().IsMatch(Name)
            ? "--name: use a letter, then letters, digits, '-' and '_', at most 64, such as payments."
        : Name is not null && IsFile ? "--name: give a folder with -o; the name of the file comes from --name."
        : Output is not null && !IsFile && !Directory.Exists(Output) && RefusedExtension().Match(Output) is { Success: true } refused
            ? $"-o: the code is TypeScript, or ECMAScript modules with --language javascript, so a {refused.Value} file cannot hold it; "
                + "use .ts, .mts, .cts, .js or .mjs, or give a folder."
        : Output is not null && !IsFile && File.Exists(Path.TrimEndingDirectorySeparator(Output))
            ? TargetFile.LeadsNowhere(Path.TrimEndingDirectorySeparator(Output))
                ? $"{Fault.Show(Output)}: a link that leads nowhere is in the way; remove it or choose another place with -o."
                : $"{Fault.Show(Output)}: it is a file, but no .ts, .mts, .cts, .js or .mjs file; give a folder or a .ts file."
        : null;

    /// <summary>Whether the output names a file, not a folder.</summary>
    public bool IsFile => Output is not null && !Directory.Exists(Output) && FileName().IsMatch(Path.GetFileName(Output));

    /// <summary>The path of an emitted file.</summary>
    /// <param name="fileName">Its own name, such as <c>circuit-breaker.test.ts</c>.</param>
    /// <param name="source">Name of the source that it belongs to.</param>
    public string TargetOf(string fileName, string source)
    {
        if (!IsFile)
        {
            return Path.Combine(Output!, Name is null ? fileName : $"{Name}.{fileName}");
        }

        var extension = Path.GetExtension(Output!);
        return fileName == source ? Output! : $"{Output![..^extension.Length]}.test{extension}";
    }

    [GeneratedRegex(@"\A(?!.*\.d\.[cm]?ts\z).+\.(?:[cm]?ts|m?js)\z", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex FileName();

    [GeneratedRegex(@"(?:\.d\.[cm]?ts|\.cjs|\.[cm]?jsx|\.tsx|\.json|\.vue|\.svelte|\.py|\.cs)\z", RegexOptions.IgnoreCase)]
    private static partial Regex RefusedExtension();

    // What Windows keeps for its devices names no file there.
    [GeneratedRegex(@"\A(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])\z)[A-Za-z][A-Za-z0-9_-]{0,63}\z")]
    private static partial Regex InstanceName();
}

/// <summary>The options that make an <see cref="OutputRequest"/>.</summary>
internal sealed class OutputOptions
{
    private readonly Option<string> _output =
        new("--output", "-o") { Description = "Folder or .ts, .mts, .cts, .js or .mjs file to write to.", HelpName = "path" };

    private readonly Option<string> _language = new("--language")
    {
        Description = "typescript, or javascript: the same code without its types, as ECMAScript modules. A .js "
            + "file is JavaScript. [default: typescript]",
        HelpName = "typescript|javascript",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Say what would be written; write nothing." };
    private readonly Option<bool> _diff = new("--diff") { Description = "Show how the files would change; write nothing." };

    private readonly Option<bool> _check = new("--check")
    {
        Description = "Exit with 1 when a file differs from what its header's arguments (or those given here) emit.",
    };

    private readonly Option<bool> _force = new("--force") { Description = "Overwrite files that were edited." };

    private readonly Option<bool> _merge = new("--merge")
    {
        Description = "Merge your edits with what is emitted now, by what was emitted before; conflicts are marked in the file.",
    };

    private readonly Option<bool> _prune;

    private readonly Option<string> _name = new("--name")
    {
        Description = "Name of a second instance: --name payments writes payments.bulkhead.ts or the like.",
        HelpName = "name",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object on standard output." };
    private readonly bool _forStack;

    public OutputOptions(bool forStack)
    {
        _forStack = forStack;
        _language.CompletionSources.Add(JavaScript.Language, "typescript");
        _prune = new("--prune")
        {
            Description = forStack
                ? "Remove emitted files that the manifest no longer names."
                : "Remove emitted tests that are no longer asked for.",
        };
    }

    public void AddTo(Command command)
    {
        command.Add(_output);
        command.Add(_language);
        command.Add(_dryRun);
        command.Add(_diff);
        command.Add(_check);
        command.Add(_force);
        command.Add(_merge);
        command.Add(_prune);
        if (!_forStack)
        {
            command.Add(_name);
        }

        command.Add(_json);
    }

    public OutputRequest Read(ParseResult parsed) => new(
        parsed.GetValue(_output),
        parsed.GetValue(_dryRun),
        parsed.GetValue(_diff),
        parsed.GetValue(_check),
        parsed.GetValue(_force),
        parsed.GetValue(_merge))
    {
        Prune = parsed.GetValue(_prune),
        Name = _forStack ? null : parsed.GetValue(_name),
        Json = parsed.GetValue(_json),
        Language = parsed.GetValue(_language),
    };
}
