namespace CrowVault.Emitters.Code;

/// <summary>
/// Finds the types in emitted TypeScript: annotations, type arguments, interfaces, overloads, modifiers. It knows the TypeScript that is
/// emitted here, without enums, namespaces, decorators and parameter properties; tests compare what is left with the compiler's own output.
/// </summary>
internal sealed class TypeEraser
{
    private static readonly HashSet<string> s_control = new(StringComparer.Ordinal) { "if", "while", "for", "switch", "with" };

    private static readonly HashSet<string> s_modifiers = new(StringComparer.Ordinal)
    {
        "readonly", "private", "public", "protected", "override", "abstract", "declare",
    };

    private static readonly HashSet<string> s_typePrefixes =
        new(StringComparer.Ordinal) { "keyof", "readonly", "unique", "infer", "typeof", "asserts" };

    private readonly string _code;
    private readonly CodeToken[] _tokens;

    // The other bracket of a pair, or -1.
    private readonly int[] _pair;
    private readonly List<Range> _types = [];
    private readonly List<Range> _declarations = [];
    private int _at;

    // Where the last 'as' stood, and the token behind its type.
    private int _castStart = -1;
    private int _castEnd = -1;

    private TypeEraser(string code)
    {
        _code = code;
        _tokens = [.. CodeTokens.Read(code).Where(token => token.Kind is not CodeTokenKind.Comment)];
        _pair = Pairs();
    }

    /// <summary>What of TypeScript is no JavaScript.</summary>
    /// <param name="code">Code that was emitted.</param>
    /// <returns>Types within a statement or member, and declarations that go with the comment above them.</returns>
    public static (IReadOnlyList<Range> Types, IReadOnlyList<Range> Declarations) Find(string code)
    {
        var eraser = new TypeEraser(code);
        eraser.Code(eraser._tokens.Length);
        return (eraser._types, eraser._declarations);
    }

    // Statements or expressions up to a token.
    private void Code(int end)
    {
        while (_at < end)
        {
            Step(end);
        }
    }

    private void Step(int end)
    {
        var text = Text(_at);
        if (_at > 0 && Kind(_at) is CodeTokenKind.Word && Text(_at - 1) is "." or "?.")
        {
            _at++;
            return;
        }

        var startsStatement = _at == 0 || Text(_at - 1) is ";" or "}" or "{" or "export";
        switch (text)
        {
            case "export" when TypeDeclaration(_at + 1) is { } declared:
                Declaration(_at, declared);
                return;
            case "import" or "export" when startsStatement && Text(_at + 1) == "type":
                Declaration(_at, Find(";", _at));
                return;
            case "import" or "export" when startsStatement && Text(_at + 1) == "{":
                Specifiers();
                return;
            case "interface" or "type" or "declare" when startsStatement && TypeDeclaration(_at) is { } declared:
                Declaration(_at, declared);
                return;
            case "function":
                Function();
                return;
            case "class":
                Class();
                return;
            case "const" or "let" or "var" when _at + 1 < end && (Kind(_at + 1) is CodeTokenKind.Word || Text(_at + 1) is "{" or "["):
                _at++;
                Binding();
                return;
            case "catch" when Text(_at + 1) == "(":
                _at++;
                Parameters();
                return;
            case "as" or "satisfies" when IsOperandBefore() && Kind(_at) is CodeTokenKind.Word
                && Text(_at + 1) is not (":" or "," or "=" or ")"):
                CastTo();
                return;
            case "<" when TypeArguments() is { } close:
                Cut(_at, close);
                _at = close + 1;
                return;
            case "(":
                Group();
                return;
            case "{" or "[":
                Inside();
                return;
            default:
                _at++;
                return;
        }
    }

    // A bracket with code in it.
    private void Inside()
    {
        var (open, close) = (_at, _pair[_at]);
        var isGroup = Text(open) == "(" && !IsOperandBefore();
        _at++;
        Code(close);
        if (isGroup && _castEnd == close && IsNeedless(open, close))
        {
            Ungroup(open, close);
        }

        _at = close + 1;
    }

    // A group around what was cast, which needs no brackets without the type.
    private bool IsNeedless(int open, int close)
    {
        if (Text(open - 1) is "=" or "(" or "," or "=>" or "return" && Text(close + 1) is ";" or "," or ")")
        {
            return Text(open + 1) != "{";
        }

        var isChain = Text(open + 1) is not ("{" or "function" or "class" or "new" or "await" or "typeof" or "void");
        var hasOptional = false;
        for (var i = open + 1; i < _castStart && isChain; i++)
        {
            hasOptional |= Text(i) == "?.";
            isChain = Kind(i) is CodeTokenKind.Word || Text(i) is "." or "?." or "(" or "[";
            i = _pair[i] > i ? _pair[i] : i;
        }

        return isChain && !(hasOptional && Text(close + 1) is "." or "(" or "[");
    }

    private void Ungroup(int open, int close)
    {
        _types.Add((_tokens[open + 1].LineBefore ? _tokens[open - 1].End : _tokens[open].Start).._tokens[open].End);
        _types.Add(_tokens[close - 1].End.._tokens[close].End);
    }

    private void Group()
    {
        var close = _pair[_at];
        var before = _at == 0 ? "" : Text(_at - 1);
        var isParameters = Text(close + 1) switch
        {
            "=>" => true,
            "{" => (_at > 0 && Kind(_at - 1) is CodeTokenKind.Word && !s_control.Contains(before)) || before is ">" or "]",
            ":" => Try(close + 2, out var end) && Text(end) is "=>" or "{"
                && (Text(end) == "=>" || Kind(_at - 1) is CodeTokenKind.Word || before is ">" or "]"),
            _ => false,
        };
        if (isParameters)
        {
            Parameters();
            ReturnType();
        }
        else
        {
            Inside();
        }
    }

    private void Function()
    {
        var start = _at > 0 && Text(_at - 1) == "async" ? _at - 1 : _at;
        start = start > 0 && Text(start - 1) == "export" ? start - 1 : start;
        _at++;
        if (Text(_at) == "*")
        {
            _at++;
        }

        if (Text(_at) is not ("(" or "<"))
        {
            _at++;
        }

        Signature();

        // An overload has no body.
        if (Text(_at) == ";")
        {
            Discard(start, _at++);
        }
    }

    // Type parameters, parameters, result.
    private void Signature()
    {
        if (Text(_at) == "<")
        {
            var close = Angle(_at);
            Cut(_at, close);
            _at = close + 1;
        }

        Parameters();
        ReturnType();
    }

    private void ReturnType()
    {
        if (Text(_at) == ":" && Try(_at + 1, out var end))
        {
            Cut(_at, end - 1);
            _at = end;
        }
    }

    // From '(' to behind ')'.
    private void Parameters()
    {
        var close = _pair[_at++];
        while (_at < close)
        {
            if (Text(_at) == "this" && Text(_at + 1) == ":" && Try(_at + 2, out var end))
            {
                // The receiver is no parameter at run time.
                var last = Text(end) == "," ? end : end - 1;
                _types.Add(_tokens[_at].Start..(last + 1 < close ? _tokens[last + 1].Start : _tokens[last].End));
                _at = last + 1;
                continue;
            }

            if (Text(_at) == "...")
            {
                _at++;
            }

            Binding();
            while (_at < close && Text(_at) != ",")
            {
                Step(close);
            }

            _at += _at < close ? 1 : 0;
        }

        _at = close + 1;
    }

    // A name or pattern, and its annotation.
    private void Binding()
    {
        if (Text(_at) is "{" or "[")
        {
            Inside();
        }
        else
        {
            _at++;
        }

        Annotation();
    }

    private void Annotation()
    {
        var start = _at;
        if (Text(_at) is "?" or "!" && Text(_at + 1) is ":" or "," or ")" or ";" or "=")
        {
            _at++;
        }

        if (Text(_at) == ":" && Try(_at + 1, out var end))
        {
            _at = end;
        }

        if (_at > start)
        {
            Cut(start, _at - 1);
        }
    }

    private void Class()
    {
        _at++;
        while (Text(_at) != "{")
        {
            if (Text(_at) == "<")
            {
                var close = Angle(_at);
                Cut(_at, close);
                _at = close + 1;
            }
            else if (Text(_at) == "implements")
            {
                var end = _at;
                while (Text(end) != "{")
                {
                    end = Text(end) == "<" ? Angle(end) + 1 : end + 1;
                }

                _types.Add(_tokens[_at - 1].End.._tokens[end - 1].End);
                _at = end;
            }
            else
            {
                _at++;
            }
        }

        var last = _pair[_at++];
        while (_at < last)
        {
            Member(last);
        }

        _at = last + 1;
    }

    private void Member(int end)
    {
        var start = _at;
        while (Kind(_at) is CodeTokenKind.Word && IsModifierBeforeName())
        {
            if (s_modifiers.Contains(Text(_at)))
            {
                _types.Add(_tokens[_at].Start.._tokens[_at + 1].Start);
            }

            _at++;
        }

        if (Text(_at) is ";" or "*")
        {
            _at++;
            return;
        }

        if (Text(_at) == "{")
        {
            Inside();
            return;
        }

        if (Text(_at) == "[")
        {
            Inside();
        }
        else
        {
            _at++;
        }

        if (Text(_at) is "(" or "<")
        {
            Signature();
            if (Text(_at) == "{")
            {
                Inside();
            }
            else
            {
                Discard(start, _at);
                _at++;
            }

            return;
        }

        Annotation();
        while (_at < end && Text(_at) != ";")
        {
            Step(end);
        }

        _at++;
    }

    private bool IsModifierBeforeName() =>
        (s_modifiers.Contains(Text(_at)) || Text(_at) is "static" or "async" or "get" or "set" or "accessor")
            && Text(_at + 1) is not ("(" or "<" or "=" or ";" or ":" or "?" or "!");

    // import { a, type B } from './c.ts';
    private void Specifiers()
    {
        var (start, open) = (_at, _at + 1);
        var close = _pair[open];
        var end = Find(";", close);
        var kept = 0;
        List<Range> dropped = [];
        for (_at = open + 1; _at < close; _at++)
        {
            var first = _at;
            while (_at < close && Text(_at) != ",")
            {
                _at++;
            }

            if (Text(first) == "type" && Kind(first + 1) is CodeTokenKind.Word && Text(first + 1) != "as")
            {
                dropped.Add(_at < close ? _tokens[first].Start.._tokens[_at + 1].Start : _tokens[first - 1].Start.._tokens[close - 1].End);
            }
            else
            {
                kept++;
            }
        }

        if (kept == 0 && dropped.Count > 0)
        {
            Discard(start, end);
        }
        else
        {
            _types.AddRange(dropped);
        }

        _at = end + 1;
    }

    // The last token of an interface, type or ambient declaration that begins here.
    private int? TypeDeclaration(int index) => Text(index) switch
    {
        "interface" when Kind(index + 1) is CodeTokenKind.Word => _pair[Find("{", index)],
        "type" when Kind(index + 1) is CodeTokenKind.Word && Text(index + 2) is "=" or "<" => Find(";", index),
        "declare" when Text(index + 1) is "const" or "function" or "let" => Find(";", index),
        "declare" when Text(index + 1) is "global" => _pair[Find("{", index)],
        _ => null,
    };

    private void Declaration(int first, int last)
    {
        _declarations.Add(_tokens[first].Start.._tokens[last].End);
        _at = last + 1;
    }

    // A signature without a body; the comment above it speaks of the one with a body too. What was found in it goes with it.
    private void Discard(int first, int last)
    {
        var start = _tokens[first].Start;
        _types.RemoveAll(range => range.Start.Value >= start);
        _types.Add(start..(last + 1 < _tokens.Length ? _tokens[last + 1].Start : _tokens[last].End));
    }

    private void CastTo()
    {
        if (!Try(_at + 1, out var end))
        {
            _at++;
            return;
        }

        (_castStart, _castEnd) = (_at, end);
        _types.Add(_tokens[_at - 1].End.._tokens[end - 1].End);
        if (Text(_at - 1) == ")" && _pair[_at - 1] is var open && Text(open - 1) is "=" or "(" or "," or "=>" or "return"
            && Text(end) is ";" or "," or ")"
            && Text(open + 1) != "{")
        {
            Ungroup(open, _at - 1);
        }

        _at = end;
    }

    // The '>' of type arguments that begin here; null where '<' compares.
    private int? TypeArguments()
    {
        var at = _at;
        if (IsOperandBefore() && Kind(at - 1) is not CodeTokenKind.Word)
        {
            return null;
        }

        do
        {
            // A parameter of a type may have a bound.
            if (!Try(at + 1, out at) || (Text(at) == "extends" && !Try(at + 1, out at)))
            {
                return null;
            }
        }
        while (Text(at) == ",");
        return Text(at) == ">" && (Text(at + 1) == "(" || Kind(at + 1) is CodeTokenKind.Template) ? at : null;
    }

    private bool Try(int at, out int end)
    {
        end = at;
        return TryType(ref end);
    }

    // Moves behind a type.
    private bool TryType(ref int at)
    {
        do
        {
            if (Text(at) is "|" or "&")
            {
                at++;
            }

            if (!TryOperand(ref at))
            {
                return false;
            }
        }
        while (Text(at) is "|" or "&");
        if (Text(at) == "is")
        {
            at++;
            return TryType(ref at);
        }

        // T extends U ? A : B
        if (Text(at) == "extends")
        {
            var probe = at + 1;
            if (TryType(ref probe) && Text(probe) == "?")
            {
                at = probe + 1;
                return TryType(ref at) && Text(at++) == ":" && TryType(ref at);
            }
        }

        return true;
    }

    private bool TryOperand(ref int at)
    {
        while (s_typePrefixes.Contains(Text(at)) && (Kind(at + 1) is CodeTokenKind.Word || Text(at + 1) is "(" or "[" or "{"))
        {
            at++;
        }

        if (Text(at) == "new" || Text(at) == "<")
        {
            at = Text(at) == "new" ? at + 1 : at;
            at = Text(at) == "<" ? Angle(at) + 1 : at;
        }

        if (Text(at) == "(")
        {
            at = _pair[at] + 1;
            if (Text(at) == "=>")
            {
                at++;
                return TryType(ref at);
            }
        }
        else if (Text(at) is "{" or "[")
        {
            at = _pair[at] + 1;
        }
        else if (Text(at) == "-" && Kind(at + 1) is CodeTokenKind.Number)
        {
            at += 2;
        }
        else if (Kind(at) is CodeTokenKind.Template)
        {
            do
            {
                at = _pair[at];
            }
            while (Kind(at) is CodeTokenKind.Template && _pair[at] > at);
            at++;
        }
        else if (Kind(at) is CodeTokenKind.Text or CodeTokenKind.Number)
        {
            at++;
        }
        else if (Kind(at) is CodeTokenKind.Word)
        {
            at++;
            while (Text(at) == "." && Kind(at + 1) is CodeTokenKind.Word)
            {
                at += 2;
            }

            if (Text(at) == "<")
            {
                var close = Angle(at);
                if (close < 0)
                {
                    return false;
                }

                at = close + 1;
            }
        }
        else
        {
            return false;
        }

        while (Text(at) == "[" && at < _tokens.Length && !_tokens[at].LineBefore)
        {
            at = _pair[at] + 1;
        }

        return true;
    }

    // The '>' that closes; -1 where there is none.
    private int Angle(int open)
    {
        var depth = 0;
        for (var i = open; i < _tokens.Length; i++)
        {
            switch (Text(i))
            {
                case "<":
                    depth++;
                    break;
                case ">" when --depth == 0:
                    return i;
                case "(" or "[" or "{":
                    i = _pair[i];
                    break;
                case ")" or "]" or "}" or ";":
                    return -1;
            }
        }

        return -1;
    }

    private bool IsOperandBefore() =>
        _at > 0 && CodeTokens.EndsOperand(
            _tokens[_at - 1], _code.AsSpan(_tokens[_at - 1].Start, _tokens[_at - 1].End - _tokens[_at - 1].Start));

    // With the space before it, which an annotation has not.
    private void Cut(int first, int last) => _types.Add(_tokens[first].Start.._tokens[last].End);

    // The next token of that text outside of brackets.
    private int Find(string text, int from)
    {
        for (var i = from; i < _tokens.Length; i++)
        {
            if (Text(i) == text)
            {
                return i;
            }

            while (_pair[i] > i)
            {
                i = _pair[i];
            }
        }

        return _tokens.Length - 1;
    }

    private string Text(int index) => index >= 0 && index < _tokens.Length ? _code[_tokens[index].Start.._tokens[index].End] : "";

    private CodeTokenKind? Kind(int index) => index >= 0 && index < _tokens.Length ? _tokens[index].Kind : null;

    private int[] Pairs()
    {
        var pairs = new int[_tokens.Length];
        Array.Fill(pairs, -1);
        var open = new Stack<int>();
        for (var i = 0; i < _tokens.Length; i++)
        {
            var text = Text(i);
            var isTemplate = _tokens[i].Kind is CodeTokenKind.Template;
            if (text is ")" or "]" or "}" || (isTemplate && text[0] == '}'))
            {
                if (open.TryPop(out var start))
                {
                    (pairs[start], pairs[i]) = (i, isTemplate ? -1 : start);
                }
            }

            if (text is "(" or "[" or "{" || (isTemplate && text.EndsWith("${", StringComparison.Ordinal)))
            {
                open.Push(i);
            }
        }

        return pairs;
    }
}
