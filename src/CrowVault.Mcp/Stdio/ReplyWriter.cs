using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Mcp.JsonRpc;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Stdio;

/// <summary>Standard output, one message a line: the SDK's messages and the reader's own error replies never interleave.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the process: a write that nobody reads may still hold it.")]
internal sealed class ReplyWriter(Stream output)
{
    private const int LargestBufferKept = 1024 * 1024;

    private static readonly JsonTypeInfo<JsonRpcMessage> s_message =
        (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    private readonly ArrayBufferWriter<byte> _line = new(64 * 1024);
    private readonly Utf8JsonWriter _json = new(
        Stream.Null,
        new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    // Waiting for it holds no thread, however slowly the client reads.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _closed;

    /// <summary>Runs once when the client has closed its end.</summary>
    public Action? Closed { get; set; }

    /// <summary>Writes a message when it is its turn.</summary>
    public async Task WriteAsync(JsonRpcMessage message, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        WriteInTurn(message);
    }

    /// <summary>Writes an error when it is its turn.</summary>
    public void Write(RpcError error)
    {
        _turn.Wait();
        try
        {
            Emit([.. error.ToUtf8(), (byte)'\n']);
        }
        finally
        {
            _turn.Release();
        }
    }

    private void WriteInTurn(JsonRpcMessage message)
    {
        try
        {
            _line.ResetWrittenCount();
            _json.Reset(_line);
            JsonSerializer.Serialize(_json, message, s_message);
            _json.Flush();
            _line.Write("\n"u8);
            Emit(_line.WrittenSpan);
        }
        finally
        {
            if (_line.Capacity > LargestBufferKept)
            {
                _line.Clear();
            }

            _turn.Release();
        }
    }

    private void Emit(ReadOnlySpan<byte> line)
    {
        if (_closed)
        {
            return;
        }

        try
        {
            output.Write(line);
            output.Flush();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The client has gone; what is still owed to it can never be delivered.
            _closed = true;
            Closed?.Invoke();
        }
    }
}
