using System.Text;
using System.Text.Json.Nodes;
using CrowVault.Emitters.Code;

namespace CrowVault.Mcp.Cli;

/// <summary>How a file on disk stands to what would be written.</summary>
internal enum FileState
{
    /// <summary>Not there.</summary>
    New,

    /// <summary>Up to date, whatever its layout.</summary>
    Same,

    /// <summary>As it was emitted, from other arguments or by another version.</summary>
    Outdated,

    /// <summary>Of a newer version of the product.</summary>
    Newer,

    /// <summary>Its code was edited.</summary>
    Edited,

    /// <summary>Not an emitted file.</summary>
    Foreign,

    /// <summary>Emitted by another tool, or another instance's.</summary>
    Other,
}

/// <summary>A file to write, beside what is there.</summary>
internal sealed class TargetFile
{
    private const int MaxMove = 2;
    private const int MaxBases = 200;

    // What its owner has put above it included.
    private const int LongestHeader = 1 << 20;

    private static readonly string[] s_ofTests = ["withTests", "testRunner", "importExtension"];

    private readonly OwnedFile _emitted;

    /// <summary>Reads what is there.</summary>
    /// <param name="path">Where the file goes.</param>
    /// <param name="content">The whole content as emitted.</param>
    /// <param name="isOfOneCall">Whether it comes from one call, which may be meant for another instance, and not from a manifest.</param>
    public TargetFile(string path, string content, bool isOfOneCall = false)
    {
        Path = path;
        IsOfOneCall = isOfOneCall;
        Content = content;
        _emitted = OwnedFile.Read(content) ?? throw new ArgumentException("An emitted file begins with its header.", nameof(content));
        RealPath = Follow(path);
        if (!File.Exists(RealPath))
        {
            return;
        }

        IsReadOnly = IsWriteProtected(RealPath);
        Existing = Disk.ReadText(RealPath, out var why);
        if (Existing is null)
        {
            (WhyNoText, State) = (why, FileState.Foreign);
            return;
        }

        IsUtf16 = Disk.IsUtf16(RealPath, Existing);
        Owned = OwnedFile.Read(Existing);
        State = Compare();
    }

    /// <summary>Where the file goes, as its owner named it.</summary>
    public string Path { get; }

    /// <summary>Whether it comes from one call, and not from a manifest.</summary>
    public bool IsOfOneCall { get; }

    /// <summary>The file behind links.</summary>
    public string RealPath { get; }

    /// <summary>The whole content as emitted.</summary>
    public string Content { get; }

    /// <summary>What is there; null when nothing is, or no text.</summary>
    public string? Existing { get; }

    /// <summary>Why what is there is no text; null when it is one.</summary>
    public string? WhyNoText { get; }

    /// <summary>Whether what is there is UTF-16, as Windows PowerShell redirects output; it is written as UTF-8.</summary>
    public bool IsUtf16 { get; }

    /// <summary>What is there as an emitted file; null when it is none.</summary>
    public OwnedFile? Owned { get; }

    /// <summary>How they stand to each other.</summary>
    public FileState State { get; }

    /// <summary>Whether the file may not be written, as under a version control that locks.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Why its lines are not compared with those that would be written; null when they are.</summary>
    public string? WhyNotCompared => Disk.WhyNotCompared(Existing ?? "", Content);

    /// <summary>The tool that emits the file.</summary>
    public string Tool => _emitted.Header.Tool;

    /// <summary>A source and its tests are one group.</summary>
    public string Group => GroupOf(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(RealPath)!, System.IO.Path.GetFileName(Path)));

    /// <summary>The group that the file of a full path is of.</summary>
    public static string GroupOf(string path) =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, Emitting.SourceOf(System.IO.Path.GetFileName(path)));

    /// <summary>The header of the emitted file.</summary>
    public FileHeader Header => _emitted.Header;

    /// <summary>The code without its header.</summary>
    public string Body => _emitted.Body;

    /// <summary>What was emitted is kept here for the next merge.</summary>
    public string BasePath => System.IO.Path.Combine(
        System.IO.Path.GetDirectoryName(RealPath)!, FolderWrite.BaseFolder, $"{System.IO.Path.GetFileName(RealPath)}.gz");

    /// <summary>Whether it comes from the code that would be written, with or without edits.</summary>
    public bool IsCurrent => Owned?.Emitted == _emitted.Emitted;

    /// <summary>Whether the code is up to date and only its header says something else, such as that there are no tests.</summary>
    public bool HasOtherHeader => State is FileState.Same && Owned!.Header.Arguments != Header.Arguments;

    /// <summary>
    /// The new content, with what stands above the header and the line ends as they are now; of the same code the layout too.
    /// </summary>
    public string Updated => WithOwnersLayout(Owned is not null && Owned.Emitted == _emitted.Emitted && State is not FileState.Edited
        ? (Header with { Accepted = Owned.Header.Accepted }).Above(Owned.Body, Owned.Emitted)
        : Content);

    /// <summary>Merges the owner's edits with what is emitted now.</summary>
    /// <param name="conflicts">How many places need a decision.</param>
    /// <returns>Null when what was emitted before cannot be had.</returns>
    public string? Merged(out int conflicts)
    {
        conflicts = 0;
        if (Owned is null || EmittedBefore() is not { } before)
        {
            return null;
        }

        var merged = ThreeWayMerge.Merge(before, Owned.Body, Body, out conflicts);
        var accepted = Owned.IsAccepted && conflicts == 0 ? CodeLayout.Fingerprint(merged) : null;
        return WithOwnersLayout((Header with { Accepted = accepted }).Above(merged, _emitted.Emitted));
    }

    /// <summary>The code as it was emitted: kept, or emitted again from the arguments of the header.</summary>
    public string? EmittedBefore() => EmittedHere() ?? KeptElsewhere();

    private string? EmittedHere()
    {
        if (Kept(BasePath) is { } kept)
        {
            return kept;
        }

        var again = Emitting.Again(Owned!.Header, System.IO.Path.GetFileName(Path));
        return again is not null && OwnedFile.Read(again) is { } file && file.Emitted == Owned.Emitted ? file.Body : null;
    }

    // Its own header tells what it is, should another version take fingerprints in another way. Once it was kept without.
    private string? Kept(string path)
    {
        if (Disk.ReadCompressed(path) is not { } kept)
        {
            return null;
        }

        return OwnedFile.Read(kept) is { } file
            ? file.Emitted == Owned!.Emitted ? file.Body : null
            : CodeLayout.Fingerprint(kept) == Owned!.Emitted ? kept : null;
    }

    // A file that was renamed, or moved by a folder or two, finds what was emitted by its fingerprint.
    private string? KeptElsewhere()
    {
        var folder = System.IO.Path.GetDirectoryName(RealPath);
        for (var up = 0; folder is not null && up <= MaxMove; up++, folder = ProjectFiles.IsRoot(folder)
            ? null
            : System.IO.Path.GetDirectoryName(folder))
        {
            var options = new EnumerationOptions
            {
                RecurseSubdirectories = true,
                MaxRecursionDepth = MaxMove + 1,
                AttributesToSkip = FileAttributes.ReparsePoint,
                IgnoreInaccessible = true,
            };
            var bases = Disk.At(folder, () => Directory.EnumerateDirectories(folder, FolderWrite.BaseFolder, options)
                .Take(MaxBases).SelectMany(each => Directory.EnumerateFiles(each, "*.gz")).Take(MaxBases).ToList());
            if (bases.Select(Kept).FirstOrDefault(each => each is not null) is { } kept)
            {
                return kept;
            }
        }

        return null;
    }

    /// <summary>The emitted file at a path, told by its header where the rest is no text; null for any other file.</summary>
    public static OwnedFile? OwnedAt(string path) => OwnedFile.Read(Disk.ReadText(path, out _)
        ?? Encoding.Latin1.GetString(Disk.ReadStart(path, LongestHeader)));

    /// <summary>Whether a file may not be written, as under a version control that locks.</summary>
    public static bool IsWriteProtected(string path) => Disk.At(path, () => OperatingSystem.IsWindows()
        ? (File.GetAttributes(path) & FileAttributes.ReadOnly) != 0
        : (File.GetUnixFileMode(path) & UnixFileMode.UserWrite) == 0);

    /// <summary>Whether a path is a link to what is not there, or to itself.</summary>
    public static bool LeadsNowhere(string path) =>
        !OperatingSystem.IsWindows() && new FileInfo(path).LinkTarget is not null && NativeFile.IdentityOf(path) is null;

    /// <summary>Follows links to the file that they lead to.</summary>
    /// <param name="path">The path.</param>
    /// <param name="option">The option that names another place.</param>
    public static string Follow(string path, string option = "-o") => Disk.At(path, () =>
    {
        var full = System.IO.Path.GetFullPath(path);
        if (new FileInfo(full).LinkTarget is null)
        {
            return full;
        }

        string end;
        try
        {
            end = new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (IOException)
        {
            // .NET gives this one no number of its own.
            throw new Fault($"{Fault.Show(path)}: a link that leads to itself; remove it or choose another place with {option}.");
        }

        if (Directory.Exists(end))
        {
            throw new Fault($"{Fault.Show(path)}: a link to a folder is in the way; remove it or choose another place with {option}.");
        }

        return File.Exists(end)
            ? end
            : throw new Fault($"{Fault.Show(path)}: a link to {Fault.Show(end)}, which is not there; remove the link or make its target.");
    });

    private FileState Compare()
    {
        if (Owned is null)
        {
            return FileState.Foreign;
        }

        if (Owned.Header.Tool != Tool || Owned.Header.Instance != Header.Instance)
        {
            return FileState.Other;
        }

        // The arguments of a header that a newer version has written may mean something else.
        if (Version.TryParse(Owned.Header.Version, out var theirs) && Version.TryParse(Product.Version, out var ours) && theirs > ours)
        {
            return FileState.Newer;
        }

        var sameCode = Owned.Emitted == _emitted.Emitted;
        if (Owned.IsEdited && (Kept(BasePath) is not { } kept || CodeLayout.Fingerprint(kept) != Owned.Fingerprint))
        {
            if (sameCode && Owned.IsAccepted)
            {
                return FileState.Same;
            }

            if (Owned.Fingerprint == _emitted.Emitted)
            {
                return FileState.Outdated;
            }

            // What formatters and linters of comments do shows only beside what was emitted. What was accepted is meant.
            if (Owned.IsAccepted || (sameCode ? Body : EmittedHere()) is not { } before
                || !CodeLayout.IsSameButForComments(before, Owned.Body))
            {
                return FileState.Edited;
            }
        }

        return sameCode && SameArguments(Owned.Header.Arguments, Header.Arguments) ? FileState.Same : FileState.Outdated;
    }

    // Whether tests stand beside a source, and how they are written, does not change the source.
    private static bool SameArguments(string one, string other)
    {
        if (one == other)
        {
            return true;
        }

        if (Emitting.ArgumentsOf(one) is not { } a || Emitting.ArgumentsOf(other) is not { } b)
        {
            return false;
        }

        foreach (var name in s_ofTests)
        {
            a.Remove(name);
            b.Remove(name);
        }

        return JsonNode.DeepEquals(a, b);
    }

    private string WithOwnersLayout(string content)
    {
        if (Existing is null || Owned is null)
        {
            return content;
        }

        return WithLineEndsOf(Existing, Owned.Above + content);
    }

    /// <summary>A content with CR LF at the ends of its lines when most lines of another text have it, and with CR where all have that.</summary>
    public static string WithLineEndsOf(string existing, string content)
    {
        var (lines, carriageReturns) = (existing.AsSpan().Count('\n'), existing.AsSpan().Count("\r\n"));
        return lines == 0 && existing.Contains('\r', StringComparison.Ordinal) ? content.ReplaceLineEndings("\r")
            : carriageReturns * 2 > lines ? content.ReplaceLineEndings("\r\n") : content;
    }

    /// <summary>The bytes of a content.</summary>
    public static byte[] Bytes(string content) => Encoding.UTF8.GetBytes(content);
}
