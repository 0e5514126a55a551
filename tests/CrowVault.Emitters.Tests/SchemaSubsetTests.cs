using System.Text.Json;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>
/// The schemas of the tools against what the providers of models document as their subset of JSON Schema. One word outside it makes a
/// provider refuse the whole request, with every other tool in it.
/// </summary>
public sealed class SchemaSubsetTests
{
    /// <summary>A provider's subset.</summary>
    /// <param name="Keywords">The words that may stand in a schema.</param>
    /// <param name="Closed">Whether every object must name its members and refuse others.</param>
    public sealed record Subset(string[] Keywords, bool Closed);

    private static readonly string[] s_common = ["type", "properties", "required", "items", "enum", "description"];

    private static readonly Dictionary<string, Subset> s_subsets = new(StringComparer.Ordinal)
    {
        // Structured outputs: "Supported schemas"; optional members become nullable when a client converts.
        ["OpenAI strict"] = new([.. s_common, "additionalProperties", "minimum", "maximum", "minItems", "maxItems", "pattern", "anyOf"], Closed: true),
        ["OpenAI"] = new([.. s_common, "additionalProperties", "minimum", "maximum", "minItems", "maxItems", "pattern", "anyOf", "default"], Closed: false),

        // The Schema object of the Gemini API and of Vertex AI; parametersJsonSchema also takes additionalProperties, which clients cut off.
        ["Gemini and Vertex"] = new([.. s_common, "additionalProperties", "minimum", "maximum", "minItems", "maxItems", "pattern", "nullable", "format", "title", "default"], Closed: true),

        // Tool use: any JSON Schema; in strict mode no recursion, no references, objects closed, minItems of 0 or 1.
        ["Anthropic"] = new([.. s_common, "additionalProperties", "minimum", "maximum", "minItems", "default"], Closed: true),

        // Converse: toolSpec.inputSchema.json; Nova documents type, properties and required at the top and plain members.
        ["Bedrock"] = new([.. s_common, "additionalProperties", "minimum", "maximum", "minItems", "maxItems"], Closed: true),
    };

    public static TheoryData<string, string> Cases =>
        new(from provider in s_subsets.Keys from emitter in Catalog.All select (provider, emitter.Tool));

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_schema_has_only_words_that_the_provider_takes(string provider, string tool) =>
        Assert.Empty(Findings(Catalog.Find(tool)!.Arguments.Schema, "arguments", s_subsets[provider]));

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"enum":["b"],"description":"A."}},"additionalProperties":false}""", "a: no type")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","description":"A."}},"additionalProperties":false}""", "a: no items")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","description":"A.","additionalProperties":{"type":"integer","description":"B."}}},"additionalProperties":false}""", "a: names are free")]
    [InlineData("""{"type":"object","properties":{},"required":["a"],"additionalProperties":false}""", "required a is not described")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","uniqueItems":true,"description":"A."}},"additionalProperties":false}""", "a: uniqueItems")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","enum":[1],"description":"A."}},"additionalProperties":false}""", "a: enum of integer")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}""", "a: no description")]
    public void Finds_what_a_provider_would_refuse(string schema, string finding) =>
        Assert.Contains(Findings(JsonElement.Parse(schema), "arguments", s_subsets["OpenAI strict"]), each => each.EndsWith(finding, StringComparison.Ordinal));

    [Fact]
    public void A_description_alone_says_unit_and_default()
    {
        foreach (var argument in Catalog.All.SelectMany(emitter => emitter.Arguments.All))
        {
            var description = argument.Schema()["description"]!.GetValue<string>();
            Assert.EndsWith(".", description, StringComparison.Ordinal);
            if (argument.Default is { } fallback)
            {
                Assert.Contains(fallback.ToString().Split(',')[0].Trim('[', ' ', '\n'), description, StringComparison.OrdinalIgnoreCase);
            }

            if (argument.Name.EndsWith("Ms", StringComparison.Ordinal))
            {
                Assert.Matches(@"\bms\b", description);
            }

            if (argument is ObjectListArgument list)
            {
                Assert.Contains(list.ExampleEntry.ToJsonString(), description, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Names_are_short_enough_for_clients_that_put_the_server_in_front() =>
        Assert.All(Catalog.All, emitter => Assert.Matches("^[a-z_]{1,45}$", emitter.Tool));

    private static IEnumerable<string> Findings(JsonElement schema, string path, Subset subset)
    {
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !subset.Keywords.Contains(keyword.Name)))
        {
            yield return $"{path}: {keyword.Name}";
        }

        var type = schema.TryGetProperty("type", out var given) && given.ValueKind is JsonValueKind.String ? given.GetString() : null;
        if (type is null)
        {
            yield return $"{path}: no type";
        }

        if (path != "arguments" && !path.EndsWith("[]", StringComparison.Ordinal) && !schema.TryGetProperty("description", out _))
        {
            yield return $"{path}: no description";
        }

        if (schema.TryGetProperty("enum", out _) && type is not null and not "string")
        {
            yield return $"{path}: enum of {type}";
        }

        if (type == "array")
        {
            if (!schema.TryGetProperty("items", out var items))
            {
                yield return $"{path}: no items";
            }
            else
            {
                foreach (var finding in Findings(items, $"{path}[]", subset))
                {
                    yield return finding;
                }
            }
        }

        var properties = schema.TryGetProperty("properties", out var members)
            ? members.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal)
            : [];
        if (type == "object" && subset.Closed
            && (!schema.TryGetProperty("properties", out _) || !schema.TryGetProperty("additionalProperties", out var others) || others.ValueKind is not JsonValueKind.False))
        {
            yield return $"{path}: names are free";
        }

        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Select(each => each.GetString()!).Where(name => !properties.ContainsKey(name)))
            {
                yield return $"{path}: required {name} is not described";
            }
        }

        foreach (var finding in properties.SelectMany(member => Findings(member.Value, $"{path}.{member.Key}", subset)))
        {
            yield return finding;
        }
    }
}
