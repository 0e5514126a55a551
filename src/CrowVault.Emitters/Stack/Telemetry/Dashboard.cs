using System.Text.Json.Nodes;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.TimeoutConfig;
using static CrowVault.Emitters.Code.Wording;
using static CrowVault.Emitters.Stack.Telemetry.PromQl;

namespace CrowVault.Emitters.Stack.Telemetry;

/// <summary>A Grafana dashboard: one row for each guard, with the manifest's figures in the descriptions.</summary>
internal sealed class Dashboard(Reported reported)
{
    // Of Grafana 12; later ones migrate it when it is opened.
    private const int SchemaVersion = 41;

    private const int Columns = 24;
    private const int Height = 8;
    private const string Job = "job=~\"$job\"";

    /// <summary>The dashboard without a description.</summary>
    public JsonObject Build() => new()
    {
        ["title"] = "Resilience",
        ["uid"] = "crowvault-resilience",
        ["tags"] = new JsonArray("resilience"),
        ["schemaVersion"] = SchemaVersion,
        ["editable"] = true,
        ["graphTooltip"] = 1,
        ["refresh"] = "30s",
        ["time"] = new JsonObject { ["from"] = "now-1h", ["to"] = "now" },
        ["timezone"] = "browser",
        ["templating"] = new JsonObject { ["list"] = new JsonArray(Source(), Jobs()) },
        ["panels"] = Panels(),
    };

    private static JsonObject Source() => new()
    {
        ["name"] = "datasource",
        ["label"] = "Data source",
        ["type"] = "datasource",
        ["query"] = "prometheus",
        ["current"] = new JsonObject(),
        ["hide"] = 0,
        ["refresh"] = 1,
    };

    private JsonObject Jobs() => new()
    {
        ["name"] = "job",
        ["label"] = "Job",
        ["type"] = "query",
        ["datasource"] = Datasource(),
        ["definition"] = $"label_values({reported.Metrics[0].PrometheusName}, job)",
        ["query"] = new JsonObject { ["query"] = $"label_values({reported.Metrics[0].PrometheusName}, job)", ["refId"] = "jobs" },
        ["includeAll"] = true,
        ["multi"] = true,
        ["current"] = new JsonObject { ["text"] = "All", ["value"] = "$__all" },
        ["refresh"] = 2,
        ["sort"] = 1,
    };

    private JsonArray Panels()
    {
        var panels = new JsonArray();
        var y = 0;
        foreach (var row in Rows())
        {
            panels.Add((JsonNode)new JsonObject
            {
                ["id"] = panels.Count + 1,
                ["type"] = "row",
                ["title"] = row.Title,
                ["collapsed"] = false,
                ["gridPos"] = Place(0, y, Columns, 1),
                ["panels"] = new JsonArray(),
            });
            var width = Columns / row.Panels.Count;
            for (var at = 0; at < row.Panels.Count; at++)
            {
                panels.Add((JsonNode)PanelOf(row.Panels[at], panels.Count + 1, Place(at * width, y + 1, width, Height)));
            }

            y += 1 + Height;
        }

        return panels;
    }

    private IEnumerable<Row> Rows() => reported.Guards.Select(guard => guard switch
    {
        Guard.CircuitBreaker => Breakers(),
        Guard.Retry => Retries(),
        Guard.Timeout => Timeouts(),
        Guard.Bulkhead => Bulkheads(),
        Guard.RateLimiter => RateLimiters(),
    });

    private Row Breakers()
    {
        var breaker = reported.Sections.Find<CircuitBreakerOptions>()!;
        var opens = breaker.TripOn switch
        {
            TripOn.Consecutive => $"Opens after {Count(breaker.Failures, "failure")} in a row",
            TripOn.FailureRate => $"Opens when {breaker.FailureRatePercent}% of at least {Count(breaker.MinimumCalls, "call")} in "
                + $"{Duration(breaker.WindowMs)} fail",
        };
        var own = reported.Sections.Upstreams.Any(upstream => upstream.OwnSettings.Any(group => group.Layer == "circuitBreaker"))
            ? " Some upstreams have figures of their own."
            : "";
        return new("Circuit breakers",
        [
            new("State", "state-timeline", "", $"{opens}; asks again after {Duration(breaker.RecoveryTimeMs)}.{own}",
            [
                new($"max by ({Name}) ({Series(MetricTable.BreakerState, Job)})", $"{{{{{Name}}}}}"),
            ]),
            new("Calls", "timeseries", "ops", "Calls per second by outcome; rejected ones were not made.",
            [
                new(Rate($"{Name}, {Outcome}", Series(MetricTable.BreakerCalls, Job)), $"{{{{{Name}}}}} {{{{{Outcome}}}}}"),
            ]),
            new("Failed calls", "timeseries", "percentunit", "Share of the calls that were made.",
            [
                new(
                    $"{Rate(Name, Series(MetricTable.BreakerCalls, Job, $"{Outcome}=\"failure\""))} / "
                        + Rate(Name, Series(MetricTable.BreakerCalls, Job, $"{Outcome}!=\"rejected\"")),
                    $"{{{{{Name}}}}}"),
            ])
            {
                Line = breaker.TripOn is TripOn.FailureRate ? breaker.FailureRatePercent / 100.0 : null,
            },
            new("Duration", "timeseries", "s", "Of the calls that were made: half of them, and all but one of a hundred, took no longer.",
            [
                new(Quantile(0.5, Name, Buckets(MetricTable.BreakerDuration, Job)), $"{{{{{Name}}}}} p50"),
                new(Quantile(0.99, Name, Buckets(MetricTable.BreakerDuration, Job)), $"{{{{{Name}}}}} p99"),
            ]),
        ]);
    }

    private Row Retries()
    {
        var retry = reported.Sections.Find<RetryPolicyOptions>()!;
        List<Panel> panels =
        [
            new("Retries", "timeseries", "ops", $"Per second. A call is retried up to {Count(retry.MaxRetries, "time")}.",
            [
                new(Rate(Name, Series(MetricTable.RetryRetries, Job)), $"{{{{{Name}}}}}"),
            ]),
            new("Recovered calls", "timeseries", "ops", "Calls per second that succeeded after a retry.",
            [
                new(Rate(Name, Series(MetricTable.RetryRecovered, Job)), $"{{{{{Name}}}}}"),
            ]),
            new("Given up", "timeseries", "ops", "Calls per second that failed for good, and why.",
            [
                new(Rate($"{Name}, {Reason}", Series(MetricTable.RetryGivenUp, Job)), $"{{{{{Name}}}}} {{{{{Reason}}}}}"),
            ]),
        ];
        if (reported.Includes(MetricTable.RetryBudget))
        {
            panels.Add(new("Budget", "timeseries", "short", "Retries that may start now, of the process that has the fewest.",
            [
                new($"min by ({Name}) ({Series(MetricTable.RetryBudget, Job)})", $"{{{{{Name}}}}}"),
            ]));
        }

        return new("Retries", panels);
    }

    private Row Timeouts()
    {
        var timeouts = reported.Sections.Find<TimeoutConfigOptions>()!;
        var limits = string.Join(", ", timeouts.Operations.Take(10).Select(operation =>
            $"{operation.Name} {Duration(operation.TimeoutMs)}"));
        return new("Timeouts",
        [
            new("Time-outs", "timeseries", "ops", $"Per second. Limits: {limits}{(timeouts.Operations.Count > 10 ? " and others" : "")}.",
            [
                new(Rate(Operation, Series(MetricTable.TimeoutTimeouts, Job)), $"{{{{{Operation}}}}}"),
            ]),
        ]);
    }

    private Row Bulkheads()
    {
        var bulkhead = reported.Sections.Find<BulkheadOptions>()!;
        var slots = string.Join(", ", bulkhead.Partitions.Take(10).Select(partition => $"{partition.Name} {partition.MaxConcurrent}"));
        List<Panel> panels = [];
        if (reported.Includes(MetricTable.BulkheadActive))
        {
            panels.Add(new("Slots in use", "timeseries", "short", $"Of the fullest process. Slots: {slots}.",
            [
                new($"max by ({Name}) ({Series(MetricTable.BulkheadActive, Job)})", $"{{{{{Name}}}}}"),
            ]));
            panels.Add(new("Waiting", "timeseries", "short",
                $"Of the fullest process. Places: {Count(bulkhead.MaxQueue, "call")}, unless a partition has its own.",
            [
                new($"max by ({Name}) ({Series(MetricTable.BulkheadQueued, Job)})", $"{{{{{Name}}}}}"),
            ]));
        }

        panels.Add(new("Rejections", "timeseries", "ops", "Calls per second that got no slot, and why.",
        [
            new(Rate($"{Name}, {Reason}", Series(MetricTable.BulkheadRejections, Job)), $"{{{{{Name}}}}} {{{{{Reason}}}}}"),
        ]));
        panels.Add(new("Waits", "timeseries", "s", "Of the calls that had to wait for a slot: all but one of a hundred waited no longer.",
        [
            new(Quantile(0.99, Name, Buckets(MetricTable.BulkheadWait, Job)), $"{{{{{Name}}}}} p99"),
        ]));
        return new("Bulkheads", panels);
    }

    private Row RateLimiters()
    {
        var limiter = reported.Sections.Find<RateLimitingOptions>()!;
        List<Panel> panels =
        [
            new("Requests", "timeseries", "reqps", $"Per second by outcome. {limiter.RequestsPerWindow} in "
                + $"{Duration(limiter.WindowSeconds * 1_000.0)} are admitted for each key.",
            [
                new(Rate($"{Name}, {Outcome}", Series(MetricTable.LimiterRequests, Job)), $"{{{{{Name}}}}} {{{{{Outcome}}}}}"),
            ]),
            new("Refused", "timeseries", "percentunit", "Share of all requests.",
            [
                new(
                    $"{Rate(Name, Series(MetricTable.LimiterRequests, Job, $"{Outcome}=\"refused\""))} / "
                        + $"{Rate(Name, Series(MetricTable.LimiterRequests, Job))}",
                    $"{{{{{Name}}}}}"),
            ]),
        ];
        if (reported.Includes(MetricTable.LimiterStoreFailures))
        {
            panels.Add(new("Redis failures", "timeseries", "reqps", "Requests per second that Redis failed to decide.",
            [
                new(Rate(Name, Series(MetricTable.LimiterStoreFailures, Job)), $"{{{{{Name}}}}}"),
            ]));
            panels.Add(new("Redis", "timeseries", "short", "1 while Redis decides for every process, 0 while it cannot for one.",
            [
                new($"min by ({Name}) ({Series(MetricTable.LimiterStoreAvailable, Job)})", $"{{{{{Name}}}}}"),
            ]));
        }

        return new("Rate limiter", panels);
    }

    private static JsonObject PanelOf(Panel panel, int id, JsonObject place)
    {
        var defaults = new JsonObject();
        if (panel.Unit.Length > 0)
        {
            defaults["unit"] = panel.Unit;
            defaults["min"] = 0;
        }

        if (panel.Line is { } line)
        {
            defaults["custom"] = new JsonObject { ["thresholdsStyle"] = new JsonObject { ["mode"] = "line" } };
            defaults["thresholds"] = new JsonObject
            {
                ["mode"] = "absolute",
                ["steps"] = new JsonArray(
                    new JsonObject { ["color"] = "green", ["value"] = null },
                    new JsonObject { ["color"] = "red", ["value"] = line }),
            };
        }

        if (panel.Type == "state-timeline")
        {
            defaults["mappings"] = new JsonArray(new JsonObject
            {
                ["type"] = "value",
                ["options"] = new JsonObject
                {
                    ["0"] = State("closed", "green", 0),
                    ["1"] = State("half open", "yellow", 1),
                    ["2"] = State("open", "red", 2),
                },
            });
        }

        return new()
        {
            ["id"] = id,
            ["type"] = panel.Type,
            ["title"] = panel.Title,
            ["description"] = panel.Description,
            ["datasource"] = Datasource(),
            ["gridPos"] = place,
            ["fieldConfig"] = new JsonObject { ["defaults"] = defaults, ["overrides"] = new JsonArray() },
            ["options"] = new JsonObject
            {
                ["legend"] = new JsonObject { ["displayMode"] = "list", ["placement"] = "bottom", ["showLegend"] = true },
                ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" },
            },
            ["targets"] = new JsonArray([.. panel.Targets.Select((target, index) => (JsonNode)new JsonObject
            {
                ["refId"] = ((char)('A' + index)).ToString(),
                ["datasource"] = Datasource(),
                ["expr"] = target.Expression,
                ["legendFormat"] = target.Legend,
            })]),
        };
    }

    private static JsonObject State(string text, string color, int index) =>
        new() { ["text"] = text, ["color"] = color, ["index"] = index };

    private static JsonObject Datasource() => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };

    private static JsonObject Place(int x, int y, int width, int height) => new() { ["x"] = x, ["y"] = y, ["w"] = width, ["h"] = height };

    private sealed record Row(string Title, IReadOnlyList<Panel> Panels);

    private sealed record Panel(string Title, string Type, string Unit, string Description, IReadOnlyList<Target> Targets)
    {
        public double? Line { get; init; }
    }

    private sealed record Target(string Expression, string Legend);
}
