using CrowVault.Mcp.JsonRpc;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>
/// Serves every <c>Accept</c> that one of the two forms of an answer fits: an event stream to who names it, JSON to all others. The SDK
/// (2.4.0) serves only those who name both, and with a stream.
/// </summary>
internal static class AnswerForm
{
    private const string Json = "application/json";
    private const string Stream = "text/event-stream";

    /// <summary>Passes a request to <c>/mcp</c> on, or answers 406.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<JsonBody.Wanted>() is not { IsRpc: true, IsStream: false })
        {
            await next(context);
            return;
        }

        var accept = context.Request.GetTypedHeaders().Accept;
        var (json, stream) = accept.Count == 0 ? (1, 0) : (Quality(accept, Json), Quality(accept, Stream));
        var isNamed = accept.Any(range => range.MediaType.Equals(Stream, StringComparison.OrdinalIgnoreCase));
        var wantsStream = stream > json || (stream > 0 && stream == json && isNamed);
        if (!wantsStream && json == 0)
        {
            await Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable,
                "The answer comes as application/json or text/event-stream; accept one of them.");
            return;
        }

        context.Request.Headers.Accept = "application/json, text/event-stream";

        // Of a server before this one, which had sessions: here there are none, and nothing depends on it.
        context.Request.Headers.Remove("Mcp-Session-Id");
        if (wantsStream)
        {
            await next(context);
        }
        else if (context.Features.Get<JsonRpcMessage>() is JsonRpcRequest { Method: RequestChecks.Listen })
        {
            await Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable, "A subscription comes as text/event-stream alone.");
        }
        else
        {
            var answer = await CaptureAsync(context, next);
            if (answer.Length > 0)
            {
                context.Response.ContentType = "application/json";
                context.Response.ContentLength = answer.Length;
                await context.Response.Body.WriteAsync(answer);
            }
        }
    }

    // RFC 9110 section 12.5.1: the most specific range that matches gives the quality. What else a range says of JSON, such as a charset,
    // has no meaning for it (RFC 8259 section 11).
    private static double Quality(IList<MediaTypeHeaderValue> accept, string type)
    {
        var kind = string.Concat(type.AsSpan(0, type.IndexOf('/', StringComparison.Ordinal)), "/*");
        foreach (var range in (ReadOnlySpan<string>)[type, kind, "*/*"])
        {
            var best = accept.Where(each => each.MediaType.Equals(range, StringComparison.OrdinalIgnoreCase))
                .Max(each => (double?)(each.Quality ?? 1));
            if (best is { } quality)
            {
                return quality;
            }
        }

        return 0;
    }

    /// <summary>Runs the rest of the pipeline and gives what it answers as JSON: the last message of a stream.</summary>
    public static async Task<byte[]> CaptureAsync(HttpContext context, RequestDelegate next)
    {
        var response = context.Response;
        var body = response.Body;
        using var captured = new MemoryStream();
        response.Body = captured;
        try
        {
            await next(context);
        }
        finally
        {
            response.Body = body;
        }

        var isStream = response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) is true;
        response.Headers.ContentEncoding = default;
        response.ContentLength = null;
        if (!isStream)
        {
            return captured.ToArray();
        }

        response.ContentType = null;
        return LastData(captured.GetBuffer().AsSpan(0, (int)captured.Length));
    }

    // The SDK writes a message as one line of data; the answer is the last.
    private static byte[] LastData(ReadOnlySpan<byte> events)
    {
        var at = events.LastIndexOf("\ndata: "u8);
        var begin = at >= 0 ? at + 7 : events.StartsWith("data: "u8) ? 6 : -1;
        if (begin < 0)
        {
            return [];
        }

        var data = events[begin..];
        return data[..(data.IndexOf((byte)'\n') is var end and >= 0 ? end : data.Length)].TrimEnd("\r"u8).ToArray();
    }
}
