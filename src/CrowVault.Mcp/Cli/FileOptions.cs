using System.CommandLine;

namespace CrowVault.Mcp.Cli;

/// <summary>Where emitted files go and what may happen to those that are there.</summary>
/// <param name="Output">A folder or a file; null for standard output.</param>
/// <param name="DryRun">Say what would be written, write nothing.</param>
/// <param name="Diff">Show how files would change, write nothing.</param>
/// <param name="Check">Only compare; the exit code tells.</param>
/// <param name="Force">Overwrite files that were edited.</param>
internal sealed record FileRequest(string? Output, bool DryRun, bool Diff, bool Check, bool Force)
{
    /// <summary>Whether each written file is reported; what was left alone always is.</summary>
    public bool Progress { get; init; } = true;

    /// <summary>What is wrong with the request; null when nothing is.</summary>
    public string? Problem =>
        Output is null && (DryRun || Diff || Check || Force) ? "--dry-run, --diff, --check and --force need -o PATH."
        : (DryRun ? 1 : 0) + (Diff ? 1 : 0) + (Check ? 1 : 0) + (Force ? 1 : 0) > 1 ? "Give one of --dry-run, --diff, --check and --force."
        : null;

    /// <summary>Whether the output names a file, not a folder.</summary>
    public bool IsFile => Output is not null && Output.EndsWith(".ts", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(Output);

    /// <summary>The path of an emitted file.</summary>
    public string TargetOf(string fileName) => IsFile ? Output! : Path.Combine(Output!, fileName);
}

/// <summary>The options that make a <see cref="FileRequest"/>.</summary>
internal sealed class FileOptions
{
    private readonly Option<string> _output = new("--output", "-o") { Description = "Folder or .ts file to write to.", HelpName = "path" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Say what would be written; write nothing." };
    private readonly Option<bool> _diff = new("--diff") { Description = "Show how the files would change; write nothing." };

    private readonly Option<bool> _check = new("--check")
    {
        Description = "Exit with 1 when a file differs from what its header's arguments (or those given here) emit.",
    };

    private readonly Option<bool> _force = new("--force") { Description = "Overwrite files that were edited." };

    public void AddTo(Command command)
    {
        command.Add(_output);
        command.Add(_dryRun);
        command.Add(_diff);
        command.Add(_check);
        command.Add(_force);
    }

    public FileRequest Read(ParseResult parsed) => new(
        parsed.GetValue(_output),
        parsed.GetValue(_dryRun),
        parsed.GetValue(_diff),
        parsed.GetValue(_check),
        parsed.GetValue(_force));
}
