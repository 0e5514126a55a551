namespace CrowVault.Mcp;

/// <summary>How long a refusal may be: four times what was sent and 64 KiB. A short message is told one fault and one corrected call all
/// the same, for which there is room for a few sentences.</summary>
internal static class RefusalLength
{
    private const int Sentences = 2 * 1024;
    private const int Most = 64 * 1024;

    /// <summary>The length in bytes of the longest refusal.</summary>
    /// <param name="sent">How many bytes were sent.</param>
    public static int Of(long sent) => (int)Math.Min(Most, Math.Max(Sentences, 4 * sent));
}
