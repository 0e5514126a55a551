using System.CommandLine;
using CrowVault.Emitters;
using CrowVault.Emitters.Code;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// <c>upgrade src/resilience</c>: every emitted file as this version emits it from its own header, with its owner's edits merged in.
/// </summary>
internal static class UpgradeCommand
{
    private const int MaxDepth = 12;
    private const int MaxEntries = 50_000;

    private static readonly HashSet<string> s_skipped =
        new(StringComparer.OrdinalIgnoreCase) { "node_modules", "dist", "build", "out", "coverage", "vendor", "bin", "obj" };

    public static Command Build()
    {
        var paths = new Argument<string[]>("path")
        {
            Description = "Files or folders with emitted files; the working directory unless given.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would change; write nothing." };
        var diff = new Option<bool>("--diff") { Description = "Show how the files would change; write nothing." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command(
            "upgrade",
            "Bring emitted files to this version: what was emitted, what is emitted now and what you made of it are merged, "
            + "conflicts are marked in the file, and what the code does differently is "
            + "listed. No network and no git is needed.") { paths, dryRun, diff, json };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} upgrade src/resilience/ --dry-run",
            $"{Product.Command} upgrade src/resilience/retry.ts");
        command.SetAction(parsed => Run(
            parsed.GetValue(paths) is { Length: > 0 } given
                ? given
                : ["."], parsed.GetValue(dryRun), parsed.GetValue(diff), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string[] paths, bool dryRun, bool diff, bool json)
    {
        if (dryRun && diff)
        {
            throw new Fault("Give one of --dry-run and --diff.");
        }

        var report = new Report(json);
        var files = new List<PlannedFile>();
        var refused = false;
        foreach (var path in paths.SelectMany(Expand).Distinct(StringComparer.Ordinal))
        {
            if (Disk.ReadText(TargetFile.Follow(path), out var why) is not { } text)
            {
                report.Add(new(path, "foreign", null, why!));
                refused = true;
                continue;
            }

            if (OwnedFile.Read(text) is not { } owned)
            {
                report.Add(new(path, "foreign", null, ThreeWayMerge.HasConflicts(text)
                    ? ThreeWayMerge.SettleHeaderFirst
                    : "does not begin with the comment of an emitted file."));
                refused = true;
                continue;
            }

            var name = Path.GetFileName(path);
            var folder = Path.GetDirectoryName(path) ?? "";
            if (Manifest.FilesOfTheWhole.ContainsKey(owned.Header.Tool))
            {
                report.Add(new(path, "whole", null,
                    $"follows from the whole manifest; '{Product.Command} stack --merge' brings it up to date."));
            }
            else if (Emitting.Find(owned.Header.Tool) is not { } emitter)
            {
                report.Add(new(path, "foreign", null, $"this version has no tool {Fault.Show(owned.Header.Tool)}."));
                refused = true;
            }
            else if (Emitting.ArgumentsOf(owned.Header.Arguments) is null)
            {
                report.Add(new(path, "outdated", null, "the arguments in its header cannot be read; mend them, or generate it again with "
                    + "all of them and --force."));
                refused = true;
            }
            else if (!emitter.TryEmit(Emitting.ParseArguments(owned.Header.Arguments), Product.Version, out var emission, out var faults))
            {
                report.Add(new(path, "outdated", null, GenerateCommand.NotAccepted(emitter, faults, path)));
                refused = true;
            }
            else
            {
                // Tests come with their source; those that stand alone come alone.
                files.AddRange(Emitting.Named(Emitting.InLanguageOf(name, emission).Files, owned.Header.Instance, Emitting.SourceOf(name))
                    .Where(file => !Emitting.IsTest(name) || file.Role is FileRole.Test)
                    .Select(file => new PlannedFile(Path.Combine(folder, file.Path), file.Content)));
            }
        }

        // One file by two paths, through links, is one file.
        files = [.. files.DistinctBy(file => RealOf(file.Path))];
        if (files.Count == 0 && !refused && report.Count == 0)
        {
            throw new Fault($"{string.Join(", ", paths.Select(Fault.Show))}: no emitted file is there.");
        }

        var request = new OutputRequest(".", dryRun, diff, Check: false, Force: false, Merge: true) { Json = json };
        var exitCode = files.Count == 0 ? CommandLine.Success : EmittedFiles.Apply(files, request, report);
        if (report.HasWritten)
        {
            foreach (var run in TestsToRun(files))
            {
                report.Next(run);
            }
        }

        return report.End(refused ? CommandLine.Differs : exitCode);
    }

    private static (string?, string) RealOf(string path)
    {
        var real = TargetFile.Follow(path);
        var folder = Path.GetDirectoryName(real)!;
        return (NativeFile.IdentityOf(folder)?.ToString() ?? folder, Path.GetFileName(real));
    }

    private static IEnumerable<string> Expand(string path)
    {
        if (!Directory.Exists(path))
        {
            FolderWrite.Settle(Path.GetDirectoryName(TargetFile.Follow(path))!);
            return [path];
        }

        var found = new List<string>();
        var entries = 0;
        Disk.At(path, () => Walk(path, 0));
        found.Sort(StringComparer.Ordinal);
        return found;

        void Walk(string folder, int depth)
        {
            FolderWrite.Settle(folder);
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                if (++entries > MaxEntries)
                {
                    throw new Fault($"{Fault.Show(path)}: more than {MaxEntries} files; name the folder of the emitted ones.");
                }

                if (Path.GetExtension(file) is ".ts" or ".mts" or ".cts" or ".js" or ".mjs" && NativeFile.IsRegular(file)
                    && IsEmitted(file))
                {
                    found.Add(file);
                }
            }

            if (depth == MaxDepth)
            {
                return;
            }

            foreach (var child in new DirectoryInfo(folder).EnumerateDirectories())
            {
                if (child.LinkTarget is null && !child.Name.StartsWith('.') && !s_skipped.Contains(child.Name))
                {
                    Walk(Path.Combine(folder, child.Name), depth + 1);
                }
            }
        }
    }

    // A folder holds much that is nobody's business here: what cannot be read is passed over.
    private static bool IsEmitted(string path)
    {
        try
        {
            return Disk.ReadText(path, out _) is { } text
                ? OwnedFile.Read(text) is not null || ThreeWayMerge.HasTornHeader(text)
                : TargetFile.OwnedAt(path) is not null;
        }
        catch (Fault)
        {
            return false;
        }
    }

    private static IEnumerable<string> TestsToRun(List<PlannedFile> files) => files
        .Where(file => Emitting.IsTest(file.Path))
        .GroupBy(file =>
        {
            var arguments = Emitting.ArgumentsOf(OwnedFile.Read(file.Content)!.Header.Arguments);
            var runner = arguments?["testRunner"]?.ToString();
            return (runner ?? arguments?["runtime"]?.ToString()) switch
            {
                "vitest" or "workers" or "browser" => "npx vitest run",
                "jest" => "npx jest",
                "deno" => "deno test",
                "bun" => "bun test",
                _ => "node --test",
            };
        })
        .Select(group => $"{group.Key} {string.Join(' ', group.Select(file => Fault.Show(file.Path)))}");
}
