using Xunit;

namespace CrowVault.Mcp.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void Prints_the_version()
    {
        var (exitCode, output, errors) = ServerProcess.Run("", "--version");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Matches(@"^\d+\.\d+\.\d+\s*$", output);
    }
}
