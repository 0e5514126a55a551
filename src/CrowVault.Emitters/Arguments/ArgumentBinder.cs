using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters.Arguments.Unknown;

namespace CrowVault.Emitters.Arguments;

/// <summary>Binds one JSON object to an options record and reports what is wrong with it.</summary>
/// <typeparam name="TOptions">The options record.</typeparam>
public sealed class ArgumentBinder<TOptions> : ArgumentSchema
    where TOptions : class, IToolOptions
{
    private const int LongestCorrection = 32_768;

    private static readonly string[] s_testStyle = ["testRunner", "importExtension"];

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
    /// <param name="given">What the caller sent; an object is wanted, null stands for an empty one.</param>
    /// <param name="options">The options when nothing is wrong.</param>
    /// <param name="withCode">Whether the code is wanted in the answer.</param>
    /// <param name="faults">What is wrong otherwise.</param>
    public bool TryBind(
        JsonElement given,
        [NotNullWhen(true)] out TOptions? options,
        out bool withCode,
        [NotNullWhen(false)] out ArgumentFaults? faults)
    {
        var call = Read(given);
        (options, withCode) = (call.Options, call.Meant[WithCode.Name]?.GetValue<bool>() ?? true);
        faults = call.Faults.Total == 0
            ? null
            : new(_tool, call.Faults.Kept, Correct(call)) { Total = call.Faults.Total, Schema = this };
        return faults is null && options is not null;
    }

    /// <summary>Every argument that applies, with its value, in the order of the schema.</summary>
    public JsonObject Canonical(TOptions options)
    {
        var idle = options.Inapplicable().Select(fault => fault.Argument).ToHashSet(StringComparer.Ordinal);
        if (!options.WithTests)
        {
            idle.UnionWith(s_testStyle);
        }

        var values = JsonSerializer.SerializeToNode(options, _typeInfo)!.AsObject();
        var canonical = new JsonObject();
        foreach (var argument in All)
        {
            if (!idle.Contains(argument.Name) && values[argument.Name] is { } value
                && (argument is not BooleanArgument { NamedWhenOn: true } || value.GetValue<bool>()))
            {
                canonical[argument.Name] = argument.Canonical(value);
            }
        }

        return canonical;
    }

    // Without faults there are options. What was meant is what was given, altered where it had to be.
    private sealed record Call(FaultList Faults, TOptions? Options, JsonObject Meant);

    private Call Read(JsonElement given)
    {
        var faults = new FaultList();
        if (given.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            given = s_none;
        }

        if (LongText.Cut(given, out var isCut) is not { } readable)
        {
            faults.AddFinal(new("arguments", "half of a surrogate pair is not text; send well-formed Unicode."));
            return new(faults, null, []);
        }

        // What was cut cannot be told from what was sent, and is refused under its own name.
        given = readable;
        faults.Forbid(unless: !isCut);

        if (given.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new("arguments", $"{KindOf(given.ValueKind)} is not an object; send a JSON object such as {{}}."));
            var inner = Reading.Json(given) ?? given;
            inner = inner.ValueKind is JsonValueKind.Array && inner.GetArrayLength() == 1 ? inner[0] : inner;

            // Arguments as words are not none.
            faults.Forbid(unless: inner.ValueKind is not (JsonValueKind.String or JsonValueKind.Array) || !Reading.MeansSomething(inner));
            if (inner.ValueKind is not JsonValueKind.Object)
            {
                return new(faults, null, []);
            }

            var read = Read(inner);
            faults.Forbid(unless: read.Faults.Correctable);
            return new(faults, null, read.Meant);
        }

        var accepted = new JsonObject();
        var meant = new JsonObject();
        var faulty = new HashSet<string>(StringComparer.Ordinal);
        var seen = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var unknown = new UnknownArguments(this, given, meant, faults);
        foreach (var property in given.EnumerateObject())
        {
            if (!seen.TryAdd(property.Name, property.Value))
            {
                faults.AddFinal(new(Argument.ShowName(property.Name), "given twice; give it once."));
                faulty.Add(property.Name);
            }
            else if ((property.Name == WithCode.Name ? WithCode : Find(property.Name)) is not { } argument)
            {
                unknown.Add(property);
            }
            else if (unknown.IsRate(argument, property.Value) || unknown.AreRates(argument, property.Value)
                || unknown.AreNames(argument, property.Value) || unknown.HoldsSettings(argument, property.Value))
            {
                faulty.Add(argument.Name);
            }
            else if (property.Value.ValueKind is not JsonValueKind.Null)
            {
                var before = faults.Total;
                var value = argument.Check(property.Value, faults);
                if (value is not null)
                {
                    // Of two values only the caller knows which was meant.
                    faults.Forbid(unless: !meant.TryGetPropertyValue(argument.Name, out var other) || JsonNode.DeepEquals(other, value));
                    meant[argument.Name] = value.DeepClone();
                }

                if (faults.Total > before)
                {
                    faulty.Add(argument.Name);

                    // "50%" is no default of a form, though it is the number of one.
                    if (value is not null && OtherName.IsOfRate(argument.Name) && property.Value.ToString() != argument.Default?.ToString()
                        && Find("tripOn") is not null && !given.TryGetProperty("tripOn", out _))
                    {
                        meant["tripOn"] = "failure-rate";
                    }
                }
                else if (argument != WithCode && (argument.DefaultFollows || !JsonNode.DeepEquals(value, argument.Default)))
                {
                    accepted[argument.Name] = value;
                }
            }
        }

        foreach (var missing in All.Where(argument =>
            argument.Required && (!seen.TryGetValue(argument.Name, out var value) || value.ValueKind is JsonValueKind.Null)))
        {
            faults.Add(new(missing.Name, $"required but missing; give {missing.Rule}."));
        }

        // Rules between arguments are checked on what was given and accepted, not where a given value had to be altered.
        TOptions? options = null;
        if (All.All(argument => !argument.Required || accepted.ContainsKey(argument.Name)))
        {
            var names = accepted.Select(argument => argument.Key).ToHashSet(StringComparer.Ordinal);
            options = (TOptions)accepted.Deserialize(_typeInfo)!.Fit(names);
            foreach (var fault in options.Conflicts().Where(fault => !faulty.Contains(fault.Argument))
                .Concat(options.Inapplicable().Where(fault => names.Contains(fault.Argument))))
            {
                Remedy(fault, faults, meant);
            }
        }

        return new(faults, options, meant);
    }

    private static void Remedy(ArgumentFault fault, FaultList faults, JsonObject meant)
    {
        if (fault.Remedy is not { } remedy)
        {
            faults.AddFinal(fault);
            return;
        }

        faults.Add(fault);
        foreach (var (argument, value) in remedy)
        {
            meant.Remove(argument);
            if (value is not null)
            {
                meant[argument] = value.DeepClone();
            }
        }
    }

    // Offers what was meant only when the tool accepts it; rules between arguments may show only now.
    private string? Correct(Call call)
    {
        for (var attempt = 0; attempt < 4 && call.Faults.Correctable; attempt++)
        {
            var text = Text(call.Meant);
            if (text.Length > LongestCorrection || All.Any(argument => argument.Required && !call.Meant.ContainsKey(argument.Name)))
            {
                return null;
            }

            call = Read(JsonElement.Parse(text));
            if (call.Faults.Total == 0)
            {
                return text;
            }
        }

        return null;
    }

    private string Text(JsonObject arguments)
    {
        var shortest = new JsonObject(arguments.Select(argument => KeyValuePair.Create<string, JsonNode?>(
            argument.Key, Find(argument.Key)?.Canonical(argument.Value!) ?? argument.Value!.DeepClone())));
        return shortest.ToJsonString(ArgumentJson.Readable.Options);
    }

    private static readonly JsonElement s_none = JsonElement.Parse("{}");

    private static string KindOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.Object => "null",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
