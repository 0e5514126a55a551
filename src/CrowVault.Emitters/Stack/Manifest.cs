using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Stack;

/// <summary>
/// <c>resilience.json</c>: one section per tool and one for the stack, each with that tool's arguments. <c>runtime</c> and
/// <c>withTests</c> beside the sections hold for all that do not say otherwise.
/// </summary>
public static class Manifest
{
    /// <summary>Name of the section of <see cref="StackEmitter"/>.</summary>
    public const string StackSection = "stack";

    private static readonly string[] s_shared = ["runtime", "testRunner", "importExtension", "withTests"];

    /// <summary>The sections with their emitters, in the order in which files are emitted.</summary>
    public static IReadOnlyList<(string Section, Emitter Emitter)> Sections { get; } =
        [.. Catalog.All.Select(emitter => (SectionOf(emitter), emitter)), (StackSection, StackEmitter.Instance)];

    /// <summary>JSON Schema (2020-12) of the manifest, made of the tools' own schemas.</summary>
    public static JsonElement Schema { get; } = BuildSchema();

    /// <summary>Name of a tool's section, such as <c>circuitBreaker</c>.</summary>
    public static string SectionOf(Emitter emitter)
    {
        var words = emitter.Command.Split('-');
        return string.Concat(words.Select((word, index) => index == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
    }

    /// <summary>Emits every section of the manifest, and the stack when all four outbound layers are there.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="version">Version of the product, for the headers.</param>
    /// <param name="emission">All files, notes and warnings, those between layers last.</param>
    /// <param name="faults">Everything that is wrong, each fault under its section's name.</param>
    public static bool TryEmit(
        JsonElement manifest,
        string version,
        [NotNullWhen(true)] out Emission? emission,
        [NotNullWhen(false)] out ArgumentFaults? faults)
    {
        var found = new List<ArgumentFault>();
        var emissions = new Dictionary<string, Emission>(StringComparer.Ordinal);
        var arguments = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (section, emitter) in Present(manifest, found))
        {
            var given = With(section == StackSection && !manifest.TryGetProperty(section, out _)
                ? JsonElement.Parse("{}")
                : manifest.GetProperty(section), manifest, emitter);
            arguments[section] = given;
            if (emitter.TryEmit(given, version, out var one, out var wrong))
            {
                emissions[section] = one;
            }
            else
            {
                found.AddRange(wrong.Faults.Select(fault => fault with { Argument = $"{section}.{fault.Argument}" }));
            }
        }

        var layers = LayerChecks.Of(arguments);
        var traffic = manifest.ValueKind is JsonValueKind.Object ? Traffic.Read(manifest, layers.Services, found) : [];
        (emission, faults) = found.Count == 0
            ? (Compose(emissions, layers, traffic), (ArgumentFaults?)null)
            : (null, new ArgumentFaults("stack", found, null));
        return faults is null;
    }

    private static List<(string Section, Emitter Emitter)> Present(JsonElement manifest, List<ArgumentFault> faults)
    {
        if (manifest.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new("resilience.json", "not an object; use one with a section per tool, such as {\"circuitBreaker\":{}}."));
            return [];
        }

        var names = Sections.Select(each => each.Section).ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in manifest.EnumerateObject())
        {
            var shown = Argument.Show(property.Name);
            if (!seen.Add(property.Name))
            {
                faults.Add(new(shown, "given twice; give it once."));
            }
            else if (!names.Contains(property.Name) && !s_shared.Contains(property.Name) && property.Name is not ("$schema" or Traffic.Section))
            {
                faults.Add(new(shown, Suggestion.Nearest(property.Name, [.. names, .. s_shared, Traffic.Section]) is { } nearest
                    ? $"unknown section; did you mean {nearest}?"
                    : $"unknown section; the sections are {string.Join(", ", names)}."));
            }
        }

        var missing = names.Where(name => name != StackSection && name != "rateLimiting" && !seen.Contains(name)).ToList();
        if (seen.Contains(StackSection) && missing.Count > 0)
        {
            faults.Add(new(StackSection, $"composes four layers, but {string.Join(", ", missing)} is missing; add it or leave stack out."));
        }

        if (!names.Exists(seen.Contains) && faults.Count == 0)
        {
            faults.Add(new("resilience.json", $"no section; the sections are {string.Join(", ", names)}."));
        }

        return faults.Count > 0 && missing.Count == names.Count
            ? []
            : Sections.Where(each => seen.Contains(each.Section) || (each.Section == StackSection && missing.Count == 0)).ToList();
    }

    // The section's own arguments, and those that hold for all where it has none.
    private static JsonElement With(JsonElement section, JsonElement manifest, Emitter emitter)
    {
        if (section.ValueKind is not JsonValueKind.Object)
        {
            return section;
        }

        var missing = s_shared.Where(name =>
            !section.TryGetProperty(name, out _) && manifest.TryGetProperty(name, out _)
            && emitter.Arguments.All.Any(argument => argument.Name == name)).ToList();
        if (missing.Count == 0)
        {
            return section;
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var name in missing)
            {
                writer.WritePropertyName(name);
                manifest.GetProperty(name).WriteTo(writer);
            }

            foreach (var property in section.EnumerateObject())
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.ToArray());
    }

    private static Emission Compose(Dictionary<string, Emission> emissions, LayerChecks layers, IReadOnlyList<Traffic> traffic)
    {
        var present = Sections.Where(each => emissions.ContainsKey(each.Section)).ToList();
        var files = present.SelectMany(each => emissions[each.Section].Files).ToList();
        var notes = present.SelectMany(each => emissions[each.Section].Notes.Select(note => $"{each.Emitter.FileName}: {note}"));
        var warnings = present.SelectMany(each => emissions[each.Section].Warnings.Select(text => $"{each.Emitter.FileName}: {text}"));
        return new(files, layers.Usage, [.. notes, .. layers.Notes(), .. traffic.SelectMany(layers.Forecasts)], [.. warnings, .. layers.Warnings()], StackEmitter.CommandLine, "");
    }

    private static JsonElement BuildSchema()
    {
        var sections = new JsonObject { ["$schema"] = new JsonObject { ["type"] = "string" } };
        foreach (var name in s_shared)
        {
            var shared = JsonNode.Parse(StackEmitter.Instance.Arguments.Find(name)!.EditorSchema().ToJsonString());
            sections[name] = shared;
        }

        foreach (var (section, emitter) in Sections)
        {
            var schema = emitter.Arguments.EditorSchema();
            schema.Insert(0, "title", emitter.Title);
            schema.Insert(1, "description", emitter.Description);
            sections[section] = schema;
        }

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
