using System.Text;
using System.Text.RegularExpressions;
using CrowVault.Emitters.Code;
using DiffPlex;
using DiffPlex.Chunkers;
using DiffPlex.Model;

namespace CrowVault.Mcp.Cli;

/// <summary>Brings together what was emitted, what its owner made of it and what is emitted now.</summary>
internal static partial class ThreeWayMerge
{
    /// <summary>Begins a conflict; what stands there is the owner's.</summary>
    public const string Conflict = "<<<<<<< yours";

    private const double SameLayout = 0.7;

    // No formatter makes of a file more than this; to compare any other word by word takes the square of its length.
    private const int MostGrowth = 4;

    private static readonly string[] s_marks = ["<<<<<<< ", "=======", ">>>>>>> "];

    /// <summary>Whether a text has conflicts that nobody has settled: of a merge here or of a version control.</summary>
    public static bool HasConflicts(string text) => Array.TrueForAll(
        s_marks, mark => text.StartsWith(mark, StringComparison.Ordinal) || text.Contains($"\n{mark}", StringComparison.Ordinal));

    /// <summary>Merges line by line; where both changed the same lines differently, both stand between marks.</summary>
    /// <param name="emitted">What was emitted.</param>
    /// <param name="edited">What its owner made of it, in whatever layout.</param>
    /// <param name="now">What is emitted now.</param>
    /// <param name="conflicts">How many places need a decision.</param>
    public static string Merge(string emitted, string edited, string now, out int conflicts)
    {
        // Code that a formatter has gone over differs in every line: it is given its old layout first.
        var before = emitted.Split('\n');
        var theirs = edited.Split('\n');
        var differ = new Differ();
        var kept = theirs.Length - differ.CreateDiffs(emitted, edited, ignoreWhiteSpace: false, ignoreCase: false, LineChunker.Instance)
            .DiffBlocks.Sum(block => block.InsertCountB);
        if (kept < before.Length * SameLayout && edited.Length <= MostGrowth * (long)emitted.Length)
        {
            // Where much was moved, what belongs together may part: code that has become another is of no use.
            var restored = RestoreLayout(emitted, edited);
            edited = CodeLayout.Fingerprint(restored) == CodeLayout.Fingerprint(edited) ? restored : edited;
            theirs = edited.Split('\n');
        }

        var ours = now.Split('\n');
        var (mineNames, nowNames) = (NamesMet.Of(emitted, edited, now), NamesMet.Of(emitted, now, edited));
        var (left, right) = (Blocks(emitted, edited), Blocks(emitted, now));
        var merged = new List<string>();
        var (at, l, r, shiftL, shiftR) = (0, 0, 0, 0, 0);
        conflicts = 0;
        while (l < left.Count || r < right.Count)
        {
            // The next stretch of the base that one of them changed, with all changes that touch it.
            var start =
                Math.Min(l < left.Count ? left[l].DeleteStartA : int.MaxValue, r < right.Count ? right[r].DeleteStartA : int.MaxValue);
            var end = start;
            var (firstL, firstR) = (l, r);
            for (var grown = true; grown;)
            {
                grown = false;
                for (; l < left.Count && Touches(left[l], start, end, r > firstR); l++, grown = true)
                {
                    end = Math.Max(end, left[l].DeleteStartA + left[l].DeleteCountA);
                }

                for (; r < right.Count && Touches(right[r], start, end, l > firstL); r++, grown = true)
                {
                    end = Math.Max(end, right[r].DeleteStartA + right[r].DeleteCountA);
                }
            }

            merged.AddRange(before[at..start]);
            var grownL = left[firstL..l].Sum(block => block.InsertCountB - block.DeleteCountA);
            var grownR = right[firstR..r].Sum(block => block.InsertCountB - block.DeleteCountA);
            var mine = theirs[(start + shiftL)..(end + shiftL + grownL)];
            var fresh = ours[(start + shiftR)..(end + shiftR + grownR)];
            (shiftL, shiftR, at) = (shiftL + grownL, shiftR + grownR, end);
            var (mineAt, freshAt) = (start + shiftL - grownL, start + shiftR - grownR);
            var missing = mine.AsSpan().SequenceEqual(fresh) ? null
                : r == firstR ? mineNames.MissingIn(mineAt, mine.Length, start, end - start)
                : l == firstL ? nowNames.MissingIn(freshAt, fresh.Length, start, end - start)
                : "";
            if (missing is not null)
            {
                conflicts++;
                merged.AddRange([Conflict, .. mine, "||||||| emitted before", .. before[start..end], "=======", .. fresh,
                    $">>>>>>> emitted now{missing}"]);
            }
            else
            {
                merged.AddRange(r == firstR ? mine : fresh);
            }
        }

        merged.AddRange(before[at..]);
        return string.Join('\n', merged);
    }

    /// <summary>Gives edited and formatted code the layout that it had before the formatter: its edits stay.</summary>
    /// <param name="emitted">The code as it was.</param>
    /// <param name="edited">The same code, formatted and edited.</param>
    public static string RestoreLayout(string emitted, string edited)
    {
        var (before, after) = (CodeLayout.Pieces(emitted), CodeLayout.Pieces(edited));
        var restored = new StringBuilder(edited.Length);
        var (oldAt, newAt) = (0, 0);
        var changed = false;
        foreach (var block in Blocks(Lines(before), Lines(after)))
        {
            Keep(block.DeleteStartA - oldAt);
            for (var end = newAt + block.InsertCountB; newAt < end && newAt < after.Count; newAt++)
            {
                // What stands between two tokens belongs to the one behind it: an edit brings its own.
                restored.Append(edited, after[newAt].Start, after[newAt].End - after[newAt].Start);
            }

            oldAt += block.DeleteCountA;
            changed = true;
        }

        Keep(before.Count - oldAt);
        return changed
            ? restored.Append(edited, after.Count == 0 ? 0 : after[^1].End, edited.Length - (after.Count == 0 ? 0 : after[^1].End))
            .ToString()
            : restored.Append(emitted, before.Count == 0 ? 0 : before[^1].End, emitted.Length - (before.Count == 0 ? 0 : before[^1].End))
            .ToString();

        void Keep(int count)
        {
            var depth = 0;
            for (; count > 0; count--, oldAt++, newAt++)
            {
                // A bracket from before an edit need not be the one that closes here: that of an object has a comma before it where
                // that of a function has a semicolon.
                var key = before[oldAt].Key;
                depth += key is [.., '{' or '(' or '[', '\0'] ? 1 : 0;
                var closesEarlier = key is ['}' or ')' or ']', ..] && --depth < 0;
                if (changed || closesEarlier)
                {
                    restored.Append(edited, after[newAt].Start, after[newAt].End - after[newAt].Start);
                }
                else
                {
                    restored.Append(emitted, before[oldAt].Start, before[oldAt].End - before[oldAt].Start);
                }

                // The gap behind an edit is the owner's too: it may hold the line end that closes what was inserted.
                changed = closesEarlier;
                depth = Math.Max(depth, 0);
            }
        }
    }

    // Two changes meet when they share a line, or when both insert at one place.
    private static bool Touches(DiffBlock block, int start, int end, bool otherSideChanged) =>
        block.DeleteStartA < end || (block.DeleteStartA == end && (start == end || (otherSideChanged && block.DeleteStartA == end)));

    /// <summary>What one side says of names that the other has taken away or has declared too: lines that fit no more, though nobody else
    /// has touched them.</summary>
    private sealed partial class NamesMet
    {
        private static readonly HashSet<string> s_words =
            new(StringComparer.Ordinal)
            {
                "if", "for", "while", "switch", "super", "return", "default", "undefined", "null", "true", "false",
            };

        private readonly ILookup<int, CodeName> _byLine;
        private readonly ILookup<int, CodeName> _byLineBefore;
        private readonly HashSet<string> _gone;
        private readonly HashSet<string> _twice;
        private readonly HashSet<string> _other;

        private NamesMet(
            IReadOnlyList<CodeName> before, IReadOnlyList<CodeName> names, HashSet<string> gone, HashSet<string> twice, HashSet<string> other)
        {
            (_byLineBefore, _byLine) = (before.ToLookup(name => name.Line), names.ToLookup(name => name.Line));
            (_gone, _twice, _other) = (gone, twice, other);
        }

        /// <summary>Names of a side that do not fit the other one.</summary>
        public static NamesMet Of(string emitted, string side, string other)
        {
            var (before, here, there) = (CodeLayout.Names(emitted), CodeLayout.Names(side), CodeLayout.Names(other));
            var gone = Declared(before);
            gone.UnionWith(Members(emitted));
            gone.ExceptWith(there.Select(name => name.Text));
            if (AssignsExports().IsMatch(other))
            {
                // A file of CommonJS takes no further 'export'.
                gone.Add("export");
            }

            var twice = Declared(here);
            twice.IntersectWith(Declared(there));
            twice.ExceptWith(before.Select(name => name.Text));
            var (signatures, theirs) = (Signatures(emitted), Signatures(other));
            var changed = signatures.Where(each => theirs.TryGetValue(each.Key, out var now) && now != each.Value).Select(each => each.Key);
            return new(before, here, gone, twice, changed.ToHashSet(StringComparer.Ordinal));
        }

        /// <summary>Why lines do not fit; null when they do.</summary>
        /// <param name="line">The first of them.</param>
        /// <param name="count">How many there are.</param>
        /// <param name="lineBefore">The first of the lines whose place they take.</param>
        /// <param name="countBefore">How many of those there are.</param>
        public string? MissingIn(int line, int count, int lineBefore, int countBefore)
        {
            var before = Enumerable.Range(lineBefore, countBefore).SelectMany(each => _byLineBefore[each])
                .GroupBy(name => name.Text, StringComparer.Ordinal).ToDictionary(each => each.Key, each => each.Count(), StringComparer.Ordinal);
            foreach (var name in Enumerable.Range(line, count).SelectMany(each => _byLine[each]))
            {
                if (_other.Contains(name.Text))
                {
                    before.TryGetValue(name.Text, out var uses);
                    if (uses == 0)
                    {
                        return $": {name.Text} is declared otherwise now";
                    }

                    before[name.Text] = uses - 1;
                }

                if (_gone.Contains(name.Text))
                {
                    return $": {name.Text} is there no more";
                }

                if (name.IsDeclared && _twice.Contains(name.Text))
                {
                    return $": {name.Text} is declared by both";
                }
            }

            return null;
        }

        // What calls of a function must fit: from its name to its body.
        private static Dictionary<string, string> Signatures(string code)
        {
            var pieces = CodeLayout.Pieces(code);
            var found = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i + 1 < pieces.Count; i++)
            {
                if (pieces[i].Key is not "function\0")
                {
                    continue;
                }

                var signature = new StringBuilder();
                var depth = 0;
                for (var at = i + 2; at < pieces.Count; at++)
                {
                    var key = pieces[at].Key;
                    var isBody = key is "{\0" && depth == 0 && pieces[at - 1].Key is not (":\0" or "|\0" or "&\0" or "=>\0");
                    if (isBody || (key is "function\0" or "export\0" && depth == 0))
                    {
                        break;
                    }

                    depth += key is "(\0" or "{\0" or "[\0" ? 1 : key is ")\0" or "}\0" or "]\0" ? -1 : 0;
                    signature.Append(key);
                }

                var name = pieces[i + 1].Key[..^1];
                found[name] = found.GetValueOrDefault(name) + signature;
            }

            return found;
        }

        // Members and parameters, which stand before a colon or at the beginning of a line before a bracket; and 'export', without which
        // a file is no module any more.
        private static IEnumerable<string> Members(string code)
        {
            var pieces = CodeLayout.Pieces(code);
            for (var i = 0; i + 1 < pieces.Count; i++)
            {
                var (key, next) = (pieces[i].Key, pieces[i + 1].Key);
                var isMember = next is ":\0" || (next is "?\0" && i + 2 < pieces.Count && pieces[i + 2].Key is ":\0")
                    || (next is "(\0" && code.AsSpan(pieces[i].Start, pieces[i].Token - pieces[i].Start).Contains('\n'));
                if (key is "export\0" || (isMember && key.Length > 2 && char.IsAsciiLetter(key[0]) && !s_words.Contains(key[..^1])))
                {
                    yield return key[..^1];
                }
            }
        }

        [GeneratedRegex(@"^export\s*=", RegexOptions.Multiline)]
        private static partial Regex AssignsExports();

        private static HashSet<string> Declared(IEnumerable<CodeName> names) =>
            names.Where(name => name.IsDeclared).Select(name => name.Text).ToHashSet(StringComparer.Ordinal);
    }

    private static IList<DiffBlock> BlocksOf(string before, string after) =>
        new Differ().CreateDiffs(before, after, ignoreWhiteSpace: false, ignoreCase: false, LineChunker.Instance).DiffBlocks;

    private static List<DiffBlock> Blocks(string before, string after) => [.. BlocksOf(before, after)];

    private static string Lines(IReadOnlyList<CodePiece> pieces) =>
        string.Join('\n', pieces.Select(piece => piece.Key.Replace('\n', '\u0003').Replace('\r', '\u0004')));
}
