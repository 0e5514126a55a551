namespace CrowVault.Emitters.Arguments;

/// <summary>The arguments that all tools share, and the rules that span arguments. Implemented by each tool's options record.</summary>
public interface IToolOptions
{
    /// <summary>Where the emitted code runs.</summary>
    Runtime Runtime { get; }

    /// <summary>What runs the tests; the runtime's own when not given.</summary>
    TestFramework? TestRunner { get; }

    /// <summary>How imports between emitted files end; <c>.ts</c> when not given.</summary>
    ImportExtension? ImportExtension { get; }

    /// <summary>Whether a test file is emitted beside the source.</summary>
    bool WithTests { get; }

    /// <summary>Gives way: every default that does not fit what was given is replaced by a value that does.</summary>
    /// <param name="given">Names of the arguments that were given with another value than their default.</param>
    IToolOptions Fit(IReadOnlySet<string> given) => this;

    /// <summary>Combinations that make no sense, each reported under the argument that the caller should change.</summary>
    IEnumerable<ArgumentFault> Conflicts() => [];

    /// <summary>Arguments without a meaning beside the others: refused when given, and left out of the canonical form.</summary>
    /// <returns>The argument's name and the way out, such as <c>only tripOn failure-rate uses it</c>.</returns>
    IEnumerable<ArgumentFault> Inapplicable() => [];
}
