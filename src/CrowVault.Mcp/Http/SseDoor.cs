using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using CrowVault.Mcp.Http.Gates;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.JsonRpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Http;

/// <summary>The older HTTP+SSE pair of protocol 2024-11-05: <c>GET /sse</c> opens a stream, <c>POST /message</c> sends to it.</summary>
/// <remarks>The post is answered before the call is, so nothing but the caps here bounds what a caller can have outstanding.</remarks>
/// <param name="options">Options of the MCP server, shared by all sessions.</param>
/// <param name="settings">The caps, and the public address.</param>
/// <param name="services">Services of the host.</param>
/// <param name="stopping">Ends every session once its calls are answered.</param>
internal sealed class SseDoor(McpServerOptions options, HttpSettings settings, IServiceProvider services, CancellationToken stopping)
{
    private readonly HttpLimits _limits = settings.Limits;
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Usage> _usage = new(StringComparer.Ordinal);
    private readonly ILoggerFactory _loggers = services.GetRequiredService<ILoggerFactory>();

    /// <summary>Opens a session and keeps its stream until the caller leaves or the server stops.</summary>
    public async Task OpenAsync(HttpContext context)
    {
        if (!AcceptsEvents(context.Request))
        {
            await Problem.WriteAsync(context, StatusCodes.Status406NotAcceptable,
                "This address opens an event stream; accept text/event-stream.");
            return;
        }

        var caller = Caller.Of(context).Name;
        if (Enter(caller) is not { } usage)
        {
            await RateLimits.RefuseAsync(context, $"\"sessions\";q={_limits.SseSessionsPerToken}", "\"sessions\";r=0", 5,
                "Too many SSE sessions are open.");
            return;
        }

        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-cache,no-store";
            context.Response.Headers.ContentEncoding = "identity";
            context.Response.Headers["X-Accel-Buffering"] = "no";
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await RunAsync(context, caller, usage);
        }
        finally
        {
            Leave(caller, usage);
        }
    }

    /// <summary>Takes one message for a session: 202, 404 for a session that is not the caller's, 429 at the caps.</summary>
    public async Task PostAsync(HttpContext context)
    {
        // Another caller's session is as unknown as one that never was.
        if (!_sessions.TryGetValue(context.Request.Query["sessionId"].ToString(), out var session)
            || session.Caller != Caller.Of(context).Name)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "No such session; open one with GET /sse.");
            return;
        }

        if (context.Features.Get<RpcError>() is { } error)
        {
            await session.RefuseAsync(error, context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            await context.Response.WriteAsync("Accepted");
            return;
        }

        var message = context.Features.Get<JsonRpcMessage>()!;
        if (message is JsonRpcRequest request && !session.TryBegin(request.Id, _limits, out var refusal))
        {
            await (refusal is null
                ? RateLimits.RefuseAsync(context, $"\"unanswered\";q={_limits.SseCallsPerSession}", "\"unanswered\";r=0", 1,
                    "Too many calls of this session or token wait for their answer.").AsTask()
                : RpcGate.WriteAsync(context, new(RpcError.InvalidRequest, refusal,
                    MessageParser.FindId(context.Features.Get<JsonBody>()!.Utf8)), StatusCodes.Status400BadRequest));
            return;
        }

        if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification, Params: { } parameters }
            && !session.Forget(parameters))
        {
            // The SDK would let it loose on the next request of that id.
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            return;
        }

        if (context.User.Identity is { IsAuthenticated: true })
        {
            message.Context = new() { User = context.User };
        }

        await session.Stream.OnMessageReceivedAsync(message, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await context.Response.WriteAsync("Accepted");
    }

    private async Task RunAsync(HttpContext context, string caller, Usage usage)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, context.Features.Get<ConnectionGate.PeerEnded>()?.Token ?? default);
        await using var events = new SseEvents(context.Response.Body);
        await using var stream = new SseResponseStreamTransport(events, $"{settings.Prefix}{Routes.Message}?sessionId={id}");
        var session = new Session(caller, usage, stream, end);
        _sessions[id] = session;
        try
        {
            await using var stopped = stopping.UnsafeRegister(static session => ((Session)session!).EndWhenAnswered(), session);
            var sending = stream.RunAsync(end.Token);
            var commenting = events.CommentAsync(end.Token);
            await using (var server = McpServer.Create(session, options, _loggers, services))
            {
                await server.RunAsync(end.Token);
            }

            await stream.DisposeAsync();
            await sending;
            await end.CancelAsync();
            await commenting;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
        finally
        {
            _sessions.TryRemove(id, out _);
            session.Close();
        }
    }

    // The picture of a page can ask for this address, too; it accepts anything, but names pictures.
    private static bool AcceptsEvents(HttpRequest request)
    {
        var accept = request.GetTypedHeaders().Accept;
        return accept.Count == 0
            || accept.Any(range => range.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase)
                && range.Quality is not 0)
            || (accept.Count == 1 && accept[0].MatchesAllTypes && accept[0].Quality is not 0);
    }

    private Usage? Enter(string caller)
    {
        lock (_lock)
        {
            var usage = _usage.GetValueOrDefault(caller) ?? new();
            if (_sessions.Count >= _limits.SseSessions || usage.Sessions >= _limits.SseSessionsPerToken)
            {
                return null;
            }

            usage.Sessions++;
            return _usage[caller] = usage;
        }
    }

    private void Leave(string caller, Usage usage)
    {
        lock (_lock)
        {
            if (--usage.Sessions == 0)
            {
                _usage.Remove(caller);
            }
        }
    }

    /// <summary>What one caller has open.</summary>
    private sealed class Usage
    {
        public int Sessions;
        public int Unanswered;
    }

    /// <summary>One stream, seen by the MCP SDK as a transport; counts the calls that are not answered yet.</summary>
    private sealed class Session(string caller, Usage usage, SseResponseStreamTransport stream, CancellationTokenSource end) : ITransport
    {
        private readonly ConcurrentDictionary<RequestId, bool> _unanswered = [];
        private int _count;
        private volatile bool _ending;

        public string Caller => caller;

        public SseResponseStreamTransport Stream => stream;

        /// <summary>Null: who knows the id can send to the session, so the SDK must not put it into logs and traces.</summary>
        public string? SessionId => null;

        public ChannelReader<JsonRpcMessage> MessageReader => stream.MessageReader;

        public bool TryBegin(RequestId id, HttpLimits limits, out string? refusal)
        {
            refusal = null;
            if (_ending)
            {
                return false;
            }

            if (Interlocked.Increment(ref _count) > limits.SseCallsPerSession
                | Interlocked.Increment(ref usage.Unanswered) > limits.SseCallsPerToken)
            {
                Release();
                return false;
            }

            if (!_unanswered.TryAdd(id, true))
            {
                refusal = "The id of this request is in use by one that is not answered yet.";
                Release();
                return false;
            }

            return true;
        }

        public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
        {
            await stream.SendMessageAsync(message, cancellationToken);
            if (message is JsonRpcResponse or JsonRpcError)
            {
                Finish(((JsonRpcMessageWithId)message).Id);
            }
        }

        /// <summary>Answers a message that the SDK is not to see.</summary>
        public Task RefuseAsync(RpcError error, CancellationToken cancellationToken) =>
            stream.SendMessageAsync(
                new JsonRpcError
                {
                    Id = MessageParser.Id(JsonElement.Parse(error.Id!)),
                    Error = new() { Code = error.Code, Message = error.Message }
                }, cancellationToken);

        /// <summary>A cancelled call gets no answer.</summary>
        /// <returns>Whether it was waiting for one.</returns>
        public bool Forget(System.Text.Json.Nodes.JsonNode parameters) =>
            parameters is System.Text.Json.Nodes.JsonObject cancelled && cancelled["requestId"] is System.Text.Json.Nodes.JsonValue id
            && Finish(id.TryGetValue<long>(out var number) ? new(number) : new(id.ToString()));

        public void EndWhenAnswered()
        {
            _ending = true;
            if (_unanswered.IsEmpty)
            {
                _ = end.CancelAsync();
            }
        }

        /// <summary>Gives back what the caller's other sessions share with this one.</summary>
        public void Close()
        {
            foreach (var id in _unanswered.Keys)
            {
                Finish(id);
            }
        }

        public ValueTask DisposeAsync() => stream.DisposeAsync();

        private bool Finish(RequestId id)
        {
            if (!_unanswered.TryRemove(id, out _))
            {
                return false;
            }

            Release();
            if (_ending && _unanswered.IsEmpty)
            {
                _ = end.CancelAsync();
            }

            return true;
        }

        private void Release()
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Decrement(ref usage.Unanswered);
        }
    }
}
