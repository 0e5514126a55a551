using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using DiffEngine;
using DiffPlex.Renderer;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>
/// Compares text with <c>snapshots/&lt;tool&gt;/&lt;case&gt;.verified.*</c>. A new or different text fails and is left beside it as
/// <c>.received.*</c>; it is accepted by renaming it, or by running once with <c>ACCEPT_SNAPSHOTS=1</c>. One or two cases of a tool are
/// kept whole; the others are kept as their difference from the nearest of them, so that a change of a template shows once.
/// </summary>
internal static partial class Snapshot
{
    /// <summary>The version in the header of every snapshot.</summary>
    public const string Version = "0.0.0";

    private static readonly string s_folder = typeof(Snapshot).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Snapshots").Value!;

    // The cases whose sources, and those whose tests, are kept whole.
    private static readonly Dictionary<string, Whole> s_whole = new(StringComparer.Ordinal)
    {
        ["generate_circuit_breaker"] = new(["defaults"], ["with-tests"]),
        ["generate_retry_policy"] = new(["defaults"], ["with-tests"]),
        ["generate_rate_limiting"] = new(
            ["defaults", "token-bucket-memory-express", "leaky-bucket-node-redis-fastify-local", "sliding-window-memory-deno-tests"],
            ["token-bucket-redis-tests", "sliding-window-memory-deno-tests"]),
        ["generate_timeout_config"] = new(["with-tests"], ["with-tests"]),
        ["generate_bulkhead"] = new(["with-tests"], ["with-tests"]),
        ["stack"] = new(["defaults"], ["with-tests"]),
    };

    private static readonly Dictionary<string, string> s_arguments = new(StringComparer.Ordinal)
    {
        ["generate_circuit_breaker/defaults"] = "{}",
        ["generate_circuit_breaker/with-tests"] = """{"withTests":true}""",
        ["generate_retry_policy/defaults"] = "{}",
        ["generate_retry_policy/with-tests"] = """{"withTests":true}""",
        ["generate_rate_limiting/defaults"] = "{}",
        ["generate_rate_limiting/token-bucket-memory-express"] = """{"store":"memory"}""",
        ["generate_rate_limiting/leaky-bucket-node-redis-fastify-local"] =
            """{"algorithm":"leaky-bucket","redisClient":"node-redis","framework":"fastify","onStoreError":"local","keyStrategy":"user"}""",
        ["generate_rate_limiting/token-bucket-redis-tests"] = """{"withTests":true}""",
        ["generate_rate_limiting/sliding-window-memory-deno-tests"] = """{"runtime":"deno","algorithm":"sliding-window","store":"memory","withTests":true}""",
        ["generate_timeout_config/with-tests"] = """{"operations":{"orders.get":2000,"charge":8000},"totalTimeoutMs":10000,"withFetch":true,"withTests":true}""",
        ["generate_bulkhead/with-tests"] = """{"partitions":{"payments":20,"search-api":10},"maxWaitMs":0,"withTests":true}""",
        ["stack/defaults"] = "{}",
        ["stack/with-tests"] = """{"withTests":true}""",
    };

    /// <summary>Emits a tool's files for the arguments and verifies each, and what is said about them.</summary>
    /// <param name="emitter">The tool.</param>
    /// <param name="name">Name of the case, in kebab case.</param>
    /// <param name="arguments">The arguments as JSON.</param>
    public static void Verify(Emitter emitter, string name, string arguments)
    {
        var emission = Emit(emitter, arguments);
        foreach (var file in emission.Files)
        {
            VerifyFile(emitter, name, file);
        }

        var remarks = $"{emission.Remarks()}\n\n{emission.Usage}\n";
        VerifyText(emitter.Tool, name, "remarks.txt", remarks);
    }

    private static void VerifyFile(Emitter emitter, string name, GeneratedFile file)
    {
        var test = file.Role is FileRole.Test;
        var ending = test ? ".test" : "";
        var whole = test ? s_whole[emitter.Tool].Tests : s_whole[emitter.Tool].Sources;
        if (whole.Contains(name))
        {
            VerifyText(emitter.Tool, $"{name}{ending}", "ts", file.Content);
            return;
        }

        var nearest = whole.Select(other => Difference(emitter, other, name, file, ending)).MinBy(difference => difference.Length)!;
        VerifyText(emitter.Tool, $"{name}{ending}", "diff", nearest);
    }

    private static string Difference(Emitter emitter, string whole, string name, GeneratedFile file, string ending)
    {
        var other = Emit(emitter, s_arguments[$"{emitter.Tool}/{whole}"]).Files.First(each => each.Role == file.Role);
        var difference = UnidiffRenderer.GenerateUnidiff(
            WithoutFingerprint(other.Content), WithoutFingerprint(file.Content), $"{whole}{ending}", $"{name}{ending}", contextLines: 1);

        // Without line numbers, which a line more above would change in every case.
        return LineNumbers().Replace(difference.ReplaceLineEndings("\n"), "@@");
    }

    [GeneratedRegex("^@@ -.* @@$", RegexOptions.Multiline)]
    private static partial Regex LineNumbers();

    // It differs wherever anything does.
    private static string WithoutFingerprint(string content) =>
        string.Join('\n', content.Split('\n').Where(line => !line.StartsWith(" * Body: ", StringComparison.Ordinal)));

    private static Emission Emit(Emitter emitter, string arguments)
    {
        if (!emitter.TryEmit(JsonElement.Parse(arguments), Version, out var emission, out var faults))
        {
            Assert.Fail(faults.Message);
        }

        return emission;
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

    private sealed record Whole(string[] Sources, string[] Tests);
}
