using System.Text.Json.Nodes;
using CrowVault.Emitters.RateLimiting;

namespace CrowVault.Emitters.Stack.Telemetry;

/// <summary>Emits <c>telemetry.ts</c>, which makes OpenTelemetry's metrics and span events of what the guards report.</summary>
internal sealed class TelemetryFile(Reported reported, StackOptions options)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "telemetry.ts";

    /// <summary>The tool that its header names.</summary>
    public const string Tool = "telemetry";

    /// <summary>The source.</summary>
    public GeneratedFile File(string version)
    {
        var view = Templates.View(Model(), StackJson.Default.TelemetryModel);
        var source = TestRunner.WithImports(view.Render($"Stack/Telemetry/{FileName}.liquid"), options.ImportExtension);
        var arguments = new JsonObject { ["guards"] = new JsonArray([.. reported.Guards.Select(guard => (JsonNode)Kebab(guard))]) };
        var header = new FileHeader("Telemetry", version, Tool, arguments.ToJsonString(ArgumentJson.Readable.Options),
            FileHeader.WebStandards);
        return new(FileName, FileRole.Source, "typescript", header.Of(source), source);
    }

    private TelemetryModel Model()
    {
        var upstreams = reported.Sections.WiresUpstreams;
        var readsHealth = upstreams && (Has(Guard.Bulkhead) || reported.Includes(MetricTable.RetryBudget));
        var store = Has(Guard.RateLimiter) && reported.Sections.Find<RateLimitingOptions>()!.Store is Store.Redis;
        var routine = new[] { Has(Guard.CircuitBreaker) ? "'call'" : "", Has(Guard.RateLimiter) ? "'allowed'" : "" }
            .Where(type => type.Length > 0).Select(type => $"event.type !== {type}");
        return new(
            Metrics: [.. reported.Metrics.Select(Entry)],
            Union: Union(),
            Single: reported.Guards is [var only] ? Handler(only) : "",
            Routine: string.Join(" && ", routine),
            CircuitBreaker: Has(Guard.CircuitBreaker),
            Retry: Has(Guard.Retry),
            Timeout: Has(Guard.Timeout),
            Bulkhead: Has(Guard.Bulkhead),
            RateLimiter: Has(Guard.RateLimiter),
            Upstreams: upstreams && (Has(Guard.CircuitBreaker) || Has(Guard.Retry) || Has(Guard.Timeout) || Has(Guard.Bulkhead)),
            Health: readsHealth || (upstreams && Has(Guard.CircuitBreaker)),
            ReadsHealth: readsHealth,
            Budget: reported.Includes(MetricTable.RetryBudget),
            Store: store,
            Histograms: reported.Metrics.Any(metric => metric.Instrument is Instrument.Histogram),
            Gauges: reported.Metrics.Any(metric => metric.Instrument is Instrument.ObservableGauge),
            Outcomes: Uses(MetricTable.OutcomeAttribute),
            Reasons: Uses(MetricTable.ReasonAttribute),
            Names: Uses(MetricTable.NameAttribute));
    }

    private bool Has(Guard guard) => reported.Guards.Contains(guard);

    private bool Uses(string attribute) => reported.Metrics.Any(metric => metric.Attributes.Contains(attribute));

    // As Prettier lays out a string: below its key where the line would be too long.
    private static MetricEntry Entry(Metric metric)
    {
        var text = TypeScript.Literal(metric.Description);
        var fits = $"    description: {text},".Length <= TypeScript.Columns;
        return new(metric.Key, TypeScript.Literal(metric.Name), TypeScript.Literal(metric.Unit), fits ? $" {text}" : $"\n      {text}");
    }

    private string Union()
    {
        string[] events = [.. reported.Guards.Select(Event).Order(StringComparer.Ordinal)];
        var line = $" {string.Join(" | ", events)}";
        return "export type ResilienceEvent =;".Length + line.Length <= TypeScript.Columns
            ? line
            : $"\n {line}";
    }

    private static string Event(Guard guard) => guard switch
    {
        Guard.CircuitBreaker => "CircuitBreakerEvent",
        Guard.Retry => "RetryEvent",
        Guard.Timeout => "TimeoutEvent",
        Guard.Bulkhead => "BulkheadEvent",
        Guard.RateLimiter => "RateLimitEvent",
    };

    private static string Handler(Guard guard) => guard switch
    {
        Guard.CircuitBreaker => "onBreaker",
        Guard.Retry => "onRetry",
        Guard.Timeout => "onTimeout",
        Guard.Bulkhead => "onBulkhead",
        Guard.RateLimiter => "onLimiter",
    };

    private static string Kebab(Guard guard) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(guard.ToString());
}

/// <summary>What the template of <c>telemetry.ts</c> sees.</summary>
/// <param name="Metrics">The table.</param>
/// <param name="Union">The events' types, laid out to fit the line.</param>
/// <param name="Single">The one handler there is; empty when there are several.</param>
/// <param name="Routine">True in code of every event but those of each call; empty when no guard has such.</param>
/// <param name="CircuitBreaker">Whether the circuit breaker reports.</param>
/// <param name="Retry">Whether the retry reports.</param>
/// <param name="Timeout">Whether the timeouts report.</param>
/// <param name="Bulkhead">Whether the bulkhead reports.</param>
/// <param name="RateLimiter">Whether the rate limiter reports.</param>
/// <param name="Upstreams">Whether upstreams.ts takes a listener.</param>
/// <param name="Health">Whether the upstreams' health is read.</param>
/// <param name="ReadsHealth">Whether slots or a budget are read off it when metrics are collected.</param>
/// <param name="Budget">Whether a retry budget is.</param>
/// <param name="Store">Whether the rate limiter has a store that can fail.</param>
/// <param name="Histograms">Whether there is a histogram.</param>
/// <param name="Gauges">Whether there is a gauge.</param>
/// <param name="Outcomes">Whether a metric has that attribute.</param>
/// <param name="Reasons">Whether a metric has that attribute.</param>
/// <param name="Names">Whether a metric has that attribute.</param>
internal sealed record TelemetryModel(
    IReadOnlyList<MetricEntry> Metrics,
    string Union,
    string Single,
    string Routine,
    bool CircuitBreaker,
    bool Retry,
    bool Timeout,
    bool Bulkhead,
    bool RateLimiter,
    bool Upstreams,
    bool Health,
    bool ReadsHealth,
    bool Budget,
    bool Store,
    bool Histograms,
    bool Gauges,
    bool Outcomes,
    bool Reasons,
    bool Names);

/// <summary>One entry of the emitted table, as TypeScript.</summary>
/// <param name="Key">Property key.</param>
/// <param name="Name">String literal.</param>
/// <param name="Unit">String literal.</param>
/// <param name="Description">String literal with the white space before it.</param>
internal sealed record MetricEntry(string Key, string Name, string Unit, string Description);
