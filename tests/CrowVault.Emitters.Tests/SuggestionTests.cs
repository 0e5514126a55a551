using Xunit;

namespace CrowVault.Emitters.Tests;

public sealed class SuggestionTests
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
        Assert.Equal(nearest, Suggestion.Nearest(given, ["workers", "deno"]));

    [Fact]
    public void Of_two_as_near_the_first_is_named() => Assert.Equal("abc", Suggestion.Nearest("ab", ["abc", "abd"]));

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_long_name_is_not_compared(int length, bool found)
    {
        var name = new string('a', length);

        Assert.Equal(found ? name : null, Suggestion.Nearest(name, [name]));
    }
}
