using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CrowVault.Mcp.Cli;
using CrowVault.Mcp.Http.Settings;

namespace CrowVault.Mcp.Http.Identity;

/// <summary>An opaque bearer token as it is kept: never the token itself, only its hash.</summary>
/// <param name="Name">Name in logs and limits.</param>
/// <param name="Sha256">SHA-256 of the token.</param>
/// <param name="Expires">When it stops being accepted; null for never.</param>
internal sealed record BearerToken(string Name, byte[] Sha256, DateTimeOffset? Expires)
{
    private const string HashPrefix = "sha256:";

    // RFC 3339: a date, a time and a zone. "3" or "12:00" would be read as some moment of today, wherever the server stands.
    private static readonly string[] s_moments = [
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
    ];

    /// <summary>Makes a token of 256 random bits.</summary>
    /// <param name="name">Name in logs and limits.</param>
    /// <param name="expires">When it stops being accepted; null for never.</param>
    /// <param name="token">The token, to be shown once.</param>
    public static BearerToken Create(string name, DateTimeOffset? expires, out string token)
    {
        // The prefix lets a secret scanner recognise a token that leaked.
        token = $"cvmcp_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        return new(name, Hash(token), expires);
    }

    /// <summary>SHA-256 of a token.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Whether others than its owner may write a file.</summary>
    public static bool IsWritableByOthers(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;

    /// <summary>Whether a text can be the name of a token.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@');

    /// <summary>Reads <c>Tokens</c> and the file named by <c>TokensFile</c>, one entry a line.</summary>
    public static IReadOnlyList<BearerToken> ReadAll(SettingReader source)
    {
        // Without a token the server serves anyone on its machine: where tokens were meant, their absence is no such wish.
        var entries = source.List("Tokens").ToList();
        if (entries.Count == 0 && source.IsPresent("Tokens"))
        {
            source.Faults.Add("Tokens: present, but empty; make one with 'token create', or take the setting away.");
        }

        if (source.Required("TokensFile") is { } path)
        {
            try
            {
                var lines = Disk.ReadText(path).TrimStart('\uFEFF').Split(['\n', '\r'])
                    .Select(line => line.Trim())
                    .Where(line => line.Length > 0 && line[0] != '#')
                    .ToList();
                if (lines.Count == 0)
                {
                    source.Faults.Add($"TokensFile: {path} has no entry; make one with 'token create', or take the setting away.");
                }

                entries.AddRange(lines);
            }
            catch (Fault fault)
            {
                source.Faults.Add($"TokensFile: {fault.Message}");
            }
        }

        var tokens = new List<BearerToken>();
        foreach (var (entry, index) in entries.Select((entry, index) => (entry, index)))
        {
            if (TryParse(entry, out var token))
            {
                tokens.Add(token);
            }
            else
            {
                // The entry itself is not repeated: someone may have put the token where its hash belongs.
                source.Faults.Add($"Tokens: entry {index + 1} is not '<name> sha256:<64 hex digits> [<expiry>]' with an expiry such as "
                    + "2027-01-31T00:00:00Z; make one with 'token create'.");
            }
        }

        return tokens;
    }

    /// <summary>Reads an entry as <see cref="ToString"/> writes it.</summary>
    public static bool TryParse(string entry, [NotNullWhen(true)] out BearerToken? token)
    {
        token = null;
        var parts = entry.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (2 or 3) || !IsName(parts[0]) || !parts[1].StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            return false;
        }

        var hex = parts[1][HashPrefix.Length..];
        DateTimeOffset? expires = null;
        if (parts.Length == 3)
        {
            if (!DateTimeOffset.TryParseExact(
                parts[2], s_moments, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
            {
                return false;
            }

            expires = moment.ToUniversalTime();
        }

        if (hex.Length != 64 || !hex.All(char.IsAsciiHexDigit))
        {
            return false;
        }

        token = new(parts[0], Convert.FromHexString(hex), expires);
        return true;
    }

    /// <summary>The entry that goes into the configuration.</summary>
    public override string ToString()
    {
        var entry = $"{Name} {HashPrefix}{Convert.ToHexStringLower(Sha256)}";
        return Expires is { } expires
            ? $"{entry} {expires.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}"
            : entry;
    }
}
