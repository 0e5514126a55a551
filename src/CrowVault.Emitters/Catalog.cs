using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;

namespace CrowVault.Emitters;

/// <summary>The tools, in the order in which they are documented.</summary>
public static class Catalog
{
    /// <summary>Every emitter.</summary>
    public static IReadOnlyList<Emitter> All { get; } =
    [
        new CircuitBreakerEmitter(),
        new RetryPolicyEmitter(),
        new RateLimitingEmitter(),
        new TimeoutConfigEmitter(),
        new BulkheadEmitter(),
    ];

    /// <summary>The emitter of a tool.</summary>
    /// <param name="tool">Name of the tool, such as <c>generate_circuit_breaker</c>.</param>
    /// <returns>Null when there is no such tool.</returns>
    public static Emitter? Find(string tool) => All.FirstOrDefault(emitter => emitter.Tool == tool);

    /// <summary>What to tell a caller who named a tool that does not exist.</summary>
    /// <param name="tool">The name that was given.</param>
    /// <param name="offered">The tools that there are for this caller; all when null.</param>
    public static string UnknownTool(string tool, IReadOnlyList<Emitter>? offered = null)
    {
        var (shown, tools) = (Argument.Show(tool), offered ?? All);

        // Clients put a prefix before the names of a server's tools: mcp__api-mcp__generate_bulkhead.
        var meant = tools.FirstOrDefault(emitter => tool.EndsWith(emitter.Tool, StringComparison.OrdinalIgnoreCase))?.Tool ?? tool;
        return Suggestion.Nearest(meant, tools.SelectMany(emitter => new[] { emitter.Tool, emitter.Command })) is { } nearest
            ? $"Unknown tool {shown}; did you mean {tools.First(emitter => emitter.Tool == nearest || emitter.Command == nearest).Tool}?"
            : $"Unknown tool {shown}; the tools are {string.Join(", ", tools.Select(emitter => emitter.Tool))}.";
    }
}
