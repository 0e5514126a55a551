namespace CrowVault.Emitters.Arguments;

/// <summary>Collects the faults of one call. Only the first are kept, so that an answer does not grow with what is wrong.</summary>
internal sealed class FaultList
{
    /// <summary>How many are kept.</summary>
    public const int MostKept = 20;

    private readonly List<ArgumentFault> _kept = [];

    /// <summary>The first faults.</summary>
    public IReadOnlyList<ArgumentFault> Kept => _kept;

    /// <summary>How many there are in all.</summary>
    public int Total { get; private set; }

    /// <summary>Whether a further fault would be kept; one that will not needs no words.</summary>
    public bool HasRoom => _kept.Count < MostKept;

    /// <summary>False once a value was understood that no call can express: then a corrected call would mean something else.</summary>
    public bool Correctable { get; private set; } = true;

    /// <summary>Adds a fault whose value can be corrected, or cannot be read at all.</summary>
    public void Add(ArgumentFault fault)
    {
        Total++;
        if (HasRoom)
        {
            _kept.Add(fault);
        }
    }

    /// <summary>Adds a fault whose words are made only when it is kept.</summary>
    public void AddLazily(Func<ArgumentFault> fault)
    {
        if (HasRoom)
        {
            Add(fault());
        }
        else
        {
            Total++;
        }
    }

    /// <summary>Adds a fault that has no correction.</summary>
    public void AddFinal(ArgumentFault fault)
    {
        Add(fault);
        Correctable = false;
    }

    /// <summary>Says that a value was understood that no call can express.</summary>
    public void Forbid(bool unless) => Correctable &= unless;

    /// <summary>Adds the faults of a tool's arguments under the path of their section.</summary>
    public void AddAll(ArgumentFaults part, string path)
    {
        foreach (var fault in part.Faults)
        {
            Add(fault with { Argument = $"{path}.{fault.Argument}" });
        }

        Total += part.Total - part.Faults.Count;
    }

    /// <summary>Adds the faults of a part under the part's path.</summary>
    public void AddAll(FaultList part, Func<ArgumentFault, ArgumentFault> under)
    {
        foreach (var fault in part.Kept)
        {
            Add(under(fault));
        }

        Total += part.Total - part.Kept.Count;
        Correctable &= part.Correctable;
    }
}
