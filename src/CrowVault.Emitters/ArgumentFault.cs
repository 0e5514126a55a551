namespace CrowVault.Emitters;

/// <summary>One fault of a call: the argument, and the value, the rule and the way out in one sentence.</summary>
/// <param name="Argument">Name of the argument, as in the JSON schema.</param>
/// <param name="Problem">What is wrong and what to do, such as <c>0 is out of range; use 1 to 10000.</c></param>
public sealed record ArgumentFault(string Argument, string Problem)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Argument}: {Problem}";
}
