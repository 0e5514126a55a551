using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
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

    /// <summary>Runs one command.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Build().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count == 0 || parsed.Action is HelpAction or ExamplesAction)
        {
            // A server ends in its own time: it answers what it has accepted, for longer than the 2 s that the parser would wait.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }

        // A misspelled option goes to the tool, which names the nearest argument together with all other faults.
        var command = parsed.CommandResult.Command;
        if (parsed.Errors.Count == parsed.UnmatchedTokens.Count && IsTool(command) && command.Action is SynchronousCommandLineAction tool)
        {
            return tool.Invoke(parsed);
        }

        foreach (var error in parsed.Errors)
        {
            await Console.Error.WriteLineAsync(error.Message);
        }

        await Console.Error.WriteLineAsync($"See {PathOf(command)} --help.");
        return Usage;
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
            CallCommand.Build(),
            ToolsCommand.Build(),
            ServeCommand.Build(),
            TokenCommand.Build(),
        };
        ServerOptions.AddTo(root);
        root.SetAction((parsed, _) => ServerOptions.Settle(parsed) ? StdioDoor.RunAsync() : Task.FromResult(Usage));
        AddExamples(
            root,
            $"{Product.Command} generate circuit-breaker --with-metrics",
            $"{Product.Command} generate retry-policy --max-retries 3 --retry-on 429,503 -o src/resilience/",
            $"{Product.Command} stack -c resilience.json -o src/resilience/ --check",
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
