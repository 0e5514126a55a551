using System.Globalization;

namespace CrowVault.Emitters.Stack.Telemetry;

/// <summary>Queries about the metrics of the table.</summary>
internal static class PromQl
{
    /// <summary>Label of <see cref="MetricTable.NameAttribute"/>.</summary>
    public static string Name { get; } = Label(MetricTable.NameAttribute);

    /// <summary>Label of <see cref="MetricTable.OutcomeAttribute"/>.</summary>
    public static string Outcome { get; } = Label(MetricTable.OutcomeAttribute);

    /// <summary>Label of <see cref="MetricTable.ReasonAttribute"/>.</summary>
    public static string Reason { get; } = Label(MetricTable.ReasonAttribute);

    /// <summary>Label of <see cref="MetricTable.OperationAttribute"/>.</summary>
    public static string Operation { get; } = Label(MetricTable.OperationAttribute);

    /// <summary>Label of <see cref="MetricTable.StateAttribute"/>.</summary>
    public static string State { get; } = Label(MetricTable.StateAttribute);

    /// <summary>A time series of a counter or gauge.</summary>
    public static string Series(Metric metric, params string[] matchers) => matchers.Length == 0
        ? metric.PrometheusName
        : $"{metric.PrometheusName}{{{string.Join(", ", matchers)}}}";

    /// <summary>The buckets of a histogram, with or without the unit in its name: exporters differ in that.</summary>
    public static string Buckets(Metric metric, params string[] matchers) =>
        $"{{{string.Join(", ", [$"__name__=~\"{metric.PrometheusStem}(_seconds)?_bucket\"", .. matchers])}}}";

    /// <summary>Summed growth per second over five minutes.</summary>
    public static string Rate(string by, string series) => $"sum by ({by}) (rate({series}[5m]))";

    /// <summary>Summed growth over a time.</summary>
    public static string Increase(string by, string series, string window) => $"sum by ({by}) (increase({series}[{window}]))";

    /// <summary>A quantile of a histogram.</summary>
    public static string Quantile(double quantile, string by, string buckets) =>
        $"histogram_quantile({quantile.ToString(CultureInfo.InvariantCulture)}, {Rate($"le, {by}", buckets)})";

    /// <summary>One name or several, as a matcher.</summary>
    public static string Named(IReadOnlyList<string> names, bool negated = false) => (names, negated) switch
    {
        ([var one], false) => $"{Name}=\"{one}\"",
        ([var one], true) => $"{Name}!=\"{one}\"",
        (_, false) => $"{Name}=~\"{Any(names)}\"",
        (_, true) => $"{Name}!~\"{Any(names)}\"",
    };

    /// <summary>A time of whole seconds, as Prometheus writes it.</summary>
    public static string Time(double milliseconds)
    {
        var seconds = (long)Math.Ceiling(milliseconds / 1_000);
        return seconds % 3_600 == 0 ? $"{seconds / 3_600}h" : seconds % 60 == 0 ? $"{seconds / 60}m" : $"{seconds}s";
    }

    /// <summary>Any of several names, as a regular expression.</summary>
    public static string Any(IReadOnlyList<string> names) =>
        // Of the characters that a name may have, only the dot means something.
        string.Join('|', names.Select(name => name.Replace(".", "\\\\.", StringComparison.Ordinal)));

    private static string Label(string attribute) => attribute.Replace('.', '_');
}
