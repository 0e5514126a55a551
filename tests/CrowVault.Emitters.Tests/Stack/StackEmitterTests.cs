using CrowVault.Emitters.Stack;
using Xunit;

namespace CrowVault.Emitters.Tests.Stack;

public sealed class StackEmitterTests
{
    [Theory]
    [InlineData("defaults", "{}")]
    [InlineData("per-call", """{"failureUnit":"call"}""")]
    [InlineData("with-metrics", """{"withMetrics":true}""")]
    [InlineData("with-tests", """{"withTests":true}""")]
    public void Emits_what_the_snapshot_shows(string name, string arguments) => Snapshot.Verify(StackEmitter.Instance, name, arguments);

    [Fact]
    public void Imports_nothing() =>
        Assert.DoesNotContain("import ", StackEmitter.Instance.Emit(new StackOptions(), Snapshot.Version).Files[0].Content, StringComparison.Ordinal);
}
