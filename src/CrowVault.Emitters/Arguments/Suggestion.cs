namespace CrowVault.Emitters.Arguments;

/// <summary>Finds the name that a misspelled one was probably meant to be.</summary>
public static class Suggestion
{
    private const int MostNamed = 10;

    /// <summary>The candidate within a third of its length in edits of <paramref name="given"/>, ignoring case, <c>-</c> and
    /// <c>_</c>.</summary>
    /// <param name="given">What the caller wrote.</param>
    /// <param name="candidates">The names that exist.</param>
    /// <returns>The nearest name, or null when none is near.</returns>
    public static string? Nearest(string given, IEnumerable<string> candidates)
    {
        var wanted = Fold(given);
        if (wanted.Length is 0 or > 64)
        {
            return null;
        }

        string? nearest = null;
        var least = int.MaxValue;
        foreach (var candidate in candidates)
        {
            var folded = Fold(candidate);
            var distance = Distance(wanted, folded);
            if (distance <= Math.Max(1, folded.Length / 3)
                && (distance < least || (distance == least && Common(wanted, folded) > Common(wanted, Fold(nearest!)))))
            {
                (nearest, least) = (candidate, distance);
            }
        }

        return nearest;
    }

    /// <summary>The first of some names: a fault does not grow with what there is.</summary>
    /// <param name="names">The names.</param>
    internal static string Few(IReadOnlyCollection<string> names) => names.Count <= MostNamed
        ? string.Join(", ", names)
        : $"{string.Join(", ", names.Take(MostNamed))} and {names.Count - MostNamed} more";

    // Of two that are as near, the one that begins alike: maxDelayMs is maxDelayCapMs, not baseDelayMs.
    private static int Common(string a, string b) => a.AsSpan().CommonPrefixLength(b);

    private static string Fold(string name) =>
        name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    // Optimal string alignment (Damerau-Levenshtein with adjacent transpositions), three rows at a time.
    private static int Distance(string a, string b)
    {
        var beforeLast = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(Math.Min(last[j] + 1, row[j - 1] + 1), substitution);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
                }
            }

            (beforeLast, last, row) = (last, row, beforeLast);
        }

        return last[b.Length];
    }
}
