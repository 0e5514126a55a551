using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace CrowVault.Emitters.Arguments;

/// <summary>Binds one JSON object to an options record and reports every fault at once.</summary>
/// <typeparam name="TOptions">The options record.</typeparam>
public sealed class ArgumentBinder<TOptions> : ArgumentSchema
    where TOptions : class, IToolOptions
{
    private readonly string _tool;
    private readonly JsonTypeInfo<TOptions> _typeInfo;

    /// <summary>Reads the arguments off the record.</summary>
    /// <param name="tool">The tool's name, for the corrected call.</param>
    /// <param name="typeInfo">Source-generated metadata of the record.</param>
    public ArgumentBinder(string tool, JsonTypeInfo<TOptions> typeInfo)
        : base(ArgumentReader.Read(typeInfo))
    {
        _tool = tool;
        _typeInfo = typeInfo;
    }

    /// <summary>Checks and binds the arguments of a call.</summary>
    /// <param name="given">What the caller sent; an object is wanted.</param>
    /// <param name="options">The options when nothing is wrong.</param>
    /// <param name="faults">Everything that is wrong otherwise.</param>
    public bool TryBind(
        JsonElement given,
        [NotNullWhen(true)] out TOptions? options,
        [NotNullWhen(false)] out ArgumentFaults? faults)
    {
        (var found, options, var accepted) = Check(given);
        faults = found.Count == 0 ? null : new(_tool, found, Correct(accepted));
        return faults is null && options is not null;
    }

    /// <summary>Every argument that applies, with its value, as JSON in the order of the schema.</summary>
    public string Canonical(TOptions options)
    {
        var idle = options.Inapplicable().Select(fault => fault.Argument).ToHashSet(StringComparer.Ordinal);
        var values = JsonSerializer.SerializeToNode(options, _typeInfo)!.AsObject();
        var canonical = new JsonObject();
        foreach (var argument in All)
        {
            if (!idle.Contains(argument.Name) && values[argument.Name] is { } value)
            {
                canonical[argument.Name] = argument.Canonical(value);
            }
        }

        return canonical.ToJsonString(ArgumentJson.Readable.Options);
    }

    // Without faults there are options; the accepted arguments are the given ones, altered where they had to be.
    private (List<ArgumentFault> Faults, TOptions? Options, JsonObject Accepted) Check(JsonElement given)
    {
        var faults = new List<ArgumentFault>();
        var accepted = new JsonObject();
        if (given.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new("arguments", $"{Name(given.ValueKind)} is not an object; send a JSON object such as {{}}."));
            return (faults, null, accepted);
        }

        if (!IsText(given))
        {
            faults.Add(new("arguments", "half of a surrogate pair is not text; send well-formed Unicode."));
            return (faults, null, accepted);
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in given.EnumerateObject())
        {
            var argument = All.FirstOrDefault(argument => argument.Name == property.Name);
            if (!seen.Add(property.Name))
            {
                faults.Add(new(Shown(property.Name), "given twice; give it once."));
            }
            else if (argument is not null)
            {
                if (argument.Check(property.Value, faults) is { } value)
                {
                    accepted[argument.Name] = value;
                }
            }
            else
            {
                faults.Add(new(Shown(property.Name), Unknown(property, given, accepted)));
            }
        }

        foreach (var missing in All.Where(argument => argument.Required && !seen.Contains(argument.Name)))
        {
            faults.Add(new(missing.Name, $"required but missing; give {missing.Rule}."));
        }

        // Rules between arguments are checked on what was given and accepted, but not where a given value had to be altered.
        TOptions? options = null;
        if (All.All(argument => !argument.Required || accepted.ContainsKey(argument.Name)))
        {
            options = accepted.Deserialize(_typeInfo)!;
            var faulty = faults.Select(fault => fault.Argument).ToHashSet(StringComparer.Ordinal);
            faults.AddRange(options.Conflicts().Where(fault => !faulty.Contains(fault.Argument)));
            faults.AddRange(options.Inapplicable().Where(fault => seen.Contains(fault.Argument) && !faulty.Contains(fault.Argument)));
        }

        return (faults, options, accepted);
    }

    private string Unknown(JsonProperty property, JsonElement given, JsonObject accepted)
    {
        var nearest = Suggestion.Nearest(property.Name, All.Select(argument => argument.Name));
        if (nearest is null)
        {
            return $"unknown argument; the arguments are {string.Join(", ", All.Select(argument => argument.Name))}.";
        }

        // The corrected call carries the value over, unless the right name was given as well.
        if (!given.TryGetProperty(nearest, out _) && !accepted.ContainsKey(nearest)
            && All.First(argument => argument.Name == nearest).Check(property.Value, []) is { } value)
        {
            accepted[nearest] = value;
        }

        return $"unknown argument; did you mean {nearest}?";
    }

    // Fills in what is required, drops what does not fit, and offers the result only when the tool accepts it.
    private string? Correct(JsonObject accepted)
    {
        var corrected = accepted.DeepClone().AsObject();
        foreach (var argument in All.Where(argument => argument.Required && !corrected.ContainsKey(argument.Name)))
        {
            corrected[argument.Name] = argument.Example;
        }

        for (var attempt = 0; attempt <= All.Count; attempt++)
        {
            var element = JsonSerializer.SerializeToElement((JsonNode)corrected, ArgumentJson.Readable.JsonNode);
            var faults = Check(element).Faults;
            if (faults.Count == 0)
            {
                return corrected.ToJsonString(ArgumentJson.Readable.Options);
            }

            foreach (var fault in faults)
            {
                corrected.Remove(fault.Argument);
            }
        }

        return null;
    }

    // JSON may escape half of a surrogate pair, such as "\ud800"; reading that as a string throws.
    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() is not null,
                JsonValueKind.Array => value.EnumerateArray().All(IsText),
                JsonValueKind.Object => value.EnumerateObject().All(property => property.Name is not null && IsText(property.Value)),
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.Object => "null",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    // A name is the caller's text: shown as it is only when it cannot disturb a terminal, a log or the reader.
    private static string Shown(string name)
    {
        var shown = JsonSerializer.Serialize(name.Length <= 60 ? name : $"{name[..60]}...", ArgumentJson.Default.String);
        return name.Length is > 0 and <= 60 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : shown;
    }
}
