namespace CrowVault.Mcp.JsonRpc;

/// <summary>
/// What the refusals of one batch say: together no more than one refusal of the batch. Beyond that an answer says only how its faults can
/// be seen.
/// </summary>
/// <param name="messages">How many messages the batch has.</param>
/// <param name="sent">Its length in bytes.</param>
internal sealed class BatchRefusals(int messages, long sent)
{
    /// <summary>What is said in place of faults.</summary>
    public const string Alone = "Refused; send it alone to see why.";

    // An answer that says no more than the above.
    private const int Shortest = 128;

    private readonly Lock _lock = new();
    private long _left = RefusalLength.Of(sent) - (messages * Shortest);
    private bool _isTold;

    /// <summary>Takes the room for a whole answer, if there is any.</summary>
    /// <param name="length">Its length in bytes.</param>
    public bool TryTake(int length)
    {
        var further = Math.Max(0, length - Shortest);
        lock (_lock)
        {
            if (_left < further)
            {
                return false;
            }

            _left -= further;
            return true;
        }
    }

    /// <summary>An error as it may be answered; null when one that was answered already stands for it.</summary>
    public RpcError? Of(RpcError error)
    {
        var told = TryTake(error.ToUtf8().Length) ? error
            : error.Code is RpcError.InvalidRequest
                ? new(error.Code, "Invalid request: not every message of the batch is one; send them alone.")
            : error with { Message = Alone };
        if (told.Id is not null)
        {
            return told;
        }

        // Nobody can tell apart the answers to messages without an id, and what is no request need not be answered under its own.
        var isTold = _isTold;
        _isTold = true;
        return isTold ? null : told;
    }
}
