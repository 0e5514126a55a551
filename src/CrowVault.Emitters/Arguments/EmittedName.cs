using System.Text;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Arguments;

/// <summary>The rule for names that reach emitted code, the only text of a caller that does.</summary>
public static partial class EmittedName
{
    /// <summary>The rule as a regular expression.</summary>
    public const string Pattern = "^[A-Za-z][A-Za-z0-9_.-]{0,63}$";

    private const int Longest = 64;

    // Names that a plain object inherits or treats specially.
    private static readonly string[] s_reserved = ["__proto__", "prototype", "constructor"];

    /// <summary>Whether a name may be emitted.</summary>
    public static bool IsUsable(string name) => Usable().IsMatch(name) && !s_reserved.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with a name and what to do.</summary>
    /// <param name="name">The name that was given.</param>
    /// <param name="taken">The names before it; compared without regard to case.</param>
    /// <returns>Null when the name is fine.</returns>
    internal static string? Problem(string name, HashSet<string> taken)
    {
        var shown = Argument.Show(name);
        if (s_reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return $"{shown} is a reserved name; use another one.";
        }

        if (!Usable().IsMatch(name))
        {
            return $"{shown} is not a usable name; use a letter, then up to 63 letters, digits, '_', '.' or '-'.";
        }

        return taken.TryGetValue(name, out var same)
            ? $"{shown} differs from \"{same}\" at most in case; give each name once."
            : null;
    }

    /// <summary>A usable name that still shows what was given, such as <c>GET-orders-id</c> for <c>GET /orders/{id}</c>.</summary>
    /// <param name="given">The name that was given.</param>
    /// <param name="taken">The names that are in use already.</param>
    internal static string Nearest(string given, HashSet<string> taken)
    {
        var name = new StringBuilder();
        foreach (var c in given.AsSpan(0, Math.Min(given.Length, Longest * 2)))
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '_' or '.')
            {
                name.Append(c);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        var kept = name.ToString().Trim('-', '_', '.');
        kept = kept.Length == 0 ? "name" : char.IsAsciiLetter(kept[0]) ? kept : $"name-{kept}";
        kept = kept[..Math.Min(kept.Length, Longest)];
        for (var number = 2; ; number++)
        {
            if (IsUsable(kept) && !taken.Contains(kept))
            {
                return kept;
            }

            var suffix = $"-{number}";
            var stem = number == 2 ? kept : kept[..kept.LastIndexOf('-')];
            kept = stem[..Math.Min(stem.Length, Longest - suffix.Length)] + suffix;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_.-]{0,63}\z")]
    private static partial Regex Usable();
}
