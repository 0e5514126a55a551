namespace CrowVault.Emitters.Code;

// What a formatter adds and takes away: semicolons, commas, brackets and braces that change nothing.
public sealed partial class CodeLayout
{
    private const byte Sequence = 0;
    private const byte Assignment = 1;
    private const byte Conditional = 2;
    private const byte Relational = 9;
    private const byte Unary = 14;
    private const byte Member = 17;
    private const byte Primary = 20;

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
}
