using CrowVault.Mcp.Http.Gates;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.Http.Telemetry;
using CrowVault.Mcp.Page;
using CrowVault.Mcp.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CrowVault.Mcp.Http;

/// <summary>What a request passes, from the outside in.</summary>
internal static class HttpPipeline
{
    private static readonly string[] s_read = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Registers what the pipeline needs.</summary>
    public static void AddServices(IServiceCollection services, HttpSettings settings)
    {
        services.AddRateLimiter(_ => { });
        services.AddMcpServer(options => CallMetrics.Measure(ApiMcpServer.Configure(options), "http"))
            .WithHttpTransport(transport => transport.Stateless = true);
        if (settings.Cors)
        {
            services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
                .WithOrigins([.. settings.AllowedOrigins])
                .WithMethods(HttpMethods.Get, HttpMethods.Post)
                .WithHeaders("Authorization", "Content-Type", "Accept", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name",
                    "Mcp-Session-Id", "Last-Event-ID")
                .WithExposedHeaders("WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy")));
        }
    }

    /// <summary>Lays the pipeline.</summary>
    public static void Map(WebApplication app, HttpSettings settings)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(ToolCalls.Category);
        var stopping = app.Lifetime.ApplicationStopping;
        var hosts = new HostGate(settings);
        var jwt = settings.Jwt is null
            ? null
            : new JwtValidator(settings.Jwt, settings.Resource, new IssuerKeys(settings.Jwt, app.Logger, TimeProvider.System),
                TimeProvider.System);
        var bearer = new BearerGate(settings, jwt, TimeProvider.System);
        var rates = new RateLimits(settings);
        var rpc = new RpcGate(rates, logger);
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            rates.Dispose();
            jwt?.Dispose();
        });

        app.Use(new ErrorGuard(logger, stopping).InvokeAsync);
        if (settings.Prefix.Length > 0)
        {
            // Whether or not the proxy takes the prefix away.
            app.UsePathBase(settings.Prefix);
        }

        if (settings.PublicProbes)
        {
            app.Use((context, next) => Probes.IsProbe(context.Request) ? Probes.AnswerAsync(context, stopping) : next(context));
        }

        app.Use((context, next) => hosts.Refusal(context.Request) is { } refusal
            ? Problem.WriteAsync(context, StatusCodes.Status403Forbidden, refusal)
            : next(context));
        if (settings.Cors)
        {
            app.UseCors();
        }

        app.Use(bearer.InvokeAsync);
        app.Use((context, next) =>
        {
            context.Features.Get<ConnectionGate.Turn>()?.Caller = settings.NeedsToken ? Caller.Of(context).Name : "";
            return next(context);
        });
        app.UseRateLimiter(rates.Rate);
        app.Use(rates.TellAsync);
        app.UseRouting();
        app.Use((context, next) => JsonBody.InvokeAsync(context, next, settings.Limits, rates));
        app.UseRateLimiter(rates.Flight);
        app.Use(AnswerForm.InvokeAsync);
        app.Use(rpc.InvokeAsync);

        MapRest(app, settings, logger);
        PageRoutes.Map(app);
        app.MapMethods(Routes.Health, s_read, context => Probes.AnswerAsync(context, stopping));
        app.MapMethods(Routes.Ready, s_read, context => Probes.AnswerAsync(context, stopping));
        app.MapMcp(Routes.Mcp).WithMetadata(new JsonBody.Wanted(IsRpc: true));
        if (settings.Transport is HttpTransport.Sse)
        {
            var sse = new SseDoor(CallMetrics.Measure(ApiMcpServer.Options(), "sse"), settings, app.Services, stopping);
            app.MapGet(Routes.Sse, (RequestDelegate)sse.OpenAsync);
            app.MapPost(Routes.Message, (RequestDelegate)sse.PostAsync).WithMetadata(new JsonBody.Wanted(IsRpc: true, IsStream: true));
        }

        if (settings.Jwt is not null)
        {
            app.MapMethods($"{Routes.Metadata}/{{**path}}", s_read, ResourceMetadata.Endpoint(settings));
        }
    }

    private static void MapRest(IEndpointRouteBuilder app, HttpSettings settings, ILogger logger)
    {
        var rest = new RestDoor([.. ApiMcpServer.Tools.Select(tool => tool.ProtocolTool)], settings, logger);
        app.MapPost(Routes.Call, (RequestDelegate)rest.CallAsync).WithMetadata(new JsonBody.Wanted(IsRpc: false));
        app.MapMethods(Routes.Tools, s_read, rest.ListAsync);
        app.MapMethods(Routes.Registry, s_read, rest.ListItemsAsync);
        app.MapMethods(Routes.RegistryItem, s_read, rest.ItemAsync);
        app.MapMethods(Routes.OpenApi, s_read, rest.DescribeAsync);
        app.MapMethods(Routes.Llms, s_read, LlmsText.Endpoint(settings));
    }
}
