using System.Text.Json.Nodes;
using CrowVault.Emitters;
using DiffPlex.Renderer;

namespace CrowVault.Mcp.Cli;

/// <summary>A file to write: where, and what.</summary>
/// <param name="Path">Where it goes.</param>
/// <param name="Content">The whole content as emitted.</param>
/// <param name="IsOfOneCall">Whether it comes from one call, and not from a manifest.</param>
internal sealed record PlannedFile(string Path, string Content, bool IsOfOneCall = false)
{
    /// <summary>The file beside what is there.</summary>
    public TargetFile Compare() => new(Path, Content, IsOfOneCall);
}

/// <summary>Emitted files on disk: written as a whole or not at all, never over somebody's edits unless forced.</summary>
internal static class EmittedFiles
{
    /// <summary>What is said of a file that was UTF-16.</summary>
    public const string ToUtf8 = "; it was UTF-16 and is UTF-8 now, as Node reads it";

    // Arguments whose names are an instance's own.
    private static readonly string[] s_tables = ["partitions", "operations"];

    /// <summary>Where the files of an emission go.</summary>
    public static List<PlannedFile> Plan(IReadOnlyList<GeneratedFile> files, OutputRequest request, string? instance = null)
    {
        var source = files[0].Path;
        var target = System.IO.Path.GetFileName(request.TargetOf(source, source));
        return [.. files.Zip(Emitting.Named(files, instance ?? request.Name, target))
            .Select(each => new PlannedFile(request.TargetOf(each.First.Path, source), each.Second.Content))];
    }

    /// <summary>Writes, shows or compares the files as requested.</summary>
    public static int Apply(List<PlannedFile> files, OutputRequest request, Report report, IReadOnlyList<string>? leftovers = null)
    {
        if (request.OnlyLooks)
        {
            foreach (var folder in FoldersOf(files, []))
            {
                FolderWrite.Settle(folder);
            }

            var targets = files.ConvertAll(file => file.Compare());
            return request switch
            {
                { Check: true } => Check(targets, report, leftovers ?? []),
                { Diff: true } => Diff(targets, request, report),
                _ => Write(targets, [], request, report, leftovers ?? []),
            };
        }

        // Locked in one order, so that two runs never wait for each other; by whatever path, a folder is locked once.
        var writes = new Dictionary<string, FolderWrite>(StringComparer.Ordinal);
        var places = new Dictionary<(long, long), FolderWrite>();
        try
        {
            foreach (var folder in FoldersOf(files, request.Prune ? leftovers ?? [] : []))
            {
                var place = NativeFile.IdentityOf(folder);
                writes[folder] = place is { } known && places.TryGetValue(known, out var opened) ? opened : FolderWrite.Open(folder);
                if (place is { } found)
                {
                    places[found] = writes[folder];
                }
            }

            return Write(files.ConvertAll(file => file.Compare()), writes, request, report, leftovers ?? []);
        }
        finally
        {
            foreach (var write in writes.Values.Distinct())
            {
                write.Dispose();
            }
        }
    }

    private static List<string> FoldersOf(List<PlannedFile> files, IReadOnlyList<string> leftovers) => [.. files
        .Select(file => TargetFile.Follow(file.Path))
        .Concat(leftovers.Select(System.IO.Path.GetFullPath))
        .Select(path => System.IO.Path.GetDirectoryName(path)!)
        .Distinct()
        .Order(StringComparer.Ordinal)];

    private static int Check(List<TargetFile> targets, Report report, IReadOnlyList<string> leftovers)
    {
        var folders = targets.Select(target => System.IO.Path.GetDirectoryName(target.RealPath)!).Distinct()
            .Where(FolderWrite.IsUnfinished).ToList();
        folders.ForEach(folder =>
            report.Say($"{Fault.Show(folder)}: a run was interrupted there; run the same command without --check to finish it."));
        foreach (var target in targets)
        {
            report.Add(
                new(target.Path, NameOf(target.State), null, target.State switch
                {
                    FileState.New => "not there. Run the same command without --check to write it.",
                    FileState.Same => "up to date.",
                    FileState.Outdated => "outdated; generate it again. Run the same command without --check.",
                    FileState.Newer => NewerThanThis(target),
                    FileState.Foreign when target.WhyNoText is { } why => why,
                    FileState.Edited or FileState.Foreign when ThreeWayMerge.HasConflicts(target.Existing!) => ThreeWayMerge.SettleFirst,
                    FileState.Edited when target.IsCurrent =>
                        "edited since it was generated. --diff shows the difference, --force takes it back, "
                        + $"'{Product.Command} accept {Fault.Show(target.Path)}' keeps it as it is.",
                    FileState.Edited => "edited since it was generated. --diff shows the difference, --merge brings it up to date, "
                        + $"'{Product.Command} accept {Fault.Show(target.Path)}' keeps it as it is.",
                    FileState.Foreign => "does not begin with the comment of an emitted file.",
                    FileState.Other => OtherOwner(target),
                }, Changes(target)),
                aloud: target.State is not FileState.Same);
        }

        foreach (var path in leftovers)
        {
            report.Add(new(path, "unnamed", null, "no longer asked for. --prune removes it."));
        }

        return targets.TrueForAll(target => target.State is FileState.Same) && leftovers.Count == 0 && folders.Count == 0
            ? CommandLine.Success
            : CommandLine.Differs;
    }

    private static int Diff(List<TargetFile> targets, OutputRequest request, Report report)
    {
        var exitCode = CommandLine.Success;
        foreach (var target in targets.Where(target => target.State is not FileState.Same))
        {
            if ((target.WhyNoText ?? (target.WhyNotCompared is { } lines ? $"{lines}; move them elsewhere." : null)) is { } reason)
            {
                report.Add(new(target.Path, NameOf(target.State), null, reason, Changes(target)));
                exitCode = CommandLine.Differs;
                continue;
            }

            var content = request.Merge && target.State is FileState.Edited ? target.Merged(out _) ?? target.Updated : target.Updated;
            var existing = target.Existing?.TrimStart('\uFEFF').ReplaceLineEndings("\n") ?? "";
            var diff = UnidiffRenderer.GenerateUnidiff(
                existing, content.TrimStart('\uFEFF').ReplaceLineEndings("\n"), Fault.Show(target.Path), Fault.Show(target.Path));
            if (report.IsJson)
            {
                report.Add(new(target.Path, NameOf(target.State), null, diff, Changes(target)));
            }
            else
            {
                // What somebody has put into a file must not steer the terminal that it is shown on.
                Disk.Print(Fault.ShowLines(diff.ReplaceLineEndings("\n")));
            }
        }

        return exitCode;
    }

    private static int Write(
        List<TargetFile> targets, Dictionary<string, FolderWrite> writes, OutputRequest request, Report report,
            IReadOnlyList<string> leftovers)
    {
        // A source and its tests are one: neither is written without the other. Files of other tools go on.
        var held = targets.Where(target => target.State is not FileState.Same && Held(target, request) is not null)
            .Select(target => target.Group).ToHashSet();
        var conflicts = 0;
        var reports = new List<(FileReport Report, bool Aloud)>();
        foreach (var target in targets)
        {
            if (held.Contains(target.Group))
            {
                var reason = target.State is FileState.Same ? null : Held(target, request);
                reports.Add((new(target.Path, NameOf(target.State), null, reason ?? "left alone with its source or tests."),
                    reason is not null || request.Progress));
                continue;
            }

            if (target.State is FileState.Same && (!target.HasOtherHeader || target.IsReadOnly))
            {
                reports.Add((new(target.Path, NameOf(target.State), null, "unchanged"), request.Progress));
                continue;
            }

            var content = target.Updated;
            var marked = 0;
            var isMerged = request.Merge && target.State is FileState.Edited;
            if (isMerged)
            {
                content = target.Merged(out marked)!;
                conflicts += marked;
            }

            // Up to date but for its owner's edits.
            var isKept = isMerged && content == target.Existing;
            if (!request.DryRun)
            {
                var write = writes[System.IO.Path.GetDirectoryName(target.RealPath)!];
                var name = System.IO.Path.GetFileName(target.RealPath);
                if (!isKept)
                {
                    write.Stage(name, TargetFile.Bytes(content));
                }

                if (ProjectFiles.IsProject(System.IO.Path.GetDirectoryName(target.RealPath)!))
                {
                    write.Stage($"{FolderWrite.BaseFolder}/{name}.gz", Disk.Compress(target.Content));
                }
            }

            if (isKept)
            {
                reports.Add((new(target.Path, NameOf(target.State), null, "unchanged; your edits stay"), request.Progress));
                continue;
            }

            var action = target.State switch
            {
                FileState.New => "created",
                FileState.Edited when isMerged => "merged",
                FileState.Outdated or FileState.Same => "updated",
                _ => "overwritten",
            };
            var conflict = marked == 0 ? "" : $" with {marked} conflict{(marked == 1 ? "" : "s")}; look for {ThreeWayMerge.Conflict}";
            reports.Add((
                new(
                    target.Path,
                    NameOf(target.State),
                    request.DryRun ? null : action,
                    $"{(request.DryRun ? "would be " : "")}{action}{conflict}{(target.IsUtf16 ? ToUtf8 : "")}",
                    Changes(target)),
                request.Progress || marked > 0 || target.IsUtf16));
        }

        foreach (var path in leftovers)
        {
            reports.Add((held.Contains(TargetFile.GroupOf(System.IO.Path.GetFullPath(path)))
                ? new(path, "unnamed", null, "no longer asked for; left alone with its source.")
                : Prune(path, writes, request), true));
        }

        foreach (var write in writes.Values.Distinct())
        {
            write.Commit();
        }

        reports.ForEach(each => report.Add(each.Report, each.Aloud));
        return held.Count == 0 && conflicts == 0 ? CommandLine.Success : CommandLine.Differs;
    }

    private static FileReport Prune(string path, Dictionary<string, FolderWrite> writes, OutputRequest request)
    {
        if (!request.Prune)
        {
            return new(path, "unnamed", null, "no longer asked for. --prune removes it.");
        }

        if (!request.Force && TargetFile.OwnedAt(path) is not { IsEdited: false })
        {
            return new(path, "edited", null, "no longer asked for, but edited; it stays. --prune --force removes it.");
        }

        if (request.DryRun)
        {
            return new(path, "unnamed", null, "would be removed");
        }

        var full = System.IO.Path.GetFullPath(path);
        var (folder, name) = (System.IO.Path.GetDirectoryName(full)!, System.IO.Path.GetFileName(full));
        writes[folder].StageRemoval(name);
        if (File.Exists(System.IO.Path.Combine(folder, FolderWrite.BaseFolder, $"{name}.gz")))
        {
            writes[folder].StageRemoval($"{FolderWrite.BaseFolder}/{name}.gz");
        }

        return new(path, "unnamed", "removed", "removed");
    }

    // Why a file is left alone; null when it is not.
    private static string? Held(TargetFile target, OutputRequest request)
    {
        const string Nothing = "nothing was written";
        if (target.State is FileState.Other)
        {
            return $"{OtherOwner(target)} {Nothing[..1].ToUpperInvariant()}{Nothing[1..]}; "
                + "choose another place with -o, or another --name.";
        }

        if (request.Force)
        {
            return null;
        }

        if (target.WhyNoText is { } why)
        {
            return $"{why} {Nothing[..1].ToUpperInvariant()}{Nothing[1..]}; --force overwrites it.";
        }

        if (target.State is FileState.Edited or FileState.Foreign && ThreeWayMerge.HasConflicts(target.Existing!))
        {
            return $"has conflicts of an earlier merge; {Nothing}. Look for <<<<<<<, settle them, or use --force to overwrite the file.";
        }

        if (target.State is FileState.New && NameInOtherCase(target) is { } other)
        {
            return $"{Fault.Show(other)} is there, which is the same file on macOS and Windows; "
                + $"{Nothing}. Use its spelling, or another --name.";
        }

        if (target.State is FileState.Edited && request.Merge)
        {
            return target.WhyNotCompared is { } reason ? $"{reason}; {Nothing}. Move them elsewhere."
                : target.EmittedBefore() is null
                ? $"what was emitted before is not known here, so it cannot be merged; {Nothing}. "
                    + "--diff shows the difference, --force overwrites it."
                : ReadOnly(target);
        }

        return target.State switch
        {
            FileState.Edited =>
                $"edited since it was generated; {Nothing}. --diff shows the difference, --merge keeps your edits, --force overwrites it.",
            FileState.Foreign => $"not an emitted file; {Nothing}. --force overwrites it.",
            FileState.Newer => $"{NewerThanThis(target)} {Nothing[..1].ToUpperInvariant()}{Nothing[1..]}; --force overwrites it.",
            FileState.Outdated when LostNames(target) is { Length: > 0 } lost =>
                $"has {lost}, which would be lost; {Nothing}. Name them too, use --name for a second instance, or --force to replace it.",
            _ => ReadOnly(target),
        };

        string? ReadOnly(TargetFile file) => file.IsReadOnly ? $"read-only; {Nothing}. Make it writable, or use --force." : null;
    }

    // Where letters in another case make another file, a checkout elsewhere would lose one of the two.
    private static string? NameInOtherCase(TargetFile target)
    {
        var (folder, name) = (System.IO.Path.GetDirectoryName(target.RealPath)!, System.IO.Path.GetFileName(target.RealPath));
        return Directory.Exists(folder)
            ? Disk.At(folder, () => Directory.EnumerateFiles(folder).Select(System.IO.Path.GetFileName)
                .FirstOrDefault(each => each != name && string.Equals(each, name, StringComparison.OrdinalIgnoreCase)))
            : null;
    }

    // A second bulkhead must not take the place of the first: names that are in the file and not in the call.
    private static string LostNames(TargetFile target)
    {
        if (!target.IsOfOneCall || Emitting.ArgumentsOf(target.Owned!.Header.Arguments) is not { } before
            || Emitting.ArgumentsOf(target.Header.Arguments) is not { } now)
        {
            return "";
        }

        var (had, has) = (Names(before), Names(now));
        return has.Count > 0 && !had.Exists(has.Contains) ? string.Join(", ", had) : "";

        static List<string> Names(JsonObject arguments) => [.. s_tables
            .SelectMany(table => arguments[table] switch
            {
                JsonObject map => map.Select(entry => entry.Key),
                JsonArray list => list.Select(entry => (entry as JsonObject)?["name"]?.ToString() ?? ""),
                _ => [],
            })];
    }

    private static List<string>? Changes(TargetFile target)
    {
        if (target.Owned is null || target.State is FileState.Same or FileState.Foreign or FileState.Other || Emitting.IsTest(target.Path))
        {
            return null;
        }

        List<string> changes = [.. BehaviourChanges.Between(target.Owned.Header.Arguments, target.Header.Arguments)];
        if (target.Owned.Header.Version != target.Header.Version)
        {
            changes.Add($"CrowVault.Mcp {Fault.Show(target.Owned.Header.Version)} -> {target.Header.Version}");
        }

        return changes.Count == 0 ? null : changes;
    }

    private static string NewerThanThis(TargetFile target) =>
        $"written by the newer version {Fault.Show(target.Owned!.Header.Version)}; this is {Product.Version}.";

    private static string OtherOwner(TargetFile target) =>
        target.Owned!.Header.Tool != target.Tool ? $"was emitted by {target.Owned.Header.Tool}."
        : target.Owned.Header.Instance is { } instance ? $"belongs to the instance {instance}."
        : "has no name of an instance.";

    private static string NameOf(FileState state) => state.ToString().ToLowerInvariant();
}
