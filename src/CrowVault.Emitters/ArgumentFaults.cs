namespace CrowVault.Emitters;

/// <summary>Everything that is wrong with one call, and a call that would work when one can be built.</summary>
/// <param name="Tool">The tool that was called.</param>
/// <param name="Faults">All faults, in the order in which the arguments were given.</param>
/// <param name="CorrectedArguments">Arguments as JSON that the tool accepts, closest to what was given; null when none can be built.</param>
public sealed record ArgumentFaults(string Tool, IReadOnlyList<ArgumentFault> Faults, string? CorrectedArguments)
{
    /// <summary>One line per fault, then the corrected call.</summary>
    public string Message => string.Join('\n', Lines());

    private IEnumerable<string> Lines()
    {
        foreach (var fault in Faults)
        {
            yield return fault.ToString();
        }

        if (CorrectedArguments is not null)
        {
            yield return $"Corrected call: {Tool} {CorrectedArguments}";
        }
    }
}
