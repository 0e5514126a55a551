using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Mcp.Cli.Setup;

/// <summary>A program that starts MCP servers.</summary>
internal enum Client
{
    ClaudeCode,
    ClaudeDesktop,
    VsCode,
    Cursor,
    Windsurf,
    CopilotCli,
    Codex,
    GeminiCli,
    OpenCode,
    Zed,
}

/// <summary>For whom a server is configured: for a user, or for all who work on a project.</summary>
internal enum Scope
{
    User,
    Project,
}

/// <summary>How a client starts the server.</summary>
internal sealed record ServerStart(string Command, params IReadOnlyList<string> Arguments)
{
    /// <summary>The name of the npm package.</summary>
    public const string Package = "@crowvault/mcp";

    private const string Store = ".store";

    private static readonly string[] s_once = ["dlx-", "bunx-", "crowvault.mcp."];

    /// <summary>The npm package.</summary>
    public static ServerStart Npx { get; } = new("npx", "-y", Package);

    /// <summary>The .NET tool.</summary>
    public static ServerStart Dnx { get; } = new("dotnet", "dnx", "CrowVault.Mcp", "--yes");

    /// <summary>The program that runs now, by its whole path.</summary>
    public static ServerStart ThisProgram { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "dotnet"
            ? new("dotnet", Path.Combine(AppContext.BaseDirectory, "CrowVault.Mcp.dll"))
            : new(LinkTo(Environment.ProcessPath ?? Product.Command));

    /// <summary>Whether it lies where npx, pnpm dlx, yarn dlx, bunx or dnx keep what they run once.</summary>
    public bool IsOfCache => Arguments.Append(Command).Select(path => path.Split('/', '\\')).Any(parts =>
        parts.Any(part => part is "_npx" or "dlx" || s_once.Any(prefix => part.StartsWith(prefix, StringComparison.Ordinal)))
        && !parts.Contains(Store));

    /// <summary>What starts a program whatever its version: an update of a .NET tool takes the folder of its former version away.</summary>
    /// <param name="program">The program that runs.</param>
    public static string LinkTo(string program)
    {
        var tools = program.Split($"{Path.DirectorySeparatorChar}{Store}{Path.DirectorySeparatorChar}") is [var before, _] ? before : null;
        return new[] { Product.Command, $"{Product.Command}.exe" }
            .Select(name => Path.Combine(tools ?? "", name))
            .FirstOrDefault(link => tools is not null && File.Exists(link), program);
    }

    /// <summary>The same from the user's home folder, whatever folder is open in the client.</summary>
    /// <remarks>
    /// For <c>dotnet</c>, which takes its SDK from the <c>global.json</c> and its packages from the <c>nuget.config</c> of the folder
    /// that it is started in. Few clients let an entry name that folder; all start a shell.
    /// </remarks>
    public ServerStart FromHome(bool isWindows)
    {
        var line = string.Join(' ', [Command, .. Arguments]);
        return isWindows ? new("cmd", "/d", "/c", $"cd /d %USERPROFILE% && {line}") : new("sh", "-c", $"cd && exec {line}");
    }
}

/// <summary>A server's entry in a client's configuration.</summary>
/// <param name="Members">What starts the server; the same after every run.</param>
/// <param name="Preferences">What a new entry begins with; later it is its owner's.</param>
internal sealed record ServerEntry(JsonObject Members, JsonObject Preferences)
{
    private static readonly string[] s_line = ["command", "args"];

    /// <summary>What there is to set in an entry that has these members already.</summary>
    /// <param name="existing">The value of a member; null when there is none.</param>
    /// <remarks>
    /// An entry that starts the same keeps its line: a version that its owner has chosen, and the options behind, such as <c>--tools</c>.
    /// </remarks>
    public IEnumerable<KeyValuePair<string, JsonNode?>> MissingIn(Func<string, JsonNode?> existing)
    {
        var (wanted, found) = (LineOf(name => Members[name]), LineOf(existing));
        var isSame = s_line.All(name => Members[name] is null || existing(name) is not null)
            && found.Count >= wanted.Count
            && wanted.Zip(found).All(each => each.First == each.Second || IsVersionOf(each.First, each.Second));
        return Members.Where(member => !isSame || !s_line.Contains(member.Key));
    }

    private static List<string?> LineOf(Func<string, JsonNode?> value) =>
        [.. s_line.SelectMany(name => value(name) is JsonArray list ? list.Select(TextOf) : value(name) is { } text ? [TextOf(text)] : [])];

    private static string? TextOf(JsonNode? value) => value?.GetValueKind() is JsonValueKind.String ? value.GetValue<string>() : null;

    private static bool IsVersionOf(string? package, string? found) =>
        package == ServerStart.Package && found?.StartsWith($"{package}@", StringComparison.Ordinal) == true;
}

/// <summary>Where the parts of a system keep configuration.</summary>
/// <param name="System">Which system.</param>
/// <param name="Home">The user's folder.</param>
/// <param name="Project">The folder of the project.</param>
/// <param name="Variable">The value of an environment variable; null or empty when it is not set.</param>
internal sealed record ConfigurationPlaces(PlatformID System, bool IsMac, string Home, string Project, Func<string, string?> Variable)
{
    /// <summary>This machine's.</summary>
    public static ConfigurationPlaces OfThisMachine => new(
        Environment.OSVersion.Platform,
        OperatingSystem.IsMacOS(),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify),
        Environment.CurrentDirectory,
        Environment.GetEnvironmentVariable);

    /// <summary>Whether it is Windows.</summary>
    public bool IsWindows => System is PlatformID.Win32NT;

    /// <summary>Where programs with windows keep what is a user's.</summary>
    public string Applications => IsWindows ? Or("APPDATA", Home, "AppData", "Roaming")
        : IsMac ? Path.Combine(Home, "Library", "Application Support")
        : XdgConfiguration;

    /// <summary>Where programs of the XDG specification keep it, <c>~/.config</c>.</summary>
    /// <remarks>The specification has a relative path ignored.</remarks>
    public string XdgConfiguration =>
        Variable("XDG_CONFIG_HOME") is { } set && Path.IsPathFullyQualified(set) ? set : Path.Combine(Home, ".config");

    /// <summary>The folder that a variable names, else another.</summary>
    public string Or(string variable, params string[] path) => Variable(variable) is { Length: > 0 } set ? set : Path.Combine(path);
}

/// <summary>What is known of each client, from its documentation.</summary>
internal static class Clients
{
    /// <summary>The names by which clients are chosen.</summary>
    public static readonly IReadOnlyDictionary<string, Client> ByName = new Dictionary<string, Client>(StringComparer.Ordinal)
    {
        ["claude-code"] = Client.ClaudeCode,
        ["claude-desktop"] = Client.ClaudeDesktop,
        ["vscode"] = Client.VsCode,
        ["cursor"] = Client.Cursor,
        ["windsurf"] = Client.Windsurf,
        ["copilot-cli"] = Client.CopilotCli,
        ["codex"] = Client.Codex,
        ["gemini-cli"] = Client.GeminiCli,
        ["opencode"] = Client.OpenCode,
        ["zed"] = Client.Zed,
    };

    /// <summary>The member of the configuration that holds the servers.</summary>
    public static string KeyOf(Client client) => client switch
    {
        Client.VsCode => "servers",
        Client.Codex => "mcp_servers",
        Client.OpenCode => "mcp",
        Client.Zed => "context_servers",
        Client.ClaudeCode or Client.ClaudeDesktop or Client.Cursor or Client.Windsurf or Client.CopilotCli or Client.GeminiCli =>
            "mcpServers",
    };

    /// <summary>The member below that of <see cref="KeyOf"/> that holds the servers instead, where a configuration has it.</summary>
    /// <returns>Null when the client knows no such form.</returns>
    /// <remarks>Version 2 of opencode reads both, and takes this one where both name a server; version 1 has only the other.</remarks>
    public static string? InnerKeyOf(Client client) => client is Client.OpenCode ? "servers" : null;

    /// <summary>Whether the configuration is TOML, not JSON.</summary>
    public static bool IsToml(Client client) => client is Client.Codex;

    /// <summary>The client's configuration file.</summary>
    /// <returns>Null when the client has none for a project.</returns>
    public static string? PathOf(Client client, Scope scope, ConfigurationPlaces places) => (client, scope) switch
    {
        (Client.ClaudeCode, Scope.User) => Path.Combine(places.Or("CLAUDE_CONFIG_DIR", places.Home), ".claude.json"),
        (Client.ClaudeCode, Scope.Project) => Path.Combine(places.Project, ".mcp.json"),
        (Client.ClaudeDesktop, Scope.User) =>
            Path.Combine(PackageOfClaude(places) ?? Path.Combine(places.Applications, "Claude"), "claude_desktop_config.json"),
        (Client.VsCode, Scope.User) => Path.Combine(places.Applications, "Code", "User", "mcp.json"),
        (Client.VsCode, Scope.Project) => Path.Combine(places.Project, ".vscode", "mcp.json"),
        (Client.Cursor, Scope.User) => Path.Combine(places.Home, ".cursor", "mcp.json"),
        (Client.Cursor, Scope.Project) => Path.Combine(places.Project, ".cursor", "mcp.json"),
        (Client.Windsurf, Scope.User) => Path.Combine(places.Home, ".codeium", "windsurf", "mcp_config.json"),
        (Client.CopilotCli, Scope.User) => Path.Combine(places.Or("COPILOT_HOME", places.Home, ".copilot"), "mcp-config.json"),
        (Client.CopilotCli, Scope.Project) => Path.Combine(places.Project, ".github", "mcp.json"),
        (Client.Codex, Scope.User) => Path.Combine(places.Or("CODEX_HOME", places.Home, ".codex"), "config.toml"),
        (Client.Codex, Scope.Project) => Path.Combine(places.Project, ".codex", "config.toml"),
        (Client.GeminiCli, Scope.User) => Path.Combine(places.Or("GEMINI_CLI_HOME", places.Home), ".gemini", "settings.json"),
        (Client.GeminiCli, Scope.Project) => Path.Combine(places.Project, ".gemini", "settings.json"),
        (Client.OpenCode, Scope.User) => WithComments(Path.Combine(places.XdgConfiguration, "opencode", "opencode.json")),
        (Client.OpenCode, Scope.Project) => WithComments(Path.Combine(places.Project, "opencode.json")),
        (Client.Zed, Scope.User) =>
            places.IsWindows ? Path.Combine(places.Applications, "Zed", "settings.json")
            : places.IsMac ? Path.Combine(places.Home, ".config", "zed", "settings.json")
            : Path.Combine(places.XdgConfiguration, "zed", "settings.json"),
        (Client.Zed, Scope.Project) => Path.Combine(places.Project, ".zed", "settings.json"),
        (Client.ClaudeDesktop or Client.Windsurf, Scope.Project) => null,
    };

    /// <summary>A server's entry as the client wants it.</summary>
    public static ServerEntry EntryOf(Client client, ServerStart start, bool isWindows)
    {
        // Claude Code starts no script on Windows, and npx is one.
        if (client is Client.ClaudeCode && isWindows && start.Command == "npx")
        {
            start = new("cmd", ["/c", start.Command, .. start.Arguments]);
        }

        var arguments = List(start.Arguments);
        return client switch
        {
            Client.ClaudeCode or Client.VsCode => new(new() { ["type"] = "stdio", ["command"] = start.Command, ["args"] = arguments }, []),
            Client.CopilotCli => new(
                new() { ["type"] = "local", ["command"] = start.Command, ["args"] = arguments }, new() { ["tools"] = List(["*"]) }),
            Client.OpenCode => new(
                new() { ["type"] = "local", ["command"] = List([start.Command, .. start.Arguments]) }, new() { ["enabled"] = true }),
            Client.Zed =>
                new(
                    new() { ["source"] = "custom", ["command"] = start.Command, ["args"] = arguments },
                    new() { ["env"] = new JsonObject() }),
            Client.ClaudeDesktop or Client.Cursor or Client.Windsurf or Client.Codex or Client.GeminiCli =>
                new(new() { ["command"] = start.Command, ["args"] = arguments }, []),
        };
    }

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);

    // What Windows installs as a package has files of its own where it believes that it uses those of the user, and reads no others.
    private static string? PackageOfClaude(ConfigurationPlaces places)
    {
        var packages = Path.Combine(places.Or("LOCALAPPDATA", places.Home, "AppData", "Local"), "Packages");
        return places.IsWindows && Directory.Exists(packages)
            ? Directory.EnumerateDirectories(packages, "Claude_*")
                .Select(package => Path.Combine(package, "LocalCache", "Roaming", "Claude"))
                .Where(Directory.Exists)
                .OrderDescending(StringComparer.Ordinal)
                .MaxBy(folder => File.Exists(Path.Combine(folder, "claude_desktop_config.json")))
            : null;
    }

    // opencode reads either; the one that is there is its owner's.
    private static string WithComments(string path) => !File.Exists(path) && File.Exists($"{path}c") ? $"{path}c" : path;
}
