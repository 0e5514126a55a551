using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CrowVault.Mcp.Http;

/// <summary>The body of a request, read whole and parsed once, within the limits of size, time and depth.</summary>
internal sealed class JsonBody : IDisposable
{
    private byte[] _buffer;
    private JsonDocument? _document;

    private JsonBody(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>The parsed body.</summary>
    public JsonElement Root => _document!.RootElement;

    /// <inheritdoc/>
    public void Dispose()
    {
        _document?.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    /// <summary>Reads the body and passes the request on, or answers 400, 408, 413 or 415.</summary>
    /// <param name="context">The request; its endpoint says by <see cref="Wanted"/> that it takes JSON.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <param name="limits">The limits.</param>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next, HttpLimits limits)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Wanted>() is not { } wanted)
        {
            await next(context);
            return;
        }

        if (!IsJson(context.Request.ContentType) || !StringValues.IsNullOrEmpty(context.Request.Headers.ContentEncoding))
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "Send the body as Content-Type: application/json, in UTF-8, not compressed.");
            return;
        }

        using var body = new JsonBody((int)Math.Clamp(context.Request.ContentLength ?? 0, 4_096, limits.MaxBodyBytes));
        var length = await body.ReadAsync(context, limits);
        if (length == TooLate)
        {
            context.Response.Headers.Connection = "close";
            await Problem.WriteAsync(context, StatusCodes.Status408RequestTimeout, $"The body did not arrive within {limits.BodySeconds} s.");
        }
        else if (length == TooLong)
        {
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, $"The body is longer than {limits.MaxBodyBytes} bytes.");
        }
        else if (body.Parse(length, limits.MaxJsonDepth) is { } fault)
        {
            await (wanted.IsRpc
                ? RpcError.WriteAsync(context, RpcError.ParseError, fault, null)
                : Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault));
        }
        else
        {
            context.Features.Set(body);
            context.Request.Body = new MemoryStream(body._buffer, 0, length, writable: false);
            await next(context);
        }
    }

    private const int TooLate = -1;
    private const int TooLong = -2;

    private async ValueTask<int> ReadAsync(HttpContext context, HttpLimits limits)
    {
        if (context.Request.ContentLength > limits.MaxBodyBytes)
        {
            return TooLong;
        }

        var reader = context.Request.BodyReader;
        CancellationTokenSource? late = null;
        try
        {
            for (var length = 0; ;)
            {
                var pending = reader.ReadAsync(late?.Token ?? default);
                if (!pending.IsCompleted && late is null)
                {
                    // Most bodies have arrived with their headers: only those that have not cost a timer.
                    late = new CancellationTokenSource(TimeSpan.FromSeconds(limits.BodySeconds));
                    late.Token.UnsafeRegister(static reader => ((System.IO.Pipelines.PipeReader)reader!).CancelPendingRead(), reader);
                }

                var result = await pending;
                if (result.IsCanceled)
                {
                    return TooLate;
                }

                var arrived = (int)result.Buffer.Length;
                if (length + arrived > limits.MaxBodyBytes)
                {
                    reader.AdvanceTo(result.Buffer.End);
                    return TooLong;
                }

                if (length + arrived > _buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(Math.Min(limits.MaxBodyBytes, Math.Max(_buffer.Length * 2, length + arrived)));
                    _buffer.AsSpan(0, length).CopyTo(larger);
                    (var outgrown, _buffer) = (_buffer, larger);
                    ArrayPool<byte>.Shared.Return(outgrown);
                }

                result.Buffer.CopyTo(_buffer.AsSpan(length));
                length += arrived;
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return length;
                }
            }
        }
        catch (OperationCanceledException) when (late is { IsCancellationRequested: true } && !context.RequestAborted.IsCancellationRequested)
        {
            return TooLate;
        }
        finally
        {
            late?.Dispose();
        }
    }

    // Null when the body is fine.
    private string? Parse(int length, int maxDepth)
    {
        var bytes = _buffer.AsMemory(0, length);
        if (!Utf8.IsValid(bytes.Span))
        {
            return "The body is not valid UTF-8.";
        }

        try
        {
            _document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false });
            if (bytes.Span.IndexOf("\\u"u8) >= 0)
            {
                RefuseLoneSurrogates(bytes.Span, maxDepth);
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader's own message may repeat what was sent.
            return $"The body is not JSON of a depth of at most {maxDepth}, without a name given twice in one object.";
        }
    }

    private static void RefuseLoneSurrogates(ReadOnlySpan<byte> bytes, int maxDepth)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = maxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                reader.GetString();
            }
        }
    }

    private static bool IsJson(string? contentType) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (type.Charset.Length == 0 || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));

    /// <summary>Marks an endpoint that takes a JSON body.</summary>
    /// <param name="IsRpc">Whether faults of the body are answered as JSON-RPC errors.</param>
    internal sealed record Wanted(bool IsRpc);
}
