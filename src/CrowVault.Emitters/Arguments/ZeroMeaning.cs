namespace CrowVault.Emitters.Arguments;

/// <summary>What a caller means by 0 where an argument begins at 1: a corrected call must mean the same.</summary>
public enum ZeroMeaning
{
    /// <summary>As little as there is: 1 is as good.</summary>
    Least,

    /// <summary>No limit, as in most libraries, where 1 would be the tightest one.</summary>
    NoLimit,

    /// <summary>That it is off, as when it is left out.</summary>
    Off,

    /// <summary>Nothing that a value stands for.</summary>
    Nothing,
}
