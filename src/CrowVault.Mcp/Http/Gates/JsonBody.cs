using System.Buffers;
using System.Text.Json;
using System.Threading.RateLimiting;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.JsonRpc;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http.Gates;

/// <summary>The body of a request, read whole and parsed once, within the limits of size, time and depth.</summary>
internal sealed class JsonBody : IDisposable
{
    private byte[] _buffer;
    private JsonDocument? _document;
    private RateLimitLease? _place;
    private int _length;

    private JsonBody(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>The parsed body.</summary>
    public JsonElement Root => _document!.RootElement;

    /// <summary>Its bytes, without a byte order mark.</summary>
    public ReadOnlySpan<byte> Utf8 => JsonText.WithoutMark(_buffer.AsMemory(0, _length)).Span;

    /// <inheritdoc/>
    public void Dispose()
    {
        _document?.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _place?.Dispose();
    }

    /// <summary>Reads the body and passes the request on, or answers 400, 408, 413 or 415.</summary>
    /// <param name="context">The request; its endpoint says by <see cref="Wanted"/> that it takes JSON.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="rates">Counts large bodies.</param>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next, HttpLimits limits, RateLimits rates)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Wanted>() is not { } wanted)
        {
            await next(context);
            return;
        }

        if (!IsJson(context.Request.ContentType)
            || context.Request.Headers.ContentEncoding.Any(coding =>
                coding is not ("" or null) && !"identity".Equals(coding, StringComparison.OrdinalIgnoreCase)))
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType,
                "Send the body as Content-Type: application/json, in UTF-8, not compressed.");
            return;
        }

        var announced = context.Request.ContentLength ?? 0;
        if (announced <= limits.MaxBodyBytes && !rates.TryTakeBody(context, announced))
        {
            await rates.RefuseRateAsync(context, 1);
            return;
        }

        using var body = new JsonBody(RateLimits.IsLarge(announced) ? 0 : Math.Max(4_096, (int)announced));
        var length = announced > limits.MaxBodyBytes ? TooLong : await body.ReadAsync(context, limits, rates);
        if (length == TooLate)
        {
            context.Response.Headers.Connection = "close";
            await Problem.WriteAsync(context, StatusCodes.Status408RequestTimeout,
                $"The body did not arrive within {limits.BodySeconds} s.");
        }
        else if (length == TooLong)
        {
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge,
                $"The body is longer than {limits.MaxBodyBytes} bytes.");
        }
        else if (length == Broken)
        {
            context.Response.Headers.Connection = "close";
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The body is not framed as HTTP has it, or ends too early.");
        }
        else if (length == NoPlace)
        {
            await rates.RefuseFlightAsync(context);
        }
        else if (context.Request.ContentLength is null && !rates.TryTakeBody(context, length))
        {
            await rates.RefuseRateAsync(context, 1);
        }
        else
        {
            using var turn = wanted.IsHeavy || RateLimits.IsLarge(length) ? await rates.WaitForTurnAsync(context) : null;
            await (turn is { IsAcquired: false }
                ? rates.RefuseFlightAsync(context).AsTask()
                : body.PassOnAsync(context, next, length, limits, wanted));
        }
    }

    private Task PassOnAsync(HttpContext context, RequestDelegate next, int length, HttpLimits limits, Wanted wanted)
    {
        if (Parse(length, limits.MaxJsonDepth) is { } fault)
        {
            return wanted.IsRpc
                ? RpcGate.WriteAsync(context, new(RpcError.ParseError, fault, MessageParser.FindId(Utf8)), StatusCodes.Status400BadRequest)
                : Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault);
        }

        context.Features.Set(this);

        // In one spelling: the SDK (2.4.0) fails at a charset that .NET does not know by its alias.
        context.Request.ContentType = "application/json";
        return next(context);
    }

    private const int TooLate = -1;
    private const int TooLong = -2;
    private const int Broken = -3;
    private const int NoPlace = -4;

    private async ValueTask<int> ReadAsync(HttpContext context, HttpLimits limits, RateLimits rates)
    {
        if (context.Request.ContentLength is { } announced && RateLimits.IsLarge(announced))
        {
            _place = await rates.WaitForPlaceAsync(context, context.RequestAborted);
            if (!_place.IsAcquired)
            {
                return NoPlace;
            }

            Grow((int)announced, 0);
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

                if (_place is null && RateLimits.IsLarge(length + arrived))
                {
                    _place = await rates.WaitForPlaceAsync(context, late?.Token ?? context.RequestAborted);
                    if (!_place.IsAcquired)
                    {
                        return NoPlace;
                    }
                }

                if (length + arrived > _buffer.Length)
                {
                    Grow(Math.Min(limits.MaxBodyBytes, Math.Max(_buffer.Length * 2, length + arrived)), length);
                }

                result.Buffer.CopyTo(_buffer.AsSpan(length));
                length += arrived;
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    context.Features.Get<PatientTransport>()?.IsInBody = false;
                    return length;
                }
            }
        }
        catch (OperationCanceledException) when (
            late is { IsCancellationRequested: true } && !context.RequestAborted.IsCancellationRequested)
        {
            return TooLate;
        }
        catch (IOException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The size of a chunk that no number holds, for one.
            return Broken;
        }
        finally
        {
            late?.Dispose();
        }
    }

    private void Grow(int capacity, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(capacity);
        _buffer.AsSpan(0, length).CopyTo(larger);
        (var outgrown, _buffer) = (_buffer, larger);
        ArrayPool<byte>.Shared.Return(outgrown);
    }

    // Null when the body is fine.
    private string? Parse(int length, int maxDepth)
    {
        _length = length;
        _document = JsonText.Parse(_buffer.AsMemory(0, length), maxDepth, out var fault);
        return fault is null ? null : $"The body is {fault}";
    }

    private static bool IsJson(string? contentType) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && type.Charset.ToString().Trim('"').ToUpperInvariant() is "" or "UTF-8" or "UTF8";

    /// <summary>Marks an endpoint that takes a JSON body.</summary>
    /// <param name="IsRpc">Whether it is a JSON-RPC message, whose faults are answered as JSON-RPC errors.</param>
    /// <param name="IsStream">Whether its answer goes to a stream that is open already.</param>
    /// <param name="IsHeavy">Whether a short body can be as much work as a large one.</param>
    internal sealed record Wanted(bool IsRpc, bool IsStream = false, bool IsHeavy = false);
}
