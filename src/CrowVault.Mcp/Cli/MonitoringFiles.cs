using CrowVault.Emitters.Stack.Telemetry;
using DiffPlex.Renderer;

namespace CrowVault.Mcp.Cli;

/// <summary>Where a dashboard and alerts go.</summary>
/// <param name="Dashboard">A JSON file; null when it is not asked for.</param>
/// <param name="Alerts">A YAML file; null when it is not asked for.</param>
internal sealed record MonitoringRequest(string? Dashboard, string? Alerts)
{
    /// <summary>The files that were asked for.</summary>
    public List<(string Path, MonitoringFile File)> Plan(Monitoring? monitoring)
    {
        var files = new List<(string, MonitoringFile)>();
        Add("--dashboard", Dashboard, [".json"], each => each.Dashboard);
        Add("--alerts", Alerts, [".yml", ".yaml"], each => each.Alerts);
        return files;

        void Add(string option, string? path, string[] extensions, Func<Monitoring, MonitoringFile> of)
        {
            if (path is null)
            {
                return;
            }

            if (!extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) || Directory.Exists(path))
            {
                throw new Fault($"{option}: {Fault.Show(path)} is no {extensions[0]} file; give the path of one.");
            }

            if (Fault.OfTilde(option, path) is { } unexpanded)
            {
                throw new Fault(unexpanded);
            }

            files.Add((path, of(monitoring ?? throw new Fault(
                $"{option}: the manifest reports no metrics; set \"withMetrics\": true in it, with a "
                    + "section stack or all four outbound layers."))));
        }
    }
}

/// <summary>Dashboard and alerts on disk: never over somebody's edits unless forced.</summary>
internal static class MonitoringFiles
{
    /// <summary>Writes, shows or compares them as requested.</summary>
    public static int Apply(List<(string Path, MonitoringFile File)> files, OutputRequest request, Report report)
    {
        var exitCode = CommandLine.Success;
        foreach (var (path, file) in files)
        {
            string? whyNoText = null;
            var existing = File.Exists(path) ? Disk.ReadText(path, out whyNoText) ?? "" : null;
            if (whyNoText is not null && !(request.Force && !request.OnlyLooks))
            {
                report.Add(new(path, NameOf(FileState.Foreign), null, request.OnlyLooks
                    ? whyNoText
                    : $"{whyNoText} It was left alone; --force overwrites it."));
                exitCode = CommandLine.Differs;
                continue;
            }

            var state = existing is null ? FileState.New
                : file.IsSame(existing) ? FileState.Same
                : file.IsUnedited(existing) ? FileState.Outdated
                : MonitoringFile.IsGenerated(existing) ? FileState.Edited
                : FileState.Foreign;
            exitCode = Math.Max(exitCode, request switch
            {
                { Check: true } => Check(path, state, report),
                { Diff: true } => Diff(path, file, existing, state, report),
                _ => Write(path, file, existing, state, request, report),
            });
        }

        return exitCode;
    }

    private static int Check(string path, FileState state, Report report)
    {
        report.Add(
            new(path, NameOf(state), null, state switch
            {
                FileState.New => "not there. Run the same command without --check to write it.",
                FileState.Same => "up to date.",
                FileState.Outdated => "outdated; generate it again. Run the same command without --check.",
                FileState.Edited => "edited since it was generated. --diff shows the difference, --force overwrites it.",
                _ => "not a generated file.",
            }),
            aloud: state is not FileState.Same);
        return state is FileState.Same ? CommandLine.Success : CommandLine.Differs;
    }

    private static int Diff(string path, MonitoringFile file, string? existing, FileState state, Report report)
    {
        if (state is FileState.Same)
        {
            return CommandLine.Success;
        }

        if (Disk.WhyNotCompared(existing ?? "", file.Content) is { } reason)
        {
            report.Add(new(path, NameOf(state), null, $"{reason}; move them elsewhere."));
            return CommandLine.Differs;
        }

        var diff = UnidiffRenderer.GenerateUnidiff(
            (existing ?? "").ReplaceLineEndings("\n"), file.Content, Fault.Show(path), Fault.Show(path)).ReplaceLineEndings("\n");
        if (report.IsJson)
        {
            report.Add(new(path, NameOf(state), null, diff));
        }
        else
        {
            Disk.Print(Fault.ShowLines(diff));
        }

        return CommandLine.Success;
    }

    private static int Write(string path, MonitoringFile file, string? existing, FileState state, OutputRequest request, Report report)
    {
        if (state is FileState.Same)
        {
            report.Add(new(path, NameOf(state), null, "unchanged"), request.Progress);
            return CommandLine.Success;
        }

        if (state is FileState.Edited or FileState.Foreign && !request.Force)
        {
            report.Add(new(path, NameOf(state), null, state is FileState.Edited
                ? "edited since it was generated; it was left alone. --diff shows the difference, --force overwrites it."
                : "not a generated file; it was left alone. --force overwrites it."));
            return CommandLine.Differs;
        }

        var action = state switch
        {
            FileState.New => "created",
            FileState.Outdated => "updated",
            _ => "overwritten",
        };
        if (!request.DryRun)
        {
            var real = TargetFile.Follow(path);
            using var write = FolderWrite.Open(Path.GetDirectoryName(real)!);
            write.Stage(Path.GetFileName(real), TargetFile.Bytes(existing is null
                ? file.Content
                : TargetFile.WithLineEndsOf(existing, file.Content)));
            write.Commit();
        }

        var (done, said) = request.DryRun ? (null, $"would be {action}") : (action, action);
        report.Add(new(path, NameOf(state), done, said), request.Progress);
        return CommandLine.Success;
    }

    private static string NameOf(FileState state) => state.ToString().ToLowerInvariant();
}
