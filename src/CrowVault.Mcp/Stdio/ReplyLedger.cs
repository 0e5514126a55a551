using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>
/// Keeps count of the requests that still want a reply. The SDK stops as soon as its input ends, so the end of input is withheld until
/// nothing is owed any more.
/// </summary>
internal sealed class ReplyLedger
{
    // Reading pauses beyond it, which bounds the memory that a flood of requests takes.
    private const int MostOwed = 512;

    private readonly Dictionary<RequestId, int> _owed = [];
    private readonly object _lock = new();
    private int _count;

    /// <summary>Takes note of a message from the client: a request owes a reply, a cancellation takes one back.</summary>
    public void Received(JsonRpcMessage message)
    {
        lock (_lock)
        {
            if (message is JsonRpcRequest { Id: var id })
            {
                _owed[id] = _owed.GetValueOrDefault(id) + 1;
                Count(+1);
            }
            else if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification, Params: JsonObject cancelled }
                && cancelled["requestId"] is JsonValue cancelledId)
            {
                Settle(cancelledId.TryGetValue<long>(out var number) ? new(number) : new(cancelledId.ToString()));
            }
        }
    }

    /// <summary>Takes note of a message to the client.</summary>
    public void Sent(JsonRpcMessage message)
    {
        if (message is JsonRpcResponse or JsonRpcError)
        {
            lock (_lock)
            {
                Settle(((JsonRpcMessageWithId)message).Id);
            }
        }
    }

    /// <summary>Gives up what is owed: nobody is there to read it.</summary>
    public void WriteOff()
    {
        lock (_lock)
        {
            _owed.Clear();
            Count(-_count);
        }
    }

    /// <summary>Waits until nothing is owed.</summary>
    /// <param name="atMost">When to give up.</param>
    public void WaitSettled(TimeSpan atMost) => WaitFor(0, atMost);

    /// <summary>Waits until fewer replies are owed than the limit.</summary>
    /// <param name="atMost">When to give up.</param>
    public void WaitRoom(TimeSpan atMost) => WaitFor(MostOwed - 1, atMost);

    private void WaitFor(int count, TimeSpan atMost)
    {
        var deadline = Environment.TickCount64 + (long)atMost.TotalMilliseconds;
        lock (_lock)
        {
            while (_count > count && deadline - Environment.TickCount64 is var left and > 0)
            {
                Monitor.Wait(_lock, TimeSpan.FromMilliseconds(left));
            }
        }
    }

    private void Settle(RequestId id)
    {
        if (!_owed.TryGetValue(id, out var owed))
        {
            return;
        }

        if (owed == 1)
        {
            _owed.Remove(id);
        }
        else
        {
            _owed[id] = owed - 1;
        }

        Count(-1);
    }

    private void Count(int change)
    {
        _count += change;
        Monitor.PulseAll(_lock);
    }
}
