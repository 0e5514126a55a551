using System.IO.Compression;
using System.Reflection;
using System.Text;

namespace CrowVault.Emitters.Code;

/// <summary>Texts that an assembly carries, compressed when it was built.</summary>
public static class EmbeddedText
{
    /// <summary>Reads one.</summary>
    /// <param name="assembly">Has it.</param>
    /// <param name="name">Its name, as the project gives it to the text.</param>
    /// <returns>The text, with line feeds alone.</returns>
    /// <exception cref="InvalidOperationException">There is none of that name.</exception>
    public static string Read(Assembly assembly, string name)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        using var stream = assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"There is no text {name} in {assembly.GetName().Name}.");
        using var plain = new GZipStream(stream, CompressionMode.Decompress);
        using var reader = new StreamReader(plain, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
