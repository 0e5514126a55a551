using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CrowVault.Emitters;
using CrowVault.Emitters.Code;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary>Emits files under the names that they have in a project.</summary>
internal static class Emitting
{
    /// <summary>The emitter of a tool or of the stack.</summary>
    public static Emitter? Find(string tool) =>
        Manifest.Sections.Select(each => each.Emitter).FirstOrDefault(emitter => emitter.Tool == tool);

    /// <summary>A file again from its header's arguments, by this version of the product.</summary>
    /// <param name="header">The header.</param>
    /// <param name="fileName">Name of the file.</param>
    /// <returns>Null when this version does not take the arguments.</returns>
    public static string? Again(FileHeader header, string fileName)
    {
        var isTest = IsTest(fileName);
        return FilesOf(header, fileName)?.FirstOrDefault(file => (file.Role is FileRole.Test) == isTest)?.Content;
    }

    /// <summary>All files that a header's arguments give, under the names of the project.</summary>
    /// <param name="header">The header.</param>
    /// <param name="fileName">Name of the file that has it.</param>
    public static IReadOnlyList<GeneratedFile>? FilesOf(FileHeader header, string fileName) =>
        Find(header.Tool) is { } emitter && ArgumentsOf(header.Arguments) is not null
        && emitter.TryEmit(ParseArguments(header.Arguments), Product.Version, out var emission, out _)
            ? Named(InLanguageOf(fileName, emission).Files, header.Instance, SourceOf(fileName))
            : null;

    /// <summary>An emission in the language that a file's name stands for.</summary>
    public static Emission InLanguageOf(string fileName, Emission emission) => JavaScript.Is(fileName) ? JavaScript.Of(emission) : emission;

    /// <summary>Whether a file's name is that of tests.</summary>
    public static bool IsTest(string fileName) => Path.GetFileNameWithoutExtension(fileName).EndsWith(".test", StringComparison.Ordinal);

    /// <summary>Name of the source beside tests: <c>payments.test.ts</c> belongs to <c>payments.ts</c>.</summary>
    public static string SourceOf(string fileName)
    {
        var (name, extension) = (Path.GetFileNameWithoutExtension(fileName), Path.GetExtension(fileName));
        return IsTest(fileName) ? $"{name[..^".test".Length]}{extension}" : fileName;
    }

    /// <summary>Files under other names: the header says whose they are, and the tests import the source by its new name.</summary>
    /// <param name="files">Files of one tool, the source first.</param>
    /// <param name="instance">Name of the instance; null for the only one.</param>
    /// <param name="source">Name that the source has in the project.</param>
    public static IReadOnlyList<GeneratedFile> Named(IReadOnlyList<GeneratedFile> files, string? instance, string source)
    {
        var original = files[0].Path;
        if (instance is null && source == original)
        {
            return files;
        }

        var (stem, extension) = (Path.GetFileNameWithoutExtension(source), Path.GetExtension(source));
        return [.. files.Select(file =>
        {
            var owned = OwnedFile.Read(file.Content)!;
            var body = file.Role is FileRole.Source
                ? owned.Body
                : Import(owned.Body, Path.GetFileNameWithoutExtension(original), stem, extension);
            var header = owned.Header with
            {
                Instance = instance,
                Subject = owned.Header.Subject.Replace(original, source, StringComparison.Ordinal),
            };
            var path = file.Role is FileRole.Source ? source : $"{stem}.test{extension}";
            return file with { Path = path, Header = header.Of(body), Code = body };
        })];
    }

    /// <summary>Arguments of a header; an undefined element when somebody has made them unreadable.</summary>
    public static JsonElement ParseArguments(string json)
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

    /// <summary>Arguments of a header as an object; null when somebody has made them unreadable.</summary>
    public static JsonObject? ArgumentsOf(string json)
    {
        try
        {
            // An object is read when it is first asked, and throws then when a name stands in it twice.
            return FileJson.Parse(json) is { ValueKind: JsonValueKind.Object } read
                && JsonObject.Create(read) is { Count: >= 0 } arguments ? arguments : null;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>How the code is called, imported by the name that it has in the project.</summary>
    /// <param name="usage">The usage as emitted.</param>
    /// <param name="original">The source's own name.</param>
    /// <param name="source">Name that it has in the project.</param>
    public static string UsageOf(string usage, string original, string source) =>
        Import(usage, Path.GetFileNameWithoutExtension(original), Path.GetFileNameWithoutExtension(source), Path.GetExtension(source));

    // './circuit-breaker.ts' becomes './payments.ts'; .mts and .cts take their own extensions.
    private static string Import(string body, string from, string to, string extension) => Regex.Replace(
        body,
        $@"'\./{Regex.Escape(from)}(\.[jt]s)?'",
        match => $"'./{Quoted(to)}{(match.Groups[1].Value, extension) switch
        {
            (".ts", _) => extension,
            (".js" or "", ".mts" or ".mjs") => ".mjs",
            (".js" or "", ".cts") => ".cjs",
            (var given, _) => given,
        }}'",
        RegexOptions.CultureInvariant);

    // A file may be called what a text of TypeScript cannot hold as it is.
    private static string Quoted(string name) => string.Concat(name.Select(c => c is '\'' or '\\' ? $"\\{c}"
        : char.IsControl(c) || c is '\u2028' or '\u2029' ? $"\\u{(int)c:x4}"
        : $"{c}"));
}
