using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Code;
using CrowVault.Mcp.JsonRpc;
using Argument = CrowVault.Emitters.Arguments.Argument;

namespace CrowVault.Mcp.Cli;

/// <summary>One argument of a tool as a command-line option. It turns text into JSON and checks nothing: the tool does.</summary>
internal sealed partial class ArgumentOption
{
    private readonly Argument _argument;

    public ArgumentOption(Argument argument)
    {
        _argument = argument;
        var fallback = argument.Default is null ? "" : $" [default: {ShowDefault(argument.Default)}]";
        Option = new Option<string[]>($"--{JsonNamingPolicy.KebabCaseLower.ConvertName(argument.Name)}")
        {
            Description = $"{argument.Description}{fallback}",
            HelpName = HelpName(argument),
            CustomParser = result => [.. result.Tokens.Select(token => token.Value)],
            Arity = argument switch
            {
                BooleanArgument => ArgumentArity.ZeroOrOne,
                IntegerListArgument or ObjectListArgument => ArgumentArity.OneOrMore,
                _ => ArgumentArity.ExactlyOne,
            },

            // --retry-on 429 503
            AllowMultipleArgumentsPerToken = argument is IntegerListArgument or ObjectListArgument,
        };
        if (argument is ChoiceArgument choice)
        {
            Option.CompletionSources.Add(_ => choice.Choices.Select(word => new System.CommandLine.Completions.CompletionItem(word)));
        }
    }

    /// <summary>The option.</summary>
    public Option<string[]> Option { get; }

    /// <summary>Adds the argument to the object when the option was given.</summary>
    /// <param name="arguments">The object.</param>
    /// <param name="parsed">What was typed.</param>
    /// <returns>What follows the values of a list and is none of them: an option that the command does not have.</returns>
    public string[] AddTo(JsonObject arguments, ParseResult parsed)
    {
        if (parsed.GetResult(Option) is not { Implicit: false })
        {
            return [];
        }

        var tokens = parsed.GetValue(Option) ?? [];
        var own = Option.AllowMultipleArgumentsPerToken ? Array.FindIndex(tokens, token => token is ['-', '-', _, ..]) : -1;
        if (own == 0)
        {
            throw new Fault($"{Option.Name}: its value is missing before {Fault.Show(tokens[0])}.");
        }

        arguments[_argument.Name] = ToJson(_argument, own < 0 ? tokens : tokens[..own]);
        return own < 0 ? [] : tokens[own..];
    }

    /// <summary>Text that stands for an argument as JSON. It checks nothing.</summary>
    public static JsonNode ToJson(Argument argument, string[] tokens) => argument switch
    {
        IntegerArgument => Scalar(tokens[0]),
        BooleanArgument => tokens is [] or ["true"] ? true : tokens is ["false"] ? false : tokens[0],
        ChoiceArgument => tokens[0],
        IntegerListArgument when tokens is [['[', ..]] => Parse(tokens[0]),
        IntegerListArgument { MinimumEntries: 0 } when tokens is ["" or IntegerListArgument.EmptyOption] => new JsonArray(),
        IntegerListArgument => new JsonArray([.. Entries(tokens).Select(Scalar)]),
        ObjectListArgument when tokens is [['{' or '[', ..] or ['\'', '{' or '[', ..]] => Parse(tokens[0]),
        ObjectListArgument when tokens is [var text] && text.Contains(':', StringComparison.Ordinal) && !text.Contains('=', StringComparison.Ordinal) => text,
        ObjectListArgument when Entries(tokens) is var names && names.All(EmittedName.IsUsable) =>
            new JsonArray([.. names.Select(name => (JsonNode)name)]),
        ObjectListArgument => Map(tokens),
        _ => throw new InvalidOperationException($"No option stands for {argument.GetType().Name}."),
    };

    // "429, 503" is two words of a shell, and a comma may stand behind the last.
    private static string[] Entries(string[] tokens) =>
        string.Join(',', tokens).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            is { Length: > 0 } entries ? entries : tokens;

    // A later entry of the same name would silently win, so it stays visible as a name that the tool refuses.
    private static JsonObject Map(string[] tokens)
    {
        var map = new JsonObject();
        foreach (var entry in Entries(tokens))
        {
            var split = entry.LastIndexOf('=');
            var (name, value) = split < 0 ? (entry, "") : (entry[..split], entry[(split + 1)..]);
            map[map.ContainsKey(name) ? entry : name] = Scalar(value);
        }

        return map;
    }

    // What is no JSON, or cannot be read whole, stays text for the tool to judge.
    private static JsonNode Parse(string text) => Read(text) ?? (text.Contains('"', StringComparison.Ordinal) ? null : Read(Requoted(text))) ?? text;

    private static JsonNode? Read(string text)
    {
        using var document = JsonText.Parse(Encoding.UTF8.GetBytes(text), JsonText.MaximumDepth, out _);
        return document is null ? null : JsonNode.Parse(text);
    }

    // Windows PowerShell takes the double quotes of an argument away, and so does cmd, which leaves the single ones around it.
    private static string Requoted(string text) =>
        Words.Replace(text is ['\'', .., '\''] ? text[1..^1] : text, "\"$0\"");

    [GeneratedRegex(@"(?<![\w.+-])(?!(?:true|false|null)(?![\w.-]))[A-Za-z][A-Za-z0-9_.-]*")]
    private static partial Regex Words { get; }

    /// <summary>What is a JSON number or boolean becomes one, to the letter; anything else stays text for the tool to judge.</summary>
    public static JsonNode Scalar(string token)
    {
        try
        {
            return JsonNode.Parse(token) is JsonValue value && value.GetValueKind() is not JsonValueKind.String ? value : token;
        }
        catch (JsonException)
        {
            return token;
        }
    }

    private static string? HelpName(Argument argument) => argument switch
    {
        IntegerArgument integer => string.Create(CultureInfo.InvariantCulture, $"{integer.Minimum}..{integer.Maximum}"),
        BooleanArgument => "true|false",
        ChoiceArgument choice => string.Join('|', choice.Choices),
        IntegerListArgument { MinimumEntries: 0 } => $"n,n,...|{IntegerListArgument.EmptyOption}",
        IntegerListArgument => "n,n,...",
        ObjectListArgument { Number: not null } => "name=n,...",
        ObjectListArgument => "json",
        _ => throw new InvalidOperationException($"No option stands for {argument.GetType().Name}."),
    };

    private static string ShowDefault(JsonNode value) => value switch
    {
        JsonArray list => string.Join(',', list.Select(entry => entry!.ToJsonString())),
        _ => value.ToString(),
    };
}
