using System.Reflection;
using CrowVault.Tests;
using Xunit;

namespace CrowVault.Mcp.Tests;

public sealed class ToolsListTests
{
    private static readonly string s_verified = typeof(ToolsListTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "ToolsList").Value!;

    [Fact]
    public void Tools_list_is_the_verified_one()
    {
        var list = JsonLayout.Of(ServerProcess.Run("", "tools", "--json").Output);
        if (Environment.GetEnvironmentVariable("ACCEPT_SNAPSHOTS") == "1")
        {
            File.WriteAllText(s_verified, list);
            return;
        }

        Assert.True(
            File.Exists(s_verified) && File.ReadAllText(s_verified).ReplaceLineEndings("\n") == list,
            $"tools/list has changed; compare `crowvault-mcp tools --json` with {Path.GetFileName(s_verified)}, or run once with ACCEPT_SNAPSHOTS=1.");
    }
}
