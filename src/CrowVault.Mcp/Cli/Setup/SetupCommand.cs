using System.CommandLine;
using System.Text;
using DiffPlex.Renderer;

namespace CrowVault.Mcp.Cli.Setup;

/// <summary>
/// <c>setup --client cursor</c>: writes this server into a client's configuration, or takes it out, and shows what changes.
/// </summary>
internal static class SetupCommand
{
    // Claude Code keeps its history in the file that its servers are in.
    private const int MaxBytes = 64 << 20;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Command Build()
    {
        var client = new Option<string>("--client")
        {
            Description = $"The client: {string.Join(", ", Clients.ByName.Keys)}.",
            HelpName = "name",
            Required = true,
        };
        client.AcceptOnlyFromAmong([.. Clients.ByName.Keys]);
        var scope = new Option<string>("--scope")
        {
            Description = "For you everywhere, or for all who work on the project in this "
            + "folder.",
            HelpName = "user|project",
            DefaultValueFactory = _ => "user"
        };
        scope.AcceptOnlyFromAmong("user", "project");
        var start = new Option<string>("--start")
        {
            Description = "How the client starts the server: the npm package, "
            + "the .NET tool, or this program by its path.",
            HelpName = "npx|dnx|program",
            DefaultValueFactory = _ => "npx"
        };
        start.AcceptOnlyFromAmong("npx", "dnx", "program");
        var config = new Option<string?>("--config")
        {
            Description = "The configuration file, where it is not in its usual place.",
            HelpName = "path"
        };
        var remove = new Option<bool>("--remove") { Description = "Take the server out." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show how the file would change; write nothing." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("setup", "Write this server into a client's configuration; everything else in it stays as it is.")
        {
            client, scope, start, config, remove, dryRun, json,
        };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} setup --client claude-code",
            $"{Product.Command} setup --client vscode --scope project --dry-run",
            $"{Product.Command} setup --client codex --remove");
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(client),
            parsed.GetValue(scope) is "project" ? Scope.Project : Scope.User,
            parsed.GetValue(start) switch
            {
                // Those who share a project trust its folder, and may use other systems.
                "dnx" when parsed.GetValue(scope) is "user" => ServerStart.Dnx.FromHome(OperatingSystem.IsWindows()),
                "dnx" => ServerStart.Dnx,
                "program" => ServerStart.ThisProgram,
                _ => ServerStart.Npx,
            },
            parsed.GetValue(config),
            parsed.GetValue(remove),
            parsed.GetValue(dryRun),
            new Report(parsed.GetValue(json))));
        return command;
    }

    /// <summary>The bytes of a configuration with the server in it, or without.</summary>
    /// <param name="existing">The file; null when there is none.</param>
    /// <param name="client">Whose configuration it is.</param>
    /// <param name="start">What starts the server; null takes it out.</param>
    /// <param name="isWindows">Whether the client runs on Windows.</param>
    /// <returns>Null when the file is not wanted, or no longer.</returns>
    public static byte[]? Edit(byte[]? existing, Client client, ServerStart? start, bool isWindows)
    {
        var (key, innerKey) = (Clients.KeyOf(client), Clients.InnerKeyOf(client));
        var entry = start is null ? null : Clients.EntryOf(client, start, isWindows);
        var mark = existing is [0xEF, 0xBB, 0xBF, ..] ? existing[..3] : [];
        var text = existing?[mark.Length..];
        if (text is not null)
        {
            Check(text);
        }

        if (entry is null && text is null)
        {
            return null;
        }

        byte[]? edited;
        if (Clients.IsToml(client))
        {
            var toml = text is null ? null : Encoding.UTF8.GetString(text);
            edited =
                (entry is null
                    ? TomlConfiguration.Remove(toml!, key, Product.ServerName)
                    : TomlConfiguration.Add(toml, key, Product.ServerName, entry)) is { } content
                ? Encoding.UTF8.GetBytes(content)
                : null;
        }
        else
        {
            edited = entry is null
                ? JsonConfiguration.Remove(text!, key, innerKey, Product.ServerName)
                : JsonConfiguration.Add(text, key, innerKey, Product.ServerName, entry);
        }

        // A mark shows that the file was there before.
        return edited is null && mark.Length == 0 ? null : [.. mark, .. edited ?? []];
    }

    private static int Run(string name, Scope scope, ServerStart start, string? config, bool remove, bool dryRun, Report report)
    {
        var client = Clients.ByName[name];
        var places = ConfigurationPlaces.OfThisMachine;
        var path = config ?? Clients.PathOf(client, scope, places)
            ?? throw new Fault($"--scope: {name} has no configuration for a project; use --scope user, or name a file with --config.");
        if (config is null && !Path.IsPathFullyQualified(path))
        {
            throw new Fault(places.Home.Length == 0
                ? "--scope: there is no home folder; set HOME, or name the file with --config."
                : $"{Fault.Show(path)}: no whole path; set HOME, and what else names the client's folder, to one, or give --config.");
        }

        if (path.Length == 0)
        {
            throw new Fault("--config: the path is empty; give the path of a file.");
        }

        if (Fault.OfTilde("--config", config) is { } unexpanded)
        {
            throw new Fault(unexpanded);
        }

        if (!remove && start.IsOfCache)
        {
            throw new Fault("--start program: this one is in a cache, and gone when that is emptied; install it (npm install -g "
                + $"{ServerStart.Package}, or dotnet tool install -g CrowVault.Mcp) and let that one do it, or use --start npx or dnx.");
        }

        var real = TargetFile.Follow(path, "--config");
        var existing = Path.Exists(real) ? Disk.ReadBytes(real, MaxBytes) : null;
        byte[]? edited;
        try
        {
            edited = Edit(existing, client, remove ? null : start, places.IsWindows);
        }
        catch (FormatException exception)
        {
            throw new Fault($"{Fault.Show(path)}: {exception.Message}; nothing was written.");
        }

        if (edited is null ? existing is null : existing is not null && edited.AsSpan().SequenceEqual(existing))
        {
            report.Add(new(path, "same", null, remove ? $"{Product.ServerName} is not there." : "up to date."));
            return report.End(CommandLine.Success);
        }

        var (state, action) =
            (existing is null ? "new" : "outdated", edited is null ? "removed" : existing is null ? "created" : "updated");
        if (!dryRun && existing is not null && TargetFile.IsWriteProtected(real))
        {
            throw new Fault($"{Fault.Show(path)}: read-only; nothing was written. Make it writable.");
        }

        var diff = Diff(path, existing, edited);
        if (!report.IsJson)
        {
            Disk.Print(diff);
        }

        if (!dryRun)
        {
            using var write = FolderWrite.Open(Path.GetDirectoryName(real)!);
            if ((Path.Exists(real) ? Disk.ReadBytes(real, MaxBytes) : null) is var now
                && !(now ?? []).AsSpan().SequenceEqual(existing ?? []))
            {
                throw new Fault($"{Fault.Show(path)}: somebody else is writing it; nothing was written. Close {name} and try again.");
            }

            if (edited is null)
            {
                write.StageRemoval(Path.GetFileName(real));
            }
            else
            {
                write.Stage(Path.GetFileName(real), edited);
            }

            write.Commit();
        }

        report.Add(new(path, state, dryRun ? null : action, report.IsJson ? diff : $"{(dryRun ? "would be " : "")}{action}"));
        if (!dryRun)
        {
            report.Say($"Start {name} again, or let it read its servers again.");
        }

        return report.End(CommandLine.Success);
    }

    private static void Check(byte[] text)
    {
        if (text is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw new FormatException("in UTF-16, which clients do not read; save it as UTF-8");
        }

        try
        {
            _ = s_strictUtf8.GetCharCount(text);
        }
        catch (DecoderFallbackException exception)
        {
            throw new FormatException("not text in UTF-8", exception);
        }
    }

    // What somebody has put into a file must not steer the terminal that it is shown on.
    private static string Diff(string path, byte[]? existing, byte[]? edited)
    {
        var shown = Fault.Show(path);
        return Fault.ShowLines(UnidiffRenderer.GenerateUnidiff(Lines(existing), Lines(edited), shown, shown).ReplaceLineEndings("\n"));

        static string Lines(byte[]? text) => Encoding.UTF8.GetString(text ?? []).TrimStart('\uFEFF').ReplaceLineEndings("\n");
    }
}
