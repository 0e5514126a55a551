using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using CrowVault.Mcp.Http.Gates;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.Http.Telemetry;
using CrowVault.Mcp.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Http;

/// <summary>The tools as plain HTTP: one call in, one JSON document or one source file out.</summary>
/// <param name="tools">The tools as MCP lists them.</param>
/// <param name="settings">The settings of the door.</param>
/// <param name="logger">Gets one line per call.</param>
internal sealed class RestDoor(IReadOnlyList<Tool> tools, HttpSettings settings, ILogger logger)
{
    /// <summary>What an answer can be, in the order of preference.</summary>
    private static readonly MediaTypeHeaderValue[] s_offers = [new("application/json"), new("text/x-typescript"), new("text/plain")];

    // An answer must not grow with the faults that it tells of.
    private const int MostErrors = 20;

    private const int LongestCorrection = 32_768;

    private static readonly ProblemError s_further = new("", "");

    private readonly Memo<Answer> _answers = new();
    private readonly byte[] _tools = List(tools);
    private readonly byte[] _registry = RegistryItem.List(ServerFeatures.Current.Emitters);
    private readonly byte[] _openApi = OpenApi.Document(tools, settings);

    /// <summary><c>POST /v1/tools/call</c></summary>
    public Task CallAsync(HttpContext context)
    {
        if (Choose(context.Request.GetTypedHeaders().Accept) is not { } offer)
        {
            return Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable,
                "This resource comes as application/json, text/x-typescript or text/plain.");
        }

        var (emitter, args, faults) = Read(context.Features.Get<JsonBody>()!.Root, out var isUnknown);
        using var call = ToolCalls.Begin(logger, "rest", emitter?.Tool, Caller.Of(context).Shown);
        if (emitter is null || faults.Count > 0)
        {
            call.ErrorType = isUnknown ? ToolCalls.UnknownTool : ToolCalls.InvalidArguments;
            return RefuseAsync(context, faults, faults.Count, Corrected(context.Features.Get<JsonBody>()!.Root));
        }

        // Of arguments that are too long to be kept no copy is made to look for them.
        var key = JsonMarshal.GetRawUtf8Value(args).Length <= Memo.MaxKeyLength ? $"{emitter.Tool} {args.GetRawText()}" : null;
        var answer = key is null ? null : _answers.Find(key);
        if (answer is null)
        {
            if (!emitter.TryEmit(args, Product.Version, out var emission, out var refused))
            {
                call.ErrorType = ToolCalls.InvalidArguments;
                return RefuseAsync(context, refused);
            }

            answer = new(
                JsonSerializer.SerializeToUtf8Bytes(emission, EmissionJson.Readable.Emission),
                System.Text.Encoding.UTF8.GetBytes(emission.Files[0].Content));
            if (key is not null)
            {
                _answers.Keep(key, answer);
            }
        }

        call.ErrorType = null;
        context.Response.Headers.Vary = HeaderNames.Accept;
        return ReferenceEquals(offer, s_offers[0])
            ? WriteAsync(context, "application/json", answer.Json)
            : WriteAsync(context, $"{offer.MediaType}; charset=utf-8", answer.Source);
    }

    private sealed record Answer(byte[] Json, byte[] Source);

    /// <summary><c>GET /v1/tools</c></summary>
    public Task ListAsync(HttpContext context) => WriteAsync(context, "application/json", _tools);

    /// <summary><c>GET /openapi.json</c></summary>
    public Task DescribeAsync(HttpContext context) => WriteAsync(context, "application/json", _openApi);

    /// <summary><c>GET /r/registry.json</c></summary>
    public Task ListItemsAsync(HttpContext context) => WriteAsync(context, "application/json", _registry);

    /// <summary><c>GET /r/circuit-breaker.json?failureThreshold=3</c>: what a call gives, as an item of a shadcn registry.</summary>
    public Task ItemAsync(HttpContext context)
    {
        var name = (string)context.GetRouteValue("tool")!;
        var emitter = ServerFeatures.Current.Emitters.FirstOrDefault(each => each.Command == name || each.Tool == name);
        using var call = ToolCalls.Begin(logger, "rest", emitter?.Tool, Caller.Of(context).Shown);
        if (emitter is null)
        {
            call.ErrorType = ToolCalls.UnknownTool;
            return Problem.WriteAsync(context, StatusCodes.Status404NotFound, ServerFeatures.Current.UnknownTool(PlainText.Of(name, 60)));
        }

        var args = RegistryItem.Arguments(emitter, context.Request.Query);
        var key = $"item {emitter.Tool} {args.ToJsonString()}";
        var answer = _answers.Find(key);
        if (answer is null)
        {
            if (!emitter.TryEmit(JsonSerializer.SerializeToElement(args, HttpJson.Readable.JsonObject), Product.Version, out var emission,
                out var refused))
            {
                call.ErrorType = ToolCalls.InvalidArguments;
                return Problem.OfAddress(
                    context,
                    Errors(refused).Take(MostErrors),
                    refused.Total,
                    refused.CorrectedArguments is { } json ? Address(context, emitter, JsonNode.Parse(json)!.AsObject()) : null)
                    .WriteAsync(context);
            }

            if (!emission.WithCode)
            {
                call.ErrorType = ToolCalls.InvalidArguments;
                return Problem.OfAddress(
                    context,
                    [new("withCode: an item is its code; leave withCode out.", Pointer("withCode"))],
                    1,
                    Address(context, emitter, args)).WriteAsync(context);
            }

            answer = new(RegistryItem.Of(emitter, emission), []);
            _answers.Keep(key, answer);
        }

        call.ErrorType = null;
        return WriteAsync(context, "application/json", answer.Json);
    }

    private static byte[] List(IReadOnlyList<Tool> tools) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new ListToolsResult { Tools = [.. tools] },
            (JsonTypeInfo<ListToolsResult>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ListToolsResult)));

    private static Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }

    private static CorrectedCall? Corrected(ArgumentFaults refused) => refused.CorrectedArguments is { } json
        ? new(Product.ServerName, refused.Tool, JsonElement.Parse(json))
        : null;

    // A call as MCP has it, {"name":"generate_bulkhead","arguments":{}}, with the arguments beside the tool, or by its command's name.
    private static CorrectedCall? Corrected(JsonElement root)
    {
        if (root.ValueKind is not JsonValueKind.Object || JsonMarshal.GetRawUtf8Value(root).Length > LongestCorrection)
        {
            return null;
        }

        // As it is sent to /mcp.
        if (root.TryGetProperty("jsonrpc", out _) && root.TryGetProperty("params", out var message)
            && message.ValueKind is JsonValueKind.Object && message.TryGetProperty("name", out _))
        {
            return Corrected(message);
        }

        Emitter? emitter = null;
        JsonElement? args = null;
        var beside = new JsonObject();
        foreach (var member in root.EnumerateObject())
        {
            switch (member.Name.Length > LongestMember ? "" : Folded(member.Name))
            {
                case "server" or "meta":
                    break;
                case "tool" or "name" or "toolname" when emitter is null && member.Value.ValueKind is JsonValueKind.String:
                    emitter = ServerFeatures.Current.Emitters.FirstOrDefault(each =>
                        member.Value.ValueEquals(each.Tool) || member.Value.ValueEquals(each.Command));
                    if (emitter is null)
                    {
                        return null;
                    }

                    break;
                case "args" or "arguments" or "params" or "parameters" or "input" or "inputs" when args is null:
                    args = member.Value.ValueKind is JsonValueKind.Null ? NoArguments : member.Value;
                    break;
                default:
                    beside[member.Name] = JsonNode.Parse(member.Value.GetRawText());
                    break;
            }
        }

        if (emitter is null || beside.Any(each => each.Key is not "withCode" && (args is not null || emitter.Arguments.Find(each.Key) is null))
            || (beside.Count > 0 && args is { } own && !TryAddTo(beside, own)))
        {
            return null;
        }

        var meant = args is { } given && beside.Count == 0 ? given : JsonSerializer.SerializeToElement(beside, HttpJson.Readable.JsonObject);
        return emitter.Check(meant) is { } refused ? Corrected(refused) : new(Product.ServerName, emitter.Tool, meant);
    }

    private const int LongestMember = 20;

    private static string Folded(string name) => string.Concat(name.Where(char.IsAsciiLetter)).ToLowerInvariant();

    // Of two values of one argument only the caller knows which was meant.
    private static bool TryAddTo(JsonObject beside, JsonElement args) => args.ValueKind is JsonValueKind.Object
        && args.EnumerateObject().All(argument => beside.TryAdd(argument.Name, JsonNode.Parse(argument.Value.GetRawText())));

    private static Task RefuseAsync(HttpContext context, ArgumentFaults refused) => RefuseAsync(
        context,
        Errors(refused),
        refused.Total,
        Corrected(refused));

    private static IEnumerable<ProblemError> Errors(ArgumentFaults refused) => ServerFeatures.Current.WithWhatIsOffered(refused).Faults
        .Select(fault => new ProblemError(fault.Advice, Pointer(fault.Argument)));

    // Of an item, for a caller who has only an address to correct.
    private string Address(HttpContext context, Emitter emitter, JsonObject args)
    {
        var path = $"{settings.PublicUrl?.AbsoluteUri.TrimEnd('/') ?? $"{context.Request.Scheme}://{context.Request.Host}"}"
            + Routes.RegistryItem.Replace("{tool}", emitter.Command, StringComparison.Ordinal);
        return emitter.Arguments.Query(args) is { Length: > 0 } query ? $"{path}?{query}" : path;
    }

    private static Task RefuseAsync(HttpContext context, IEnumerable<ProblemError> errors, int total, CorrectedCall? corrected) =>
        Problem.Of(context, errors.Take(MostErrors), total, corrected).WriteAsync(context);

    /// <summary>Reads <c>{ "server", "tool", "args" }</c>.</summary>
    private static (Emitter? Emitter, JsonElement Args, IReadOnlyList<ProblemError> Faults) Read(JsonElement root, out bool isUnknown)
    {
        isUnknown = false;
        if (root.ValueKind is not JsonValueKind.Object)
        {
            return (null, default, [new("The body is not an object; send { \"server\": \"api-mcp\", \"tool\": \"...\", \"args\": { } }.",
                "")]);
        }

        var faults = new List<ProblemError>();
        Emitter? emitter = null;
        var hasTool = false;
        var args = NoArguments;
        foreach (var member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "server":
                    if (member.Value.ValueKind is not JsonValueKind.Null
                        && (member.Value.ValueKind is not JsonValueKind.String || !member.Value.ValueEquals(Product.ServerName)))
                    {
                        faults.Add(new($"server: not known here; use \"{Product.ServerName}\".", "/server"));
                    }

                    break;
                case "tool":
                    hasTool = true;
                    if (member.Value.ValueKind is not JsonValueKind.String)
                    {
                        faults.Add(new("tool: not a string; give the name of a tool.", "/tool"));
                    }
                    else if (member.Value.GetString() is var tool && (emitter = ServerFeatures.Current.Find(tool!)) is null)
                    {
                        isUnknown = true;
                        faults.Add(new(ServerFeatures.Current.UnknownTool(PlainText.Of(tool!, 60)), "/tool"));
                    }

                    break;
                case "args":
                    // As in MCP, null is the same as leaving it out.
                    args = member.Value.ValueKind is JsonValueKind.Null ? NoArguments : member.Value;
                    break;
                default:
                    if (faults.Count > MostErrors)
                    {
                        // Counted, and not told of.
                        faults.Add(s_further);
                        break;
                    }

                    var nearest = member.Name switch
                    {
                        "name" or "tool_name" or "toolName" => "tool",
                        "arguments" or "params" or "parameters" or "input" or "inputs" => "args",
                        { Length: > 20 } => null,
                        _ => Suggestion.Nearest(member.Name, ["server", "tool", "args"]),
                    };
                    var name = PlainText.Of(member.Name, 60);
                    faults.Add(new(
                        $"{name}: unknown member; "
                            + $"{(nearest is null ? "the members are server, tool and args." : $"did you mean {nearest}?")}",
                        Pointer(null, name)));
                    break;
            }
        }

        if (!hasTool)
        {
            faults.Add(new($"tool: required but missing; give one of "
                + $"{string.Join(", ", ServerFeatures.Current.Emitters.Select(emitter => emitter.Tool))}.", "/tool"));
        }

        return (emitter, args, faults);
    }

    /// <summary>The arguments of a call that gives none.</summary>
    public static JsonElement NoArguments { get; } = JsonDocument.Parse("{}").RootElement;

    // RFC 6901: operations[0].timeoutMs is /args/operations/0/timeoutMs, and the short form's operations.orders.get is
    // /args/operations/orders.get. A name that is shown cut short has no place of its own.
    private static string Pointer(string argument)
    {
        if (argument == "arguments")
        {
            return "/args";
        }

        var end = argument[0] == '"' ? argument.Length : argument.IndexOfAny(['.', '[']) is var at and >= 0 ? at : argument.Length;
        var (place, rest) = (Named("/args", argument[..end]), argument[end..]);
        if (rest.StartsWith('[') && rest.IndexOf(']') is var close and > 0)
        {
            (place, rest) = ($"{place}/{rest[1..close]}", rest[(close + 1)..]);
        }

        return rest.Length > 1 ? Named(place, rest[1..]) : place;
    }

    private static string Named(string parent, string shown)
    {
        if (!shown.StartsWith('"'))
        {
            return Pointer(parent, shown);
        }

        try
        {
            return Pointer(parent, JsonElement.Parse(shown).GetString()!);
        }
        catch (JsonException)
        {
            return parent;
        }
    }

    private static string Pointer(string? parent, string name) =>
        $"{parent}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    // RFC 9110 section 12.5.1: the most specific range that matches an offer gives its quality.
    private static MediaTypeHeaderValue? Choose(IList<MediaTypeHeaderValue> accept)
    {
        if (accept.Count == 0)
        {
            return s_offers[0];
        }

        MediaTypeHeaderValue? best = null;
        var (bestQuality, bestRank) = (0.0, 0);
        foreach (var offer in s_offers)
        {
            // Not IsSubsetOf: what else a range says, such as a charset, means nothing here.
            var range = accept.Where(range => range.MatchesAllTypes
                || (range.Type.Equals(offer.Type, StringComparison.OrdinalIgnoreCase)
                    && (range.MatchesAllSubTypes || range.SubType.Equals(offer.SubType, StringComparison.OrdinalIgnoreCase)))).MaxBy(Rank);
            if (range is null)
            {
                continue;
            }

            var (quality, rank) = (range.Quality ?? 1, Rank(range));
            if (quality > bestQuality || (quality > 0 && quality == bestQuality && rank > bestRank))
            {
                (best, bestQuality, bestRank) = (offer, quality, rank);
            }
        }

        return best;

        static int Rank(MediaTypeHeaderValue range) => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2;
    }
}
