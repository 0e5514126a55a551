using System.CommandLine;
using CrowVault.Emitters.Arguments;

namespace CrowVault.Mcp.Cli;

/// <summary><c>completion bash</c>: the script that a shell loads; it asks this program for what fits at the cursor.</summary>
internal static class CompletionCommand
{
    /// <summary>Begins the word by which a script asks, as in <c>[suggest:12]</c>.</summary>
    private const string Suggest = "[suggest";

    private static readonly string[] s_shells = ["bash", "zsh", "fish", "powershell"];

    public static Command Build()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish or powershell." };
        shell.CompletionSources.Add(s_shells);
        var command = new Command("completion", "Print the completion script of a shell.") { shell };
        CommandLine.AddExamples(
            command,
            $"source <({Product.Command} completion bash)",
            $"{Product.Command} completion fish > ~/.config/fish/completions/{Product.Command}.fish");
        command.SetAction(parsed => Disk.Print(ScriptOf(parsed.GetRequiredValue(shell)).ReplaceLineEndings("\n")));
        return command;
    }

    private static string ScriptOf(string shell)
    {
        if (s_shells.Contains(shell, StringComparer.Ordinal))
        {
            return Script(shell);
        }

        var nearest = Suggestion.Nearest(shell, s_shells) is { } near ? $" Did you mean {near}?" : "";
        throw new Fault($"completion: {Fault.Show(shell)} is no shell that has a script; use {string.Join(", ", s_shells[..^1])} or "
            + $"{s_shells[^1]}.{nearest}");
    }

    /// <summary>Answers a completion script: one word a line that fits at the cursor.</summary>
    /// <returns>Null when nobody asks.</returns>
    public static int? Answer(string[] args, Command root)
    {
        if (args is not [var directive, ..] || !directive.StartsWith(Suggest, StringComparison.Ordinal) || !directive.EndsWith(']'))
        {
            return null;
        }

        var line = args.ElementAtOrDefault(1) ?? "";
        var position = int.TryParse(directive[Suggest.Length..^1].TrimStart(':'), out var given)
            ? Math.Clamp(given, 0, line.Length)
            : line.Length;

        // The line begins with the program's own name, which is no argument.
        var typed = line[..position];
        var split = typed.IndexOf(' ', StringComparison.Ordinal);
        Disk.Print(string.Concat(WordsFor(split < 0 ? "" : typed[(split + 1)..], root).Select(word => $"{word}\n")));
        return CommandLine.Success;
    }

    // The parser knows values only as words of their own: --store=m is asked for as --store m and answered as --store=memory.
    private static IEnumerable<string> WordsFor(string typed, Command root)
    {
        var word = typed[(typed.LastIndexOf(' ') + 1)..];
        var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        var option = equals < 0 ? "" : word[..(equals + 1)];
        var asked = equals < 0 ? typed : $"{typed[..^word.Length]}{word[..equals]} {word[(equals + 1)..]}";
        var parsed = root.Parse(asked);
        if (equals >= 0 && !parsed.CommandResult.Command.Options.Any(each => each.Name == word[..equals]))
        {
            return [];
        }

        return parsed.GetCompletions(asked.Length).Select(each => each.InsertText ?? each.Label)
            .Where(each => each is not ("-h" or "-?" or "/h" or "/?") && (equals < 0 || !each.StartsWith('-')))
            .Distinct()
            .Select(each => $"{option}{each}");
    }

    private static string Script(string shell) => shell switch
    {
        "bash" => $$"""
            _crowvault_mcp() {
              local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} each
              # Bash takes = and what follows it for words of their own.
              if [[ $word == = ]]; then word='' before='='; fi
              COMPREPLY=()
              while IFS= read -r each; do
                if [[ $before == = ]]; then each=${each#*=}; fi
                if [[ $each == "$word"* ]]; then COMPREPLY+=("$each"); fi
              done < <("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
            }
            complete -o default -F _crowvault_mcp {{Product.Command}}

            """,
        "zsh" => $$"""
            #compdef {{Product.Command}}
            _crowvault_mcp() {
              local -a words_found
              words_found=("${(@f)$("${words[1]}" "[suggest]" "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
              if [[ -n "${words_found[1]}" ]]; then compadd -- "${words_found[@]}"; else _files; fi
            }
            if [[ -n "${_comps-}" ]] || (( ${+functions[compdef]} )); then compdef _crowvault_mcp {{Product.Command}}; fi

            """,
        "fish" => $$"""
            function __crowvault_mcp
              set -l words ({{Product.Command}} "[suggest]" (commandline -cp | string collect) 2>/dev/null)
              # Files where no word is known: after -o, say.
              if set -q words[1]; printf '%s\n' $words; else; __fish_complete_path (commandline -ct); end
            end
            complete -c {{Product.Command}} -f -a '(__crowvault_mcp)'

            """,
        _ => $$"""
            Register-ArgumentCompleter -Native -CommandName {{Product.Command}} -ScriptBlock {
              param($wordToComplete, $commandAst, $cursorPosition)
              $typed = $cursorPosition - $commandAst.Extent.StartOffset
              $line = $commandAst.ToString().PadRight($typed)
              & $commandAst.CommandElements[0].Value "[suggest:$typed]" $line 2>$null |
                Where-Object { $_ -like "$wordToComplete*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }

            """,
    };
}
