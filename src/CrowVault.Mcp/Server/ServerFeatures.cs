using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;

namespace CrowVault.Mcp.Server;

/// <summary>What the command line said about the server: settled once, before the first client is served.</summary>
/// <param name="StructuredAnswers">Whether answers also come as structured content, with its schema in the list of tools.</param>
/// <param name="Emitters">The tools that are offered, in the catalog's order.</param>
internal sealed record ServerFeatures(bool StructuredAnswers, IReadOnlyList<Emitter> Emitters)
{
    /// <summary>The features of this process.</summary>
    public static ServerFeatures Current { get; private set; } = new(StructuredAnswers: false, Catalog.All);

    /// <summary>Settles the features of this process.</summary>
    public static void Settle(ServerFeatures features) => Current = features;

    /// <summary>What to tell a caller who named a tool that is not offered.</summary>
    public string UnknownTool(string tool) => Catalog.Find(tool) is null || Emitters.Any(emitter => emitter.Tool == tool)
        ? Catalog.UnknownTool(tool, Emitters)
        : $"{tool} is not offered here; the tools are {string.Join(", ", Emitters.Select(emitter => emitter.Tool))}.";

    /// <summary>What was wrong with a call, with a word beside each tool that is named and not to be had here.</summary>
    public ArgumentFaults WithWhatIsOffered(ArgumentFaults faults)
    {
        var others = Catalog.All.Except(Emitters).Select(emitter => emitter.Tool).ToList();
        return others.Count == 0 ? faults : faults with { Faults = [.. faults.Faults.Select(Marked)] };

        ArgumentFault Marked(ArgumentFault fault) =>
            others.FindAll(tool => fault.Problem.Contains(tool, StringComparison.Ordinal)) is { Count: > 0 } named
                ? fault with { Problem = $"{fault.Problem} Not offered here: {string.Join(", ", named)}." }
                : fault;
    }

    /// <summary>The emitter of a tool that is offered; null when it is not.</summary>
    public Emitter? Find(string tool) => Emitters.FirstOrDefault(emitter => emitter.Tool == tool);

    /// <summary>The emitters of a list of tools, each by its MCP name or its name on the command line.</summary>
    /// <param name="tools">The names.</param>
    /// <param name="problem">What is wrong with them; null when nothing is.</param>
    public static IReadOnlyList<Emitter> Choose(IReadOnlyCollection<string> tools, out string? problem)
    {
        var unknown = tools.FirstOrDefault(name => !Catalog.All.Any(emitter => emitter.Tool == name || emitter.Command == name));
        problem = unknown is null ? null : $"--tools: {Catalog.UnknownTool(unknown)}";
        return [.. Catalog.All.Where(emitter => tools.Contains(emitter.Tool) || tools.Contains(emitter.Command))];
    }
}
