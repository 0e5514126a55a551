using CrowVault.Emitters.Stack;
using Xunit;

namespace CrowVault.Emitters.Tests;

public sealed class SnapshotTests
{
    public static TheoryData<string> Tools => [.. Catalog.All.Append(StackEmitter.Instance).Select(emitter => emitter.Tool)];

    [Theory]
    [MemberData(nameof(Tools))]
    public void Every_snapshot_is_that_of_one_case(string tool)
    {
        var emitter = Catalog.Find(tool) ?? StackEmitter.Instance;
        var cases = Snapshot.Cases(emitter).Select(each => each.Name).ToHashSet();
        var titles = Snapshot.VerifiedFiles(emitter).Select(path => Path.GetFileName(path).Split(".verified.")).ToList();
        Assert.All(titles, title => Assert.True(
            cases.Contains(title[0].Replace(".test", "", StringComparison.Ordinal)),
            $"{tool}/{title[0]}.verified.{title[1]} belongs to no case; delete it."));
        Assert.Equal(
            titles.Where(title => title[1] is "ts" or "diff").Select(title => title[0]).Distinct(),
            titles.Where(title => title[1] is "ts" or "diff").Select(title => title[0]));
    }
}
