using CrowVault.Mcp.Http.Gates;
using CrowVault.Mcp.Http.Telemetry;
using CrowVault.Mcp.JsonRpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace CrowVault.Mcp.Http;

/// <summary>The outermost of the pipeline: nothing that goes wrong inside reaches the caller in its own words, every failure has a body,
/// and every refusal a line in the log.</summary>
/// <param name="logger">Gets failures and refusals.</param>
/// <param name="stopping">Tells that the server takes no more calls.</param>
internal sealed class ErrorGuard(ILogger logger, CancellationToken stopping)
{
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(2);

    private readonly Refusals _refusals = new(logger, TimeProvider.System);

    /// <summary>Passes a request on.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var turn = context.Features.Get<ConnectionGate.Turn>();
        turn?.Begin();
        turn?.Caller = null;
        var transport = context.Features.Get<PatientTransport>();
        transport?.IsInBody = context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        try
        {
            await GuardAsync(context, next);
            if (transport is { IsInBody: true })
            {
                await DrainAsync(context, transport);
            }
        }
        finally
        {
            turn?.End(turn.Caller);
        }
    }

    // A body that nobody wanted is taken off the connection, as Kestrel would: what comes after it is a request again.
    private static async Task DrainAsync(HttpContext context, PatientTransport transport)
    {
        try
        {
            await context.Response.Body.FlushAsync();
            using var late = new CancellationTokenSource(s_drain);
            var reader = context.Request.BodyReader;
            while (await reader.ReadAsync(late.Token) is var result)
            {
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    transport.IsInBody = false;
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // It ends too early, is too long or too slow: Kestrel closes the connection.
        }
    }

    private async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        if (stopping.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            if (!Probes.IsProbe(context.Request))
            {
                context.Response.Headers.RetryAfter = "1";
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is stopping.");
                _refusals.Log(context);
                return;
            }
        }

        await AnswerAsync(context, next);
        _refusals.Log(context);
    }

    private async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
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
            LogMessages.Failure(logger, PlainText.Of(context.Request.Method, 16), context.GetEndpoint()?.DisplayName ?? "no endpoint", e);
            if (context.Response.HasStarted)
            {
                context.Abort();
            }
            else if (context.GetEndpoint()?.Metadata.GetMetadata<JsonBody.Wanted>() is { IsRpc: true })
            {
                await RpcGate.WriteAsync(context, new(RpcError.InternalError, "Something went wrong here."),
                    StatusCodes.Status500InternalServerError);
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
}
