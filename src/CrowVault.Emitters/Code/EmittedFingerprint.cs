using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace CrowVault.Emitters.Code;

/// <summary>
/// The fingerprint of code that has just been emitted. Most of its declarations are the same for all arguments, so each is read once
/// and what it comes to is kept. The value is that of <see cref="CodeLayout.Fingerprint"/>.
/// </summary>
internal static class EmittedFingerprint
{
    // In characters: about a hundred files as long as the breaker.
    private const int MaxKept = 2_000_000;

    // What comes once, such as figures that nobody has asked for before, would only make the collector of garbage carry it about.
    private static readonly Guid[] s_seenOnce = new Guid[1_024];

    private static ConcurrentDictionary<Guid, Declaration?> s_declarations = new();
    private static int s_kept;

    /// <summary>The fingerprint of code.</summary>
    /// <param name="code">TypeScript as the templates lay it out: a blank line and no indentation before each declaration.</param>
    public static string Of(string code)
    {
        var declarations = new List<Declaration>();
        var start = 0;

        // Imports are sorted, so they are read together.
        var end = EndOfDeclaration(code, 0);
        while (code.AsSpan(end).StartsWith("\n\nimport "))
        {
            end = EndOfDeclaration(code, end);
        }

        while (start < code.Length)
        {
            if (Read(code.AsSpan(start, end - start), isFirst: start == 0) is { } declaration)
            {
                declarations.Add(declaration);
                start = end;
            }
            else if (end == code.Length)
            {
                return CodeLayout.Fingerprint(code);
            }

            end = EndOfDeclaration(code, end);
        }

        var hash = new XxHash128();
        declarations.ForEach(each => hash.Append(MemoryMarshal.AsBytes(each.Tokens.AsSpan())));
        hash.Append(MemoryMarshal.AsBytes("\u0001".AsSpan()));
        declarations.ForEach(each => hash.Append(MemoryMarshal.AsBytes(each.Comments.AsSpan())));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    // The next blank line that a declaration or its comment may follow, or the end.
    private static int EndOfDeclaration(string code, int at)
    {
        while (at < code.Length)
        {
            var line = code.AsSpan(at + 1).IndexOf("\n\n");
            at = line < 0 ? code.Length : at + 1 + line;
            if (at + 2 < code.Length && (char.IsAsciiLetter(code[at + 2]) || code[at + 2] == '/'))
            {
                return at;
            }
        }

        return code.Length;
    }

    // Null where the text is no whole declaration, because a literal in it holds a blank line.
    private static Declaration? Read(ReadOnlySpan<char> text, bool isFirst)
    {
        // Only at the top are imports sorted. A Guid for its 16 bytes: UInt128 is never compiled ahead for the programs that hold the runtime.
        Span<byte> hash = stackalloc byte[16];
        XxHash128.Hash(MemoryMarshal.AsBytes(text), hash, isFirst ? 1 : 0);
        var key = new Guid(hash);
        if (s_declarations.TryGetValue(key, out var known))
        {
            return known;
        }

        var declaration = CodeLayout.ReadDeclaration(text.ToString(), isFirst);
        ref var seen = ref s_seenOnce[BitConverter.ToUInt16(hash) % s_seenOnce.Length];
        if (seen != key)
        {
            seen = key;
            return declaration;
        }

        if (Interlocked.Add(ref s_kept, declaration?.Length ?? 1) > MaxKept)
        {
            (s_declarations, s_kept) = (new(), 0);
        }

        s_declarations[key] = declaration;
        return declaration;
    }
}

/// <summary>What a declaration comes to in a fingerprint.</summary>
/// <param name="Tokens">Its tokens without their layout.</param>
/// <param name="Comments">The words of its comments.</param>
internal sealed record Declaration(string Tokens, string Comments)
{
    /// <summary>Characters that it takes.</summary>
    public int Length => Tokens.Length + Comments.Length;
}
