using System.Text;
using System.Text.Json;
using CrowVault.Emitters;
using CrowVault.Emitters.Stack;
using CrowVault.Mcp.Http;
using CrowVault.Mcp.Http.Gates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CrowVault.Mcp.Page;

/// <summary>The page, and the one question it has that is no tool: what a whole manifest gives.</summary>
internal static class PageRoutes
{
    // Together with the warnings, what an answer has beside its code: at most 64 KiB.
    private const int MostRemarks = 28 * 1024;

    private static readonly string[] s_read = [HttpMethods.Get, HttpMethods.Head];
    private static readonly Lazy<byte[]> s_body = new(() => Encoding.UTF8.GetBytes(PreviewPage.Html));

    /// <summary>Adds <c>GET /</c>, and <c>GET</c> and <c>POST /v1/stack</c>.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapMethods(Routes.Page, s_read, ShowAsync);
        app.MapMethods(Routes.Stack, s_read, DescribeAsync);
        app.MapPost(Routes.Stack, (RequestDelegate)EmitAsync).WithMetadata(new JsonBody.Wanted(IsRpc: false, IsHeavy: true));
    }

    private static Task ShowAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = PreviewPage.Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        context.Response.ContentType = "text/html; charset=utf-8";
        return WriteAsync(context, s_body.Value);
    }

    // The schema of a manifest, whose sections say more of the tools' arguments than what models are told.
    private static Task DescribeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/schema+json";
        return WriteAsync(context, Encoding.UTF8.GetBytes(Manifest.Schema.GetRawText()));
    }

    private static Task EmitAsync(HttpContext context)
    {
        if (Manifest.TryEmit(context.Features.Get<JsonBody>()!.Root, Product.Version, out var emission, out var faults))
        {
            context.Response.ContentType = "application/json";
            var shown = emission with { Notes = First(emission.Notes), Warnings = First(emission.Warnings) };
            return WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(shown, EmissionJson.Readable.Emission));
        }

        var errors = faults.Faults.Select(fault => new ProblemError(fault.Advice, Pointer(fault.Argument)));
        return Problem.Of(context, errors, faults.Total).WriteAsync(context);
    }

    // A manifest of a few hundred services has more to be said of it than there is code.
    private static IReadOnlyList<string> First(IReadOnlyList<string> remarks)
    {
        var left = MostRemarks;
        List<string> shown = [.. remarks.TakeWhile(remark =>
            (left -= Encoding.UTF8.GetByteCount(remark) + remark.AsSpan().Count('"') + 3) >= 0)];
        return shown.Count == remarks.Count
            ? remarks
            : [.. shown, $"{remarks.Count - shown.Count} more are not shown here; the command stack shows them all."];
    }

    // The section stands before the first dot; a name within it may have dots of its own.
    private static string Pointer(string argument)
    {
        var parts = argument.Split('.', 2);
        return string.Concat(parts.Select(
            part => $"/{part.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}"));
    }

    private static Task WriteAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }
}
