using System.Diagnostics;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// Writes several files of one folder as a whole or not at all. A folder that was not there is written beside its place and renamed
/// into it. In one that was, everything is staged under random names, then a journal is put down, then the files are renamed. A
/// process that is killed before the journal leaves the old folder; what one has left that was killed after it, every command
/// finishes before it reads.
/// </summary>
internal sealed partial class FolderWrite : IDisposable
{
    /// <summary>The folder beside emitted files that keeps what was emitted, for three-way merges.</summary>
    public const string BaseFolder = ".crowvault";

    private const string Journal = ".crowvault-journal";
    private const int MaxJournal = 4 << 20;
    private const int MaxReplaced = 64 << 20;

    // SIGXFSZ, on Linux and on macOS.
    private const int FileTooLarge = 25;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string _folder;
    private readonly List<string> _createdFolders = [];
    private readonly List<Step> _steps = [];
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly FileStream? _lockFile;
    private readonly nint _lock;

    // Where a new folder is put together; null when files go into one that is there.
    private readonly string? _draft;
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

        // A limit on the size of files is a fault like a full disk, and not the end.
        if (!OperatingSystem.IsWindows())
        {
            _signals.Add(PosixSignalRegistration.Create((PosixSignal)FileTooLarge, context => context.Cancel = true));
        }

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

        try
        {
            Recover();
            var draft = DraftOf(folder);
            if (NativeFile.IsPlainFolder(draft))
            {
                Directory.Delete(draft, recursive: true);
            }

            if (!OperatingSystem.IsWindows() && _createdFolders is [.., var made] && made == folder
                && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.CreateDirectory(draft);
                _draft = draft;
            }
        }
        catch
        {
            // Whoever tries again must not wait for this one.
            Dispose();
            throw;
        }
    }

    /// <summary>Locks a folder, which is made when it is not there, and puts in order what a killed run has left.</summary>
    public static FolderWrite Open(string folder)
    {
        try
        {
            return new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            throw Fault.Of(folder, exception);
        }
    }

    /// <summary>Whether a killed run has left a folder between two states.</summary>
    public static bool IsUnfinished(string folder) => File.Exists(Path.Combine(folder, Journal));

    /// <summary>Finishes what a killed run has left, before a folder's files are read.</summary>
    /// <remarks>A folder that may not be written stays as it is; <see cref="IsUnfinished"/> tells.</remarks>
    public static void Settle(string folder)
    {
        if (!IsUnfinished(folder))
        {
            return;
        }

        try
        {
            Open(folder).Dispose();
            Disk.Say($"{Fault.Show(folder)}: finished a run that was interrupted there.");
        }
        catch (Fault)
        {
            // Whoever goes on to write says why that cannot be.
        }
    }

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
                var folder = new DirectoryInfo(Path.Combine(_draft ?? _folder, BaseFolder));
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

            RefuseSpecial(target);
            var staged = _draft is null ? Path.Combine(_folder, $".crowvault-{RandomName()}.tmp") : Path.Combine(_draft, name);
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
    public void StageRemoval(string name)
    {
        var target = Path.Combine(_folder, name);
        RefuseSpecial(target);
        _steps.Add(new(null, target));
    }

    /// <summary>Puts everything in its place.</summary>
    public void Commit()
    {
        ThrowIfInterrupted();
        if (_steps.Count == 0)
        {
            return;
        }

        if (_draft is not null)
        {
            CommitFolder(_draft);
            return;
        }

        // What merges need first: from the first to the last file that others read, nothing but renames.
        var steps = _steps.OrderBy(step => !step.Target.StartsWith(Path.Combine(_folder, BaseFolder), StringComparison.Ordinal)).ToList();
        _steps.Clear();
        _steps.AddRange(steps);
        var journal = Path.Combine(_folder, Journal);
        var held = new List<SafeFileHandle?>();
        try
        {
            var before = _steps.ConvertAll(Found.At);
            var draft = Path.Combine(_folder, $".crowvault-{RandomName()}.tmp");
            _steps.Add(new(draft, journal));
            using (var file = new FileStream(draft, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                foreach (var step in _steps.SkipLast(1))
                {
                    // A name may hold whatever is no slash, line ends too.
                    var name = Uri.EscapeDataString(Path.GetFileName(step.Target));
                    var place = Path.GetDirectoryName(step.Target) == _folder ? "" : $"{BaseFolder}/";
                    file.Write(Encoding.UTF8.GetBytes(
                        $"{(step.Staged is null ? "-" : Path.GetFileName(step.Staged))}\t{place}{name}\n"));
                }

                file.Write("end\n"u8);
                file.Flush(flushToDisk: true);
            }

            ThrowIfInterrupted();
            // To free what is replaced takes longer than a rename, and would stand between two of them.
            held.AddRange(_steps.SkipLast(1).Select(step => Hold(step.Target)));
            File.Move(draft, journal, overwrite: true);
            _steps.RemoveAt(_steps.Count - 1);
            _committed = true;
            Finish(before);
            File.Delete(journal);
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            throw Fault.Of(_folder, exception);
        }
        finally
        {
            held.ForEach(handle => handle?.Dispose());
        }
    }

    // Windows replaces no file that is open.
    private static SafeFileHandle? Hold(string target) => !OperatingSystem.IsWindows() && NativeFile.IsRegular(target)
        ? File.OpenHandle(target, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
        : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_committed)
        {
            foreach (var step in _steps.Where(step => step.Staged is not null))
            {
                Quietly(() => File.Delete(step.Staged!));
            }

            if (_draft is not null)
            {
                Quietly(() => Directory.Delete(_draft, recursive: true));
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

    // What is replaced is read first, so that it can be put back: a pipe would be waited for and a device read without end.
    private static void RefuseSpecial(string target)
    {
        if (File.Exists(target) && !NativeFile.IsRegular(target))
        {
            throw new Fault($"{Fault.Show(target)}: something that is no regular file is in the way; remove it.");
        }
    }

    // The folder that was made to be locked is empty, so that a rename can take its place at once.
    private void CommitFolder(string draft)
    {
        try
        {
            if (!NativeFile.TryRename(draft, _folder))
            {
                // A file system that does not rename onto a folder.
                Directory.Delete(_folder);
                Directory.Move(draft, _folder);
            }

            _committed = true;
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            throw Fault.Of(_folder, exception);
        }
    }

    // Should one step fail, those before it are undone.
    private void Finish(List<Found> before)
    {
        var done = 0;
        try
        {
            for (; done < _steps.Count; done++)
            {
                _steps[done].Finish();
            }
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            _committed = false;
            for (var i = done - 1; i >= 0; i--)
            {
                var (step, found) = (_steps[i], before[i]);
                Quietly(() => step.Undo(found));
            }

            Quietly(() => File.Delete(Path.Combine(_folder, Journal)));
            throw Fault.Of(_steps[done].Target, exception);
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

    // One for each folder, so that the next run there finds it; the lock on the folder holds for it too.
    private static string DraftOf(string folder)
    {
        var name = XxHash128.Hash(Encoding.UTF8.GetBytes(Path.GetFileName(folder)));
        return Path.Combine(Path.GetDirectoryName(folder) ?? folder, $".crowvault-{Convert.ToHexStringLower(name)}.tmp");
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
        CreateFolder(_folder);
        if (!OperatingSystem.IsWindows())
        {
            handle = NativeFile.TryLock(_folder);
            if (handle <= 0 || NativeFile.IsAt(handle, _folder))
            {
                return handle >= 0;
            }

            // Who had the lock has removed the folder or put another in its place.
            NativeFile.Unlock(handle);
            handle = 0;
            return false;
        }

        try
        {
            file = new FileStream(
                Path.Combine(_folder, ".crowvault-lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1,
                    FileOptions.DeleteOnClose);
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
        if (Directory.Exists(journal))
        {
            throw new Fault($"{Fault.Show(journal)}: a folder is in the way; remove it.");
        }

        if (File.Exists(journal) && NativeFile.IsRegular(journal))
        {
            // What a disk has made of it after a loss of power need not be text.
            var lines = Encoding.UTF8.GetString(Disk.ReadBytes(journal, MaxJournal)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var entries = lines.SkipLast(1).Select(line => JournalLine().Match(line)).ToList();
            var basesAreHere = new DirectoryInfo(Path.Combine(_folder, BaseFolder)).LinkTarget is null;
            if (lines is [.., "end"] && entries.TrueForAll(entry => entry.Success))
            {
                foreach (var entry in entries)
                {
                    var (staged, place) = (entry.Groups["staged"].Value, entry.Groups["place"].Value);
                    var name = Uri.UnescapeDataString(entry.Groups["name"].Value);
                    var isHere = staged == "-" || File.Exists(Path.Combine(_folder, staged));
                    if (isHere && (basesAreHere || place.Length == 0) && StagedAs().IsMatch(name) && Path.GetFileName(name) == name)
                    {
                        new Step(staged == "-" ? null : Path.Combine(_folder, staged), Path.Combine(_folder, place, name)).Finish();
                    }
                }
            }

            File.Delete(journal);
        }

        foreach (var left in Directory.EnumerateFiles(_folder, ".crowvault-*.tmp")
            .Where(each => StagedName().IsMatch(Path.GetFileName(each))).ToList())
        {
            File.Delete(left);
        }
    }

    [GeneratedRegex(@"\A\.crowvault-[0-9a-f]{32}\.tmp\z")]
    private static partial Regex StagedName();

    // A hidden file is another program's, unless it holds code.
    [GeneratedRegex(@"\A(?:(?!\.)|(?=.*\.[cm]?[jt]s(?:\.gz)?\z))[^/\0]+\z", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex StagedAs();

    [GeneratedRegex(@"\A(?<staged>-|\.crowvault-[0-9a-f]{32}\.tmp)\t(?<place>(?:\.crowvault/)?)(?<name>[A-Za-z0-9%_.~-]+)\z")]
    private static partial Regex JournalLine();

    private sealed record Step(string? Staged, string Target)
    {
        public void Finish()
        {
            if (Staged is null)
            {
                File.Delete(Target);
            }
            else if (OperatingSystem.IsWindows() || !NativeFile.TryRename(Staged, Target))
            {
                File.Move(Staged, Target, overwrite: true);
            }
        }

        public void Undo(Found found)
        {
            if (found.Content is null)
            {
                File.Delete(Target);
                return;
            }

            var staged = Path.Combine(Path.GetDirectoryName(Target)!, $".crowvault-{RandomName()}.tmp");
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows() && found.Mode is { } narrow)
            {
                options.UnixCreateMode = narrow;
            }

            using (var file = new FileStream(staged, options))
            {
                file.Write(found.Content);
            }

            if (!OperatingSystem.IsWindows() && found.Mode is { } exact)
            {
                File.SetUnixFileMode(staged, exact);
            }

            File.Move(staged, Target, overwrite: true);
        }
    }

    /// <summary>What stands in a place before it is written.</summary>
    private sealed record Found(byte[]? Content, UnixFileMode? Mode)
    {
        public static Found At(Step step) => File.Exists(step.Target)
            ? new(Disk.ReadBytes(step.Target, MaxReplaced), OperatingSystem.IsWindows() ? null : File.GetUnixFileMode(step.Target))
            : new(null, null);
    }
}
