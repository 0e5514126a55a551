using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Emitters.Tests;

public sealed class SchemaTests
{
    private static readonly JsonSerializerOptions s_indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Tools => [.. Catalog.All.Select(emitter => emitter.Tool)];

    [Theory]
    [MemberData(nameof(Tools))]
    public void Schema_is_the_verified_one(string tool)
    {
        var schema = JsonNode.Parse(Catalog.Find(tool)!.Arguments.Schema.GetRawText())!;
        Snapshot.VerifyText(tool, "schema", "json", schema.ToJsonString(s_indented) + "\n");
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public void Schema_is_readable_as_it_is_sent(string tool) =>
        Assert.DoesNotContain("\\u", Catalog.Find(tool)!.Arguments.Schema.GetRawText());
}
