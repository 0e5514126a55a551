using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CrowVault.Mcp.Http.Telemetry;

/// <summary>Sends traces and metrics to an OTLP collector when the standard environment variables name one.</summary>
internal static class OpenTelemetryExport
{
    private const string McpSdk = "Experimental.ModelContextProtocol";

    /// <summary>Registers the exporters; nothing when no endpoint is named or <c>OTEL_SDK_DISABLED</c> is true.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        var (traces, metrics) = (IsWanted(configuration, "TRACES"), IsWanted(configuration, "METRICS"));
        if ((!traces && !metrics) || string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource =>
        {
            // The environment names the service when it wants to.
            if (configuration["OTEL_SERVICE_NAME"] is null or "")
            {
                resource.AddService(Product.Command, serviceVersion: Product.Version);
            }
        });
        if (traces)
        {
            telemetry.WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddSource(ToolCalls.Name, McpSdk).AddOtlpExporter());
        }

        if (metrics)
        {
            telemetry.WithMetrics(meters => meters.AddAspNetCoreInstrumentation().AddMeter(ToolCalls.Name, McpSdk).AddOtlpExporter());
        }
    }

    private static bool IsWanted(IConfiguration configuration, string signal) =>
        (configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 }
            || configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"] is { Length: > 0 })
        && !string.Equals(configuration[$"OTEL_{signal}_EXPORTER"], "none", StringComparison.OrdinalIgnoreCase);
}
