using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CrowVault.Emitters.Arguments;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// Reads a manifest from where people keep one: JSON with comments, YAML, the key of a package.json, standard input, or several of them.
/// </summary>
internal static partial class ManifestFile
{
    private const string PackageKey = "resilience";
    private const int MaxDepth = 64;

    private static readonly string[] s_usual = ["resilience.json", "resilience.jsonc", "resilience.yaml", "resilience.yml"];

    /// <summary>The manifest of the working directory when none is named.</summary>
    public static string Usual() => Array.Find(s_usual, File.Exists) ?? (InPackage() ? "package.json" : s_usual[0]);

    /// <summary>What is wrong with a manifest; a fault of the whole is the file's, by the name that it has here.</summary>
    /// <param name="path">Its path, the last of several.</param>
    /// <param name="faults">The faults.</param>
    public static Fault Wrong(string path, ArgumentFaults faults)
    {
        var shown = path == "-" ? "standard input" : Fault.Show(path);
        return new(string.Join('\n', faults.Lines(fault => fault.Argument == "resilience.json"
            ? $"{shown}: {fault.Problem}"
            : $"{shown}: {fault.Advice.Replace(".arguments: ", ": ", StringComparison.Ordinal)}")));
    }

    /// <summary>Reads one or several; of several the later ones win, argument by argument.</summary>
    /// <param name="paths">Their paths, or <c>-</c> for standard input.</param>
    public static JsonElement Read(IReadOnlyList<string> paths)
    {
        var manifest = Read(paths[0]);
        foreach (var path in paths.Skip(1))
        {
            manifest = Overlay(manifest, Read(path), depth: 2);
        }

        return manifest;
    }

    /// <summary>The properties of one object over those of another.</summary>
    /// <param name="under">What gives way.</param>
    /// <param name="over">What wins.</param>
    /// <param name="depth">How deep objects are merged, not replaced.</param>
    public static JsonElement Overlay(JsonElement under, JsonElement over, int depth)
    {
        if (depth == 0 || under.ValueKind is not JsonValueKind.Object || over.ValueKind is not JsonValueKind.Object)
        {
            return over;
        }

        // By name at once: to look each of many up among many would take their product. Of a name given twice the last counts, as elsewhere.
        var others = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in over.EnumerateObject())
        {
            others[property.Name] = property.Value;
        }

        var names = under.EnumerateObject().Select(each => each.Name).ToHashSet(StringComparer.Ordinal);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var property in under.EnumerateObject())
            {
                writer.WritePropertyName(property.Name);
                (others.TryGetValue(property.Name, out var other) ? Overlay(property.Value, other, depth - 1) : property.Value)
                    .WriteTo(writer);
            }

            foreach (var property in over.EnumerateObject().Where(each => !names.Contains(each.Name)))
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.ToArray());
    }

    private static JsonElement Read(string path)
    {
        if (path.Length == 0)
        {
            throw new Fault("-c: the path is empty; give the manifest with -c PATH.");
        }

        var text = (path == "-" ? Disk.ReadInput() : Disk.ReadText(path, "cannot be read, it is not there; give the manifest with -c PATH, or write one with init."))
            .TrimStart('\uFEFF');
        var name = path == "-" ? "standard input" : path;
        if (IsYaml(Path.GetExtension(path).ToLowerInvariant(), text))
        {
            return FromYaml(text, name);
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            throw new Fault($"{Fault.Show(name)}: empty; write a section per tool, such as {{\"circuitBreaker\":{{}}}}.");
        }

        var manifest = FromJson(text, name);
        if (Path.GetFileName(path) == "package.json")
        {
            if (manifest.ValueKind is JsonValueKind.Object && manifest.EnumerateObject().Count(each => each.NameEquals(PackageKey)) > 1)
            {
                throw new Fault($"{Fault.Show(name)}: \"{PackageKey}\" is given twice; give it once.");
            }

            return manifest.ValueKind is JsonValueKind.Object && manifest.TryGetProperty(PackageKey, out var section)
                ? section
                : throw new Fault($"{Fault.Show(name)}: no \"{PackageKey}\" in it; add one with a section per "
                    + "tool, or give another manifest with -c PATH.");
        }

        return manifest;
    }

    // Where the name does not say what it is, as that of standard input, the first character does.
    private static bool IsYaml(string extension, string text) => extension switch
    {
        ".yaml" or ".yml" => true,
        ".json" or ".jsonc" or ".json5" => false,
        _ => text.AsSpan().TrimStart() is not ([] or ['{' or '[' or '/' or '"', ..]),
    };

    private static JsonElement FromJson(string text, string name)
    {
        try
        {
            return FileJson.Parse(text);
        }
        catch (JsonException exception)
        {
            var wayOut = Path.GetExtension(name).ToLowerInvariant() is "" or ".json" or ".jsonc" || FileJson.ConflictIn(text) is not null
                ? "."
                : "; write JSON, JSON with comments or YAML.";
            throw new Fault($"{Fault.Show(name)}: {FileJson.WhatIsWrong(text, exception)}{wayOut}");
        }
    }

    // The parser's events alone: objects, lists and scalars, which is what JSON has too.
    private static JsonElement FromYaml(string text, string name)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new() { SkipValidation = true, MaxDepth = MaxDepth }))
        {
            var parser = new Parser(new StringReader(text));
            try
            {
                var inMapping = new Stack<bool>();
                var expectsName = new Stack<bool>();
                while (parser.MoveNext())
                {
                    var isName = inMapping.TryPeek(out var mapping) && mapping && expectsName.Peek();
                    switch (parser.Current)
                    {
                        case AnchorAlias alias:
                            throw At(alias, "an alias", "write the value out");
                        case DocumentStart when writer.BytesCommitted + writer.BytesPending > 0:
                            throw At(parser.Current, "a second document", "give one");
                        case Scalar scalar when !PlainText.IsWellFormed(scalar.Value):
                            throw At(scalar, "half of a surrogate pair, which is no text");
                        case Scalar scalar when isName:
                            writer.WritePropertyName(scalar.Value);
                            break;
                        case Scalar scalar:
                            WriteScalar(scalar, writer);
                            break;
                        case MappingStart or SequenceStart when isName:
                            throw At(parser.Current, "a name that is no text");
                        case MappingStart or SequenceStart when inMapping.Count >= MaxDepth:
                            throw At(parser.Current, "nested too deeply");
                        case MappingStart:
                            writer.WriteStartObject();
                            inMapping.Push(true);
                            expectsName.Push(true);
                            continue;
                        case SequenceStart:
                            writer.WriteStartArray();
                            inMapping.Push(false);
                            expectsName.Push(false);
                            continue;
                        case MappingEnd or SequenceEnd:
                            if (inMapping.Pop())
                            {
                                writer.WriteEndObject();
                            }
                            else
                            {
                                writer.WriteEndArray();
                            }

                            expectsName.Pop();
                            break;
                        default:
                            continue;
                    }

                    // After a name comes its value, after a value the next name.
                    if (inMapping.TryPeek(out var inside) && inside)
                    {
                        expectsName.Push(!expectsName.Pop());
                    }
                }
            }
            catch (YamlException exception)
            {
                if (FileJson.ConflictIn(text) is { } conflict)
                {
                    throw new Fault($"{Fault.Show(name)}: {conflict}.");
                }

                // What the parser says of a tab is where it had hoped for a value.
                var tab = text.Split('\n').Index().FirstOrDefault(line => IndentWithTab().IsMatch(line.Item));
                throw new Fault(tab.Item is not null
                    ? $"{Fault.Show(name)}: not YAML, a tab indents line {tab.Index + 1}; use spaces."
                    : $"{Fault.Show(name)}: not YAML at line {exception.Start.Line}, column {exception.Start.Column}.");
            }
            catch (ArgumentException)
            {
                // YamlDotNet (16.3) passes on what .NET says to a tag that is no URI, or to half of a surrogate pair.
                throw new Fault($"{Fault.Show(name)}: not YAML after line {parser.Current?.End.Line ?? 1}.");
            }

            writer.Flush();
            if (buffer.Length == 0)
            {
                throw new Fault($"{Fault.Show(name)}: empty; write a section per tool, such as 'circuitBreaker: {{}}'.");
            }
        }

        return JsonElement.Parse(buffer.ToArray());

        Fault At(ParsingEvent current, string what, string? way = null) =>
            new($"{Fault.Show(name)}: {what} at line {current.Start.Line}{(way is null ? "" : $"; {way}")}.");
    }

    private static void WriteScalar(Scalar scalar, Utf8JsonWriter writer)
    {
        if (!scalar.IsKey && scalar.Style is ScalarStyle.Plain && scalar.Tag.IsEmpty)
        {
            switch (scalar.Value)
            {
                case "" or "~" or "null" or "Null" or "NULL":
                    writer.WriteNullValue();
                    return;
                case "true" or "True" or "TRUE":
                    writer.WriteBooleanValue(true);
                    return;
                case "false" or "False" or "FALSE":
                    writer.WriteBooleanValue(false);
                    return;
                case var number when JsonNumber().IsMatch(number):
                    writer.WriteRawValue(number);
                    return;
                case ['0', 'o', .. var digits] when digits.Length is > 0 and <= 10 && digits.All(c => c is >= '0' and <= '7'):
                    writer.WriteNumberValue(Convert.ToInt64(digits, 8));
                    return;
                case ['0', 'x', .. var digits] when digits.Length is > 0 and <= 8 && digits.All(char.IsAsciiHexDigit):
                    writer.WriteNumberValue(Convert.ToInt64(digits, 16));
                    return;
                case var number when YamlNumber().IsMatch(number)
                    && double.TryParse(number.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture,
                        out var value)
                    && double.IsFinite(value):
                    writer.WriteNumberValue(value);
                    return;
            }
        }

        writer.WriteStringValue(scalar.Value);
    }

    private static bool InPackage()
    {
        try
        {
            return File.Exists("package.json")
                && Disk.ReadText("package.json").TrimStart('\uFEFF') is var text
                && FromJson(text, "package.json") is { ValueKind: JsonValueKind.Object } package
                && package.TryGetProperty(PackageKey, out _);
        }
        catch (Fault)
        {
            // Reading it says what is wrong with it.
            return true;
        }
    }

    [GeneratedRegex(@"\A *\t")]
    private static partial Regex IndentWithTab();

    [GeneratedRegex(@"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z")]
    private static partial Regex JsonNumber();

    [GeneratedRegex(@"\A[-+]?[0-9][0-9_]*(\.[0-9]*)?([eE][-+]?[0-9]+)?\z")]
    private static partial Regex YamlNumber();
}
