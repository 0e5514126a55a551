using System.Buffers;

namespace CrowVault.Emitters.Code;

/// <summary>What a token is.</summary>
internal enum CodeTokenKind : byte
{
    /// <summary>A name or keyword.</summary>
    Word,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A string, or a template literal without substitutions: quotes are layout.</summary>
    Text,

    /// <summary>A piece of a template literal with substitutions.</summary>
    Template,

    /// <summary>A regular expression.</summary>
    Regex,

    /// <summary>An operator or bracket.</summary>
    Punctuator,

    /// <summary>A comment.</summary>
    Comment,
}

/// <summary>One token of TypeScript, in eight bytes: of a large file they still make no large object.</summary>
/// <param name="kind">What it is.</param>
/// <param name="start">Where it begins.</param>
/// <param name="end">Behind its last character.</param>
/// <param name="lineBefore">Whether a line ends between it and the token before.</param>
internal readonly struct CodeToken(CodeTokenKind kind, int start, int end, bool lineBefore)
{
    // The length above the kind and the line.
    private readonly int _rest = ((end - start) << 4) | ((int)kind << 1) | (lineBefore ? 1 : 0);

    /// <summary>Where it begins.</summary>
    public int Start { get; } = start;

    /// <summary>Behind its last character.</summary>
    public int End => Start + (_rest >>> 4);

    /// <summary>What it is.</summary>
    public CodeTokenKind Kind => (CodeTokenKind)((_rest >> 1) & 7);

    /// <summary>Whether a line ends between it and the token before.</summary>
    public bool LineBefore => (_rest & 1) != 0;
}

/// <summary>Splits TypeScript into tokens. It takes every text: what is no TypeScript gives tokens all the same.</summary>
internal sealed class CodeTokens
{
    // Longest first. '>' stands alone, because two that close type arguments may be parted by a line.
    private static readonly string[] s_punctuators =
    [
        "...", "===", "!==", "**=", "<<=", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--",
            "+=", "-=",
        "*=", "/=", "%=", "&=", "|=", "^=", "<<", "**",
    ];

    private static readonly SearchValues<char> s_wordParts =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$");

    private readonly string _text;
    private readonly List<CodeToken> _tokens;
    private readonly List<CodeToken> _comments;

    // Depth of '{' inside each open substitution of a template literal.
    private readonly Stack<int> _substitutions = new();
    private int _at;
    private bool _lineBefore;
    private CodeToken _last = new(CodeTokenKind.Punctuator, 0, 0, true);
    private CodeToken _beforeLast = new(CodeTokenKind.Punctuator, 0, 0, true);

    private CodeTokens(string text, List<CodeToken> tokens, List<CodeToken> comments) =>
        (_text, _tokens, _comments) = (text, tokens, comments);

    /// <summary>The tokens of a text, comments among them.</summary>
    public static List<CodeToken> Read(string text)
    {
        var tokens = new List<CodeToken>(text.Length / 5);
        new CodeTokens(text, tokens, tokens).ReadAll();
        return tokens;
    }

    /// <summary>The tokens of a text, and its comments.</summary>
    public static (List<CodeToken> Tokens, List<CodeToken> Comments) ReadApart(string text)
    {
        var (tokens, comments) = (new List<CodeToken>(text.Length / 5), new List<CodeToken>());
        new CodeTokens(text, tokens, comments).ReadAll();
        return (tokens, comments);
    }

    private void ReadAll()
    {
        while (SkipSpace())
        {
            ReadToken();
        }
    }

    /// <summary>Whether an operand may end with the token, so that an operator follows, and not another operand.</summary>
    public static bool EndsOperand(CodeToken token, ReadOnlySpan<char> text) => token.Kind switch
    {
        CodeTokenKind.Word => !CodeWords.ComesBeforeOperand(text),
        CodeTokenKind.Punctuator => text is ")" or "]" or "}" or "++" or "--",
        CodeTokenKind.Template => text.Length > 0 && text[^1] == '`',
        _ => true,
    };

    private bool SkipSpace()
    {
        while (_at < _text.Length)
        {
            var c = _text[_at];
            if (c is > ' ' and < '\u007F')
            {
                return true;
            }

            if (c is '\n' or '\r' or '\u2028' or '\u2029')
            {
                _lineBefore = true;
            }
            else if (!char.IsWhiteSpace(c) && c != '\uFEFF')
            {
                return true;
            }

            _at++;
        }

        return false;
    }

    private void ReadToken()
    {
        var start = _at;
        var c = _text[start];
        var next = start + 1 < _text.Length ? _text[start + 1] : '\0';
        var kind = CodeTokenKind.Punctuator;
        if (c == '/' && next == '/')
        {
            kind = CodeTokenKind.Comment;
            var end = _text.AsSpan(start).IndexOfAny("\n\r\u2028\u2029");
            _at = end < 0 ? _text.Length : start + end;
        }
        else if (c == '/' && next == '*')
        {
            kind = CodeTokenKind.Comment;
            var end = _text.IndexOf("*/", start + 2, StringComparison.Ordinal);
            _at = end < 0 ? _text.Length : end + 2;
        }
        else if (IsWordStart(c))
        {
            kind = CodeTokenKind.Word;
            SkipWord();
        }
        else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(next)))
        {
            kind = CodeTokenKind.Number;
            ReadNumber();
        }
        else if (c is '\'' or '"')
        {
            kind = CodeTokenKind.Text;
            ReadText(c);
        }
        else if (c == '`')
        {
            _at++;
            kind = ReadTemplate() ? CodeTokenKind.Text : CodeTokenKind.Template;
        }
        else if (c == '}' && _substitutions.TryPeek(out var depth) && depth == 0)
        {
            _substitutions.Pop();
            _at++;
            ReadTemplate();
            kind = CodeTokenKind.Template;
        }
        else if (c == '/' && !EndsOperand() && TryReadRegex())
        {
            kind = CodeTokenKind.Regex;
        }
        else
        {
            ReadPunctuator(c);
        }

        var token = new CodeToken(kind, start, _at, _lineBefore);
        _lineBefore = false;
        if (kind is CodeTokenKind.Comment)
        {
            _comments.Add(token);
            return;
        }

        _tokens.Add(token);
        (_beforeLast, _last) = (_last, token);
    }

    // Behind a dot a keyword is a name: what divides it is no regular expression.
    private bool EndsOperand() => EndsOperand(_last, Span(_last))
        || (_last.Kind is CodeTokenKind.Word && _beforeLast.Kind is CodeTokenKind.Punctuator && Span(_beforeLast) is "." or "?.");

    private ReadOnlySpan<char> Span(CodeToken token) => _text.AsSpan(token.Start, token.End - token.Start);

    private void SkipWord()
    {
        do
        {
            var length = _text.AsSpan(_at + 1).IndexOfAnyExcept(s_wordParts);
            _at = length < 0 ? _text.Length : _at + 1 + length;
        }
        while (_at < _text.Length && _text[_at] > '\u007F' && IsWordPart(_text[_at]));
    }

    private void ReadNumber()
    {
        var hexadecimal = _text.AsSpan(_at).StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        while (++_at < _text.Length)
        {
            var c = _text[_at];
            var signed = !hexadecimal && c is '+' or '-' && _text[_at - 1] is 'e' or 'E';
            if (!IsWordPart(c) && c != '.' && !signed)
            {
                return;
            }
        }
    }

    private void ReadText(char quote)
    {
        for (_at++; _at < _text.Length; _at++)
        {
            var c = _text[_at];
            if (c == quote)
            {
                _at++;
                return;
            }

            // A string that is not closed ends with its line.
            if (c is '\n' or '\r')
            {
                return;
            }

            if (c == '\\' && _at + 1 < _text.Length)
            {
                _at += _text[_at + 1] == '\r' && _at + 2 < _text.Length && _text[_at + 2] == '\n' ? 2 : 1;
            }
        }
    }

    // From behind '`' or '}' to behind '`' or '${'. Whether it is a whole literal without substitutions.
    private bool ReadTemplate()
    {
        var whole = _text[_at - 1] == '`';
        for (; _at < _text.Length; _at++)
        {
            switch (_text[_at])
            {
                case '\\':
                    _at = Math.Min(_at + 1, _text.Length - 1);
                    break;
                case '`':
                    _at++;
                    return whole;
                case '$' when _at + 1 < _text.Length && _text[_at + 1] == '{':
                    _at += 2;
                    _substitutions.Push(0);
                    return false;
            }
        }

        return whole;
    }

    private bool TryReadRegex()
    {
        var inClass = false;
        for (var i = _at + 1; i < _text.Length; i++)
        {
            switch (_text[i])
            {
                case '\n' or '\r':
                    return false;
                case '\\':
                    i++;
                    break;
                case '[':
                    inClass = true;
                    break;
                case ']':
                    inClass = false;
                    break;
                case '/' when !inClass:
                    _at = i + 1;
                    while (_at < _text.Length && IsWordPart(_text[_at]))
                    {
                        _at++;
                    }

                    return true;
            }
        }

        return false;
    }

    private void ReadPunctuator(char c)
    {
        if (_substitutions.Count > 0 && c is '{' or '}')
        {
            _substitutions.Push(_substitutions.Pop() + (c == '{' ? 1 : -1));
        }

        // Most of them are one character long and begin no longer one.
        if (c is '(' or ')' or '{' or '}' or '[' or ']' or ';' or ',' or ':')
        {
            _at++;
            return;
        }

        var rest = _text.AsSpan(_at);
        foreach (var candidate in s_punctuators)
        {
            // 'a?.5:b' is a condition.
            if (candidate[0] == c && rest.StartsWith(candidate) && !(candidate == "?." && rest.Length > 2 && char.IsAsciiDigit(rest[2])))
            {
                _at += candidate.Length;
                return;
            }
        }

        _at++;
    }

    private static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '#' or '@'
        || (c > '\u007F' && !char.IsWhiteSpace(c));

    private static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' || (c > '\u007F' && !char.IsWhiteSpace(c));
}

/// <summary>Words that the reader of tokens knows.</summary>
internal static class CodeWords
{
    /// <summary>
    /// Whether a keyword stands before an operand: a bracket behind it groups, and a slash behind it opens a regular expression.
    /// </summary>
    /// <param name="word">A name or keyword.</param>
    public static bool ComesBeforeOperand(ReadOnlySpan<char> word) => word is
        "return" or "throw" or "typeof" or "void" or "delete" or "await" or "yield" or "in" or "instanceof" or "case" or "do" or "else" or "default"
        or "extends" or "as" or "satisfies" or "keyof" or "is" or "infer" or "readonly" or "unique" or "new" or "asserts";
}
