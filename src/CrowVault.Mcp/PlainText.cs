using System.Globalization;
using System.Text;

namespace CrowVault.Mcp;

/// <summary>Text of a caller's as it may stand in a log, a terminal or an error.</summary>
internal static class PlainText
{
    /// <summary>At most so many characters, none of which controls a terminal, breaks a line or changes the direction of writing.</summary>
    /// <param name="text">The caller's text.</param>
    /// <param name="most">Characters to keep; what is cut off shows as <c>...</c>.</param>
    public static string Of(string text, int most)
    {
        var kept = new StringBuilder(Math.Min(text.Length, most) + 3);
        foreach (var rune in text.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > most)
            {
                return kept.Append("...").ToString();
            }

            kept.Append(IsPlain(rune) ? rune.ToString() : "?");
        }

        return kept.ToString();
    }

    /// <summary>Whether a text is well-formed: half of a surrogate pair is no character.</summary>
    public static bool IsWellFormed(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (char.IsSurrogate(text[index]) && (index + 1 == text.Length || !char.IsSurrogatePair(text[index], text[++index])))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPlain(Rune rune) =>
        rune.Value is >= 0x20 and < 0x7F
        || (rune.Value >= 0xA0 && Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned));
}
