using Xunit;

namespace CrowVault.Emitters.Tests;

public sealed class NearestTests
{
    [Theory]
    [InlineData("dneo", "deno")]
    [InlineData("deon", "deno")]
    [InlineData("edno", "deno")]
    [InlineData("den", "deno")]
    [InlineData("denoo", "deno")]
    [InlineData("dino", "deno")]
    [InlineData("DE-N_O", "deno")]
    [InlineData("done", null)]
    [InlineData("oned", null)]
    [InlineData("", null)]
    public void One_edit_or_one_exchange_of_neighbours_is_near(string given, string? nearest) =>
        Assert.Equal(nearest, Nearest.To(given, ["workers", "deno"]));
}
