using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RetryPolicy;

namespace CrowVault.Emitters.Stack;

/// <summary>One downstream service of a manifest: a partition of the bulkhead with what it has of its own.</summary>
/// <param name="Name">Name of the partition.</param>
/// <param name="BaseUrl">Where relative addresses begin; null when none was given.</param>
/// <param name="Breaker">The circuit breaker's settings with the upstream's own in place.</param>
/// <param name="Retry">The retry policy with the upstream's own in place.</param>
/// <param name="OwnSettings">What differs from the tools' sections, as TypeScript members.</param>
/// <param name="Operations">The operations that belong to it.</param>
internal sealed record Upstream(
    string Name,
    string? BaseUrl,
    CircuitBreakerOptions Breaker,
    RetryPolicyOptions Retry,
    IReadOnlyList<SettingsGroup> OwnSettings,
    IReadOnlyList<UpstreamOperation> Operations);

/// <summary>Settings of one layer that an upstream has of its own.</summary>
/// <param name="Layer">The section's name, such as <c>circuitBreaker</c>.</param>
/// <param name="Members">Names and TypeScript values.</param>
internal sealed record SettingsGroup(string Layer, IReadOnlyList<TableEntry> Members);

/// <summary>One operation of an upstream.</summary>
/// <param name="Name">As in timeoutConfig.</param>
/// <param name="TimeoutMs">Its limit in milliseconds.</param>
/// <param name="Retry">Whether a failed attempt may be repeated; null when the manifest does not say.</param>
internal sealed record UpstreamOperation(string Name, int TimeoutMs, bool? Retry);
