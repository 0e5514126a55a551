using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;

namespace CrowVault.Emitters.Stack.Telemetry;

/// <summary>Which guards of a manifest report events, and the metrics that follow from them.</summary>
internal sealed class Reported
{
    /// <summary>Reads the sections' <c>withMetrics</c>.</summary>
    public Reported(ManifestSections sections)
    {
        Sections = sections;
        Guards = sections.Find<StackOptions>() is null ? [] : [.. Switches(sections).Where(each => each.On).Select(each => each.Guard)];
        Metrics = [.. MetricTable.All.Where(metric => Guards.Contains(metric.Guard) && Has(metric.Source))];
    }

    /// <summary>The manifest.</summary>
    public ManifestSections Sections { get; }

    /// <summary>Guards that report events, in the table's order.</summary>
    public IReadOnlyList<Guard> Guards { get; }

    /// <summary>Metrics that those events and the upstreams give.</summary>
    public IReadOnlyList<Metric> Metrics { get; }

    /// <summary>Whether anything is reported.</summary>
    public bool Any => Guards.Count > 0;

    /// <summary>Whether a metric is reported.</summary>
    public bool Includes(Metric metric) => Metrics.Contains(metric, SameName.Instance);

    private static (Guard Guard, bool On)[] Switches(ManifestSections sections) =>
    [
        (Guard.CircuitBreaker, sections.Find<CircuitBreakerOptions>()?.WithMetrics == true),
        (Guard.Retry, sections.Find<RetryPolicyOptions>()?.WithMetrics == true),
        (Guard.Timeout, sections.Find<TimeoutConfigOptions>()?.WithMetrics == true),
        (Guard.Bulkhead, sections.Find<BulkheadOptions>()?.WithMetrics == true),
        (Guard.RateLimiter, sections.Find<RateLimitingOptions>()?.WithMetrics == true),
    ];

    private bool Has(MetricSource source) => source switch
    {
        MetricSource.Events => true,
        MetricSource.Upstreams => Sections.WiresUpstreams,
        MetricSource.Budget => Sections.WiresUpstreams && Sections.Find<RetryPolicyOptions>()!.WithRetryBudget,
        MetricSource.Store => Sections.Find<RateLimitingOptions>()!.Store is Store.Redis,
    };

    // Lists in a record are compared by reference.
    private sealed class SameName : IEqualityComparer<Metric>
    {
        public static SameName Instance { get; } = new();

        public bool Equals(Metric? x, Metric? y) => x?.Name == y?.Name;

        public int GetHashCode(Metric obj) => obj.Name.GetHashCode(StringComparison.Ordinal);
    }
}
