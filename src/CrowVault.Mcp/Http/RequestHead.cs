using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

/// <summary>
/// Looks at the lines of a request's head that say where its body ends. Kestrel (10.0) serves what a proxy before it may have read
/// otherwise: a body with a length and a transfer coding (RFC 9112 section 6.3), a coding that it does not know before the chunks
/// (section 6.1), and a length with a sign (RFC 9110 section 8.6).
/// </summary>
internal sealed class RequestHead
{
    private bool _hasBegun;
    private bool _isOld;
    private bool _hasLength;
    private bool _hasCoding;

    /// <summary>Looks at what has arrived of a head; lines may be seen again.</summary>
    /// <param name="arrived">From the first byte that nobody has taken.</param>
    /// <exception cref="BadHttpRequestException">The head is at fault; says with which status it is answered.</exception>
    public void Check(ReadOnlySequence<byte> arrived)
    {
        var reader = new SequenceReader<byte>(arrived);
        while (reader.TryReadTo(out ReadOnlySpan<byte> line, (byte)'\n'))
        {
            line = line.TrimEnd((byte)'\r');
            if (!line.IsEmpty)
            {
                Check(line);
                _hasBegun = true;
            }
            else if (_hasBegun)
            {
                _hasBegun = _isOld = _hasLength = _hasCoding = false;
                return;
            }
        }
    }

    private void Check(ReadOnlySpan<byte> line)
    {
        if (!_hasBegun)
        {
            _isOld = line.EndsWith(" HTTP/1.0"u8);
        }
        else if (Value(line, "content-length:"u8, out var length))
        {
            _hasLength = true;
            if (length.IsEmpty || length.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            {
                Refuse("Content-Length is not a number of digits.");
            }
        }
        else if (Value(line, "transfer-encoding:"u8, out var coding))
        {
            if (!Ascii.EqualsIgnoreCase(coding, "chunked"u8))
            {
                // RFC 9112 section 6.1: the body can be found where chunks come last, but not be read.
                var comma = coding.LastIndexOf((byte)',');
                var isUnknown = comma >= 0 && Ascii.EqualsIgnoreCase(coding[(comma + 1)..].Trim(" \t"u8), "chunked"u8)
                    && !Ascii.EqualsIgnoreCase(coding[..7], "chunked"u8);
                Refuse("Transfer-Encoding is not chunked.", isUnknown
                    ? StatusCodes.Status501NotImplemented
                    : StatusCodes.Status400BadRequest);
            }

            _hasCoding = true;
        }

        if (_hasCoding && (_hasLength || _isOld))
        {
            Refuse(_isOld ? "HTTP/1.0 has no Transfer-Encoding." : "The request has a Content-Length and a Transfer-Encoding.");
        }
    }

    private static bool Value(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var isIt = line.Length >= name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);
        value = isIt ? line[name.Length..].Trim(" \t"u8) : default;
        return isIt;
    }

    [DoesNotReturn]
    private static void Refuse(string message, int status = StatusCodes.Status400BadRequest) =>
        throw new BadHttpRequestException(message, status);
}
