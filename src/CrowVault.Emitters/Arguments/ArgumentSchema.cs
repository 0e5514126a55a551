using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>The arguments of one tool and their JSON schema.</summary>
public abstract class ArgumentSchema
{
    private protected ArgumentSchema(IReadOnlyList<Argument> all)
    {
        All = all;
        Schema = JsonSerializer.SerializeToElement((JsonNode)BuildSchema(argument => argument.Schema()), ArgumentJson.Readable.JsonNode);
    }

    /// <summary>The arguments in the order in which the options record declares them.</summary>
    public IReadOnlyList<Argument> All { get; }

    /// <summary>JSON Schema (2020-12) of the argument object; unknown arguments are refused.</summary>
    public JsonElement Schema { get; }

    /// <summary>The schema for editors: it also knows the short forms.</summary>
    internal JsonObject EditorSchema() => BuildSchema(argument => argument.EditorSchema());

    private JsonObject BuildSchema(Func<Argument, JsonObject> of)
    {
        var schema = new JsonObject { ["type"] = "object" };
        schema["properties"] = new JsonObject(All.Select(argument => KeyValuePair.Create(argument.Name, (JsonNode?)of(argument))));
        if (All.Any(argument => argument.Required))
        {
            schema["required"] = new JsonArray(
                [.. All.Where(argument => argument.Required).Select(argument => (JsonNode)argument.Name)]);
        }

        schema["additionalProperties"] = false;
        return schema;
    }
}
