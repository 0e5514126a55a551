using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DiffEngine;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>
/// Compares text with <c>snapshots/&lt;tool&gt;/&lt;case&gt;.verified.*</c>. A new or different text fails and is left beside it as
/// <c>.received.*</c>; it is accepted by renaming it, or by running once with <c>ACCEPT_SNAPSHOTS=1</c>.
/// </summary>
internal static class Snapshot
{
    /// <summary>The version in the header of every snapshot.</summary>
    public const string Version = "0.0.0";

    private static readonly string s_folder = typeof(Snapshot).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Snapshots").Value!;

    /// <summary>Emits a tool's files for the arguments and verifies each, and what is said about them.</summary>
    /// <param name="emitter">The tool.</param>
    /// <param name="name">Name of the case, in kebab case.</param>
    /// <param name="arguments">The arguments as JSON.</param>
    public static void Verify(Emitter emitter, string name, string arguments)
    {
        if (!emitter.TryEmit(JsonElement.Parse(arguments), Version, out var emission, out var faults))
        {
            Assert.Fail(faults.Message);
        }

        foreach (var file in emission.Files)
        {
            VerifyText(emitter.Tool, file.Role is FileRole.Source ? name : $"{name}.test", "ts", file.Content);
        }

        var remarks = $"{emission.Remarks()}\n\n{emission.Usage}\n";
        VerifyText(emitter.Tool, name, "remarks.txt", remarks);
    }

    /// <summary>Verifies one text.</summary>
    /// <param name="folder">Folder below <c>snapshots</c>; empty for that folder itself.</param>
    /// <param name="name">Name of the case, in kebab case.</param>
    /// <param name="extension">Ending of the file's name.</param>
    /// <param name="text">What is to be the same.</param>
    public static void VerifyText(string folder, string name, string extension, string text)
    {
        var verified = Path.Combine(s_folder, folder, $"{name}.verified.{extension}");
        var received = Path.Combine(s_folder, folder, $"{name}.received.{extension}");
        var expected = File.Exists(verified) ? File.ReadAllText(verified).ReplaceLineEndings("\n") : null;
        if (text == expected)
        {
            File.Delete(received);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(verified)!);
        if (Environment.GetEnvironmentVariable("ACCEPT_SNAPSHOTS") == "1")
        {
            File.WriteAllText(verified, text);
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        DiffRunner.Launch(received, verified);
        Assert.Fail($"{folder}/{name}.{extension} {(expected is null ? "is new" : "has changed")}; "
            + $"review {Path.GetFileName(received)} and rename it, or run once with ACCEPT_SNAPSHOTS=1.");
    }
}
