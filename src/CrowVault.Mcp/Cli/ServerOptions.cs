using System.CommandLine;
using CrowVault.Emitters;
using CrowVault.Mcp.Server;

namespace CrowVault.Mcp.Cli;

/// <summary>What can be said about the server when it is started, on any transport.</summary>
internal static class ServerOptions
{
    private const string Answers = "--answers";
    private const string Tools = "--tools";
    private const string Structured = "structured";

    /// <summary>Adds the options to a command that serves.</summary>
    public static void AddTo(Command command)
    {
        var answers = new Option<string>(Answers)
        {
            Description = "How tools answer: text blocks alone, or structured content with its schema as well.",
            DefaultValueFactory = _ => "text",
        };
        answers.AcceptOnlyFromAmong("text", Structured);
        command.Add(answers);
        command.Add(new Option<string[]>(Tools)
        {
            Description = "Offer only these tools, such as circuit-breaker,retry-policy.",
            HelpName = "name,...",
        });
    }

    /// <summary>Settles the features of the server that is about to run.</summary>
    /// <returns>False when they are faulty, which standard error says.</returns>
    public static bool Settle(ParseResult parsed)
    {
        var names = (parsed.GetValue<string[]>(Tools) ?? [])
            .SelectMany(each => each.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToList();
        string? problem = null;
        IReadOnlyList<Emitter> emitters = parsed.GetResult(Tools) is null ? Catalog.All : ServerFeatures.Choose(names, out problem);
        if (problem is null && emitters.Count == 0)
        {
            problem = "--tools: name at least one tool.";
        }

        if (problem is not null)
        {
            Console.Error.WriteLine(problem);
            return false;
        }

        ServerFeatures.Settle(new(parsed.GetValue<string>(Answers) == Structured, emitters));
        return true;
    }
}
