using System.Text;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Code;

/// <summary>Emitted files as JavaScript: the same code without its types, its comments kept, laid out as Prettier would.</summary>
public static partial class JavaScript
{
    /// <summary>What a project's manifest and the command line call it.</summary>
    public const string Language = "javascript";

    /// <summary>Files and usage of an emission as JavaScript.</summary>
    /// <param name="emission">What a tool or a manifest emits.</param>
    public static Emission Of(Emission emission) => emission with
    {
        Files = [.. emission.Files.Select(Of)],
        Notes = [.. emission.Notes.Select(Named)],
        Warnings = [.. emission.Warnings.Select(Named)],
        Usage = Erase($"{emission.Usage}\n").TrimEnd('\n'),
    };

    /// <summary>Whether a file is one of JavaScript.</summary>
    /// <param name="path">Its name.</param>
    public static bool Is(string path) => Path.GetExtension(path) is ".js" or ".mjs" or ".cjs";

    // "retry.ts: ..." names the file.
    private static string Named(string remark) => remark.Replace(".ts: ", ".js: ", StringComparison.Ordinal);

    private static GeneratedFile Of(GeneratedFile file)
    {
        var owned = OwnedFile.Read(file.Content)!;
        var name = Path.ChangeExtension(file.Path, ".js");
        var header = owned.Header with { Subject = owned.Header.Subject.Replace(".ts", ".js", StringComparison.Ordinal) };
        var code = Erase(owned.Body);
        return new(name, file.Role, Language, header.Of(code), code);
    }

    /// <summary>Code without its types.</summary>
    /// <param name="code">TypeScript that was emitted; lines end in a line feed.</param>
    public static string Erase(string code)
    {
        var (types, declarations) = TypeEraser.Find(code);
        var comments = CodeTokens.Read(code).Where(token => token.Kind is CodeTokenKind.Comment).ToList();
        var kept = new StringBuilder(code.Length);
        var at = 0;
        foreach (var range in types.Concat(declarations.Select(each => WithComment(code, each, comments)))
            .OrderBy(range => range.Start.Value))
        {
            if (range.End.Value > at)
            {
                kept.Append(code, at, Math.Max(0, range.Start.Value - at)).Append(JavaScriptLayout.Erased);
                at = range.End.Value;
            }
        }

        var text = JavaScriptLayout.Tidy(kept.Append(code, at, code.Length - at).ToString());
        return TestRunner.WithImports(Example().Replace(text, EraseExample), ImportExtension.Js);
    }

    // The code of an @example, between fences and behind the stars of its comment.
    private static string EraseExample(Match example)
    {
        var star = example.Groups["star"].Value;
        var lines = example.Groups["code"].Value.Split('\n').Select(line => line.Length > star.Length ? line[star.Length..] : "");
        var erased = Erase($"{string.Join('\n', lines).TrimEnd()}\n").TrimEnd('\n').Split('\n').Select(line => $"{star}{line}".TrimEnd());
        return $"{star}```js\n{string.Join('\n', erased)}\n{star}```";
    }

    [GeneratedRegex(@"(?m)^(?<star> *\* )```ts\n(?<code>(?:.*\n)*?)\k<star>```")]
    private static partial Regex Example();

    // With the comment above it and the empty line below.
    private static Range WithComment(string code, Range declaration, List<CodeToken> comments)
    {
        var start = declaration.Start.Value;
        while (comments.FindLast(comment => comment.End <= start) is { End: > 0 } above
            && IsOneLineEnd(code.AsSpan(above.End, start - above.End)))
        {
            start = above.Start;
        }

        start = code.LastIndexOf('\n', Math.Max(0, start - 1)) + 1;
        var end = code.IndexOf('\n', declaration.End.Value) + 1;
        return start..(end < code.Length && code[end] == '\n' ? end + 1 : end);
    }

    private static bool IsOneLineEnd(ReadOnlySpan<char> between) => between.Count('\n') == 1 && between.IsWhiteSpace();
}
