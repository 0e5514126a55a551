using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.Server;
using ModelContextProtocol.Protocol;

namespace CrowVault.Mcp.Http;

/// <summary>The OpenAPI 3.1 description of the REST door, made from the schemas of the tools.</summary>
internal static class OpenApi
{
    /// <summary>The document as JSON.</summary>
    /// <param name="tools">The tools as MCP lists them.</param>
    /// <param name="settings">Tell the address and the authentication.</param>
    public static byte[] Document(IReadOnlyList<Tool> tools, HttpSettings settings)
    {
        var schemas = new JsonObject { ["Result"] = Node(EmitterTool.ResultSchema), ["Problem"] = Problem() };
        var calls = new JsonArray();
        var mapping = new JsonObject();
        foreach (var tool in tools)
        {
            schemas[$"{tool.Name}_args"] = Node(tool.InputSchema);
            schemas[$"{tool.Name}_call"] = Call(tool);
            calls.Add((JsonNode)Reference($"{tool.Name}_call"));
            mapping[tool.Name] = $"#/components/schemas/{tool.Name}_call";
        }

        schemas["Call"] = new JsonObject
        {
            ["oneOf"] = calls,
            ["discriminator"] = new JsonObject { ["propertyName"] = "tool", ["mapping"] = mapping },
        };

        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = Product.ServerName,
                ["version"] = Product.Version,
                ["summary"] = "Resilience code in TypeScript, generated from a few numbers.",
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = settings.PublicUrl?.AbsoluteUri.TrimEnd('/') ?? "/" }),
            ["paths"] = Paths(settings),
            ["components"] = new JsonObject { ["schemas"] = schemas },
            ["security"] = new JsonArray(),
        };
        if (settings.NeedsToken)
        {
            document["components"]!["securitySchemes"] =
                new JsonObject { ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } };
            document["security"] = new JsonArray(new JsonObject { ["bearer"] = new JsonArray() });
        }

        return JsonSerializer.SerializeToUtf8Bytes(document, HttpJson.Readable.JsonObject);
    }

    private static JsonObject Paths(HttpSettings settings) => new()
    {
        ["/v1/tools/call"] = new JsonObject
        {
            ["post"] = Operation(
                "callTool",
                "Call a tool",
                new JsonObject
                {
                    ["application/json"] = Media(Reference("Result")),
                    ["text/x-typescript"] = Media(new JsonObject { ["type"] = "string", ["description"] = "The source file alone." }),
                    ["text/plain"] = Media(new JsonObject { ["type"] = "string", ["description"] = "The source file alone." }),
                },
                settings,
                new JsonObject { ["required"] = true, ["content"] = new JsonObject { ["application/json"] = Media(Reference("Call")) } },
                400, 406, 408, 413, 415),
        },
        ["/v1/tools"] = new JsonObject { ["get"] = Operation("listTools", "List the tools with their schemas", Json(), settings, null) },
        ["/v1/stack"] = new JsonObject
        {
            ["get"] = Operation("describeManifest", "The JSON Schema of a manifest",
                new JsonObject { ["application/schema+json"] = Media(new JsonObject { ["type"] = "object" }) }, settings, null),
            ["post"] = Operation(
                "emitStack",
                "Emit all files of a manifest (resilience.json), its layers checked against each other",
                new JsonObject { ["application/json"] = Media(Reference("Result")) },
                settings,
                new JsonObject { ["required"] = true, ["content"] = Json() },
                400, 408, 413, 415),
        },
        ["/r/registry.json"] = new JsonObject
        {
            ["get"] = Operation("listItems", "The items of the shadcn registry", Json(), settings,
            null)
        },
        ["/r/{tool}.json"] = new JsonObject
        {
            ["parameters"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "tool",
                    ["in"] = "path",
                    ["required"] = true,
                    ["schema"] = new JsonObject
                    {
                        ["enum"] = new JsonArray(
                        [.. ServerFeatures.Current.Emitters.Select(emitter => (JsonNode)emitter.Command)])
                    },
                },
                new JsonObject
                {
                    ["name"] = "args",
                    ["in"] = "query",
                    ["description"] = "The arguments of the tool, each a parameter: maxRetries=3 or max-retries=3; "
                        + "lists with commas, tables as name=value.",
                    ["style"] = "form",
                    ["explode"] = true,
                    ["schema"] = new JsonObject { ["type"] = "object" },
                }),
            ["get"] = Operation("describeItem", "A tool's files as an item of a shadcn registry", Json(), settings, null, 400, 404),
        },
        ["/"] = new JsonObject
        {
            ["get"] = Operation("page", "A page that shows what the arguments do",
                new JsonObject { ["text/html"] = Media(new JsonObject { ["type"] = "string" }) }, settings, null),
        },
        ["/openapi.json"] = new JsonObject { ["get"] = Operation("describe", "This document", Json(), settings, null) },
        ["/healthz"] = new JsonObject { ["get"] = Operation("health", "Whether the process lives", Json(), settings, null) },
        ["/readyz"] = new JsonObject { ["get"] = Operation("ready", "Whether it takes calls", Json(), settings, null, 503) },
    };

    private static JsonObject Operation(
        string id, string summary, JsonObject content, HttpSettings settings, JsonObject? body, params ReadOnlySpan<int> problems)
    {
        var responses = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK", ["content"] = content } };
        foreach (var status in problems)
        {
            responses[$"{status}"] = ProblemResponse(status);
        }

        foreach (var status in settings.NeedsToken ? [401, 403, 429] : (ReadOnlySpan<int>)[403])
        {
            responses[$"{status}"] = ProblemResponse(status);
        }

        var operation = new JsonObject { ["operationId"] = id, ["summary"] = summary };
        if (body is not null)
        {
            operation["requestBody"] = body;
        }

        operation["responses"] = responses;
        return operation;
    }

    private static JsonObject Call(Tool tool) => new()
    {
        ["type"] = "object",
        ["description"] = tool.Description,
        ["properties"] = new JsonObject
        {
            ["server"] = new JsonObject { ["const"] = Product.ServerName },
            ["tool"] = new JsonObject { ["const"] = tool.Name },
            ["args"] = Reference($"{tool.Name}_args"),
        },
        ["required"] = tool.InputSchema.TryGetProperty("required", out _) ? new JsonArray("tool", "args") : new JsonArray("tool"),
        ["additionalProperties"] = false,
    };

    private static JsonObject Problem() => new()
    {
        ["type"] = "object",
        ["description"] = "RFC 9457 problem details.",
        ["properties"] = new JsonObject
        {
            ["title"] = new JsonObject { ["type"] = "string" },
            ["status"] = new JsonObject { ["type"] = "integer" },
            ["detail"] = new JsonObject { ["type"] = "string" },
            ["errors"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject
                    {
                        ["detail"] = new JsonObject { ["type"] = "string" },
                        ["pointer"] = new JsonObject { ["type"] = "string", ["format"] = "json-pointer" },
                    },
                    ["required"] = new JsonArray("detail", "pointer"),
                },
            },
            ["correctedCall"] = new JsonObject { ["type"] = "object", ["description"] = "A body that would have worked." },
            ["correctedUrl"] = new JsonObject
            {
                ["type"] = "string",
                ["format"] = "uri",
                ["description"] = "An address that would have worked.",
            },
        },
        ["required"] = new JsonArray("title", "status", "detail"),
    };

    private static JsonObject ProblemResponse(int status) => new()
    {
        ["description"] = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
        ["content"] = new JsonObject { ["application/problem+json"] = Media(Reference("Problem")) },
    };

    private static JsonObject Json() => new() { ["application/json"] = Media(new JsonObject { ["type"] = "object" }) };

    private static JsonObject Media(JsonObject schema) => new() { ["schema"] = schema };

    private static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };

    private static JsonObject Node(JsonElement element) => JsonObject.Create(element.Clone())!;
}
