using System.Threading.Channels;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>Standard input and output as a transport of the SDK.</summary>
/// <param name="input">Where messages come from.</param>
/// <param name="replies">Where messages go.</param>
/// <param name="pending">Keeps count of the replies that are owed.</param>
internal sealed class StdioTransport(StdioInput input, ReplyWriter replies, PendingRequests pending) : ITransport
{
    /// <inheritdoc/>
    public string? SessionId => null;

    /// <inheritdoc/>
    public ChannelReader<JsonRpcMessage> MessageReader => input.Messages;

    /// <inheritdoc/>
    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        if (message is JsonRpcRequest question && !pending.Asks(question))
        {
            await input.DeclineAsync(question.Id);
            return;
        }

        await replies.WriteAsync(message, cancellationToken);
        pending.Sent(message);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
