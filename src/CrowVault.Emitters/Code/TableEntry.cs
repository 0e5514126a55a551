namespace CrowVault.Emitters.Code;

/// <summary>One line of an emitted table of names and numbers.</summary>
/// <param name="Key">The name as a property key.</param>
/// <param name="Value">Numeral.</param>
internal sealed record TableEntry(string Key, string Value)
{
    /// <summary>The lines of a table, in the order of the entries.</summary>
    /// <param name="table">Names that passed the allowlist, and their numbers.</param>
    public static IReadOnlyList<TableEntry> Of(IEnumerable<(string Name, int Number)> table) =>
        [.. table.Select(entry => new TableEntry(TypeScript.PropertyKey(entry.Name), TypeScript.Numeral(entry.Number)))];
}
