namespace CrowVault.Emitters;

/// <summary>What an emitter has written, before the header and the test's imports stand above it.</summary>
/// <param name="Source">The code, ending in a line feed.</param>
/// <param name="Test">The tests' code, ending in a line feed; empty when none was asked for.</param>
/// <param name="Usage">A short snippet that compiles beside the source.</param>
/// <param name="Notes">Figures derived from the arguments.</param>
/// <param name="Warnings">Dangerous combinations of arguments.</param>
public sealed record Draft(
    string Source,
    string Test,
    string Usage,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Warnings)
{
    /// <summary>What the code needs to run.</summary>
    public string Needs { get; init; } = Header.WebStandards;
}
