using System.Text.Json;
using CrowVault.Mcp.Cli;
using Xunit;

namespace CrowVault.Mcp.Tests;

/// <summary>The table of a simulation, on terminals of some widths.</summary>
public sealed class SimulateTests
{
    private const string Result =
        """{"scenario":"slow","world":["Requests: 80/s"],"columns":["","Calls per request","Answered during the trouble"],"rows":[["no protection","1","2.4 %"]],"remarks":[]}""";

    [Theory]
    [InlineData(61, "slow: Requests: 80/s\n\n               Calls per request  Answered during the trouble\nno protection                  1                        2.4 %")]
    [InlineData(60, "slow: Requests: 80/s\n\n                        Answered\n                 Calls    during\n                   per       the\n               request   trouble\nno protection        1     2.4 %")]
    [InlineData(1, "slow: Requests: 80/s\n\n                        Answered\n                 Calls    during\n                   per       the\n               request   trouble\nno protection        1     2.4 %")]
    public void Headings_take_more_lines_where_the_table_is_wider_than_a_line(int width, string expected)
    {
        using var result = JsonDocument.Parse(Result);

        Assert.Equal(expected, SimulateCommand.Table(result.RootElement, width));
    }

    [Fact]
    public void Remarks_follow_the_table()
    {
        using var result = JsonDocument.Parse(Result.Replace("\"remarks\":[]", "\"remarks\":[\"One.\",\"Two.\"]", StringComparison.Ordinal));

        Assert.EndsWith("2.4 %\n\nOne.\nTwo.", SimulateCommand.Table(result.RootElement, 80), StringComparison.Ordinal);
    }
}
