using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>One of a few words.</summary>
/// <param name="Choices">The words, in kebab case.</param>
public sealed partial record ChoiceArgument(
    string Name, string Description, bool Required, JsonNode? Default, IReadOnlyList<string> Choices)
    : Argument(Name, Description, Required, Default)
{
    /// <inheritdoc/>
    public override string Rule => string.Join(", ", Choices);

    private protected override JsonObject ValueSchema() => new()
    {
        ["type"] = "string",
        ["enum"] = new JsonArray([.. Choices.Select(choice => (JsonNode)choice)]),
    };

    internal override JsonNode? Check(JsonElement value, FaultList faults)
    {
        if (Word(value) is not { } given)
        {
            faults.Add(Fault($"{Show(value)} is not a choice; use one of {Rule}."));
            faults.Forbid(unless: value.ValueKind switch
            {
                JsonValueKind.Array => value.GetArrayLength() == 0,
                JsonValueKind.Object => value.GetPropertyCount() == 0,
                JsonValueKind.False => false,
                _ => true,
            });
            return null;
        }

        if (value.ValueKind is JsonValueKind.String && Choices.Contains(given, StringComparer.Ordinal))
        {
            return given;
        }

        if (Unversioned(given) is { } plain && Choices.Contains(plain, StringComparer.OrdinalIgnoreCase))
        {
            faults.Add(Fault($"{Show(value)} is not a choice; use {plain.ToLowerInvariant()}."));
            return plain.ToLowerInvariant();
        }

        if ((SupportedWay.For(Name, given) ?? (Unversioned(given) is { } other ? SupportedWay.For(Name, other) : null)) is { } way)
        {
            // Another word for a choice is corrected; what nothing here stands for is explained, and never exchanged for something else.
            var fault = Fault($"{Show(value)} is not a choice; {way.Advice}");
            if (way.Use is { } use && Choices.Contains(use))
            {
                faults.Add(fault);
                return use;
            }

            faults.AddFinal(fault);
            return null;
        }

        var nearest = Suggestion.Nearest(given, Choices);
        if (nearest is not null)
        {
            faults.Add(Fault($"{Show(value)} is not a choice; did you mean {nearest}? Use one of {Rule}."));
            return nearest;
        }

        var unknown = Fault($"{Show(value)} is not a choice; use one of {Rule}.");
        if (Reading.IsLeftOpen(given))
        {
            faults.Add(unknown);
        }
        else
        {
            faults.AddFinal(unknown);
        }

        return null;
    }

    // node20, Node.js v22 and fastify@5: no choice is one of versions.
    private static string? Unversioned(string given) =>
        given.Length <= 64 && Version().Match(given) is { Success: true, Index: > 0 } version ? given[..version.Index] : null;

    [System.Text.RegularExpressions.GeneratedRegex(@"[@^~>=\s]*v?[0-9]+(?:\.(?:[0-9]+|x))*\+?\s*\z")]
    private static partial System.Text.RegularExpressions.Regex Version();

    private string? Word(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array when value.GetArrayLength() == 1 => Word(value[0]),
        JsonValueKind.Object when value.GetPropertyCount() == 1 && value.EnumerateObject().First() is var only
            && Reading.IsWrapper(only.Name, Name) => Word(only.Value),
        _ => null,
    };
}
