using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace CrowVault.Mcp.Http.Telemetry;

/// <summary>Traces, metrics and the log line of tool calls; no argument value is in any of them.</summary>
internal static class ToolCalls
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "CrowVault.Mcp";

    /// <summary>Log category of the line that every call gets.</summary>
    public const string Category = "CrowVault.Mcp.Calls";

    private static readonly ActivitySource s_source = new(Name);
    private static readonly Meter s_meter = new(Name);

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        "crowvault.tool.duration",
        "s",
        "Duration of tool calls.",
        tags: null,
        new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
            0.5, 1]
        });

    /// <summary>Begins to watch a call.</summary>
    /// <param name="logger">Gets one line when the call ends.</param>
    /// <param name="door"><c>rest</c>, <c>http</c> or <c>sse</c>.</param>
    /// <param name="tool">Name of the tool; null for one that does not exist, whose name is the caller's text.</param>
    /// <param name="caller">Name of the caller.</param>
    public static Call Begin(ILogger logger, string door, string? tool, string caller) => new(logger, door, tool ?? "unknown", caller);

    /// <summary>One call being watched.</summary>
    internal sealed class Call : IDisposable
    {
        private readonly ILogger _logger;
        private readonly string _door;
        private readonly string _tool;
        private readonly string _caller;
        private readonly Activity? _activity;
        private readonly long _start = Stopwatch.GetTimestamp();

        internal Call(ILogger logger, string door, string tool, string caller)
        {
            (_logger, _door, _tool, _caller) = (logger, door, tool, caller);
            _activity = s_source.HasListeners() ? s_source.StartActivity($"execute_tool {tool}") : null;
        }

        /// <summary>Why the call failed (<c>error.type</c>); null when it did not. Until something is said, it failed from
        /// within.</summary>
        public string? ErrorType { get; set; } = InternalError;

        /// <inheritdoc/>
        public void Dispose()
        {
            var elapsed = Stopwatch.GetElapsedTime(_start);
            var tags = new TagList { { "gen_ai.tool.name", _tool }, { "crowvault.door", _door } };
            if (ErrorType is not null)
            {
                tags.Add("error.type", ErrorType);
                _activity?.SetStatus(ActivityStatusCode.Error);
                _activity?.SetTag("error.type", ErrorType);
            }

            s_duration.Record(elapsed.TotalSeconds, tags);
            _activity?.SetTag("gen_ai.tool.name", _tool);
            _activity?.SetTag("crowvault.door", _door);
            _activity?.Dispose();
            LogMessages.Call(_logger, _tool, _door, _caller, ErrorType ?? "ok", elapsed.TotalMilliseconds);
        }
    }

    /// <summary>The arguments were refused.</summary>
    public const string InvalidArguments = "invalid_arguments";

    /// <summary>There is no such tool.</summary>
    public const string UnknownTool = "unknown_tool";

    /// <summary>Something went wrong here.</summary>
    public const string InternalError = "internal_error";
}
