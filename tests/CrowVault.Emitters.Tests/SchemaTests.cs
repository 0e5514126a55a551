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

    [Fact]
    public void Words_stand_for_enums_that_count_up_from_0()
    {
        var enums = typeof(Catalog).Assembly.GetTypes().Where(type => type.IsEnum
            && type.GetCustomAttributesData().Any(each => each.ConstructorArguments is [{ Value: Type converter }]
                && converter.Name.StartsWith("KebabCaseEnumConverter", StringComparison.Ordinal))).ToList();
        Assert.NotEmpty(enums);
        Assert.All(enums, each =>
        {
            Assert.Equal(typeof(int), Enum.GetUnderlyingType(each));
            Assert.Equal(Enumerable.Range(0, Enum.GetNames(each).Length), Enum.GetValuesAsUnderlyingType(each).Cast<int>());
        });
    }
}
