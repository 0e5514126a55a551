using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using CrowVault.Emitters.Arguments;
using CrowVault.Mcp.Cli.Setup;
using CrowVault.Mcp.Stdio;

namespace CrowVault.Mcp.Cli;

/// <summary>The command line: what it says on standard output is the answer, everything else goes to standard error.</summary>
internal static class CommandLine
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>A file differs from what it should be, or was edited and is left alone.</summary>
    public const int Differs = 1;

    /// <summary>The call itself is wrong.</summary>
    public const int Usage = 2;

    // What other programs call it.
    private static readonly Dictionary<string, string> s_elsewhere = new(StringComparer.Ordinal)
    {
        ["update"] = "upgrade",
        ["check"] = "stack --check",
        ["diff"] = "stack --diff",
        ["list"] = "tools",
        ["start"] = "serve",
    };

    /// <summary>Runs one command. Whatever goes wrong in it ends here as a sentence and an exit code.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            return await InvokeAsync(args);
        }
        catch (Fault fault)
        {
            Disk.Say(fault.Message);
            if (args is ["generate" or "stack" or "upgrade" or "accept" or "init" or "setup", ..] && args.Contains("--json"))
            {
                Report.PrintFault(fault);
            }

            return fault.ExitCode;
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            Disk.Say(exception is FileNotFoundException or DirectoryNotFoundException
                ? "The working directory is not there any more."
                : $"{Fault.Reason(exception)}.");
            return Usage;
        }
#pragma warning disable CA1031 // The last resort: nobody is helped by a stack trace of somebody else's program.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Disk.Say($"This should not happen, please report it with the command: {Fault.Show(exception.Message)}");
            return Usage;
        }
    }

    /// <summary>A word as it is typed into a shell.</summary>
    public static string ForShell(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_./:=,@+-".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{Fault.ShowLines(word).Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static async Task<int> InvokeAsync(string[] args)
    {
        var root = Build();
        if (CompletionCommand.Answer(args, root) is { } answered)
        {
            return answered;
        }

        // 'help stack' asks as 'stack --help' does.
        if (args is ["help", ..])
        {
            args = [.. args.Skip(1), "--help"];
        }

        if (!Array.TrueForAll(args, PlainText.IsWellFormed))
        {
            throw new Fault("An argument has half of a surrogate pair, which is no text.");
        }

        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if ((Swallowed(parsed) ?? Mistaken(parsed)) is { } mistake)
        {
            throw new Fault(mistake);
        }

        if (parsed.Errors.Count == 0 || parsed.Action is HelpAction or ExamplesAction)
        {
            // A server ends in its own time: it answers what it has accepted, for longer than the 2 s that the parser would wait.
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }

        // A misspelled option goes to the tool, which names the nearest argument together with all other faults.
        var command = parsed.CommandResult.Command;
        if (parsed.Errors.Count == parsed.UnmatchedTokens.Count && IsTool(command) && command.Action is SynchronousCommandLineAction tool)
        {
            return tool.Invoke(parsed);
        }

        // What follows a command that is not known may be right.
        var unmatched = command.Subcommands.Count > 0 ? parsed.UnmatchedTokens.Take(1).ToList() : parsed.UnmatchedTokens;
        var lines = (command.Subcommands.Count > 0
            ? unmatched.Count == 0
                ? [$"{PathOf(command)}: give one of {string.Join(", ", command.Subcommands.Select(each => each.Name))}."]
                : unmatched.Select(token => $"Unrecognized command or argument '{token}'.")
            : parsed.Errors.Select(Said).Distinct()).Select(Fault.ShowLines).ToList();
        var known = command.Subcommands.Select(each => each.Name).Concat(command.Options.Select(each => each.Name)).ToList();
        if (command == root)
        {
            known.AddRange(CrowVault.Emitters.Catalog.All.Select(emitter => $"{GenerateCommand.Name} {emitter.Command}"));
        }

        lines.AddRange(unmatched
            .Select(token => command == root ? s_elsewhere.GetValueOrDefault(token.ToLowerInvariant()) ?? NearestOf(token, known)
                : NearestOf(token, known))
            .OfType<string>().Select(nearest => $"Did you mean {nearest}?"));
        if (command.Name == "stack" && unmatched is [var path, ..] && File.Exists(path))
        {
            lines.Add($"Give the manifest with -c {Fault.Show(path)}.");
        }

        throw new Fault($"{string.Join('\n', lines)}\nSee {PathOf(command)} --help.");
    }

    /// <summary>Every command with its options.</summary>
    public static Command Build()
    {
        // Not a RootCommand, which calls itself after the executable file.
        var root = new Command(
            Product.Command,
            "Generates TypeScript resilience code that you own: circuit breaker, retry, rate limiting, timeouts, bulkhead. "
            + "Without an argument it is an MCP server on standard input and output.")
        {
            new HelpOption { Recursive = true },
            new VersionOption(),
            GenerateCommand.Build(),
            StackCommand.Build(),
            SimulateCommand.Build(),
            CallCommand.Build(),
            ToolsCommand.Build(),
            ServeCommand.Build(),
            TokenCommand.Build(),
            UpgradeCommand.Build(),
            AcceptCommand.Build(),
            InitCommand.Build(),
            SetupCommand.Build(),
            CompletionCommand.Build(),
        };
        ServerOptions.AddTo(root);
        root.SetAction((parsed, _) => ServerOptions.Settle(parsed) ? StdioDoor.RunAsync() : Task.FromResult(Usage));
        AddExamples(
            root,
            $"{Product.Command} generate circuit-breaker --with-metrics",
            $"{Product.Command} generate retry-policy --max-retries 3 --retry-on 429,503 -o src/resilience/",
            $"{Product.Command} stack -c resilience.json -o src/resilience/ --check",
            $"{Product.Command} upgrade src/resilience/",
            $"{Product.Command} call generate_circuit_breaker '{{\"failureThreshold\":3}}'",
            $"{Product.Command} tools --json");
        return root;
    }

    /// <summary>Ends the command's help with examples.</summary>
    public static void AddExamples(Command command, params string[] examples)
    {
        var help = command.Options.OfType<HelpOption>().FirstOrDefault();
        if (help is null)
        {
            help = new HelpOption();
            command.Add(help);
        }

        help.Action = new ExamplesAction((HelpAction)help.Action!, examples);
    }

    /// <summary>Reads a number of an option; what is none, or out of range, is answered with the rule.</summary>
    public static int ParseNumber(ArgumentResult result, int minimum, int maximum, string rule)
    {
        if (result.Tokens is [var token]
            && int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= minimum && number <= maximum)
        {
            return number;
        }

        result.AddError(rule);
        return minimum;
    }

    // The parser names neither the option nor the nearest of its choices, and gives each a line.
    private static string Said(ParseError error)
    {
        if (error is not { SymbolResult: OptionResult { Option.Name: var option, Tokens: [var token, ..] } }
            || error.Message.Split("\n\t") is not [_, _, ..] lines)
        {
            return error.Message;
        }

        List<string> choices = [.. lines[1..].Select(line => line.Trim().Trim('\''))];
        return $"{option}: {Fault.Show(token.Value)} is not a choice; "
            + (NearestOf(token.Value, choices) is { } nearest ? $"did you mean {nearest}? Use" : "use")
            + $" one of {string.Join(", ", choices)}.";
    }

    // An option that lacks its value would take the name of the next one for it: --start --dry-run would write.
    private static string? Swallowed(ParseResult parsed)
    {
        var options = parsed.CommandResult.Command.Options;
        var names = options.SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet(StringComparer.Ordinal);
        return options
            .SelectMany(option => (parsed.GetResult(option)?.Tokens ?? []).Where(token => names.Contains(token.Value))
                .Select(token => $"{option.Name}: its value is missing; {token.Value} is an option. See "
                    + $"{PathOf(parsed.CommandResult.Command)} --help."))
            .FirstOrDefault();
    }

    // upgrade --dryrun is no file of that name, unless there is one or '--' stands before it; nor is --runtme a name behind --upstreams.
    private static string? Mistaken(ParseResult parsed)
    {
        var given = parsed.Tokens.TakeWhile(token => token.Type is not TokenType.DoubleDash).ToHashSet();
        var command = parsed.CommandResult.Command;
        var lists = command.Options.Where(option => option.AllowMultipleArgumentsPerToken && !IsTool(command));
        return command.Arguments
            .SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? [])
            .Where(token => token.Value is ['-', _, ..] && !Path.Exists(token.Value))
            .Concat(lists.SelectMany(option => parsed.GetResult(option)?.Tokens ?? []).Where(token => token.Value is ['-', '-', _, ..]))
            .Where(given.Contains)
            .Select(token => $"Unrecognized option {Fault.Show(token.Value)}."
                + (NearestOf(token.Value, [.. command.Options.Select(option => option.Name)]) is { } nearest ? $" Did you mean {nearest}?" : "")
                + $" See {PathOf(command)} --help.")
            .FirstOrDefault();
    }

    // 'generate retry' and 'generate generate_retry_policy' are near to retry-policy.
    private static string? NearestOf(string token, IReadOnlyList<string> known)
    {
        var name = token.Replace('_', '-');
        name = name.StartsWith($"{GenerateCommand.Name}-", StringComparison.OrdinalIgnoreCase)
            ? name[(GenerateCommand.Name.Length + 1)..]
            : name;
        return Suggestion.Nearest(name, known)
            ?? (name.Length < 2 ? null : known.FirstOrDefault(each => each.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
            ?? (name.Length < 4 ? null : known.FirstOrDefault(each => each.Contains(name, StringComparison.OrdinalIgnoreCase)));
    }

    private static bool IsTool(Command command) => command.Parents.Any(parent => parent.Name == GenerateCommand.Name);

    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : command.Name;

    private sealed class ExamplesAction(HelpAction help, string[] examples) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var result = help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
            return result;
        }
    }
}
