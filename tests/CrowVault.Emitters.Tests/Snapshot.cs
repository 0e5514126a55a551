using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using CrowVault.Emitters.Code;
using DiffEngine;
using DiffPlex.Renderer;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>
/// Compares text with <c>snapshots/&lt;tool&gt;/&lt;case&gt;.verified.*</c>. A new or different text fails and is left beside it as
/// <c>.received.*</c>; it is accepted by renaming it, or by running once with <c>ACCEPT_SNAPSHOTS=1</c>. The first case of a tool is kept
/// whole; a later one as its difference from the nearest case before it, in which a long run of lines that are gone, or that stand in
/// another case before it, is shown by its first line and its length. So a change of a template shows once. What a verified file is,
/// whole or a difference from a certain case, it stays; one that is deleted is made anew. Of a test file its header and the names of its
/// tests are kept.
/// </summary>
internal static partial class Snapshot
{
    /// <summary>The version in the header of every snapshot.</summary>
    public const string Version = "0.0.0";

    /// <summary>The verified <c>tools/list</c>, which holds the schemas.</summary>
    public static readonly string ToolsList = Path.Combine(Folder(), "tools-list.verified.json");

    // A run of fewer lines is shown as it is.
    private const int ShortestRun = 3;

    private static readonly string s_folder = Folder();

    /// <summary>Emits a tool's files for the arguments and verifies each, and what is said about them.</summary>
    /// <param name="emitter">The tool.</param>
    /// <param name="name">Name of the case, in kebab case.</param>
    /// <param name="arguments">The arguments as JSON.</param>
    public static void Verify(Emitter emitter, string name, string arguments)
    {
        var emission = Emit(emitter, arguments);
        foreach (var file in emission.Files)
        {
            VerifyFile(emitter, name, file);
        }

        var remarks = $"{emission.Remarks()}\n\n{emission.Usage}\n";
        VerifyText(emitter.Tool, name, "remarks.txt", remarks);
    }

    /// <summary>The cases of a tool in their order: the data of <c>Emits_what_the_snapshot_shows</c> in the tests of its emitter.</summary>
    /// <returns>Name and arguments of each.</returns>
    public static IReadOnlyList<(string Name, string Arguments)> Cases(Emitter emitter)
    {
        var tests = typeof(Snapshot).Assembly.GetTypes().Single(type => type.Name == $"{emitter.GetType().Name}Tests");
        return
        [
            .. from attribute in tests.GetMethod("Emits_what_the_snapshot_shows")!.GetCustomAttributesData()
               where attribute.AttributeType == typeof(InlineDataAttribute)
               let data = (IReadOnlyList<CustomAttributeTypedArgument>)attribute.ConstructorArguments[0].Value!
               select ((string)data[0].Value!, (string)data[1].Value!),
        ];
    }

    /// <summary>Paths of a tool's verified files.</summary>
    public static IEnumerable<string> VerifiedFiles(Emitter emitter) =>
        Directory.EnumerateFiles(Path.Combine(s_folder, emitter.Tool), "*.verified.*");

    private static void VerifyFile(Emitter emitter, string name, GeneratedFile file)
    {
        var title = Title(name, file.Role);
        if (file.Role is FileRole.Test)
        {
            AssertSound(title, file.Content);
            VerifyText(emitter.Tool, title, "txt", Outline(file.Content));
            return;
        }

        var earlier = Cases(emitter).TakeWhile(each => each.Name != name)
            .SelectMany(each => Emit(emitter, each.Arguments).Files
                .Where(other => other.Role == file.Role)
                .Select(other => (Title(each.Name, file.Role), other.Content)));
        VerifySource(emitter.Tool, title, file.Content, earlier);
    }

    /// <summary>
    /// Asserts that the fingerprint in a file, put together from its declarations, is that of its whole code, and that each line of a
    /// comment has its asterisk.
    /// </summary>
    /// <param name="title">What the file is called if not.</param>
    /// <param name="content">A file as it was emitted.</param>
    public static void AssertSound(string title, string content)
    {
        Assert.True(OwnedFile.Read(content) is { IsEdited: false }, $"{title}: the fingerprint is not that of the code.");
        var isComment = false;
        foreach (var line in content.Split('\n').Select(line => line.Trim()))
        {
            Assert.True(!isComment || line.StartsWith('*'), $"{title}: a line of a comment without its asterisk: {line}");
            isComment = (isComment || line.StartsWith("/*", StringComparison.Ordinal)) && !line.EndsWith("*/", StringComparison.Ordinal);
        }
    }

    /// <summary>Verifies a source: whole, or as its difference from the nearest of those before it.</summary>
    /// <param name="folder">Folder below <c>snapshots</c>.</param>
    /// <param name="title">Name of the case, in kebab case.</param>
    /// <param name="source">The source.</param>
    /// <param name="before">Title and source of the cases before it; asked for only when this one is not kept whole.</param>
    public static void VerifySource(string folder, string title, string source, IEnumerable<(string Title, string Source)> before)
    {
        var verified = Path.Combine(s_folder, folder, $"{title}.verified");
        AssertSound(title, source);
        if (File.Exists($"{verified}.ts"))
        {
            VerifyText(folder, title, "ts", source);
            return;
        }

        var earlier = before.Select(each => new Case(each.Title, WithoutFingerprint(each.Source))).ToList();
        var kept = File.Exists($"{verified}.diff") ? File.ReadLines($"{verified}.diff").First() : null;
        var own = new Case(title, WithoutFingerprint(source));
        var bases = earlier.Exists(each => $"--- {each.Title}" == kept) ? earlier.FindAll(each => $"--- {each.Title}" == kept) : earlier;
        var difference = bases.Select(each => Difference(each, own, earlier)).OrderBy(Lines).FirstOrDefault();
        if (difference is null || Lines(difference) >= Lines(source))
        {
            VerifyText(folder, title, "ts", source);
            return;
        }

        VerifyText(folder, title, "diff", difference);
    }

    // A test file is its template with few words filled in, and it is run: its header, whose fingerprint tells every change, and its names say enough.
    private static string Outline(string content) =>
        $"{content[..(content.IndexOf("*/", StringComparison.Ordinal) + 2)]}\n{string.Join('\n', NameOfTest().Matches(content).Select(match => match.Groups[1].Value))}\n";

    private static string Folder() => typeof(Snapshot).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Snapshots").Value!;

    private static string Added(string[] lines) => $"\n{string.Join('\n', lines.Select(line => line[1..]))}\n";

    private static string Title(string name, FileRole role) => role is FileRole.Test ? $"{name}.test" : name;

    private static int Lines(string text) => text.Count(character => character == '\n');

    private static string Difference(Case before, Case after, List<Case> earlier)
    {
        var difference = UnidiffRenderer.GenerateUnidiff(before.Text, after.Text, before.Title, after.Title, contextLines: 1);

        // The line above a hunk stands where its line numbers would, which a line more further up would change in every case.
        var lines = AfterChange().Replace(Heading().Replace(difference.ReplaceLineEndings("\n"), "@@ $1\n"), "").Split('\n');
        var shortened = new List<string>(lines[..2]);
        for (var at = 2; at < lines.Length;)
        {
            var (length, known) = lines[at] is ['-', ..] ? (Run(lines, at), "") : KnownRun(lines, at, earlier);
            var isLong = length >= ShortestRun;
            shortened.Add(isLong ? $"{lines[at]} [and {length - 1} more lines{known}]" : lines[at]);
            at += isLong ? length : 1;
        }

        return string.Join('\n', shortened);
    }

    // How many lines from there on have the same sign.
    private static int Run(string[] lines, int at) => lines.Skip(at).TakeWhile(line => line.StartsWith(lines[at][0])).Count();

    // The most added lines from there on that stand together in an earlier case.
    private static (int Length, string Known) KnownRun(string[] lines, int at, List<Case> earlier)
    {
        var length = 0;
        var known = "";
        var run = lines[at] is ['+', ..] ? Run(lines, at) : 0;
        foreach (var each in earlier)
        {
            while (length < run && each.Text.Contains(Added(lines[at..(at + length + 1)]), StringComparison.Ordinal))
            {
                length++;
                known = $" of {each.Title}";
            }
        }

        return (length, known);
    }

    [GeneratedRegex(@"^\s*(?:void )?(?:test|it|describe|Deno\.test)\(\s*(['`].*?['`]),", RegexOptions.Multiline)]
    private static partial Regex NameOfTest();

    [GeneratedRegex("^@@ -.* @@\n(?: (.*)\n)?", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^ .*\n(?=@@|\\z)", RegexOptions.Multiline)]
    private static partial Regex AfterChange();

    // It differs wherever anything does.
    private static string WithoutFingerprint(string content) =>
        string.Join('\n', content.Split('\n').Where(line => !line.StartsWith(" * Body: ", StringComparison.Ordinal)));

    private static Emission Emit(Emitter emitter, string arguments)
    {
        if (!emitter.TryEmit(JsonElement.Parse(arguments), Version, out var emission, out var faults))
        {
            Assert.Fail(faults.Message);
        }

        return emission;
    }

    /// <summary>Verifies one text.</summary>
    /// <param name="folder">Folder below <c>snapshots</c>; empty for that folder itself.</param>
    /// <param name="name">Name of the case, in kebab case.</param>
    /// <param name="extension">Ending of the file's name.</param>
    /// <param name="text">What is to be the same.</param>
    public static void VerifyText(string folder, string name, string extension, string text)
    {
        var verified = Path.Combine(s_folder, folder, $"{name}.verified.{extension}");
        var received = Path.Combine(s_folder, folder, $"{name}.received.{extension}");
        var expected = File.Exists(verified) ? File.ReadAllText(verified).ReplaceLineEndings("\n") : null;
        if (text == expected)
        {
            File.Delete(received);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(verified)!);
        if (Environment.GetEnvironmentVariable("ACCEPT_SNAPSHOTS") == "1")
        {
            File.WriteAllText(verified, text);
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        DiffRunner.Launch(received, verified);
        Assert.Fail($"{folder}/{name}.{extension} {(expected is null ? "is new" : "has changed")}; "
            + $"review {Path.GetFileName(received)} and rename it, or run once with ACCEPT_SNAPSHOTS=1.");
    }

    private sealed record Case(string Title, string Text);
}
