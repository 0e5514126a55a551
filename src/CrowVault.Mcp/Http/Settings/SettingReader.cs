using System.Globalization;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using Microsoft.Extensions.Configuration;

namespace CrowVault.Mcp.Http.Settings;

/// <summary>Reads named settings from the environment (<c>CROWVAULT_HTTP_MAX_BODY_BYTES</c>) and from the file that <c>--settings</c> names
/// (<c>CrowVault:Http:MaxBodyBytes</c>), and gathers everything that is wrong with them.</summary>
/// <param name="configuration">The configuration of the host.</param>
/// <param name="file">What the file alone says; null when none is named.</param>
internal sealed class SettingReader(IConfiguration configuration, IConfiguration? file = null)
{
    // What .NET reads from such a file, or what editors do: a file may be shared with it.
    private static readonly string[] s_others =
    [
        "Logging", "Kestrel", "AllowedHosts", "Urls", "Http_Ports", "Https_Ports", "Https_Port", "ConnectionStrings", "DetailedErrors",
        "Environment", "ForwardedHeaders_Enabled", "$schema",
    ];

    private const string EnvironmentPrefix = "CROWVAULT_HTTP_";
    private const string Root = "CrowVault";
    private const string Door = "Http";
    private const string Section = $"{Root}:{Door}";
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong so far, one sentence each.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Names of the settings that were asked for.</summary>
    public IReadOnlyCollection<string> Known => _known;

    /// <summary>A text; null when it is absent or empty.</summary>
    public string? Text(string name)
    {
        _known.Add(name);
        var text = configuration[Variable(name)] ?? configuration[$"{Section}:{name}"];
        return string.IsNullOrWhiteSpace(text) ? null : text.Trim();
    }

    /// <summary>A text that must not be empty: a secret that is missing arrives as one, and must not turn off what it was to
    /// protect.</summary>
    public string? Required(string name)
    {
        var text = Text(name);
        if (text is null && IsPresent(name))
        {
            Faults.Add($"{name}: present, but empty; give it a value, or take the setting away.");
        }

        return text;
    }

    /// <summary>Whether a setting is there, be it empty.</summary>
    public bool IsPresent(string name) =>
        configuration[Variable(name)] is not null
            || configuration.GetSection(Section).GetChildren().Any(child => child.Key.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>A list: separated by commas or lines in the environment, an array in JSON.</summary>
    public IReadOnlyList<string> List(string name)
    {
        var text = Text(name);
        var items = text is null
            ? configuration.GetSection($"{Section}:{name}").GetChildren().Select(child => child.Value ?? "")
            : text.Split([',', '\n', '\r']);
        return [.. items.Select(item => item.Trim()).Where(item => item.Length > 0)];
    }

    /// <summary>An absolute address; null when it is absent.</summary>
    public Uri? Url(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            && url.Query.Length + url.Fragment.Length == 0)
        {
            return url;
        }

        Faults.Add($"{name}: {text} is not an address; use one such as https://mcp.example.com.");
        return null;
    }

    /// <summary>A switch; off when it is absent.</summary>
    public bool Flag(string name)
    {
        var text = Text(name);
        if (bool.TryParse(text, out var value) || text is null)
        {
            return value;
        }

        Faults.Add($"{name}: {text} is neither true nor false.");
        return false;
    }

    /// <summary>A whole number in a range.</summary>
    public int Number(string name, int fallback, int min, int max)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        Faults.Add($"{name}: {text} is out of range; use {min} to {max}.");
        return fallback;
    }

    /// <summary>Refuses names that no setting has, so that a misspelt limit is not silently missing.</summary>
    public void RefuseUnknown()
    {
        var variables = configuration.GetChildren()
            .Where(child => child.Key.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)
                && !_known.Any(name => Variable(name).Equals(child.Key, StringComparison.OrdinalIgnoreCase)))
            .Select(child => (child.Key, Nearest: Suggestion.Nearest(child.Key[EnvironmentPrefix.Length..], _known) is { } name
                ? Variable(name) : null));
        var entries = configuration.GetSection(Section).GetChildren()
            .Where(child => !_known.Contains(child.Key))
            .Select(child => (child.Key, Nearest: Suggestion.Nearest(child.Key, _known)));
        foreach (var (name, nearest) in variables.Concat(entries).Concat(UnknownSections()))
        {
            Faults.Add($"{name}: unknown setting{(nearest is null ? "." : $"; did you mean {nearest}?")}");
        }
    }

    // Settings under a misspelt section would be as if they were not there, tokens among them.
    private IEnumerable<(string Name, string? Nearest)> UnknownSections()
    {
        foreach (var child in file?.GetChildren() ?? [])
        {
            var isOurs = child.Key.Equals(Root, StringComparison.OrdinalIgnoreCase);
            if (isOurs ? child.Value is { Length: > 0 } : !IsReadElsewhere(child.Key))
            {
                var isSetting = Door.Equals(child.Key, StringComparison.OrdinalIgnoreCase) || _known.Contains(child.Key);
                yield return (child.Key, isSetting ? $"{Section}{(_known.Contains(child.Key) ? $":{child.Key}" : "")}"
                    : isOurs ? Section : Suggestion.Nearest(child.Key, [Root]));
            }
        }

        foreach (var child in configuration.GetSection(Root).GetChildren())
        {
            if (!child.Key.Equals(Door, StringComparison.OrdinalIgnoreCase) || child.Value is { Length: > 0 })
            {
                yield return ($"{Root}:{child.Key}", _known.Contains(child.Key) ? $"{Section}:{child.Key}" : Section);
            }
        }
    }

    private static bool IsReadElsewhere(string name) => s_others.Contains(name, StringComparer.OrdinalIgnoreCase)
        || name.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Name of the environment variable of a setting.</summary>
    public static string Variable(string name) =>
        EnvironmentPrefix + string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : $"{char.ToUpperInvariant(c)}"));
}
