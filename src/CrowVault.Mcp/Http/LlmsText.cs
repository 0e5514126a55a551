using System.Text;
using CrowVault.Emitters;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.Server;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

/// <summary><c>/llms.txt</c>: what this server is, for models that read the web (llmstxt.org).</summary>
internal static class LlmsText
{
    /// <summary>Answers with the text.</summary>
    public static RequestDelegate Endpoint(HttpSettings settings)
    {
        var text = Encoding.UTF8.GetBytes(
            $"""
            # {Product.ServerName}

            > Generates dependency-free TypeScript resilience code: circuit breaker, retry, rate limiter, timeouts, bulkhead.

            Call a tool with `POST {settings.Prefix}{Routes.Call}` and a JSON body such as
            `{"{"}"tool": "{ServerFeatures.Current.Emitters[0].Tool}", "args": {"{}"}{"}"}`, or over MCP at `{settings.Prefix}{Routes.Mcp}`.

            ## Tools

            {string.Join('\n', ServerFeatures.Current.Emitters.Select(emitter => $"- {emitter.Tool}: {emitter.Description}"))}

            ## Reference

            - [Tools with their schemas]({settings.Prefix}{Routes.Tools})
            - [OpenAPI]({settings.Prefix}{Routes.OpenApi})

            """);
        return context =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.ContentLength = text.Length;
            return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(text).AsTask();
        };
    }
}
