using System.Runtime.InteropServices;
using System.Text.Json;
using CrowVault.Mcp.Http.Gates;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.WebUtilities;

namespace CrowVault.Mcp.Http;

/// <summary>An RFC 9457 answer to a request that went wrong.</summary>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong and what to do.</param>
/// <param name="Errors">Every fault of the arguments.</param>
/// <param name="CorrectedCall">A call that would work.</param>
/// <param name="CorrectedUrl">An address that would work, where the arguments are a query.</param>
internal sealed record Problem(
    string Title,
    int Status,
    string Detail,
    IReadOnlyList<ProblemError>? Errors = null,
    CorrectedCall? CorrectedCall = null,
    string? CorrectedUrl = null)
{
    /// <summary>Answers with a problem.</summary>
    public static Task WriteAsync(HttpContext context, int status, string detail) =>
        new Problem(ReasonPhrases.GetReasonPhrase(status), status, detail).WriteAsync(context);

    /// <summary>What is wrong with a call: the first of its faults, as many as an answer to a request of this length has room for.</summary>
    /// <param name="context">The request.</param>
    /// <param name="faults">The faults.</param>
    /// <param name="total">How many there are in all.</param>
    /// <param name="corrected">A call that would work.</param>
    public static Problem Of(HttpContext context, IEnumerable<ProblemError> faults, int total, CorrectedCall? corrected = null)
    {
        var sent = context.Features.Get<JsonBody>()?.Utf8.Length ?? context.Request.GetEncodedPathAndQuery().Length;
        var left = RefusalLength.Of(sent) - Frame - (corrected is null ? 0 : JsonMarshal.GetRawUtf8Value(corrected.Args).Length);
        List<ProblemError> shown = [.. faults.TakeWhile((fault, index) => (left -= LengthInJson(fault)) >= 0 || index == 0)];
        var detail = total == 1 ? shown[0].Detail
            : total == shown.Count ? $"{total} faults; see errors."
            : shown.Count == 1 ? $"{total} faults; errors has the first."
            : $"{total} faults; errors has the first {shown.Count}.";
        return new("Bad Request", StatusCodes.Status400BadRequest, detail, shown, corrected);
    }

    /// <summary>What is wrong with an address of the registry. Its command shows <c>detail</c> alone, so all is said there.</summary>
    /// <param name="context">The request.</param>
    /// <param name="faults">The faults.</param>
    /// <param name="total">How many there are in all.</param>
    /// <param name="corrected">An address that would work.</param>
    public static Problem OfAddress(HttpContext context, IEnumerable<ProblemError> faults, int total, string? corrected)
    {
        var left = RefusalLength.Of(context.Request.GetEncodedPathAndQuery().Length) - Frame - (2 * (corrected?.Length ?? 0));
        List<ProblemError> shown = [.. faults.TakeWhile((fault, index) => (left -= 2 * LengthInJson(fault)) >= 0 || index == 0)];
        var lines = shown.Select(fault => fault.Detail).ToList();
        if (total > shown.Count)
        {
            lines.Add($"{total - shown.Count} more faults are not shown.");
        }

        if (corrected is not null)
        {
            lines.Add($"Corrected address: {corrected}");
        }

        return new("Bad Request", StatusCodes.Status400BadRequest, string.Join('\n', lines), shown, CorrectedUrl: corrected);
    }

    // What a problem has around its errors, and a corrected call around its arguments.
    private const int Frame = 256;

    private static int LengthInJson(ProblemError error) =>
        JsonSerializer.SerializeToUtf8Bytes(error, HttpJson.Readable.ProblemError).Length + 1;

    /// <summary>Answers with this problem.</summary>
    public Task WriteAsync(HttpContext context)
    {
        // A fault of the arguments repeats what was sent, which no log does.
        Refusals.Note(context, Errors is null ? Detail : $"{Errors.Count} faults of the call");
        context.Response.StatusCode = Status;
        context.Response.ContentType = IsForShadcn(context.Request) ? "application/json" : "application/problem+json";
        var body = JsonSerializer.SerializeToUtf8Bytes(this, HttpJson.Readable.Problem);
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }

    // The command shadcn reads what is wrong where the type is the one that it asks for.
    private static bool IsForShadcn(HttpRequest request) =>
        request.Path.StartsWithSegments("/r", StringComparison.Ordinal)
        && request.GetTypedHeaders().Accept is { Count: > 0 } accept
        && accept.Any(range => range.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        && !accept.Any(range => range.MatchesAllTypes || range.MatchesAllSubTypes
            || range.MediaType.Equals("application/problem+json", StringComparison.OrdinalIgnoreCase));
}

/// <summary>One fault of the arguments.</summary>
/// <param name="Detail">The argument, its value, the rule and the way out.</param>
/// <param name="Pointer">JSON pointer into the request body.</param>
internal sealed record ProblemError(string Detail, string Pointer);

/// <summary>The body of a request that would work.</summary>
internal sealed record CorrectedCall(string Server, string Tool, JsonElement Args);
