using System.Reflection;
using CrowVault.Emitters;
using CrowVault.Emitters.Code;

namespace CrowVault.Mcp.Server;

/// <summary>One short guide per pattern: what it does, when not to use it, which arguments matter.</summary>
internal static class PatternGuides
{
    /// <summary>URI of a guide, with the pattern in place of the braces.</summary>
    public const string UriTemplate = "api-mcp://patterns/{pattern}";

    /// <summary>URI of the guide that leads from what one sees to a pattern.</summary>
    public const string ChoiceUri = "api-mcp://choose_pattern";

    /// <summary>The guide that leads from what one sees to a pattern.</summary>
    public static string Choice { get; } = Read("choose-pattern");

    private static readonly Dictionary<string, string> s_texts =
        Catalog.All.ToDictionary(emitter => emitter.Command, emitter => Read(emitter.Command), StringComparer.Ordinal);

    /// <summary>The patterns, named as on the command line.</summary>
    public static IReadOnlyList<string> Patterns { get; } = [.. Catalog.All.Select(emitter => emitter.Command)];

    /// <summary>URI of a pattern's guide.</summary>
    public static string UriOf(string pattern) => UriTemplate.Replace("{pattern}", pattern, StringComparison.Ordinal);

    /// <summary>The guide at a URI; null when there is none.</summary>
    public static string? At(string uri) =>
        Patterns.FirstOrDefault(pattern => UriOf(pattern) == uri) is { } found ? s_texts[found] : null;

    private static string Read(string pattern) => EmbeddedText.Read(Assembly.GetExecutingAssembly(), $"Guides/{pattern}.md");
}
