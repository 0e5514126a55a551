namespace CrowVault.Emitters.Code;

/// <summary>What an emitter has written, before the header and the test's imports stand above it.</summary>
/// <param name="Source">The code, ending in a line feed.</param>
/// <param name="Test">The tests' code, ending in a line feed; empty when none was asked for.</param>
/// <param name="Usage">A short snippet that compiles beside the source.</param>
/// <param name="Notes">Figures derived from the arguments.</param>
/// <param name="Warnings">Dangerous combinations of arguments.</param>
public sealed record EmittedCode(
    string Source,
    string Test,
    string Usage,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Warnings)
{
    /// <summary>What the code needs to run.</summary>
    public string Needs { get; init; } = FileHeader.WebStandards;

    /// <summary>Renders a room's three templates: the source, its tests when asked for, and <c>usage.ts.liquid</c>.</summary>
    /// <param name="source">The source's template, such as <c>RetryPolicy/retry.ts</c>.</param>
    /// <param name="view">What the templates see.</param>
    /// <param name="withTests">Whether tests are asked for.</param>
    /// <param name="notes">Figures derived from the arguments.</param>
    /// <param name="warnings">Dangerous combinations of arguments.</param>
    internal static EmittedCode Render(
        string source, TemplateView view, bool withTests, IEnumerable<string> notes, IEnumerable<string> warnings) => new(
        view.Render($"{source}.liquid"),
        withTests ? view.Render($"{Path.ChangeExtension(source, ".test.ts")}.liquid") : "",
        view.Render($"{Path.GetDirectoryName(source)}/usage.ts.liquid").Trim('\n'),
        [.. notes],
        [.. warnings]);
}
