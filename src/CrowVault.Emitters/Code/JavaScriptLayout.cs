using System.Text;

namespace CrowVault.Emitters.Code;

/// <summary>Puts onto one line what needed several only for its types.</summary>
internal static class JavaScriptLayout
{
    /// <summary>Stands where a type stood; white space, which emitted code has not.</summary>
    public const char Erased = '\v';

    /// <summary>Code laid out again where types stood.</summary>
    /// <param name="code">Code whose types are gone, each having left a mark.</param>
    public static string Tidy(string code)
    {
        // From the outside in, and again: what is joined may let what stands around it fit.
        for (var round = 0; round < 4; round++)
        {
            var joined = Join(code);
            if (joined == code)
            {
                break;
            }

            code = joined;
        }

        return Unmarked(code).Trim('\n') + '\n';
    }

    private static string Join(string code)
    {
        var tokens = CodeTokens.Read(code);
        var result = new StringBuilder(code.Length);
        var at = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Start < at || i + 1 == tokens.Count || !tokens[i + 1].LineBefore)
            {
                continue;
            }

            var text = code[tokens[i].Start..tokens[i].End];
            var last = text switch
            {
                "(" or "[" => Close(code, tokens, i),
                "=" or "=>" or "return" => Statement(code, tokens, i),
                _ => -1,
            };
            var start = code.LastIndexOf('\n', tokens[i].Start) + 1;
            if (last < 0 || !code.AsSpan(start, tokens[last].End - start).Contains(Erased)
                || OneLine(code, tokens, i, last) is not { } line)
            {
                continue;
            }

            var end = code.IndexOf('\n', tokens[last].End);
            if (Unmarked(code[start..tokens[i].Start] + line + code[tokens[last].End..end]).Length <= TypeScript.Columns)
            {
                result.Append(code, at, tokens[i].Start - at).Append(line);
                at = tokens[last].End;
            }
        }

        return result.Append(code, at, code.Length - at).ToString();
    }

    private static string Unmarked(string code) => code.Replace($"{Erased}", "", StringComparison.Ordinal);

    private static int Close(string code, List<CodeToken> tokens, int open)
    {
        var depth = 0;
        for (var i = open; i < tokens.Count; i++)
        {
            var c = code[tokens[i].Start];
            if (tokens[i].Kind is CodeTokenKind.Punctuator && c is '(' or '[' or '{')
            {
                depth++;
            }
            else if (tokens[i].Kind is CodeTokenKind.Punctuator && c is ')' or ']' or '}' && --depth == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static int Statement(string code, List<CodeToken> tokens, int from)
    {
        for (var i = from + 1; i < tokens.Count; i++)
        {
            var c = code[tokens[i].Start];
            if (tokens[i].Kind is CodeTokenKind.Punctuator && c is '(' or '[' or '{')
            {
                i = Close(code, tokens, i);
                if (i < 0)
                {
                    return -1;
                }
            }
            else if (tokens[i].Kind is CodeTokenKind.Punctuator && c is ';')
            {
                return i;
            }
            else if (tokens[i].Kind is CodeTokenKind.Punctuator && c is ')' or ']' or '}' or ',')
            {
                return i - 1;
            }
        }

        return -1;
    }

    // Tokens on one line; null where a comment or a block stands between them.
    private static string? OneLine(string code, List<CodeToken> tokens, int first, int last)
    {
        var line = new StringBuilder();
        var (depth, isCondition) = (0, false);
        for (var i = first; i <= last; i++)
        {
            var (token, text) = (tokens[i], code[tokens[i].Start..tokens[i].End]);
            if (token.Kind is CodeTokenKind.Comment || text.Contains('\n', StringComparison.Ordinal)
                || (i > first && text == ";" && i < last))
            {
                return null;
            }

            var before = i == first ? "" : code[tokens[i - 1].Start..tokens[i - 1].End];
            if (i > first && token.LineBefore)
            {
                if (before == "{" || text == "}")
                {
                    return null;
                }

                if (text is ")" or "]" && before == ",")
                {
                    line.Length--;
                }
                else if (before is not ("(" or "[") && text is not (")" or "]" or "." or "?."))
                {
                    line.Append(' ');
                }
            }
            else if (i > first)
            {
                line.Append(code, tokens[i - 1].End, token.Start - tokens[i - 1].End);
            }

            line.Append(text);
            depth += text is "(" or "[" or "{" ? 1 : text is ")" or "]" or "}" ? -1 : 0;
            isCondition |= depth == 0 && text == "?";
        }

        // A condition that an arrow function answers with stands in brackets on one line.
        if (code[tokens[first].Start..tokens[first].End] == "=>" && isCondition)
        {
            var end = line[^1] == ';' ? ";" : "";
            return $"=> ({line.ToString(3, line.Length - 3 - end.Length)}){end}";
        }

        return line.ToString();
    }
}
