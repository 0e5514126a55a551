using System.Globalization;
using CrowVault.Mcp.Server;
using Xunit;

namespace CrowVault.Mcp.Tests;

public sealed class MemoTests
{
    [Fact]
    public void Keeps_a_bounded_number_of_answers()
    {
        var memo = new Memo<string>();
        var keys = Enumerable.Range(0, 10_000).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToArray();
        foreach (var key in keys)
        {
            memo.Keep(key, key);
            Assert.Same(key, memo.Find(key));
        }

        Assert.InRange(keys.Count(key => memo.Find(key) is not null), 1, 64);
    }

    [Fact]
    public void Does_not_keep_answers_to_long_arguments()
    {
        var memo = new Memo<string>();
        memo.Keep(new string('a', 2_049), "answer");

        Assert.Null(memo.Find(new string('a', 2_049)));
    }
}
