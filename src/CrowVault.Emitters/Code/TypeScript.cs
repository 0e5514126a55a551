using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Code;

/// <summary>Values as TypeScript source, laid out as Prettier would.</summary>
internal static partial class TypeScript
{
    /// <summary>The width that emitted code is laid out for.</summary>
    public const int Columns = 100;

    /// <summary>A TypeScript numeral with its thousands apart, such as <c>30_000</c>.</summary>
    public static string Numeral(long number) =>
        number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '_');

    /// <summary>A single-quoted TypeScript string literal in ASCII.</summary>
    public static string Literal(string text)
    {
        var literal = new StringBuilder("'", text.Length + 2);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\'' or '\\' => literal.Append('\\').Append(c),
                '\n' => literal.Append("\\n"),
                >= ' ' and <= '~' => literal.Append(c),
                _ => literal.Append($"\\u{(int)c:x4}"),
            };
        }

        return literal.Append('\'').ToString();
    }

    /// <summary>A property key: quoted only when it is no identifier.</summary>
    public static string PropertyKey(string name) => Identifier().IsMatch(name) ? name : Literal(name);

    // As Prettier lays out numbers: on one line if they fit, else filled line by line with a comma after the last.
    public static string ArrayLiteral(IReadOnlyList<int> numbers, int column)
    {
        var line = $"[{string.Join(", ", numbers)}]";
        if (column + line.Length + ";".Length <= Columns)
        {
            return line;
        }

        var lines = new List<string> { " " };
        foreach (var number in numbers)
        {
            if ($"{lines[^1]} {number},".Length > Columns)
            {
                lines.Add(" ");
            }

            lines[^1] += $" {number},";
        }

        return $"[\n{string.Join('\n', lines)}\n]";
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_]*\z")]
    private static partial Regex Identifier();
}
