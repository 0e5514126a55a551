using System.Diagnostics.CodeAnalysis;
using CrowVault.Emitters;
using CrowVault.Mcp.Cli;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.Http.Telemetry;
using CrowVault.Mcp.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace CrowVault.Mcp.Http;

/// <summary>The server over HTTP: MCP at <c>/mcp</c> (and <c>/sse</c>), REST at <c>/v1</c>.</summary>
internal static class HttpDoor
{
    private const int ReadAhead = 64 * 1024;
    private const int MaxSettings = 4 << 20;

    /// <summary>Serves until the process is told to stop.</summary>
    /// <param name="arguments">The command line.</param>
    /// <returns>The exit code: 0, or 2 when the configuration is faulty or the address is taken.</returns>
    public static async Task<int> RunAsync(ServeArguments arguments)
    {
        if (!TryConfigure(arguments.SettingsFile, out var configuration, out var file))
        {
            await Console.Error.WriteLineAsync($"--settings: {Fault.Show(arguments.SettingsFile ?? "")} cannot be read, or is not JSON.");
            return 2;
        }

        if (HttpSettings.Read(arguments, new(configuration, file), out var faults) is not { } settings)
        {
            foreach (var fault in faults)
            {
                await Console.Error.WriteLineAsync(Fault.Show(fault));
            }

            return 2;
        }

        WarmUp();
        WebApplication built;
        try
        {
            built = Build(settings, configuration);
        }
        catch (InvalidOperationException e)
        {
            // The variables of logging may be another program's, and are read by .NET alone.
            await Console.Error.WriteLineAsync($"Logging: {PlainText.Of(e.Message, 200)} Levels are Trace, Debug, Information, Warning, "
                + "Error, Critical and None; switches are true and false.");
            return 2;
        }

        await using var app = built;
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            // The address is taken, or not one of this machine.
            await Console.Error.WriteLineAsync($"urls: {Fault.Show(e.Message)}");
            return 2;
        }

        LogMessages.Listening(app.Logger, string.Join(", ", app.Urls), settings.Transport is HttpTransport.Sse
            ? "/mcp, /sse and /v1/tools"
            : "/mcp and /v1/tools");
        if (!settings.NeedsToken)
        {
            LogMessages.NoTokens(app.Logger);
        }
        else if (settings.PublicUrl is not { Scheme: "https" } && settings.Urls.Any(IsReachable))
        {
            LogMessages.PlainText(app.Logger);
        }

        if (settings.TokensFile is { } tokens && BearerToken.IsWritableByOthers(tokens))
        {
            LogMessages.WritableTokens(app.Logger, "TokensFile", Fault.Show(tokens));
        }

        // Whoever writes it adds a token of his own, or an issuer, wherever the others come from.
        if (settings.NeedsToken && arguments.SettingsFile is { } named && BearerToken.IsWritableByOthers(named))
        {
            LogMessages.WritableTokens(app.Logger, "--settings", Fault.Show(named));
        }

        await app.WaitForShutdownAsync();
        return 0;
    }

    private static bool TryConfigure(
        string? path, [NotNullWhen(true)] out IConfiguration? configuration, out IConfiguration? file)
    {
        (configuration, file) = (null, null);
        try
        {
            var builder = new ConfigurationBuilder();
            if (path is not null)
            {
                // The way in which every file is read: a pipe or a device would be waited for without end.
                using var text = new MemoryStream(Disk.ReadBytes(path, MaxSettings));
                file = new ConfigurationBuilder().AddJsonStream(text).Build();
                builder.AddConfiguration(file);
            }

            configuration = builder.AddEnvironmentVariables().Build();
            return true;
        }
        catch (Exception e) when (e is Fault or InvalidDataException or FormatException)
        {
            return false;
        }
    }

    /// <summary>Puts the server together.</summary>
    /// <param name="settings">Its settings.</param>
    /// <param name="configuration">Where logging and telemetry find theirs.</param>
    public static WebApplication Build(HttpSettings settings, IConfiguration configuration)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            EnvironmentName = Environments.Production,

            // The host would watch every folder below the working directory, which may be somebody's home.
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        Configure(builder.Configuration, configuration);
        builder.WebHost.UseUrls([.. settings.Urls]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Up to this length the rest of a body that is too long is taken off the connection, so that its sender sees the answer.
            kestrel.Limits.MaxRequestBodySize = 2L * settings.Limits.MaxBodyBytes;
            var connections = new ConnectionGate(settings.Limits);
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => connections.InvokeAsync(connection, next)));
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(settings.Limits.HeaderSeconds);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(settings.Limits.IdleSeconds);
        });

        // What a connection may send ahead: of a body that waits for its turn no more than this is held.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.MaxReadBufferSize = ReadAhead);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(settings.Limits.StopSeconds));
        builder.Logging.ClearProviders().AddConsole();
        builder.Services.PostConfigure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;

            // The slim host decides for plain text, whatever the configuration says.
            console.FormatterName = configuration["Logging:Console:FormatterName"] ?? console.FormatterName;
        });

        // These would write the address with its SSE session id, and pieces of malformed headers.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Warning);
        HttpPipeline.AddServices(builder.Services, settings);
        OpenTelemetryExport.Add(builder.Services, configuration);

        var app = builder.Build();
        HttpPipeline.Map(app, settings);
        return app;
    }

    // The host's sources are replaced, so that ASPNETCORE_URLS or a Kestrel section cannot open an address that was not checked.
    private static void Configure(ConfigurationManager target, IConfiguration configuration)
    {
        // The host logs the stack of a failed start, which is told in one sentence instead.
        // Kestrel logs a body that ends too early with a stack trace, and so anybody could fill the log.
        // The SDK logs a caller's mistakes with their text and a stack trace; failures of this server are logged by the pipeline.
        var entries = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Logging:LogLevel:Default"] = "Information",
            ["Logging:LogLevel:Microsoft"] = "Warning",
            ["Logging:LogLevel:Microsoft.Extensions.Hosting"] = "None",
            ["Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel"] = "Critical",
            ["Logging:LogLevel:ModelContextProtocol"] = "Critical",
            ["Logging:Console:FormatterOptions:SingleLine"] = "true",
            ["Logging:Console:FormatterOptions:UseUtcTimestamp"] = "true",
            ["Logging:Console:FormatterOptions:TimestampFormat"] = "yyyy-MM-ddTHH:mm:ss.fffZ ",
        };
        foreach (var (key, value) in configuration.AsEnumerable())
        {
            if (key.StartsWith("Logging:", StringComparison.OrdinalIgnoreCase)
                || key.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase))
            {
                entries[key] = value;
            }
        }

        target.Sources.Clear();
        target.AddInMemoryCollection(entries);
    }

    // Templates and schemas are ready before the first caller is let in.
    private static void WarmUp()
    {
        foreach (var emitter in Catalog.All)
        {
            emitter.TryEmit(RestDoor.NoArguments, Product.Version, out _, out _);
        }

        _ = ApiMcpServer.Tools.Count;
    }

    private static bool IsReachable(string url) => HttpSettings.TryParse(url, out var address) && !HttpSettings.IsLoopback(address);
}
