using System.Globalization;

namespace CrowVault.Emitters.Code;

/// <summary>Numbers and times as a person would say them.</summary>
internal static class Wording
{
    /// <summary>A length of time in its largest fitting unit, such as <c>1.5 s</c>.</summary>
    public static string Duration(double milliseconds) => milliseconds switch
    {
        < 1_000 => $"{Rounded(milliseconds)} ms",
        < 60_000 => $"{Rounded(milliseconds / 1_000)} s",
        < 3_600_000 => $"{Rounded(milliseconds / 60_000)} min",
        < 172_800_000 => $"{Rounded(milliseconds / 3_600_000)} h",
        _ => $"{Rounded(milliseconds / 86_400_000)} days",
    };

    /// <summary>A number with a noun that agrees with it, such as <c>1 probe</c>.</summary>
    public static string Count(long number, string noun) =>
        $"{number.ToString(CultureInfo.InvariantCulture)} {noun}{(number == 1 ? "" : "s")}";

    /// <summary>A number with its thousands apart, such as <c>1,000</c>.</summary>
    public static string Grouped(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number with at most one decimal.</summary>
    public static string Rounded(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
