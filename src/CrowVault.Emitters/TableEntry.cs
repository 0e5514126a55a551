using System.Text.RegularExpressions;

namespace CrowVault.Emitters;

/// <summary>One line of an emitted table of names and numbers.</summary>
/// <param name="Key">The name as a property key: quoted only when it is no identifier, as Prettier wants it.</param>
/// <param name="Value">Numeral.</param>
internal sealed partial record TableEntry(string Key, string Value)
{
    /// <summary>The lines of a table, in the order of the entries.</summary>
    /// <param name="table">Names that passed the allowlist, and their numbers.</param>
    public static IReadOnlyList<TableEntry> Of(IReadOnlyDictionary<string, int> table) =>
        [.. table.Select(entry => new TableEntry(PropertyKey(entry.Key), Figures.Numeral(entry.Value)))];

    private static string PropertyKey(string name) => Identifier().IsMatch(name) ? name : Templates.Literal(name);

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_]*\z")]
    private static partial Regex Identifier();
}
