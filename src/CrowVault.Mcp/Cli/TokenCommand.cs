using System.CommandLine;
using System.Text.Json;
using CrowVault.Mcp.Http;
using CrowVault.Mcp.Http.Identity;
using CrowVault.Mcp.Http.Settings;

namespace CrowVault.Mcp.Cli;

/// <summary><c>token create</c>: makes a bearer token for the HTTP door and shows it once.</summary>
internal static class TokenCommand
{
    private const int MaxDays = 3_650;

    public static Command Build()
    {
        var name = new Option<string>("--name") { Description = "Name of the token in logs and limits, such as ci.", Required = true };
        name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { } value || !BearerToken.IsName(value))
            {
                result.AddError("--name: use 1 to 64 letters, digits, '-', '_', '.' or '@'.");
            }
        });
        var days = new Option<int>("--days")
        {
            Description = $"Days until it expires, 1 to {MaxDays}; 0 for never.",
            DefaultValueFactory = _ => 365,
            CustomParser = result => CommandLine.ParseNumber(result, 0, MaxDays, $"--days: use 1 to {MaxDays}, or 0 for never."),
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var create = new Command("create", "Make a token; only its hash goes into the configuration.") { name, days, json };
        create.SetAction(parsed =>
        {
            var lifetime = parsed.GetValue(days);
            DateTimeOffset? expires = lifetime == 0 ? null : DateTimeOffset.UtcNow.AddDays(lifetime);
            var entry = BearerToken.Create(parsed.GetRequiredValue(name), expires, out var token);
            if (parsed.GetValue(json))
            {
                Disk.Print($"{JsonSerializer.Serialize(new CreatedToken(token, entry.ToString()), HttpJson.Readable.CreatedToken)}\n");
                return CommandLine.Success;
            }

            Disk.Print($"Token: {token}\nEntry: {entry}\n");
            Disk.Say($"The token is shown this once; callers send it as 'Authorization: Bearer <token>'. "
                + $"Put the entry into {SettingReader.Variable("Tokens")} or into CrowVault:Http:Tokens "
                + "of the file that 'serve --settings' names.");
            return CommandLine.Success;
        });
        string[] examples = [$"{Product.Command} token create --name ci", $"{Product.Command} token create --name ci --days 90 --json"];
        CommandLine.AddExamples(create, examples);
        var command = new Command("token", "Bearer tokens of the HTTP server.") { create };
        CommandLine.AddExamples(command, examples);
        return command;
    }
}
