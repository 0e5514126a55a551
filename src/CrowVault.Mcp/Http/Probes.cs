using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

/// <summary><c>/healthz</c>: the process lives; <c>/readyz</c>: it takes calls.</summary>
internal static class Probes
{
    /// <summary>Whether a request is a probe.</summary>
    public static bool IsProbe(HttpRequest request) => request.Path == Routes.Health || request.Path == Routes.Ready;

    /// <summary>Answers a probe.</summary>
    public static Task AnswerAsync(HttpContext context, CancellationToken stopping)
    {
        var isReady = !stopping.IsCancellationRequested || context.Request.Path == Routes.Health;
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        var body = isReady ? """{"status":"ok"}"""u8.ToArray() : """{"status":"stopping"}"""u8.ToArray();
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
