using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using DiffPlex.Renderer;

namespace CrowVault.Mcp.Cli;

/// <summary>Emitted files on disk: written whole or not at all, never over somebody's edits unless forced.</summary>
internal static class EmittedFiles
{
    private enum State
    {
        New,
        Same,
        Outdated,
        Edited,
        Foreign,
    }

    /// <summary>Prints the code to standard output.</summary>
    public static int Print(Emission emission)
    {
        using var output = Console.OpenStandardOutput();
        foreach (var file in emission.Files)
        {
            output.Write(System.Text.Encoding.ASCII.GetBytes(file.Content));
        }

        return CommandLine.Success;
    }

    /// <summary>Writes, shows or compares the files as requested.</summary>
    public static int Apply(IReadOnlyList<GeneratedFile> files, FileRequest request)
    {
        if (request.IsFile && files.Count > 1)
        {
            Console.Error.WriteLine($"{request.Output}: there are {files.Count} files to write; give a folder.");
            return CommandLine.Usage;
        }

        var targets = files.Select(file => new Target(request.TargetOf(file.Path), file.Content)).ToList();
        return request switch
        {
            { Check: true } => Check(targets),
            { Diff: true } => Diff(targets),
            _ => Write(targets, request),
        };
    }

    /// <summary>Compares a file, and its test file when it has one, with what the arguments in its header emit.</summary>
    public static int CheckAgainstHeader(string path)
    {
        if (!File.Exists(path))
        {
            Console.Error.WriteLine($"{path}: not there.");
            return CommandLine.Differs;
        }

        if (!FileHeader.TryRead(File.ReadAllText(path), out var header, out _) || Catalog.Find(header.Tool) is not { } emitter)
        {
            Console.Error.WriteLine($"{path}: does not begin with the comment of an emitted file.");
            return CommandLine.Differs;
        }

        if (!emitter.TryEmit(Parse(header.Arguments), Product.Version, out var emission, out var faults))
        {
            Console.Error.WriteLine($"{path}: the arguments in its header are not accepted.\n{faults.Message}");
            return CommandLine.Differs;
        }

        var folder = Path.GetDirectoryName(path)!;
        return Check([.. emission.Files.Select(file =>
            new Target(file.Role is FileRole.Source ? path : Path.Combine(folder, file.Path), file.Content))]);
    }

    private static int Check(List<Target> targets)
    {
        foreach (var target in targets.Where(target => target.State is not State.Same))
        {
            Console.Error.WriteLine($"{target.Path}: {target.State switch
            {
                State.New => "not there.",
                State.Outdated => "outdated; generate it again.",
                State.Edited => "edited since it was generated.",
                State.Foreign => "does not begin with the comment of an emitted file.",
                State.Same => throw new InvalidOperationException("A file that is the same does not differ."),
            }}");
        }

        return targets.TrueForAll(target => target.State is State.Same) ? CommandLine.Success : CommandLine.Differs;
    }

    private static int Diff(List<Target> targets)
    {
        foreach (var target in targets.Where(target => target.State is not State.Same))
        {
            Console.Out.Write(UnidiffRenderer.GenerateUnidiff(target.Existing, target.Content, target.Path, target.Path));
        }

        return CommandLine.Success;
    }

    private static int Write(List<Target> targets, FileRequest request)
    {
        var kept = targets.Where(target => target.State is State.Edited or State.Foreign).ToList();
        if (kept.Count > 0 && !request.Force)
        {
            kept.ForEach(target => Console.Error.WriteLine(target.State is State.Edited
                ? $"{target.Path}: edited since it was generated; nothing was written. --diff shows the difference, --force overwrites it."
                : $"{target.Path}: not an emitted file; nothing was written. --force overwrites it."));
            return CommandLine.Differs;
        }

        foreach (var target in targets)
        {
            if (!request.DryRun && target.State is not State.Same)
            {
                WriteWhole(target);
            }

            if (!request.Progress)
            {
                continue;
            }

            var done = request.DryRun ? "would be " : "";
            Console.Error.WriteLine($"{target.Path}: {target.State switch
            {
                State.New => $"{done}created",
                State.Same => "unchanged",
                State.Outdated => $"{done}updated",
                State.Edited or State.Foreign => $"{done}overwritten",
            }}");
        }

        return CommandLine.Success;
    }

    // Written beside and renamed, so that a reader never sees half a file.
    private static void WriteWhole(Target target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target.Path))!);
        var beside = $"{target.Path}.{Environment.ProcessId}.tmp";
        File.WriteAllText(beside, target.Content);
        File.Move(beside, target.Path, overwrite: true);
    }

    private static JsonElement Parse(string json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private sealed class Target
    {
        public Target(string path, string content)
        {
            Path = path;
            Content = content;
            Existing = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
            State =
                !File.Exists(path) ? State.New
                : Existing == content ? State.Same
                : !FileHeader.TryRead(Existing, out _, out var edited) ? State.Foreign
                : edited ? State.Edited
                : State.Outdated;
        }

        public string Path { get; }

        public string Content { get; }

        public string Existing { get; }

        public State State { get; }
    }
}
