using System.Diagnostics;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Mcp.Page;
using CrowVault.Mcp.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Http;

/// <summary>What a request passes, from the outside in.</summary>
internal static class HttpPipeline
{
    /// <summary>Registers what the pipeline needs.</summary>
    public static void AddServices(IServiceCollection services, HttpSettings settings)
    {
        services.AddRateLimiter(_ => { });
        services.AddMcpServer(options => Watch(ApiMcpServer.Configure(options), "http"))
            .WithHttpTransport(transport => transport.Stateless = true);
        if (settings.Cors)
        {
            services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
                .WithOrigins([.. settings.AllowedOrigins])
                .WithMethods(HttpMethods.Get, HttpMethods.Post)
                .WithHeaders("Authorization", "Content-Type", "Accept", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Last-Event-ID")
                .WithExposedHeaders("WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy")));
        }
    }

    /// <summary>Lays the pipeline.</summary>
    public static void Map(WebApplication app, HttpSettings settings)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(Telemetry.Calls);
        var stopping = app.Lifetime.ApplicationStopping;
        var hosts = new HostGate(settings);
        var jwt = settings.Jwt is null ? null : new JwtValidator(settings.Jwt, settings.Resource);
        var bearer = new BearerGate(settings, jwt, TimeProvider.System);
        var rates = new RateLimits(settings);
        var sse = settings.Transport is HttpTransport.Sse
            ? new SseDoor(Watch(ApiMcpServer.Options(), "sse"), settings.Limits, app.Services, stopping)
            : null;
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            rates.Dispose();
            jwt?.Dispose();
        });

        app.Use((context, next) => GuardAsync(context, next, logger, stopping));
        if (settings.PublicProbes)
        {
            app.Use((context, next) => IsProbe(context.Request) ? ProbeAsync(context, stopping) : next(context));
        }

        app.Use((context, next) => hosts.Refusal(context.Request) is { } refusal
            ? Problem.WriteAsync(context, StatusCodes.Status403Forbidden, refusal)
            : next(context));
        if (settings.Cors)
        {
            app.UseCors();
        }

        app.Use(bearer.InvokeAsync);
        app.UseRateLimiter(rates.Rate);
        app.Use(rates.TellAsync);
        app.UseRouting();
        app.Use((context, next) => JsonBody.InvokeAsync(context, next, settings.Limits));
        app.UseRateLimiter(rates.Flight);
        app.Use(RpcError.CheckAsync);

        MapRest(app, settings, logger);
        PageRoutes.Map(app);
        app.MapMethods("/healthz", s_read, context => ProbeAsync(context, stopping));
        app.MapMethods("/readyz", s_read, context => ProbeAsync(context, stopping));
        app.MapMcp(HttpDoor.McpPath).WithMetadata(new JsonBody.Wanted(IsRpc: true));
        if (sse is not null)
        {
            app.MapGet("/sse", (RequestDelegate)sse.OpenAsync);
            app.MapPost("/message", (RequestDelegate)sse.PostAsync).WithMetadata(new JsonBody.Wanted(IsRpc: true));
        }

        if (settings.Jwt is not null)
        {
            var metadata = Metadata(settings);
            app.MapGet($"{HttpDoor.MetadataPath}/{{**path}}", (RequestDelegate)(context => WriteMetadataAsync(context, settings, metadata)));
        }
    }

    private static readonly string[] s_read = [HttpMethods.Get, HttpMethods.Head];

    private static void MapRest(IEndpointRouteBuilder app, HttpSettings settings, ILogger logger)
    {
        var rest = new RestDoor([.. ApiMcpServer.Tools.Select(tool => tool.ProtocolTool)], settings, logger);
        app.MapPost("/v1/tools/call", (RequestDelegate)rest.CallAsync).WithMetadata(new JsonBody.Wanted(IsRpc: false));
        app.MapMethods("/v1/tools", s_read, rest.ListAsync);
        app.MapMethods("/openapi.json", s_read, rest.DescribeAsync);
    }

    // The outermost: nothing that goes wrong inside reaches the caller in its own words, and every failure has a body.
    private static async Task GuardAsync(HttpContext context, RequestDelegate next, ILogger logger, CancellationToken stopping)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        if (stopping.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            if (!IsProbe(context.Request))
            {
                context.Response.Headers.RetryAfter = "1";
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is stopping.");
                return;
            }
        }

        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null } response)
            {
                await Problem.WriteAsync(context, response.StatusCode, Explain(response.StatusCode));
            }
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await Problem.WriteAsync(context, e.StatusCode, Explain(e.StatusCode));
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            LogMessages.Failure(logger, context.Request.Method, context.GetEndpoint()?.DisplayName ?? "no endpoint", e);
            if (context.Response.HasStarted)
            {
                context.Abort();
            }
            else if (context.GetEndpoint()?.Metadata.GetMetadata<JsonBody.Wanted>() is { IsRpc: true })
            {
                await RpcError.WriteAsync(context, RpcError.InternalError, "Something went wrong here.", null, StatusCodes.Status500InternalServerError);
            }
            else
            {
                await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, "Something went wrong here.");
            }
        }
    }

    private static string Explain(int status) => status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this address; see /openapi.json.",
        StatusCodes.Status405MethodNotAllowed => "This address does not take this method; see the Allow header.",
        StatusCodes.Status408RequestTimeout => "The request did not arrive in time.",
        StatusCodes.Status413PayloadTooLarge => "The body is too long.",
        StatusCodes.Status415UnsupportedMediaType => "Send the body as Content-Type: application/json, in UTF-8, not compressed.",
        _ => "The request cannot be answered.",
    };

    private static bool IsProbe(HttpRequest request) => request.Path == "/healthz" || request.Path == "/readyz";

    private static Task ProbeAsync(HttpContext context, CancellationToken stopping)
    {
        var isReady = !stopping.IsCancellationRequested || context.Request.Path == "/healthz";
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        var body = isReady ? """{"status":"ok"}"""u8.ToArray() : """{"status":"stopping"}"""u8.ToArray();
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    // Every tool call over MCP is measured as one over REST is.
    private static McpServerOptions Watch(McpServerOptions options, string door)
    {
        options.Filters.Request.CallToolFilters.Add(next => async (request, cancellationToken) =>
        {
            var logger = request.Services!.GetRequiredService<ILoggerFactory>().CreateLogger(Telemetry.Calls);
            var tool = Catalog.Find(request.Params?.Name ?? "")?.Tool;
            using var call = Telemetry.Begin(logger, door, tool, request.User?.FindFirst("sub")?.Value ?? Caller.Anyone.Name);
            if (tool is null)
            {
                call.ErrorType = Telemetry.UnknownTool;
            }

            try
            {
                var result = await next(request, cancellationToken);
                call.ErrorType = result.IsError is true ? Telemetry.InvalidArguments : null;
                return result;
            }
            catch (Exception e) when (e is not (McpException or OperationCanceledException))
            {
                LogMessages.Failure(logger, RequestMethods.ToolsCall, tool ?? "unknown", e);
                throw;
            }
        });
        return options;
    }

    private static byte[] Metadata(HttpSettings settings) => JsonSerializer.SerializeToUtf8Bytes(
        new ResourceMetadata(
            settings.Resource,
            Product.ServerName,
            [settings.Jwt!.Issuer],
            ["header"],
            settings.Jwt.Scope is { } scope ? [scope] : null),
        HttpJson.Readable.ResourceMetadata);

    private static Task WriteMetadataAsync(HttpContext context, HttpSettings settings, byte[] metadata)
    {
        var path = $"/{context.Request.RouteValues["path"]}";
        if (path != "/" && path != HttpDoor.McpPath && path != new Uri(settings.Resource).AbsolutePath)
        {
            return Problem.WriteAsync(context, StatusCodes.Status404NotFound, Explain(StatusCodes.Status404NotFound));
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = metadata.Length;
        return context.Response.Body.WriteAsync(metadata).AsTask();
    }
}
