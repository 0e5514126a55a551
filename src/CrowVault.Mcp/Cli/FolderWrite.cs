using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// Writes several files of one folder as a whole or not at all. Everything is staged beside its place under a random name, then a
/// journal is put down, then the files are renamed. A process that is killed before the journal leaves the old folder, one that is
/// killed after it the new one: the next run finishes or removes what it finds.
/// </summary>
internal sealed partial class FolderWrite : IDisposable
{
    /// <summary>The folder beside emitted files that keeps what was emitted, for three-way merges.</summary>
    public const string BaseFolder = ".crowvault";

    private const string Journal = ".crowvault-journal";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string _folder;
    private readonly List<string> _createdFolders = [];
    private readonly List<Step> _steps = [];
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly FileStream? _lockFile;
    private readonly nint _lock;
    private volatile int _interrupted;
    private bool _committed;

    private FolderWrite(string folder)
    {
        _folder = folder;
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _interrupted = context.Signal switch
                {
                    PosixSignal.SIGINT => 2,
                    PosixSignal.SIGTERM => 15,
                    _ => 1,
                };
            }));
        }

        CreateFolder(folder);
        var waiting = Stopwatch.StartNew();
        while (!TryLock(out _lock, out _lockFile))
        {
            if (_interrupted != 0 || waiting.Elapsed > s_patience)
            {
                Dispose();
                ThrowIfInterrupted();
                throw new Fault($"{Fault.Show(folder)}: another run is writing there; try again when it has ended.");
            }

            Thread.Sleep(10);
        }

        Recover();
    }

    /// <summary>Locks a folder, which is made when it is not there, and puts in order what a killed run has left.</summary>
    public static FolderWrite Open(string folder)
    {
        try
        {
            return new(folder);
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            throw Fault.Of(folder, exception);
        }
    }

    /// <summary>Whether a killed run has left a folder between two states.</summary>
    public static bool IsUnfinished(string folder) => File.Exists(Path.Combine(folder, Journal));

    /// <summary>Stages a file.</summary>
    /// <param name="name">Its name, or that of a file in <see cref="BaseFolder"/> with a slash between.</param>
    /// <param name="content">The whole content.</param>
    public void Stage(string name, byte[] content)
    {
        ThrowIfInterrupted();
        var target = Path.Combine(_folder, name);
        try
        {
            if (name.StartsWith(BaseFolder, StringComparison.Ordinal))
            {
                var folder = new DirectoryInfo(Path.Combine(_folder, BaseFolder));
                if (folder.LinkTarget is not null || File.Exists(folder.FullName))
                {
                    throw new Fault($"{Fault.Show(folder.FullName)}: something that is no folder is in the way; remove it.");
                }

                CreateFolder(folder.FullName);
            }

            if (Directory.Exists(target))
            {
                throw new Fault($"{Fault.Show(target)}: a folder is in the way; remove it or choose another place with -o.");
            }

            var staged = Path.Combine(_folder, $".crowvault-{RandomName()}.tmp");
            _steps.Add(new(staged, target));

            // A new name, never one that is there: not a link that somebody has put in its place.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            UnixFileMode? mode = !OperatingSystem.IsWindows() && File.Exists(target) ? File.GetUnixFileMode(target) : null;
            if (!OperatingSystem.IsWindows() && mode is { } narrow)
            {
                options.UnixCreateMode = narrow;
            }

            using (var file = new FileStream(staged, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows() && mode is { } exact)
            {
                File.SetUnixFileMode(staged, exact);
            }
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            throw Fault.Of(target, exception);
        }
    }

    /// <summary>Stages the removal of a file.</summary>
    public void StageRemoval(string name) => _steps.Add(new(null, Path.Combine(_folder, name)));

    /// <summary>Puts everything in its place.</summary>
    public void Commit()
    {
        ThrowIfInterrupted();
        if (_steps.Count == 0)
        {
            return;
        }

        var journal = Path.Combine(_folder, Journal);
        try
        {
            var draft = Path.Combine(_folder, $".crowvault-{RandomName()}.tmp");
            _steps.Add(new(draft, journal));
            using (var file = new FileStream(draft, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                foreach (var step in _steps.SkipLast(1))
                {
                    var name = Path.GetRelativePath(_folder, step.Target).Replace('\\', '/');
                    file.Write(Encoding.UTF8.GetBytes($"{(step.Staged is null ? "-" : Path.GetFileName(step.Staged))}\t{name}\n"));
                }

                file.Write("end\n"u8);
                file.Flush(flushToDisk: true);
            }

            ThrowIfInterrupted();
            File.Move(draft, journal, overwrite: true);
            _steps.RemoveAt(_steps.Count - 1);
            _committed = true;
            Finish();
            File.Delete(journal);
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            throw Fault.Of(_folder, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_committed)
        {
            foreach (var step in _steps.Where(step => step.Staged is not null))
            {
                Quietly(() => File.Delete(step.Staged!));
            }

            // Only what this run has made, and only when it is empty.
            foreach (var folder in Enumerable.Reverse(_createdFolders))
            {
                Quietly(() => Directory.Delete(folder));
            }
        }

        _lockFile?.Dispose();
        NativeFile.Unlock(_lock);
        _signals.ForEach(signal => signal.Dispose());
    }

    // Should one step fail, those before it are undone.
    private void Finish()
    {
        var before = new List<(Step Step, byte[]? Content, UnixFileMode? Mode)>();
        var at = _folder;
        try
        {
            foreach (var step in _steps)
            {
                at = step.Target;
                var exists = File.Exists(step.Target);
                before.Add((step, exists ? File.ReadAllBytes(step.Target) : null, exists && !OperatingSystem.IsWindows() ? File.GetUnixFileMode(step.Target) : null));
                step.Finish();
            }
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            _committed = false;
            foreach (var (step, content, mode) in Enumerable.Reverse(before))
            {
                Quietly(() => step.Undo(content, mode));
            }

            Quietly(() => File.Delete(Path.Combine(_folder, Journal)));
            throw Fault.Of(at, exception);
        }
    }

    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            // What cannot be removed is named by the fault that led here.
        }
    }

    private static string RandomName() => Convert.ToHexStringLower(Guid.NewGuid().ToByteArray());

    private void ThrowIfInterrupted()
    {
        if (_interrupted != 0)
        {
            throw new Fault("Interrupted; nothing was written.", 128 + _interrupted);
        }
    }

    private bool TryLock(out nint handle, out FileStream? file)
    {
        (handle, file) = (0, null);
        if (!OperatingSystem.IsWindows())
        {
            handle = NativeFile.TryLock(_folder);
            return handle >= 0;
        }

        try
        {
            file = new FileStream(
                Path.Combine(_folder, ".crowvault-lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void CreateFolder(string folder)
    {
        var missing = new Stack<string>();
        for (var each = Path.GetFullPath(folder); each is not null && !Directory.Exists(each); each = Path.GetDirectoryName(each))
        {
            missing.Push(each);
        }

        foreach (var each in missing)
        {
            Directory.CreateDirectory(each);
            _createdFolders.Add(each);
        }
    }

    // The journal names files of this folder alone, so that one that somebody has planted moves nothing elsewhere.
    private void Recover()
    {
        var journal = Path.Combine(_folder, Journal);
        if (File.Exists(journal) && NativeFile.IsRegular(journal))
        {
            var lines = Disk.ReadText(journal).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var entries = lines.SkipLast(1).Select(line => JournalLine().Match(line)).ToList();
            var basesAreHere = new DirectoryInfo(Path.Combine(_folder, BaseFolder)).LinkTarget is null;
            if (lines is [.., "end"] && entries.TrueForAll(entry => entry.Success))
            {
                foreach (var entry in entries)
                {
                    var (staged, name) = (entry.Groups["staged"].Value, entry.Groups["name"].Value);
                    if (basesAreHere || !name.StartsWith(BaseFolder, StringComparison.Ordinal))
                    {
                        new Step(staged == "-" ? null : Path.Combine(_folder, staged), Path.Combine(_folder, name)).Finish();
                    }
                }
            }

            File.Delete(journal);
        }

        foreach (var left in Directory.EnumerateFiles(_folder, ".crowvault-*.tmp").Where(each => StagedName().IsMatch(Path.GetFileName(each))).ToList())
        {
            File.Delete(left);
        }
    }

    [GeneratedRegex(@"\A\.crowvault-[0-9a-f]{32}\.tmp\z")]
    private static partial Regex StagedName();

    [GeneratedRegex(@"\A(?<staged>-|\.crowvault-[0-9a-f]{32}\.tmp)\t(?<name>(?:\.crowvault/)?[A-Za-z0-9_][^/\\\t\n]*)\z")]
    private static partial Regex JournalLine();

    private sealed record Step(string? Staged, string Target)
    {
        public void Finish()
        {
            if (Staged is null)
            {
                File.Delete(Target);
            }
            else if (File.Exists(Staged))
            {
                File.Move(Staged, Target, overwrite: true);
            }
        }

        public void Undo(byte[]? content, UnixFileMode? mode)
        {
            if (Staged is not null && File.Exists(Staged))
            {
                // The step that failed.
                return;
            }

            if (content is null)
            {
                File.Delete(Target);
                return;
            }

            var staged = Path.Combine(Path.GetDirectoryName(Target)!, $".crowvault-{RandomName()}.tmp");
            using (var file = new FileStream(staged, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                file.Write(content);
            }

            if (!OperatingSystem.IsWindows() && mode is { } exact)
            {
                File.SetUnixFileMode(staged, exact);
            }

            File.Move(staged, Target, overwrite: true);
        }
    }
}
