using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Emitters.Tests;

public sealed class SchemaTests
{
    private static readonly JsonNode s_tools = JsonNode.Parse(File.ReadAllText(Snapshot.ToolsList))!["tools"]!;

    public static TheoryData<string> Tools => [.. Catalog.All.Select(emitter => emitter.Tool)];

    [Theory]
    [MemberData(nameof(Tools))]
    public void Schema_is_the_verified_one(string tool)
    {
        var verified = s_tools.AsArray().Single(each => (string?)each!["name"] == tool)!["inputSchema"];
        var schema = JsonNode.Parse(Catalog.Find(tool)!.Arguments.Schema.GetRawText());
        Assert.True(
            JsonNode.DeepEquals(verified, schema),
            $"The schema of {tool} is not that of {Path.GetFileName(Snapshot.ToolsList)}; accept the list if the change is meant.");
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public void Schema_is_readable_as_it_is_sent(string tool) =>
        Assert.DoesNotContain("\\u", Catalog.Find(tool)!.Arguments.Schema.GetRawText());
}
