using System.Globalization;
using System.Text;

namespace CrowVault.Mcp.Cli;

/// <summary>What ends a command: one sentence for standard error and the exit code.</summary>
internal sealed class Fault(string message, int exitCode = CommandLine.Usage) : Exception(message)
{
    /// <summary>The exit code.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What a file is that cannot be read as text, without its path; null for every other fault.</summary>
    public string? OfText { get; init; }

    // Numbers of the operating systems for what .NET gives no type: Linux first, then macOS, then Windows.
    private static readonly Dictionary<int, string> s_reasons = new()
    {
        [1] = "the operation is not permitted",
        [5] = "the device reports an error",
        [16] = "it is in use",
        [17] = "something of that name is in the way",
        [20] = "a part of the path is a file, not a folder",
        [21] = "it is a folder",
        [24] = "too many files are open",
        [27] = "the file would be too large",
        [28] = "no space is left on the disk",
        [30] = "the file system is read-only",
        [32] = "the reader has gone",
        [36] = "the name is too long",
        [39] = "the folder is not empty",
        [40] = "it is a link that leads to itself",
        [62] = "it is a link that leads to itself",
        [63] = "the name is too long",
        [69] = "the disk quota is used up",
        [122] = "the disk quota is used up",
        [unchecked((int)0x80070020)] = "it is in use",
        [unchecked((int)0x80070070)] = "no space is left on the disk",
    };

    /// <summary>What is wrong with a path that begins in somebody's home, where no shell has put that in.</summary>
    /// <returns>Null for every other path.</returns>
    public static string? OfTilde(string option, string? path) =>
        path is "~" or ['~', '/', ..] || (OperatingSystem.IsWindows() && path is ['~', '\\', ..])
            ? $"{option}: the shell has left ~ as it is, as it does in quotes and after =; write \"$HOME\" in its place."
            : null;

    /// <summary>A fault of the file system as a sentence.</summary>
    /// <param name="subject">The path or stream.</param>
    /// <param name="exception">What the file system said.</param>
    public static Fault Of(string subject, Exception exception) =>
        new($"{(subject.Length == 0 ? "The path is empty" : Show(subject))}: {Reason(exception)}.");

    /// <summary>Whether an exception is the file system's or a stream's.</summary>
    public static bool IsOfFiles(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or NotSupportedException or System.Security.SecurityException
        || IsTooLarge(exception)
        || (exception is ArgumentException { ParamName: "path" or "fileName" or "sourceFileName" or "destFileName" or "linkPath" });

    /// <summary>Why something failed, without type names and paths.</summary>
    public static string Reason(Exception exception) => exception switch
    {
        UnauthorizedAccessException { InnerException: IOException { HResult: 9 } } => "it is closed",
        UnauthorizedAccessException => "no permission",
        FileNotFoundException or DirectoryNotFoundException => "not there",
        PathTooLongException => "the name is too long",
        IOException when s_reasons.TryGetValue(exception.HResult, out var reason) => reason,
        _ when IsTooLarge(exception) => "the file would be too large",
        ArgumentException => "not a path",
        _ => Show(exception.Message.Split(" : ")[0].TrimEnd('.', ' ')),
    };

    // What .NET says of a write beyond the limit on the size of files.
    private static bool IsTooLarge(Exception exception) => exception is ArgumentOutOfRangeException { ParamName: "value" };

    /// <summary>Text from outside as a terminal may show it: control characters and what reorders text are written as escapes.</summary>
    public static string Show(string text) => Escape(text, keepLines: false);

    /// <summary>As <see cref="Show"/>, with lines and tabs left as they are.</summary>
    public static string ShowLines(string text) => Escape(text, keepLines: true);

    private static string Escape(string text, bool keepLines)
    {
        StringBuilder? escaped = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var isLayout = keepLines && c is '\n' or '\t';
            if (!isLayout && Disturbs(text, i))
            {
                escaped ??= new StringBuilder(text, 0, i, text.Length + 16);
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                escaped?.Append(c);
            }
        }

        return escaped?.ToString() ?? text;
    }

    // Format characters change the direction of writing, or cannot be seen; tags, beyond the first 65,536, spell hidden text.
    private static bool Disturbs(string text, int i)
    {
        if (char.IsSurrogate(text[i]))
        {
            if (!IsPair(text, i))
            {
                return true;
            }

            var rune = new Rune(text[char.IsHighSurrogate(text[i]) ? i : i - 1], text[char.IsHighSurrogate(text[i]) ? i + 1 : i]);
            return rune.Value is >= 0xE0000 and <= 0xE007F || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format;
        }

        return char.GetUnicodeCategory(text[i]) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;
    }

    private static bool IsPair(string text, int i) => char.IsHighSurrogate(text[i])
        ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
        : i > 0 && char.IsHighSurrogate(text[i - 1]);
}
