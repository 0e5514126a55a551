using System.Text.Json.Nodes;
using CrowVault.Mcp.JsonRpc;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>
/// Keeps count of the requests that still want a reply. The SDK (2.3.0, 2.4.0) stops as soon as its input ends and drops what it is
/// working on, so the end of input is withheld until nothing is owed any more.
/// </summary>
internal sealed class PendingRequests
{
    // Reading pauses beyond it, which bounds the memory that a flood of requests takes.
    private const int MostPending = 512;

    // Each takes some 6 KB for as long as the client likes; one is enough for all kinds of news.
    private const int MostSubscriptions = 100;

    // More than a person can answer. A call beyond it is told what it lacks, which otherwise keeps its place until somebody answers.
    private const int MostQuestions = 16;

    private readonly Dictionary<RequestId, int> _pending = [];
    private readonly HashSet<RequestId> _subscriptions = [];
    private readonly HashSet<RequestId> _questions = [];
    private readonly object _lock = new();
    private int _count;
    private long _lastChange = Environment.TickCount64;
    private bool _abandoned;
    private bool _unanswerable;

    /// <summary>Why a request is not taken; null when it is. By an id that a subscription has, what ends one would end the other in this
    /// account alone.</summary>
    public string? RefusalOf(JsonRpcRequest request)
    {
        lock (_lock)
        {
            var isSubscription = request.Method == RequestChecks.Listen;
            return _subscriptions.Contains(request.Id) || (isSubscription && _pending.ContainsKey(request.Id))
                ? "The id of this request is in use by one that is still open."
                : isSubscription && _subscriptions.Count >= MostSubscriptions
                ? "Too many subscriptions are open; one is told everything. Cancel those that you do not need."
                : null;
        }
    }

    /// <summary>Takes note of a message from the client: a request owes a reply, a cancellation takes one back.</summary>
    /// <returns>Whether there is something to do: a cancellation of what is answered, or never came, would be let loose on the next request
    /// of that id.</returns>
    public bool Received(JsonRpcMessage message)
    {
        lock (_lock)
        {
            if (message is JsonRpcResponse or JsonRpcError)
            {
                _questions.Remove(((JsonRpcMessageWithId)message).Id);
            }

            // A subscription is answered when it ends, which is up to the client.
            if (message is JsonRpcRequest { Method: RequestChecks.Listen } listen)
            {
                _subscriptions.Add(listen.Id);
            }
            else if (message is JsonRpcRequest request)
            {
                _pending[request.Id] = _pending.GetValueOrDefault(request.Id) + 1;
                Count(+1);
            }
            else if (Cancelled(message) is { } id)
            {
                return Settle(id) | _subscriptions.Remove(id);
            }

            return true;
        }
    }

    /// <summary>Takes note of a message to the client.</summary>
    public void Sent(JsonRpcMessage message)
    {
        if (message is JsonRpcResponse or JsonRpcError)
        {
            lock (_lock)
            {
                var id = ((JsonRpcMessageWithId)message).Id;
                Settle(id);
                _subscriptions.Remove(id);
            }
        }
        else if (Cancelled(message) is { } question)
        {
            // Whoever waited for its answer does so no longer.
            lock (_lock)
            {
                _questions.Remove(question);
            }
        }
    }

    /// <summary>Takes note of a question to the client, which a request may have to wait for.</summary>
    /// <returns>Whether an answer can still come, and not too many are waited for.</returns>
    public bool Asks(JsonRpcRequest question)
    {
        lock (_lock)
        {
            return !_unanswerable && _questions.Count < MostQuestions && _questions.Add(question.Id);
        }
    }

    /// <summary>No answer comes any more.</summary>
    /// <returns>The questions that are open.</returns>
    public IReadOnlyList<RequestId> EndQuestions()
    {
        lock (_lock)
        {
            _unanswerable = true;
            RequestId[] open = [.. _questions];
            _questions.Clear();
            return open;
        }
    }

    /// <summary>Gives up what is owed: nobody is there to read it.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _abandoned = true;
            _pending.Clear();
            Count(-_count);
        }
    }

    /// <summary>Waits until nothing is owed, or nobody has taken a reply for so long.</summary>
    public void WaitUntilNone(TimeSpan patience)
    {
        lock (_lock)
        {
            _lastChange = Environment.TickCount64;
            while (_count > 0 && (long)patience.TotalMilliseconds - (Environment.TickCount64 - _lastChange) is var left and > 0)
            {
                Monitor.Wait(_lock, TimeSpan.FromMilliseconds(left));
            }
        }
    }

    /// <summary>Waits until fewer replies are owed than the limit.</summary>
    public void WaitForCapacity()
    {
        lock (_lock)
        {
            while (_count >= MostPending && !_abandoned)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    // What a cancellation is about; null for every other message.
    private static RequestId? Cancelled(JsonRpcMessage message) =>
        message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification, Params: JsonObject cancelled }
            && cancelled["requestId"] is JsonValue value
            ? value.TryGetValue<long>(out var number) ? new(number) : new(value.ToString())
            : null;

    private bool Settle(RequestId id)
    {
        if (!_pending.TryGetValue(id, out var owed))
        {
            return false;
        }

        if (owed == 1)
        {
            _pending.Remove(id);
        }
        else
        {
            _pending[id] = owed - 1;
        }

        Count(-1);
        return true;
    }

    private void Count(int change)
    {
        _count += change;
        _lastChange = Environment.TickCount64;
        Monitor.PulseAll(_lock);
    }
}
