using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CrowVault.Emitters.Code;

/// <summary>
/// Tells code from its layout. Two texts have one fingerprint when only a formatter stands between them: white space, line ends, quotes,
/// semicolons, trailing commas, brackets that change nothing, the notation of numbers, and how comments are broken into lines.
/// </summary>
public sealed partial class CodeLayout
{
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
}
