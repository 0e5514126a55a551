using System.Globalization;

namespace CrowVault.Emitters.Code;

// Tokens and comments as the fingerprint takes them: one notation for all that means the same.
public sealed partial class CodeLayout
{
    // Imports at the top stand in any order, as do their names, each of which may say for itself that it is a type.
    private int SortImports(NormalText normal)
    {
        var imports = new SortedSet<string>(StringComparer.Ordinal);
        var i = 0;
        while (Is(i, "import") && !Is(i + 1, "(") && !Is(i + 1, "."))
        {
            var end = i + 1;
            while (end < _tokens.Count && _tokens[end].Kind is not CodeTokenKind.Text && !Is(end, ";") && !Is(end, "import"))
            {
                end++;
            }

            ReadImport(i + 1, Math.Min(end + 1, _tokens.Count), imports);
            i = Math.Min(end + 1, _tokens.Count);
            while (Is(i, ";"))
            {
                i++;
            }
        }

        foreach (var one in imports)
        {
            normal.Write(one);
            normal.Write('\u0002');
        }

        return i;
    }

    // From behind 'import' to behind the module: one entry for each name, and one for what stands outside of the braces.
    private void ReadImport(int start, int end, SortedSet<string> imports)
    {
        var isType = Is(start, "type") && Is(start + 1, "{");
        var (name, rest, names) = (new NormalText(), new NormalText(), new List<string>());
        var module = new NormalText();
        for (var i = isType ? start + 1 : start; i < end; i++)
        {
            var isName = Is(_parent[i], "{");
            if (isName && !Is(i, ","))
            {
                WriteToken(i, name);
            }
            else if (isName || Is(i, "}"))
            {
                names.Add(name.WrittenSpan.ToString());
                name = new();
            }
            else if (_tokens[i].Kind is CodeTokenKind.Text)
            {
                WriteToken(i, module);
            }
            else if (!Is(i, "{") && !Is(i, "from") && !Is(i, ","))
            {
                WriteToken(i, rest);
            }
        }

        var parts = names.Where(each => each.Length > 0)
            .Select(each => isType ? $"type\0{each}" : each)
            .Concat(rest.WrittenSpan.IsEmpty && names.Count > 0 ? [] : [$"\u0003{rest.WrittenSpan}"]);
        foreach (var part in parts)
        {
            imports.Add($"{module.WrittenSpan}\u0003{part}");
        }
    }

    private void WriteToken(int i, NormalText normal)
    {
        if (_dropped[i])
        {
            return;
        }

        var token = _tokens[i];
        var text = Span(i);
        switch (token.Kind)
        {
            case CodeTokenKind.Text:
                var value = Unquote(text);
                if (!IsKey(i))
                {
                    normal.Write('\'');
                }

                normal.Write(value);
                break;
            case CodeTokenKind.Template:
                normal.Write(text.Contains('\r') ? text.ToString().ReplaceLineEndings("\n") : text);
                break;
            case CodeTokenKind.Number:
                normal.Write(IsPlain(text) ? text : Value(text));
                break;
            case CodeTokenKind.Word when text is "return"
                && (i + 1 == _tokens.Count || Is(i + 1, ";") || Is(i + 1, "}") || _tokens[i + 1].LineBefore):
                // Without this, 'return; x()' and 'return x()' would be one.
                normal.Write("return.");
                break;
            case CodeTokenKind.Word when text is "POSITIVE_INFINITY" or "NEGATIVE_INFINITY"
                && i > 0 && _dropped[i - 1]:
                normal.Write(text[0] == 'P' ? "Infinity" : "-\0Infinity");
                break;
            default:
                normal.Write(text);
                break;
        }

        normal.Write('\0');
    }

    private void WriteComment(CodeToken comment, NormalText normal)
    {
        var text = Span(comment);
        text = text[1] == '*' ? text[2..].TrimEnd('/').TrimEnd('*') : text[2..];
        foreach (var line in text.EnumerateLines())
        {
            var rest = line.Trim();
            rest = rest.TrimStart('*').TrimStart();
            while (!rest.IsEmpty)
            {
                var length = rest.IndexOfAny(' ', '\t');
                var word = length < 0 ? rest : rest[..length];
                rest = length < 0 ? [] : rest[(length + 1)..].TrimStart(" \t");
                normal.Write(word);
                normal.Write('\0');
            }
        }
    }

    private void WriteLoosely(CodeToken comment, NormalText normal)
    {
        var words = new NormalText();
        WriteComment(comment, words);
        if (words.WrittenSpan.IsEmpty)
        {
            return;
        }

        normal.Write('\u0001');
        if (!Span(comment).StartsWith("/**"))
        {
            normal.Write(char.ToLowerInvariant(words.WrittenSpan[0]));
            normal.Write(words.WrittenSpan[1..]);
            return;
        }

        var (sections, section) = (new List<string>(), new System.Text.StringBuilder());
        var isExample = false;
        foreach (var word in words.WrittenSpan.ToString().Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            // An example is laid out as code, whose words a line's end can part; a decorator in it is no tag.
            if (word is ['@', var initial, ..] && !(isExample && char.IsUpper(initial)))
            {
                isExample = word == "@example";
                sections.Add(section.ToString());
                section.Clear();
            }

            var length = section.Length;
            for (var at = 0; at < word.Length; at++)
            {
                // What stands before a digit belongs to a figure: 1.5 is not 15.
                var isFigure = at + 1 < word.Length && char.IsDigit(word[at + 1]);
                if (char.IsLetterOrDigit(word[at]) || isFigure || "@_$<>=+".Contains(word[at], StringComparison.Ordinal))
                {
                    section.Append(char.ToLowerInvariant(word[at]));
                }
            }

            section.Append(section.Length > length && !isExample ? " " : "");
        }

        sections.Add(section.ToString());
        sections.Sort(StringComparer.Ordinal);
        sections.ForEach(each => normal.Write(each));
    }

    // 'a': 1 in an object or a type; not the text before the ':' of a condition or a case.
    private bool IsKey(int i)
    {
        var end = Is(i + 1, "?") ? i + 2 : i + 1;
        return Is(end, ":") && (i == 0 || Is(i - 1, "{") || Is(i - 1, ",") || Is(i - 1, ";") || Is(i - 1, "readonly")
            || (_tokens[i].LineBefore && (EndsOperand(i - 1) || (IsWord(i - 1) && !Is(i - 1, "case")))));
    }

    private static bool IsPlain(ReadOnlySpan<char> number) =>
        number.Length <= 15 && (number.Length == 1 || number[0] != '0') && !number.ContainsAnyExceptInRange('0', '9');

    private static string Value(ReadOnlySpan<char> number)
    {
        var text = number.ToString().Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        if (text.EndsWith('n') || text.StartsWith("0b", StringComparison.Ordinal) || text.StartsWith("0o", StringComparison.Ordinal))
        {
            return text;
        }

        if (text.StartsWith("0x", StringComparison.Ordinal))
        {
            return ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hexadecimal)
                && hexadecimal < 1UL << 53
                ? hexadecimal.ToString(CultureInfo.InvariantCulture)
                : text;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value.ToString("R", CultureInfo.InvariantCulture)
            : text;
    }

    private static ReadOnlySpan<char> Unquote(ReadOnlySpan<char> literal)
    {
        var quote = literal[0];
        var inner = literal.Length > 1 && literal[^1] == quote ? literal[1..^1] : literal[1..];
        if (!inner.ContainsAny('\\', '\r'))
        {
            return inner;
        }

        var value = new System.Text.StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            var c = inner[i];
            if (c == '\r')
            {
                value.Append('\n');
                i += i + 1 < inner.Length && inner[i + 1] == '\n' ? 1 : 0;
                continue;
            }

            if (c != '\\' || i + 1 == inner.Length)
            {
                value.Append(c);
                continue;
            }

            c = inner[++i];
            switch (c)
            {
                case 'n':
                    value.Append('\n');
                    break;
                case 'r':
                    value.Append('\r');
                    break;
                case 't':
                    value.Append('\t');
                    break;
                case 'b':
                    value.Append('\b');
                    break;
                case 'f':
                    value.Append('\f');
                    break;
                case 'v':
                    value.Append('\v');
                    break;
                case 'x' when TryHexadecimal(inner, i + 1, 2, out var code):
                    value.Append((char)code);
                    i += 2;
                    break;
                case 'u' when TryHexadecimal(inner, i + 1, 4, out var code):
                    value.Append((char)code);
                    i += 4;
                    break;
                case 'u' when i + 1 < inner.Length && inner[i + 1] == '{' && inner[i..].IndexOf('}') is > 2 and <= 8 and var length
                    && TryHexadecimal(inner, i + 2, length - 2, out var code) && System.Text.Rune.IsValid(code):
                    value.Append(new System.Text.Rune(code).ToString());
                    i += length;
                    break;
                case '\r' when i + 1 < inner.Length && inner[i + 1] == '\n':
                    i++;
                    break;
                case '\n' or '\r' or '\u2028' or '\u2029':
                    break;
                case '0' when i + 1 == inner.Length || !char.IsAsciiDigit(inner[i + 1]):
                    value.Append('\0');
                    break;
                default:
                    value.Append(c);
                    break;
            }
        }

        return value.ToString();
    }

    private static bool TryHexadecimal(ReadOnlySpan<char> text, int start, int length, out int value)
    {
        value = 0;
        return start + length <= text.Length
            && int.TryParse(text.Slice(start, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
