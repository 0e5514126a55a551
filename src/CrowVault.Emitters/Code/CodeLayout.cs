using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CrowVault.Emitters.Code;

/// <summary>
/// Tells code from its layout. Two texts have one fingerprint when only a formatter stands between them: white space, line ends, quotes,
/// semicolons, trailing commas, brackets that change nothing, the notation of numbers, and how comments are broken into lines.
/// </summary>
public sealed class CodeLayout
{
    private const byte Sequence = 0;
    private const byte Assignment = 1;
    private const byte Conditional = 2;
    private const byte Relational = 9;
    private const byte Unary = 14;
    private const byte Member = 17;
    private const byte Primary = 20;

    private readonly string _text;
    private readonly List<CodeToken> _comments;
    private readonly List<CodeToken> _tokens;

    // The other bracket of a pair, or -1; the bracket that a token stands in, or -1.
    private readonly int[] _pair;
    private readonly int[] _parent;
    private readonly bool[] _dropped;

    private CodeLayout(string text)
    {
        _text = text;
        (_tokens, _comments) = CodeTokens.ReadApart(text);
        _pair = new int[_tokens.Count];
        _parent = new int[_tokens.Count];
        _dropped = new bool[_tokens.Count];
        PairBrackets();
        DropLayout();
    }

    /// <summary>The fingerprint of code, the same for every layout of it: XXH128 of its tokens and of the words of its comments.</summary>
    /// <param name="code">TypeScript.</param>
    public static string Fingerprint(string code)
    {
        var layout = new CodeLayout(code);
        var normal = new NormalText(code.Length + 1024);
        layout.WriteTokens(normal, sortsImports: true);
        normal.Write('\u0001');
        layout.WriteComments(normal);
        return Convert.ToHexStringLower(XxHash128.Hash(MemoryMarshal.AsBytes(normal.WrittenSpan)));
    }

    /// <summary>
    /// Whether two texts have the same code, and comments that differ only as formatters and linters of comments leave them: by a capital
    /// at the beginning, and in a doc comment by the order of tags, capitals and punctuation.
    /// </summary>
    /// <param name="one">TypeScript.</param>
    /// <param name="other">TypeScript that may be the same.</param>
    public static bool IsSameButForComments(string one, string other)
    {
        return Text(one).SequenceEqual(Text(other));

        static ReadOnlySpan<char> Text(string code)
        {
            var layout = new CodeLayout(code);
            var normal = new NormalText(code.Length + 1024);
            layout.WriteTokens(normal, sortsImports: true);
            foreach (var comment in layout._comments)
            {
                layout.WriteLoosely(comment, normal);
            }

            return normal.WrittenSpan;
        }
    }

    /// <summary>Reads a piece of code for a fingerprint.</summary>
    /// <param name="code">A declaration, or several.</param>
    /// <param name="isFirst">Whether no code comes before it, so that its imports are sorted.</param>
    /// <returns>Null when it is not whole: a literal, a comment or a bracket in it has no end, or a statement has none.</returns>
    internal static Declaration? ReadDeclaration(string code, bool isFirst)
    {
        var layout = new CodeLayout(code);
        if (!layout.IsWhole())
        {
            return null;
        }

        var (tokens, comments) = (new NormalText(code.Length), new NormalText());
        layout.WriteTokens(tokens, sortsImports: isFirst);
        layout.WriteComments(comments);
        return new(tokens.WrittenSpan.ToString(), comments.WrittenSpan.ToString());
    }

    private bool IsWhole()
    {
        for (var i = 0; i < _tokens.Count; i++)
        {
            var isBracket = Punctuator(i) is '(' or ')' or '[' or ']' or '{' or '}' || _tokens[i].Kind is CodeTokenKind.Template
                && (_text[_tokens[i].Start] == '}' || Span(i).EndsWith("${"));
            if (isBracket && _pair[i] < 0)
            {
                return false;
            }
        }

        var isEnded = _tokens.Count == 0 || Punctuator(_tokens.Count - 1) is ';' or '}';
        return isEnded && (_comments.Count == 0 || Span(_comments[^1]) is not ['/', '*', ..] || Span(_comments[^1]) is [_, _, .., '*', '/']);
    }

    private void WriteTokens(NormalText normal, bool sortsImports)
    {
        for (var i = sortsImports ? SortImports(normal) : 0; i < _tokens.Count; i++)
        {
            WriteToken(i, normal);
        }
    }

    private void WriteComments(NormalText normal)
    {
        foreach (var comment in _comments)
        {
            WriteComment(comment, normal);
        }
    }

    /// <summary>The tokens and comments of code that count, each with the layout before it.</summary>
    /// <param name="code">TypeScript.</param>
    public static IReadOnlyList<CodePiece> Pieces(string code)
    {
        var layout = new CodeLayout(code);
        var pieces = new List<CodePiece>();
        var start = 0;
        foreach (var (token, index) in layout._tokens.Select((token, i) => (token, i))
            .Where(each => !layout._dropped[each.i])
            .Concat(layout._comments.Select(comment => (comment, -1)))
            .OrderBy(each => each.Item1.Start))
        {
            var key = new NormalText();
            if (index < 0)
            {
                layout.WriteComment(token, key);
            }
            else
            {
                layout.WriteToken(index, key);
            }

            pieces.Add(new(key.WrittenSpan.ToString(), start, token.Start, token.End));
            start = token.End;
        }

        return pieces;
    }

    /// <summary>The names of code, wherever they stand; what only comments and texts say is left out.</summary>
    /// <param name="code">TypeScript.</param>
    public static IReadOnlyList<CodeName> Names(string code)
    {
        var layout = new CodeLayout(code);
        var names = new List<CodeName>();
        var (line, at) = (0, 0);
        for (var i = 0; i < layout._tokens.Count; i++)
        {
            var token = layout._tokens[i];
            line += code.AsSpan(at, token.Start - at).Count('\n');
            at = token.Start;
            if (token.Kind is CodeTokenKind.Word)
            {
                var isDeclared = i > 0 && layout.IsWord(i - 1)
                    && layout.Span(i - 1) is "const" or "let" or "var" or "function" or "class" or "interface" or "type";
                names.Add(new(layout.Span(i).ToString(), line, isDeclared || code[token.Start] == '#'));
            }
        }

        return names;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<char> Span(int i) => Span(_tokens[i]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<char> Span(CodeToken token) => _text.AsSpan(token.Start, token.End - token.Start);

    // Inlined, the length and the first character of a literal are constants, which tell most tokens from it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Is(int i, string text) => (uint)i < (uint)_tokens.Count && Is(_tokens[i], text);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Is(CodeToken token, string text) =>
        token.End - token.Start == text.Length && _text[token.Start] == text[0] && Span(token).SequenceEqual(text);

    // An operator or bracket of one character; '\0' for any other token.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private char Punctuator(int i) =>
        _tokens[i].Kind is CodeTokenKind.Punctuator && _tokens[i].End - _tokens[i].Start == 1 ? _text[_tokens[i].Start] : '\0';

    private bool IsWord(int i) => i >= 0 && i < _tokens.Count && _tokens[i].Kind is CodeTokenKind.Word;

    private bool EndsOperand(int i) => i >= 0 && (CodeTokens.EndsOperand(_tokens[i], Span(i)) || IsMember(i));

    // Behind a dot a keyword is a name, such as 'delete' of a Map.
    private bool IsMember(int i) => _tokens[i].Kind is CodeTokenKind.Word && (Is(i - 1, ".") || Is(i - 1, "?."));

    private void PairBrackets()
    {
        var open = new Stack<int>();
        for (var i = 0; i < _tokens.Count; i++)
        {
            _pair[i] = -1;
            var isTemplate = _tokens[i].Kind is CodeTokenKind.Template;
            var punctuator = Punctuator(i);
            if ((punctuator is ')' or ']' or '}' || (isTemplate && _text[_tokens[i].Start] == '}')) && open.TryPop(out var opener))
            {
                (_pair[i], _pair[opener]) = (opener, i);
            }

            _parent[i] = open.TryPeek(out var parent) ? parent : -1;
            if (punctuator is '(' or '[' or '{' || (isTemplate && Span(i).EndsWith("${")))
            {
                open.Push(i);
            }
        }
    }

    private void DropLayout()
    {
        var weakest = new byte[_tokens.Count];
        var kept = new bool[_tokens.Count];
        Array.Fill(weakest, Primary);
        for (var i = 0; i < _tokens.Count; i++)
        {
            if (_parent[i] is >= 0 and var parent && Punctuator(parent) is '(')
            {
                weakest[parent] = Math.Min(weakest[parent], Strength(i));

                // A comma, a type or a rest parameter: a list, not one operand.
                kept[parent] |= Is(i, "...") || (Is(i, ":") && weakest[parent] != Conditional);
            }
        }

        for (var i = 0; i < _tokens.Count; i++)
        {
            var punctuator = Punctuator(i);
            _dropped[i] |= punctuator switch
            {
                ';' => !Is(_parent[i], "("),
                ',' => Is(_parent[i], "{") || i + 1 == _tokens.Count || Is(i + 1, ")") || Is(i + 1, "]") || Is(i + 1, ">")
                    || Is(i + 1, "}"),
                '|' or '&' => !EndsOperand(i - 1) && !Is(i - 1, ">"),
                '.' => DropNumber(i),
                _ => false,
            };
            if (punctuator is '{' && _pair[i] > i && HoldsOneBranch(i))
            {
                _dropped[i] = _dropped[_pair[i]] = true;
            }

            if (punctuator is '(' && _pair[i] > i && (IsLoneParameter(i) || IsTypeOfName(i) || (!kept[i] && IsRedundant(i, weakest[i]))))
            {
                _dropped[i] = _dropped[_pair[i]] = true;
            }
        }
    }

    // 'Number.NaN' and 'NaN' are one: Biome and unicorn write the first.
    private bool DropNumber(int dot)
    {
        if (!Is(dot - 1, "Number") || Is(dot - 2, ".") || !IsWord(dot + 1)
            || Span(dot + 1) is not ("NaN" or "POSITIVE_INFINITY" or "NEGATIVE_INFINITY" or "parseInt" or "parseFloat"))
        {
            return false;
        }

        return _dropped[dot - 1] = true;
    }

    // 'if (x) { y(); }' and 'if (x) y();' are one: some formatters add the braces, others take them away.
    private bool HoldsOneBranch(int open)
    {
        var close = _pair[open];
        var head = Is(open - 1, ")") ? _pair[open - 1] - 1 : -1;
        var branches = Is(open - 1, "else") || Is(head, "if") || Is(head, "for") || Is(head, "while")
            || (Is(head, "await") && Is(head - 1, "for"));
        if (!branches || close == open + 1 || (Is(open + 1, "if") && Is(close + 1, "else")) || Is(open + 1, "const") || Is(open + 1, "let"))
        {
            return false;
        }

        // A statement that opens with a bracket has a semicolon before it where others have none behind them.
        var first = open + 1;
        while (Is(first, ";"))
        {
            first++;
        }

        // Whether a second statement begins: behind a semicolon, a block, or a line end that no operator bridges.
        for (var i = first; i < close; i = _pair[i] > i ? _pair[i] : i + 1)
        {
            var begins = i > first && !Is(i, ";") && !IsClosing(i)
                && (Is(i - 1, ";") || (_tokens[i].LineBefore && EndsOperand(i - 1) && BeginsStatement(i) && !EndsHead(i - 1))
                || (Is(i - 1, "}") && IsWord(i) && BeginsStatement(i)));
            if (begins)
            {
                return false;
            }
        }

        return true;
    }

    // The bracket behind 'if (...)', 'for (...)' or 'while (...)', whose statement follows; not that of 'do {} while (...)'.
    private bool EndsHead(int i)
    {
        var head = Is(i, ")") ? _pair[i] - 1 : -1;
        return Is(head, "if") || Is(head, "for") || (Is(head, "while") && !Is(head - 1, "}")) || (Is(head, "await") && Is(head - 1, "for"));
    }

    private bool IsClosing(int i) => Is(i, ")") || Is(i, "]") || Is(i, "}");

    private bool BeginsStatement(int i) => _tokens[i].Kind switch
    {
        CodeTokenKind.Word =>
            Span(i) is not ("else" or "catch" or "finally" or "while" or "in" or "instanceof" or "as" or "satisfies" or "extends"),
        CodeTokenKind.Punctuator => Is(i, "++") || Is(i, "--"),
        CodeTokenKind.Template => _text[_tokens[i].Start] != '}',
        _ => true,
    };

    // '(x) => ...', where a formatter that breaks the line in it may have put a comma behind the name.
    private bool IsLoneParameter(int open) =>
        IsWord(open + 1) && _pair[open] == (Is(open + 2, ",") ? open + 3 : open + 2) && Is(_pair[open] + 1, "=>");

    private bool IsRedundant(int open, byte weakest)
    {
        var close = _pair[open];
        if (close == open + 1 || weakest == Sequence || !Groups(open, close))
        {
            return false;
        }

        // At the beginning of a statement, or of what an arrow returns, the brackets tell an expression from a body.
        var opensBody = Is(open + 1, "{") || Is(open + 1, "function") || Is(open + 1, "class");
        if ((opensBody && !FollowsOperator(open)) || Is(open - 1, "new") || (weakest < Primary && Is(open - 1, "extends")))
        {
            return false;
        }

        var (left, right) = (StrengthBefore(open), StrengthAfter(close));
        var holdsChain = right >= Member && (Is(close + 1, ".") || Is(close + 1, "?.")) && _tokens[open + 1].Kind is CodeTokenKind.Number;
        return weakest > left && weakest >= right && !holdsChain;
    }

    // Behind '=', '||' or '|', or in a part of a condition: an expression or a type, and no body.
    private bool FollowsOperator(int i) =>
        Is(i - 1, "=") || Is(i - 1, "||") || Is(i - 1, "&&") || Is(i - 1, "??") || Is(i - 1, "|") || Is(i - 1, "&")
        || (Is(i - 1, "?") && Strength(i - 1) == Conditional) || (Is(i - 1, ":") && BelongsToCondition(i - 1));

    // '(typeof X)[keyof ...]': of a type 'typeof' takes only the name.
    private bool IsTypeOfName(int open) =>
        Is(open + 1, "typeof") && IsWord(open + 2) && _pair[open] == open + 3 && Is(open + 4, "[")
            && (Is(open + 5, "keyof") || Is(open + 5, "number"));

    // Whether a colon has its question mark in the same brackets, not too far away.
    private bool BelongsToCondition(int colon)
    {
        var colons = 1;
        var i = colon - 1;
        for (var steps = 0; steps < 500 && i > _parent[colon] && !Is(i, ";") && !Is(i, ","); steps++)
        {
            colons += Is(i, ":") ? 1 : Is(i, "?") && Strength(i) == Conditional ? -1 : 0;
            if (colons == 0)
            {
                return true;
            }

            i = _pair[i] >= 0 && _pair[i] < i ? _pair[i] - 1 : i - 1;
        }

        return false;
    }

    // Not the arguments of a call, the parameters of a function or the head of a statement.
    private bool Groups(int open, int close)
    {
        if (open > 0 && (EndsOperand(open - 1) || Is(open - 1, ">") || Is(open - 1, "?.")))
        {
            return false;
        }

        if (Is(close + 1, "=>") || Is(close + 1, "{"))
        {
            return false;
        }

        if (Is(close + 1, ":"))
        {
            // Parameters with a result type, unless no arrow follows.
            for (var i = close + 2; i < _tokens.Count; i = _pair[i] > i ? _pair[i] + 1 : i + 1)
            {
                if (Is(i, "=>"))
                {
                    return false;
                }

                if (Is(i, ",") || Is(i, ";") || Is(i, ")") || Is(i, "]") || Is(i, "}"))
                {
                    break;
                }
            }
        }

        return true;
    }

    private byte StrengthBefore(int open)
    {
        var i = open - 1;
        if (i < 0)
        {
            return Sequence;
        }

        if (IsWord(i))
        {
            return Span(i) switch
            {
                "typeof" or "void" or "delete" or "await" or "keyof" or "readonly" or "unique" => Unary - 1,
                "in" or "instanceof" => Relational,
                _ => Sequence,
            };
        }

        // '?' before a bracket is that of a condition, whose parts are assignments.
        var strength = Strength(i);
        return strength switch
        {
            Unary => Unary - 1,
            Conditional or Assignment or Primary => Sequence,
            _ => strength,
        };
    }

    private byte StrengthAfter(int close)
    {
        var i = close + 1;
        if (i >= _tokens.Count)
        {
            return Sequence;
        }

        var token = _tokens[i];
        if (token.Kind is CodeTokenKind.Template or CodeTokenKind.Text)
        {
            return _text[token.Start] == '`' ? Member : Sequence;
        }

        if (token.Kind is CodeTokenKind.Word)
        {
            return Span(i) switch
            {
                "in" or "instanceof" or "as" or "satisfies" => Relational,
                "extends" => Conditional + 1,
                _ => Sequence,
            };
        }

        return Span(i) switch
        {
            "." or "?." or "[" or "(" => Member,
            "!" when !token.LineBefore => Member,
            "++" or "--" => token.LineBefore ? Sequence : Member,
            "?" => Conditional + 1,
            "=" => Member,
            _ => Strength(i) switch
            {
                Primary or Unary => Sequence,
                var strength => strength,
            },
        };
    }

    // How strongly the token binds its operands; Primary for what is no operator.
    private byte Strength(int i)
    {
        if (_tokens[i].Kind is CodeTokenKind.Word)
        {
            return IsMember(i) ? Primary : Span(i) switch
            {
                "yield" => Assignment,
                "as" or "satisfies" or "instanceof" or "in" => EndsOperand(i - 1) ? Relational : Primary,
                "typeof" or "void" or "delete" or "await" or "keyof" => Unary,
                _ => Primary,
            };
        }

        if (_tokens[i].Kind is not CodeTokenKind.Punctuator || Punctuator(i) is '(' or ')' or '{' or '}' or '[' or ']' or '.' or ';' or ':')
        {
            return Primary;
        }

        var text = Span(i);
        return text switch
        {
            "," => Sequence,
            "=>" or "=" or "+=" or "-=" or "*=" or "/=" or "%=" or "**=" or "<<=" or "&=" or "|=" or "^=" or "&&=" or "||=" or "??=" =>
                Assignment,
            "?" => Is(i + 1, ":") || Is(i + 1, ")") || Is(i + 1, ",") ? Primary : Conditional,
            "??" or "||" => 3,
            "&&" => 4,
            "|" => EndsOperand(i - 1) || Is(i - 1, ">") ? (byte)5 : Primary,
            "^" => 6,
            "&" => EndsOperand(i - 1) || Is(i - 1, ">") ? (byte)7 : Primary,
            "==" or "!=" or "===" or "!==" => 8,
            "<" or ">" or "<=" or ">=" => Relational,
            "<<" => 10,
            "+" or "-" => EndsOperand(i - 1) ? (byte)11 : Unary,
            "*" or "/" or "%" => 12,
            "**" => 13,
            "!" or "~" => Unary,
            "++" or "--" => EndsOperand(i - 1) && !_tokens[i].LineBefore ? (byte)15 : Unary,
            _ => Primary,
        };
    }

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
        foreach (var word in words.WrittenSpan.ToString().Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word[0] == '@')
            {
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

            section.Append(section.Length > length ? " " : "");
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

/// <summary>Text that grows at its end.</summary>
internal sealed class NormalText(int capacity = 64)
{
    private char[] _text = new char[capacity];
    private int _length;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<char> WrittenSpan => _text.AsSpan(0, _length);

    /// <summary>Writes a character.</summary>
    public void Write(char character)
    {
        if (_length == _text.Length)
        {
            Array.Resize(ref _text, 2 * _length);
        }

        _text[_length++] = character;
    }

    /// <summary>Writes a text.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        if (_text.Length - _length < text.Length)
        {
            Array.Resize(ref _text, Math.Max(2 * _text.Length, _length + text.Length));
        }

        text.CopyTo(_text.AsSpan(_length));
        _length += text.Length;
    }
}

/// <summary>A token or comment that counts.</summary>
/// <param name="Key">What it says, whatever its notation.</param>
/// <param name="Start">Where the layout before it begins: the end of the piece before.</param>
/// <param name="Token">Where it begins itself.</param>
/// <param name="End">Behind its last character.</param>
public readonly record struct CodePiece(string Key, int Start, int Token, int End);

/// <summary>A name of code.</summary>
/// <param name="Text">The name.</param>
/// <param name="Line">Its line, from 0.</param>
/// <param name="IsDeclared">Whether it is declared there, or private and so declared in its file.</param>
public readonly record struct CodeName(string Text, int Line, bool IsDeclared);
