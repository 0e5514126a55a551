using System.Buffers;

namespace CrowVault.Mcp.Stdio;

/// <summary>Cuts a stream of bytes into lines of a bounded length.</summary>
/// <param name="longestLine">Bytes that one line may have, its line feed not counted.</param>
internal sealed class LineFramer(int longestLine)
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private bool _tooLong;

    /// <summary>Takes bytes in.</summary>
    /// <param name="bytes">The next of the stream.</param>
    /// <param name="take">Gets each line that is complete; null for one that is too long.</param>
    public void Add(ReadOnlySpan<byte> bytes, Action<byte[]?> take)
    {
        while (bytes.IndexOf((byte)'\n') is var end and >= 0)
        {
            Append(bytes[..end]);
            End(take);
            bytes = bytes[(end + 1)..];
        }

        Append(bytes);
    }

    /// <summary>Ends the line that was begun: a last line needs no line feed.</summary>
    public void End(Action<byte[]?> take)
    {
        var line = _line.WrittenSpan.Trim(" \t\r"u8);
        if (_tooLong)
        {
            take(null);
        }
        else if (!line.IsEmpty)
        {
            take(line.ToArray());
        }

        _tooLong = false;
        _line.ResetWrittenCount();
        if (_line.Capacity > 1024 * 1024)
        {
            _line.Clear();
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _tooLong |= _line.WrittenCount + bytes.Length > longestLine;
        if (!_tooLong)
        {
            _line.Write(bytes);
        }
    }
}
