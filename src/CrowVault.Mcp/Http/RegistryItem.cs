using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Mcp.Cli;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

/// <summary>A tool's files as an item of a shadcn registry, which <c>npx shadcn add</c> writes into a project
/// (ui.shadcn.com/docs/registry).</summary>
internal static class RegistryItem
{
    private const string Schemas = "https://ui.shadcn.com/schema";
    private const string Type = "registry:lib";

    // Written as it is: files of other types lose their first comment, by which they are known again.
    private const string FileType = "registry:file";

    /// <summary>The item of one call.</summary>
    public static byte[] Of(Emitter emitter, Emission emission)
    {
        var item = new JsonObject { ["$schema"] = $"{Schemas}/registry-item.json" };
        Describe(item, emitter);
        item["files"] = new JsonArray([.. emission.Files.Select(file => (JsonNode)Place(file.Path, file.Content))]);
        item["docs"] = emission.Remarks() is { Length: > 0 } remarks ? $"{emission.Usage}\n\n{remarks}" : emission.Usage;
        item["meta"] = new JsonObject
        {
            ["tool"] = emitter.Tool,
            ["version"] = Product.Version,
            ["arguments"] = JsonNode.Parse(emission.Arguments)
        };
        return Bytes(item);
    }

    /// <summary>The index of the registry, <c>registry.json</c>.</summary>
    public static byte[] List(IEnumerable<Emitter> emitters) => Bytes(new()
    {
        ["$schema"] = $"{Schemas}/registry.json",
        ["name"] = Product.ServerName,
        ["homepage"] = "https://crowvault.ai",
        ["items"] = new JsonArray([.. emitters.Select(emitter =>
        {
            var item = new JsonObject();
            Describe(item, emitter);
            item["files"] = new JsonArray((JsonNode)Place(emitter.FileName, null));
            return (JsonNode)item;
        })]),
    });

    /// <summary>The arguments of a query, in camelCase or kebab-case and in the form of the command line, as JSON. It checks
    /// nothing.</summary>
    public static JsonObject Arguments(Emitter emitter, IQueryCollection query)
    {
        var arguments = new JsonObject();
        foreach (var (name, values) in query)
        {
            var argument = emitter.Arguments.All.Append(ArgumentSchema.WithCode)
                .FirstOrDefault(each => each.Name == name || JsonNamingPolicy.KebabCaseLower.ConvertName(each.Name) == name);
            string[] tokens = [.. values.Select(value => value ?? "").Where(value => value.Length > 0)];
            var key = argument?.Name ?? name;
            var value = argument is null || (tokens.Length == 0 && argument is not BooleanArgument)
                ? string.Join(',', tokens)
                : tokens.Length > 1 && argument is IntegerArgument or BooleanArgument or ChoiceArgument
                ? new JsonArray([.. tokens.Select(token => (JsonNode)token)])
                : ArgumentOption.ToJson(argument, tokens);

            // Of two values neither wins; the tool refuses a list of them.
            arguments[key] = arguments.ContainsKey(key) ? new JsonArray(arguments[key]?.DeepClone(), value) : value;
        }

        return arguments;
    }

    private static void Describe(JsonObject item, Emitter emitter)
    {
        item["name"] = emitter.Command;
        item["type"] = Type;
        item["title"] = emitter.Title;
        item["description"] = emitter.Description;
    }

    private static JsonObject Place(string path, string? content)
    {
        var file = new JsonObject { ["path"] = path };
        if (content is not null)
        {
            file["content"] = content;
        }

        file["type"] = FileType;
        file["target"] = $"src/resilience/{path}";
        return file;
    }

    private static byte[] Bytes(JsonObject item) => JsonSerializer.SerializeToUtf8Bytes(item, HttpJson.Readable.JsonObject);
}
