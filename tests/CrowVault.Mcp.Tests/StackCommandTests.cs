using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Mcp.Tests;

/// <summary>The command <c>stack</c>, driven as a process.</summary>
public sealed class StackCommandTests : IDisposable
{
    private const string Manifest = """
        {
          // As people write it: comments and a comma too many.
          "withTests": true,
          "circuitBreaker": { "failureThreshold": 10 },
          "retryPolicy": { "maxRetries": 2, "totalTimeoutMs": 8000 },
          "rateLimiting": { "store": "memory" },
          "timeoutConfig": { "operations": { "orders.get": 2000 } },
          "bulkhead": { "partitions": { "orders": 20 } },
          "upstreams": {},
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("crowvault-stack-").FullName;

    private string ManifestPath => Path.Combine(_folder, "resilience.json");

    private string Output => Path.Combine(_folder, "resilience");

    [Fact]
    public void Writes_the_folder_and_proves_it_up_to_date()
    {
        File.WriteAllText(ManifestPath, Manifest);
        Assert.Equal(1, Stack("--check").ExitCode);
        var written = Stack();
        Assert.Equal((0, ""), (written.ExitCode, written.Output));
        Assert.DoesNotContain("created", written.Errors, StringComparison.Ordinal);
        Assert.Equal(14, Directory.GetFiles(Output).Length);
        Assert.Equal(0, Stack("--check").ExitCode);

        var edited = Path.Combine(Output, "retry.ts");
        File.AppendAllText(edited, "// mine\n");
        var (exitCode, _, errors) = Stack("--check");
        Assert.Equal(1, exitCode);
        Assert.Contains($"{edited}: edited since it was generated.", errors, StringComparison.Ordinal);
        Assert.Contains("\n-// mine", Stack("--diff").Output, StringComparison.Ordinal);
        Assert.Equal(1, Stack().ExitCode);
        Assert.EndsWith("// mine\n", File.ReadAllText(edited), StringComparison.Ordinal);
        Assert.Equal(0, Stack("--force").ExitCode);
        Assert.Equal(0, Stack("--check").ExitCode);

        File.WriteAllText(ManifestPath, Manifest.Replace("\"orders\": 20", "\"orders\": 21", StringComparison.Ordinal));
        Assert.Contains("bulkhead.ts: outdated", Stack("--check").Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Dry_run_writes_nothing()
    {
        File.WriteAllText(ManifestPath, Manifest);
        var (exitCode, _, errors) = Stack("--dry-run");
        Assert.Equal(0, exitCode);
        Assert.Contains("resilience-stack.ts: would be created", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Output));
    }

    [Theory]
    [InlineData("{", "not JSON at line")]
    [InlineData("{}", "no section")]
    [InlineData("""{"retyPolicy":{}}""", "did you mean retryPolicy?")]
    [InlineData("""{"bulkhead":{"partitions":{"a":0}}}""", "bulkhead.partitions.a: 0 is out of range")]
    public void A_wrong_manifest_is_explained(string manifest, string message)
    {
        File.WriteAllText(ManifestPath, manifest);
        var (exitCode, output, errors) = Stack();
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Output));
    }

    [Fact]
    public void A_missing_manifest_is_named() => Assert.Contains($"{ManifestPath}: cannot be read", Stack().Errors, StringComparison.Ordinal);

    [Fact]
    public void Prints_the_schema()
    {
        var schema = JsonNode.Parse(ServerProcess.Run("", "stack", "--schema").Output)!;
        Assert.False(schema["additionalProperties"]!.GetValue<bool>());
        Assert.NotNull(schema["properties"]!["bulkhead"]!["properties"]!["partitions"]);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (int ExitCode, string Output, string Errors) Stack(params string[] options) =>
        ServerProcess.Run("", ["stack", "-c", ManifestPath, "-o", Output, .. options]);
}
