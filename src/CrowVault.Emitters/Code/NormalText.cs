namespace CrowVault.Emitters.Code;

/// <summary>Text that grows at its end.</summary>
internal sealed class NormalText(int capacity = 64)
{
    private char[] _text = new char[capacity];
    private int _length;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<char> WrittenSpan => _text.AsSpan(0, _length);

    /// <summary>Writes a character.</summary>
    public void Write(char character)
    {
        if (_length == _text.Length)
        {
            Array.Resize(ref _text, 2 * _length);
        }

        _text[_length++] = character;
    }

    /// <summary>Writes a text.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        if (_text.Length - _length < text.Length)
        {
            Array.Resize(ref _text, Math.Max(2 * _text.Length, _length + text.Length));
        }

        text.CopyTo(_text.AsSpan(_length));
        _length += text.Length;
    }
}
