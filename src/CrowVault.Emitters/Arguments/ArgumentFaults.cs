namespace CrowVault.Emitters.Arguments;

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

/// <summary>One fault of a call: the argument, and the value, the rule and the way out in one sentence.</summary>
/// <param name="Argument">Name of the argument, as in the JSON schema.</param>
/// <param name="Problem">What is wrong and what to do, such as <c>0 is out of range; use 1 to 10000.</c></param>
public sealed record ArgumentFault(string Argument, string Problem)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Argument}: {Problem}";
}
