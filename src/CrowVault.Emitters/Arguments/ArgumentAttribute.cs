namespace CrowVault.Emitters.Arguments;

/// <summary>
/// Describes one argument on the property of an options record. Name, type and default come from the record itself, so that
/// JSON Schema, command line, validation and README all derive from this one place.
/// </summary>
/// <param name="description">What the argument means; range and default stand in the schema already.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ArgumentAttribute(string description) : Attribute
{
    /// <summary>What the argument means.</summary>
    public string Description { get; } = description;

    /// <summary>The least value of an integer, or of each integer in a list or map.</summary>
    public int Minimum { get; init; } = 1;

    /// <summary>The greatest value of an integer, or of each integer in a list or map.</summary>
    public int Maximum { get; init; } = int.MaxValue;

    /// <summary>What a caller means by 0 where the least value is 1.</summary>
    public ZeroMeaning Zero { get; init; }

    /// <summary>How many entries a list must have.</summary>
    public int MinimumEntries { get; init; } = 1;

    /// <summary>How many entries a list may have.</summary>
    public int MaximumEntries { get; init; } = 200;

    /// <summary>A value as JSON; those of an entry's members show what a list of objects looks like.</summary>
    public string? Example { get; init; }

    /// <summary>Whether the arguments in a header name a switch only when it is on: one that files of earlier versions do not
    /// know.</summary>
    public bool NamedWhenOn { get; init; }
}
