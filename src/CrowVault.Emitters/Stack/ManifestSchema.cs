using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Stack;

/// <summary>JSON Schema (2020-12) of a manifest, made of the tools' own schemas.</summary>
internal static class ManifestSchema
{
    public static JsonElement Build()
    {
        var sections = new JsonObject { ["$schema"] = new JsonObject { ["type"] = "string" } };
        foreach (var name in ManifestSections.Shared)
        {
            var shared = JsonNode.Parse(StackEmitter.Instance.Arguments.Find(name)!.EditorSchema().ToJsonString());
            sections[name] = shared;
        }

        sections[Manifest.Language] = new JsonObject
        {
            ["type"] = "string",
            ["enum"] = new JsonArray([.. Manifest.Languages.Select(language => (JsonNode)language)]),
            ["description"] = "Language of the files that the command line writes: typescript, or "
                + "javascript, the same code without its types.",
        };
        foreach (var (section, emitter) in Manifest.Sections)
        {
            var schema = emitter.Arguments.EditorSchema();
            schema.Insert(0, "title", emitter.Title);
            schema.Insert(1, "description", emitter.Description);
            sections[section] = schema;
        }

        sections[UpstreamReader.Section] = UpstreamReader.Schema();
        sections[Traffic.Section] = Traffic.Schema();
        var whole = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "resilience.json",
            ["description"] = "One section per tool of CrowVault.Mcp, each with that tool's arguments; runtime and withTests hold for all.",
            ["type"] = "object",
            ["properties"] = sections,
            ["additionalProperties"] = false,
        };
        return JsonElement.Parse(whole.ToJsonString(ArgumentJson.Readable.Options));
    }
}
