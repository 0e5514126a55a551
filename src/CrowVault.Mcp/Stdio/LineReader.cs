using System.Text.Json;
using CrowVault.Mcp.JsonRpc;
using CrowVault.Mcp.Server;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>Reads what one line holds: a message, or a batch of them. No line can make it throw.</summary>
internal static class LineReader
{
    /// <summary>Bytes that one line may have, its line feed not counted.</summary>
    public const int LongestLine = 4 * 1024 * 1024;

    // JSON-RPC batches belong to MCP 2025-03-26 alone. Without a bound a line of 4 MiB could ask for a million answers.
    private const int LargestBatch = 100;

    /// <summary>Answer to a line that is too long.</summary>
    public static RpcError TooLong { get; } = new(RpcError.InvalidRequest, $"Invalid request: a line has more than {LongestLine} bytes.");

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line, without white space around it.</param>
    /// <param name="pass">Gets each message.</param>
    /// <param name="refuse">Gets each fault.</param>
    public static void Read(byte[] line, Action<JsonRpcMessage> pass, Action<RpcError> refuse)
    {
        var text = JsonText.WithoutMark(line);
        if (text.Span.Trim(" \t\r"u8).IsEmpty)
        {
            return;
        }

        using var document = JsonText.Parse(text, JsonText.MaximumDepth, out var fault);
        if (document is null)
        {
            refuse(new(RpcError.ParseError, $"Parse error: the line is {fault}", MessageParser.FindId(text.Span)));
            return;
        }

        switch (document.RootElement.ValueKind)
        {
            case JsonValueKind.Object:
                ReadMessage(document.RootElement, pass, refuse);
                break;
            case JsonValueKind.Array when document.RootElement.GetArrayLength() is 0 or > LargestBatch:
                var problem = document.RootElement.GetArrayLength() == 0
                    ? "the batch is empty."
                    : $"the batch has more than {LargestBatch} messages.";
                refuse(new(RpcError.InvalidRequest, $"Invalid request: {problem}"));
                break;
            case JsonValueKind.Array:
                // Each message is answered by itself.
                var refusals = new BatchRefusals(document.RootElement.GetArrayLength(), text.Length);
                foreach (var element in document.RootElement.EnumerateArray())
                {
                    ReadMessage(
                        element,
                        message =>
                        {
                            ToolAnswer.Share(message, refusals);
                            pass(message);
                        },
                        error =>
                        {
                            if (refusals.Of(error) is { } told)
                            {
                                refuse(told);
                            }
                        });
                }

                break;
            default:
                refuse(new(RpcError.InvalidRequest, "Invalid request: a line must hold one JSON-RPC object."));
                break;
        }
    }

    private static void ReadMessage(JsonElement element, Action<JsonRpcMessage> pass, Action<RpcError> refuse)
    {
        if (MessageParser.TryRead(element, out var message, out var error))
        {
            pass(message);
        }
        else if (error is not null)
        {
            refuse(error);
        }
    }
}
