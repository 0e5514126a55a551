using System.Buffers;
using System.IO.Compression;
using System.Text;

namespace CrowVault.Mcp.Cli;

/// <summary>Every way to the file system and to standard output: what goes wrong there becomes a <see cref="Fault"/>.</summary>
internal static class Disk
{
    /// <summary>How long a text may be.</summary>
    public const int MaxBytes = 4 << 20;
    private const int MostOwnLines = 10_000;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Does something with a path and turns what goes wrong into a sentence.</summary>
    public static T At<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            throw Fault.Of(path, exception);
        }
    }

    /// <inheritdoc cref="At{T}"/>
    public static void At(string path, Action action) => At(path, () =>
    {
        action();
        return true;
    });

    /// <summary>The text of a regular file of at most 4 MiB.</summary>
    /// <param name="path">The file.</param>
    /// <param name="missing">What to say when it is not there.</param>
    public static string ReadText(string path, string missing = "not there.") => Decode(path, ReadBytes(path, MaxBytes, missing));

    /// <summary>The text of a regular file, or why it is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="why">A sentence without the path; null when there is a text.</param>
    public static string? ReadText(string path, out string? why)
    {
        try
        {
            why = null;
            return ReadText(path);
        }
        catch (Fault fault) when (fault.OfText is not null)
        {
            why = fault.OfText;
            return null;
        }
    }

    /// <summary>Whether a text was read from a file in UTF-16.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">What was read.</param>
    public static bool IsUtf16(string path, string text) =>
        text.StartsWith('\uFEFF') && ReadStart(path, 2) is [0xFF, 0xFE] or [0xFE, 0xFF];

    /// <summary>Why a file is not compared line by line, which takes minutes for what was never written here; null when it is.</summary>
    /// <param name="there">What is in it.</param>
    /// <param name="written">What would be written.</param>
    public static string? WhyNotCompared(string there, string written) =>
        there.AsSpan().Count('\n') > MostOwnLines + written.AsSpan().Count('\n')
            ? $"it has over {MostOwnLines} lines more than what would be written, too many to compare"
            : null;

    /// <summary>The first bytes of a regular file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">How many to read at most.</param>
    public static byte[] ReadStart(string path, int maxBytes) => At(path, () =>
    {
        using var file = NativeFile.OpenRegular(path) ?? throw new Fault($"{Fault.Show(path)}: cannot be read, it is no regular file.");
        var bytes = new byte[maxBytes];
        return bytes[..file.ReadAtLeast(bytes, maxBytes, throwOnEndOfStream: false)];
    });

    /// <summary>The bytes of a regular file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">How many it may have.</param>
    /// <param name="missing">What to say when it is not there.</param>
    public static byte[] ReadBytes(string path, int maxBytes, string missing = "not there.")
    {
        if (path.Length == 0)
        {
            throw new Fault("The path is empty; give the path of a file.");
        }

        return At(path, () =>
        {
            if (Directory.Exists(path))
            {
                throw new Fault($"{Fault.Show(path)}: cannot be read, it is a folder; give a file.");
            }

            try
            {
                using var file = NativeFile.OpenRegular(path)
                    ?? throw new Fault($"{Fault.Show(path)}: cannot be read, it is no regular file.");
                return ReadAll(path, file, maxBytes);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                throw new Fault($"{Fault.Show(path)}: {missing}");
            }
        });
    }

    /// <summary>Standard input as text.</summary>
    public static string ReadInput() => At("standard input", () =>
    {
        using var input = NativeFile.StandardInput();
        return Decode("standard input", ReadAll("standard input", input));
    });

    /// <summary>Writes an answer to standard output.</summary>
    public static void Print(string text) => At("standard output", () =>
    {
        using var output = NativeFile.StandardOutput() ?? throw new Fault("standard output: it is closed.");
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Flush();
    });

    /// <summary>Writes lines to standard error; where nobody can read them, nothing is lost by it.</summary>
    public static void Say(string text)
    {
        try
        {
            Console.Error.WriteLine(text);
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            // There is nowhere left to say it.
        }
    }

    /// <summary>Text in little room.</summary>
    public static byte[] Compress(string text)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    /// <summary>The text of what <see cref="Compress"/> made; null when the file is not there or is none.</summary>
    public static string? ReadCompressed(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return At(path, () =>
            {
                using var file = NativeFile.OpenRegular(path);
                if (file is null)
                {
                    return null;
                }

                using var plain = new GZipStream(file, CompressionMode.Decompress);
                // As one that is none: nothing that was emitted is as long.
                var text = new byte[MaxBytes];
                var length = plain.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
                return plain.ReadByte() < 0 ? Encoding.UTF8.GetString(text, 0, length) : null;
            });
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static byte[] ReadAll(string path, Stream stream, int maxBytes = MaxBytes)
    {
        var bytes = new ArrayBufferWriter<byte>();
        for (int read; (read = stream.Read(bytes.GetSpan(16 << 10))) > 0;)
        {
            bytes.Advance(read);
            if (bytes.WrittenCount > maxBytes)
            {
                throw OfText(path, $"longer than {maxBytes >> 20} MiB.");
            }
        }

        return bytes.WrittenSpan.ToArray();
    }

    // A mark at the beginning is kept: who writes the file again keeps it too.
    private static string Decode(string path, byte[] bytes)
    {
        try
        {
            return bytes switch
            {
                [0xFF, 0xFE, ..] when bytes.Length % 2 == 0 => Strict(Encoding.Unicode).GetString(bytes),
                [0xFE, 0xFF, ..] when bytes.Length % 2 == 0 => Strict(Encoding.BigEndianUnicode).GetString(bytes),
                _ => s_strictUtf8.GetString(bytes),
            };
        }
        catch (DecoderFallbackException)
        {
            throw OfText(path, "not text in UTF-8; save it as that.");
        }
    }

    private static Fault OfText(string path, string why) => new($"{Fault.Show(path)}: {why}") { OfText = why };

    private static Encoding Strict(Encoding encoding) =>
        Encoding.GetEncoding(encoding.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
}
