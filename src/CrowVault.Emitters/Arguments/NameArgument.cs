using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>A name that reaches the emitted code.</summary>
public sealed record NameArgument(string Name, string Description, bool Required, JsonNode? Default)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => "a letter, then up to 63 letters, digits, '_', '.' or '-'";

    internal override JsonNode Example => "example";

    private protected override JsonObject ValueSchema() => new() { ["type"] = "string", ["pattern"] = EmittedName.Pattern };

    internal override JsonNode? Check(JsonElement value, ICollection<ArgumentFault> faults)
    {
        if (value.ValueKind is not JsonValueKind.String)
        {
            faults.Add(Fault($"{Show(value)} is not a name; use {Rule}."));
            return null;
        }

        var given = value.GetString()!;
        if (EmittedName.Problem(given, []) is { } problem)
        {
            faults.Add(Fault(problem));
            return EmittedName.Nearest(given, []);
        }

        return given;
    }
}
