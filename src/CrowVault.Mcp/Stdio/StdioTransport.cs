using System.Threading.Channels;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>Standard input and output as a transport of the SDK.</summary>
/// <param name="lines">Where messages come from.</param>
/// <param name="replies">Where messages go.</param>
/// <param name="ledger">Keeps count of the replies that are owed.</param>
internal sealed class StdioTransport(LineReader lines, ReplyWriter replies, ReplyLedger ledger) : ITransport
{
    /// <inheritdoc/>
    public string? SessionId => null;

    /// <inheritdoc/>
    public ChannelReader<JsonRpcMessage> MessageReader => lines.Messages;

    /// <inheritdoc/>
    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        await replies.WriteAsync(message, cancellationToken);
        ledger.Sent(message);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
