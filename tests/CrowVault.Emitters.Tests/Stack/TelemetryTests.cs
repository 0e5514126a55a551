using System.Reflection;
using System.Text;
using System.Text.Json;
using CrowVault.Emitters.Stack;
using CrowVault.Emitters.Stack.Telemetry;
using CrowVault.Tests;
using Xunit;

namespace CrowVault.Emitters.Tests.Stack;

public sealed class TelemetryTests
{
    private const string Begin = "<!-- metrics: begin -->\n";
    private const string End = "<!-- metrics: end -->";

    private const string Layers = """
        "circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"orders.get":2000,"payments.charge":5000},"totalTimeoutMs":8000},
        "bulkhead":{"partitions":{"orders":20,"payments":10}},
        "upstreams":{"payments":{"circuitBreaker":{"recoveryTimeMs":5000},"operations":{"payments.charge":{"retry":false}}}}
        """;

    private static readonly string s_all = "{\"withMetrics\":true," + Layers + ",\"rateLimiting\":{}}";

    [Fact]
    public void Emits_what_the_snapshots_show()
    {
        var emission = Emit(s_all);
        Snapshot.VerifyText("telemetry", "telemetry", "ts", File(emission, "telemetry.ts"));
        Snapshot.VerifyText("telemetry", "upstreams", "ts", File(emission, "upstreams.ts"));
        Snapshot.VerifyText("telemetry", "dashboard", "json", JsonLayout.Of(emission.Monitoring!.Dashboard.Content));
        Snapshot.VerifyText("telemetry", "alerts", "yml", emission.Monitoring.Alerts.Content);
    }

    [Fact]
    public void Off_leaves_no_trace()
    {
        var emission = Emit("{" + Layers + ",\"rateLimiting\":{},\"withMetrics\":false}");
        Assert.Null(emission.Monitoring);
        Assert.DoesNotContain("telemetry.ts", emission.Files.Select(file => file.Path));
        Assert.All(
            emission.Files,
            file => Assert.DoesNotContain("onEvent", file.Content, StringComparison.Ordinal));
        Assert.All(
            emission.Files.Where(file => file.Path != "circuit-breaker.ts"),
            file => Assert.DoesNotContain("etrics", file.Content, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"withMetrics\":true,", "", "circuit-breaker retry timeout bulkhead")]
    [InlineData("", ",\"stack\":{\"withMetrics\":true}", "circuit-breaker retry timeout bulkhead")]
    [InlineData("", ",\"stack\":{\"withMetrics\":false}", "")]
    public void What_the_stack_reports_every_guard_does(string before, string after, string guards) =>
        Assert.Equal(guards, Guards(Emit("{" + before + Layers + after + "}")));

    [Fact]
    public void A_section_says_for_itself_whether_it_reports()
    {
        Assert.Equal("timeout", Guards(Emit(
            """{"timeoutConfig":{"operations":{"a.get":5},"withMetrics":true},"bulkhead":{"partitions":{"a":1}},"stack":{}}""")));
        Assert.Equal("bulkhead", Guards(Emit(
            """{"timeoutConfig":{"operations":{"a.get":5},"withMetrics":false},"bulkhead":{"partitions":{"a":1}},"stack":{"withMetrics":true}}""")));
    }

    [Fact]
    public void A_changed_figure_is_outdated_and_a_changed_threshold_is_an_edit()
    {
        var alerts = Emit(s_all).Monitoring!.Alerts;
        var others = Emit(s_all.Replace("\"orders\":20", "\"orders\":30", StringComparison.Ordinal)).Monitoring!.Alerts;
        Assert.False(others.IsSame(alerts.Content));
        Assert.True(others.IsUnedited(alerts.Content));
        var edited = alerts.Content.Replace("> 80", "> 90", StringComparison.Ordinal);
        Assert.False(alerts.IsUnedited(edited));
        Assert.True(MonitoringFile.IsGenerated(edited));
        Assert.True(alerts.IsSame($"# Ours.\n\n{alerts.Content.ReplaceLineEndings("\r\n")}"));
        var dashboard = Emit(s_all).Monitoring!.Dashboard;
        Assert.True(dashboard.IsSame(JsonElement.Parse(dashboard.Content).ToString()));
        Assert.False(dashboard.IsSame("[]"));
        Assert.False(dashboard.IsSame("no JSON"));
    }

    [Fact]
    public void Names_and_units_follow_the_conventions()
    {
        Assert.Equal(MetricTable.All.Count, MetricTable.All.Select(metric => metric.PrometheusName).Distinct().Count());
        Assert.All(MetricTable.All, metric =>
        {
            Assert.Matches(@"\Aresilience(\.[a-z]+(_[a-z]+)*)+\z", metric.Name);
            Assert.Matches(metric.Instrument is Instrument.Histogram ? @"\As\z" : @"\A\{[a-z]+\}\z", metric.Unit);
        });
    }

    [Fact]
    public void Table_in_the_documentation_is_this_one()
    {
        var readme = typeof(TelemetryTests).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Readme").Value!;
        var path = Path.Combine(Path.GetDirectoryName(readme)!, "docs", "STACK.md");
        var page = System.IO.File.ReadAllText(path).ReplaceLineEndings("\n");
        var from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var to = page.IndexOf(End, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("ACCEPT_SNAPSHOTS") == "1")
        {
            System.IO.File.WriteAllText(path, page[..from] + Table() + page[to..]);
            return;
        }

        Assert.Equal(Table(), page[from..to]);
    }

    private static string Table()
    {
        var text = new StringBuilder("| Metric | Kind | Unit | Attributes `resilience.` | In Prometheus | Meaning |\n|---|---|---|---|---|---|\n");
        foreach (var metric in MetricTable.All)
        {
            var attributes = string.Join(", ", metric.Attributes.Select(name => $"`{name["resilience.".Length..]}`"));
            var kind = metric.Instrument switch
            {
                Instrument.Counter => "counter",
                Instrument.Histogram => "histogram",
                Instrument.ObservableGauge => "gauge",
            };
            text.Append($"| `{metric.Name}` | {kind} | `{metric.Unit}` | {attributes} | `{metric.PrometheusName}` | {metric.Description} |\n");
        }

        return text.ToString();
    }

    private static string File(Emission emission, string path) => emission.Files.First(file => file.Path == path).Content;

    private static string Guards(Emission emission) => emission.Files.FirstOrDefault(file => file.Path == "telemetry.ts") is { } file
        ? string.Join(' ', JsonElement.Parse(file.Content.Split('\n').First(line => line.StartsWith(" * Arguments: ", StringComparison.Ordinal))[" * Arguments: ".Length..])
            .GetProperty("guards").EnumerateArray().Select(guard => guard.GetString()))
        : "";

    private static Emission Emit(string manifest)
    {
        Assert.True(Manifest.TryEmit(JsonElement.Parse(manifest), Snapshot.Version, out var emission, out var faults), faults?.Message);
        return emission;
    }
}
