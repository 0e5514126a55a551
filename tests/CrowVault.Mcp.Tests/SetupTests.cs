using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Mcp.Cli.Setup;
using Tomlyn;
using Tomlyn.Model;
using Xunit;

namespace CrowVault.Mcp.Tests;

/// <summary>Configurations as people have them: with the server in them they are what they were, and without it they are it again.</summary>
public sealed class SetupTests
{
    private const string Bom = "\uFEFF";

    private static readonly JsonDocumentOptions s_lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Plain JSON, which every client reads. <c>KEY</c> stands for the member that holds the client's servers.</summary>
    private static readonly string[] s_json =
    [
        "",
        "\n",
        "  \r\n\r\n",
        "{}",
        "{}\n",
        "{ }",
        "{\n}\n",
        "{\r\n}\r\n",
        "{\"KEY\":{}}",
        "{\"KEY\": {}}\n",
        "{ \"KEY\": { } }",
        "{\n  \"KEY\": {}\n}\n",
        "{\n  \"KEY\": {\n  }\n}\n",
        "{\r\n    \"KEY\": {\r\n    }\r\n}",
        "{\"theme\":\"dark\"}",
        "{ \"theme\": \"dark\" }",
        "{\n  \"theme\": \"dark\"\n}\n",
        "{\n\t\"theme\": \"dark\",\n\t\"list\": [1, 2, {\"a\": null}]\n}",
        "{\r\n    \"theme\": \"dark\"\r\n}\r\n",
        Bom + "{\n  \"theme\": \"dark\"\n}\n",
        Bom + "{}",
        Bom,
        "{\"KEY\":{\"other\":{\"command\":\"x\"}}}",
        "{ \"KEY\": { \"other\": { \"command\": \"x\", \"args\": [] } }, \"after\": 1 }",
        "{\n  \"KEY\": {\n    \"other\": {\n      \"command\": \"x\"\n    }\n  },\n  \"after\": {\"KEY\": 1}\n}\n",
        "{\n   \"before\": 1e400,\n\n   \"KEY\": {\n\n      \"other\": { \"command\": \"x\" },\n\n      \"api-mcp2\": {}\n\n   }\n\n}\n\n\n",
        "{\r\n\t\"KEY\": {\r\n\t\t\"other\": { \"url\": \"https://x.example/{}\" }\r\n\t}\r\n}",
        "{\"KEY\":{\"\\u006fther\":{\"command\":\"\\u00e9 é 😀 // no comment /* */ ,}\"}}}",
        "{\n  \"numStartups\": 12,\n  \"projects\": {\n    \"/home/me/a b\": { \"KEY\": {}, \"history\": [] }\n  }\n}",
        "{\n  \"KEY\": {\n    \"other\": {\"command\": \"x\"}},\n  \"z\": [\n  ]}",
        "{\n\"KEY\": {\n\"other\": {\n\"command\": \"x\"\n}\n}\n}\n",
        "{\"KEY\": {\"other\": {\"command\": \"x\"}}, \"deep\": " + "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" + "}",    ];

    /// <summary>With comments and trailing commas, as editors take them.</summary>
    private static readonly string[] s_jsonWithComments =
    [
        "// settings\n",
        "// settings",
        "/* settings */\n\n// more\n",
        "{\n  // nothing yet\n}\n",
        "{ /* nothing yet */ }",
        "{ // nothing yet\n}\n",
        "{\n  \"theme\": \"dark\",\n}\n",
        "{ \"theme\": \"dark\", }",
        "{\n  \"theme\": \"dark\" // the best\n}\n",
        "{\n  \"theme\": \"dark\", // the best, {really}\n  /* and */ \"size\": 12 /* px */\n  // \"old\": 1,\n}\n",
        "// top\n{\n  // servers, of \"api-mcp\"\n  \"KEY\": {\n    // \"api-mcp\": { \"command\": \"old\" },\n    \"other\": { \"command\": \"x\" }, // ok\n  }, // end\n}\n// bottom\n",
        "{\r\n  \"KEY\": { // servers\r\n  },\r\n}\r\n",
        "{\n  \"KEY\": { /* none */ },\n}",
        "{ \"KEY\": /* here */ { \"other\": { \"command\": \"x\" } /* last */ } }",
        "{ \"a\": 1 // one\n}",
        "{ \"KEY\" : /* b */ { \"other\" : { } /* c */ , /* d */ } /* e */ , }",
        "{\n  \"KEY\": {\n    \"other\": {\n      \"args\": [\n        \"a\", // first\n      ],\n    }, /* a\n    long one */\n  },\n}\n",
    ];

    private static readonly string[] s_toml =
    [
        "",
        "\n",
        Bom,
        "  ",
        "model = \"gpt\"",
        "model = \"gpt\"\n",
        "model = \"gpt\"\n\n\n",
        "model = \"gpt\"\r\n",
        Bom + "model = \"gpt\"\r\n\r\n[tui]\r\ntheme = 'dark'",
        "# Codex\n# [mcp_servers.api-mcp]\n# command = \"old\"\n",
        "# no line end",
        "[mcp_servers.other]\ncommand = \"x\"\nargs = [\n  \"a\", # first\n]\n",
        "[mcp_servers]\n",
        "[mcp_servers.other]\ncommand = \"x\"\n\n[mcp_servers.other.env]\nKEY = 'é😀'\n\n# the end\n",
        "mcp_servers.other.command = \"x\"\n",
        "text = \"\"\"\n[mcp_servers.api-mcp]\ncommand = \"not this\"\n\"\"\"\n",
        "[[profiles]]\nname = 'a'\n[[profiles]]\nname = 'b'\n[projects.\"/home/me/a b\"]\ntrust_level = \"trusted\"\n",
        "[mcp_servers.\"api-mcp2\"]\ncommand = \"x\"\n[mcp_servers.api]\nmcp.command = 'y'\n",
        "[mcp_servers]\nother = { command = \"x\", args = [] }\n",
        "mcp_servers = {}\n",
        "mcp_servers = { } # none yet\r\nmodel = 'gpt'\r\n\r\n[tui]\r\ntheme = 'dark'\r\n",
        "mcp_servers = { other = { command = 'x' }, \"a.b\" = { command = 'y', args = [] } } # both\n",
        "mcp_servers={other={command='x'}}",
        "mcp_servers = { other.command = 'x', other.args = [] }\n",
        "when = 1979-05-27T07:32:00Z\nbig = 0xDEAD_BEEF\nno = nan\n",
    ];

    public static IEnumerable<TheoryDataRow<string, string>> Configurations()
    {
        foreach (var (name, client) in Clients.ByName)
        {
            var texts = client switch
            {
                Client.Codex => s_toml,
                Client.VsCode or Client.OpenCode or Client.Zed or Client.Cursor => [.. s_json, .. s_jsonWithComments],
                _ => s_json,
            };
            foreach (var text in texts)
            {
                yield return new(name, text.Replace("KEY", Clients.KeyOf(client), StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Everything_else_stays_and_taking_it_out_gives_the_file_back(string name, string text)
    {
        var client = Clients.ByName[name];
        var before = Encoding.UTF8.GetBytes(text);

        var with = SetupCommand.Edit(before, client, ServerStart.Npx, isWindows: false)!;
        var again = SetupCommand.Edit(with, client, ServerStart.Npx, isWindows: false);
        var without = SetupCommand.Edit(with, client, null, isWindows: false);

        Assert.Equal(Encoding.UTF8.GetString(with), Encoding.UTF8.GetString(again!));
        Assert.Equal(text, without is null ? null : Encoding.UTF8.GetString(without));
        AssertHolds(client, text, Encoding.UTF8.GetString(with), isStrict: s_json.Contains(text.Replace(Clients.KeyOf(client), "KEY", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void An_entry_with_other_arguments_is_brought_up_to_date(string name, string text)
    {
        var client = Clients.ByName[name];
        var before = Encoding.UTF8.GetBytes(text);

        var old = SetupCommand.Edit(before, client, new("/opt/old program/\"x\" é", "--a", "\\b"), isWindows: false)!;
        var now = SetupCommand.Edit(old, client, ServerStart.Npx, isWindows: false)!;
        var fresh = SetupCommand.Edit(before, client, ServerStart.Npx, isWindows: false)!;

        Assert.NotEqual(Encoding.UTF8.GetString(fresh), Encoding.UTF8.GetString(old));
        Assert.Equal(Encoding.UTF8.GetString(fresh), Encoding.UTF8.GetString(now));
    }

    [Fact]
    public void Half_a_character_of_somebody_else_is_in_nobodys_way()
    {
        var text = """{"a":"\ud800","\ud800":1,"mcpServers":{"\udc00":{}}}""";

        var with = SetupCommand.Edit(Encoding.UTF8.GetBytes(text), Client.Cursor, ServerStart.Npx, isWindows: false)!;

        Assert.Equal(
            """{"a":"\ud800","\ud800":1,"mcpServers":{"\udc00":{},"api-mcp": { "command": "npx", "args": ["-y", "@crowvault/mcp"] }}}""",
            Encoding.UTF8.GetString(with));
        Assert.Equal(text, Encoding.UTF8.GetString(SetupCommand.Edit(with, Client.Cursor, null, isWindows: false)!));
    }

    [Fact]
    public void There_are_enough_configurations_of_each_format()
    {
        Assert.True(s_json.Length + s_jsonWithComments.Length >= 40, "JSON");
        Assert.True(s_toml.Length >= 20, "TOML");
    }

    public static TheoryData<string> Names => [.. Clients.ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_that_was_not_there_is_made_and_goes_again(string name)
    {
        var client = Clients.ByName[name];
        var made = SetupCommand.Edit(null, client, ServerStart.Dnx, isWindows: false)!;

        AssertHolds(client, Clients.IsToml(client) ? "" : "{}", Encoding.UTF8.GetString(made), isStrict: true, ServerStart.Dnx);
        Assert.Equal((byte)'\n', made[^1]);
        Assert.Null(SetupCommand.Edit(made, client, null, isWindows: false));
        Assert.Null(SetupCommand.Edit(null, client, null, isWindows: false));
    }

    [Theory]
    [InlineData("cursor", """{ "mcpServers": { "api-mcp": { "command": "old", "env": { "A": "1" }, /* mine */ "disabled": true } } }""", """{ "mcpServers": { "api-mcp": { "command": "npx", "env": { "A": "1" }, /* mine */ "disabled": true, "args": ["-y", "@crowvault/mcp"] } } }""")]
    [InlineData("cursor", """{ "mcpServers": { "api-mcp": { "url": "https://a.example/mcp" }, "b": {} } }""", """{ "mcpServers": { "api-mcp": { "command": "npx", "args": ["-y", "@crowvault/mcp"] }, "b": {} } }""")]
    [InlineData("cursor", """{ "mcpServers": { "api-mcp": null } }""", """{ "mcpServers": { "api-mcp": { "command": "npx", "args": ["-y", "@crowvault/mcp"] } } }""")]
    [InlineData("cursor", """{ "mcpServers": { "api\u002dmcp": { "command": "old", "args": ["-y", "@crowvault/mcp",] } } }""", """{ "mcpServers": { "api\u002dmcp": { "command": "npx", "args": ["-y", "@crowvault/mcp",] } } }""")]
    [InlineData("copilot-cli", """{"mcpServers":{"api-mcp":{"type":"local","command":"npx","args":["-y","@crowvault/mcp"],"tools":["generate_bulkhead"]}}}""", """{"mcpServers":{"api-mcp":{"type":"local","command":"npx","args":["-y","@crowvault/mcp"],"tools":["generate_bulkhead"]}}}""")]
    [InlineData("opencode", """{"mcp":{"api-mcp":{"type":"local","command":["old"],"enabled":false}}}""", """{"mcp":{"api-mcp":{"type":"local","command":["npx", "-y", "@crowvault/mcp"],"enabled":false}}}""")]
    [InlineData("opencode", "{\n  \"mcp\": {\n    \"servers\": {\n      \"b\": {\n        \"type\": \"local\"\n      }\n    }\n  }\n}\n", "{\n  \"mcp\": {\n    \"servers\": {\n      \"b\": {\n        \"type\": \"local\"\n      },\n      \"api-mcp\": {\n        \"type\": \"local\",\n        \"command\": [\"npx\", \"-y\", \"@crowvault/mcp\"]\n      }\n    }\n  }\n}\n")]
    [InlineData("opencode", """{"mcp":{"timeout":{"startup":9},"servers":{"api-mcp":{"type":"local","command":["old"],"disabled":true}}}}""", """{"mcp":{"timeout":{"startup":9},"servers":{"api-mcp":{"type":"local","command":["npx", "-y", "@crowvault/mcp"],"disabled":true}}}}""")]
    [InlineData("opencode", """{"mcp":{"api-mcp":{"type":"local","command":["old"]},"servers":{}}}""", """{"mcp":{"api-mcp":{"type":"local","command":["old"]},"servers":{"api-mcp": { "type": "local", "command": ["npx", "-y", "@crowvault/mcp"] }}}}""")]
    [InlineData("opencode", """{"mcp":{"servers":{"type":"local","command":["named servers"]}}}""", """{"mcp":{"servers":{"type":"local","command":["named servers"]},"api-mcp": { "type": "local", "command": ["npx", "-y", "@crowvault/mcp"], "enabled": true }}}""")]
    [InlineData("codex", "[mcp_servers.\"api-mcp\"] # mine\nstartup_timeout_sec = 20\ncommand = 'old' # was\n[mcp_servers.api-mcp.env]\nA = '1'\n", "[mcp_servers.\"api-mcp\"] # mine\nargs = [\"-y\", \"@crowvault/mcp\"]\nstartup_timeout_sec = 20\ncommand = \"npx\" # was\n[mcp_servers.api-mcp.env]\nA = '1'\n")]
    [InlineData("codex", "[mcp_servers]\napi-mcp = { command = 'old', args = [], env = { A = '1' } }\nb = { command = 'b' }\n", "[mcp_servers]\napi-mcp = { command = \"npx\", args = [\"-y\", \"@crowvault/mcp\"], env = { A = '1' } }\nb = { command = 'b' }\n")]
    [InlineData("codex", "[mcp_servers.api-mcp]\nurl = 'https://a.example/mcp'\n\n[tui]\na = 1\n", "\n[tui]\na = 1\n\n[mcp_servers.api-mcp]\ncommand = \"npx\"\nargs = [\"-y\", \"@crowvault/mcp\"]\n")]
    [InlineData("codex", "[mcp_servers.api-mcp.env]\nA = '1'\n", "[mcp_servers.api-mcp.env]\nA = '1'\n\n[mcp_servers.api-mcp]\ncommand = \"npx\"\nargs = [\"-y\", \"@crowvault/mcp\"]\n")]
    [InlineData("codex", "mcp_servers.api-mcp.command = 'old' # was\nmcp_servers.api-mcp.env.A = '1'\n", "mcp_servers.api-mcp.args = [\"-y\", \"@crowvault/mcp\"]\nmcp_servers.api-mcp.command = \"npx\" # was\nmcp_servers.api-mcp.env.A = '1'\n")]
    [InlineData("codex", "[mcp_servers.api-mcp]", "[mcp_servers.api-mcp]\ncommand = \"npx\"\nargs = [\"-y\", \"@crowvault/mcp\"]")]
    [InlineData("codex", "a = 1\r\n[mcp_servers.api-mcp] # mine", "a = 1\r\n[mcp_servers.api-mcp] # mine\r\ncommand = \"npx\"\r\nargs = [\"-y\", \"@crowvault/mcp\"]")]
    [InlineData("codex", "[mcp_servers]\napi-mcp.env.A = '1'\n", "[mcp_servers]\napi-mcp.command = \"npx\"\napi-mcp.args = [\"-y\", \"@crowvault/mcp\"]\napi-mcp.env.A = '1'\n")]
    [InlineData("codex", "[mcp_servers]\napi-mcp = { env = { A = '1' } }\n", "[mcp_servers]\napi-mcp = { command = \"npx\", args = [\"-y\", \"@crowvault/mcp\"], env = { A = '1' } }\n")]
    [InlineData("codex", "[mcp_servers]\napi-mcp = {}\n", "[mcp_servers]\napi-mcp = { command = \"npx\", args = [\"-y\", \"@crowvault/mcp\"]}\n")]
    [InlineData("codex", "mcp_servers = { api-mcp = { command = 'old', args = [] } }\n", "mcp_servers = { api-mcp = { command = \"npx\", args = [\"-y\", \"@crowvault/mcp\"] } }\n")]
    [InlineData("cursor", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y","@crowvault/mcp@0.1.0","--tools","generate_bulkhead"]}}}""", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y","@crowvault/mcp@0.1.0","--tools","generate_bulkhead"]}}}""")]
    [InlineData("claude-code", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y","@crowvault/mcp",/* few */"--tools","a"]}}}""", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y","@crowvault/mcp",/* few */"--tools","a"],"type": "stdio"}}}""")]
    [InlineData("cursor", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y","@crowvault/mcp-else"]}}}""", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y", "@crowvault/mcp"]}}}""")]
    [InlineData("cursor", """{"mcpServers":{"api-mcp":{"command":"bunx","args":["-y","@crowvault/mcp","--tools","a"]}}}""", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y", "@crowvault/mcp"]}}}""")]
    [InlineData("cursor", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y",null]}}}""", """{"mcpServers":{"api-mcp":{"command":"npx","args":["-y", "@crowvault/mcp"]}}}""")]
    [InlineData("opencode", """{"mcp":{"api-mcp":{"type":"local","command":["npx","-y","@crowvault/mcp","--tools","a"]}}}""", """{"mcp":{"api-mcp":{"type":"local","command":["npx","-y","@crowvault/mcp","--tools","a"]}}}""")]
    [InlineData("codex", "[mcp_servers.api-mcp]\ncommand = 'npx'\nargs = ['-y', '@crowvault/mcp', '--tools', 'a'] # few\n", "[mcp_servers.api-mcp]\ncommand = 'npx'\nargs = ['-y', '@crowvault/mcp', '--tools', 'a'] # few\n")]
    [InlineData("codex", "[mcp_servers.api-mcp]\ncommand = 'npx'\nargs = ['-y', 1]\n", "[mcp_servers.api-mcp]\ncommand = 'npx'\nargs = [\"-y\", \"@crowvault/mcp\"]\n")]
    public void What_its_owner_has_set_in_the_entry_stays(string name, string text, string expected)
    {
        var edited = SetupCommand.Edit(Encoding.UTF8.GetBytes(text), Clients.ByName[name], ServerStart.Npx, isWindows: false)!;

        Assert.Equal(expected, Encoding.UTF8.GetString(edited));
    }

    [Theory]
    [InlineData("cursor", """{ "mcpServers": { "api-mcp": {}, "b": {} } }""", """{ "mcpServers": { "b": {} } }""")]
    [InlineData("cursor", "{\n  \"mcpServers\": {\n    \"api-mcp\": {\n      \"command\": \"npx\"\n    }, // ours\n    \"b\": {},\n  }\n}", "{\n  \"mcpServers\": { // ours\n    \"b\": {},\n  }\n}")]
    [InlineData("cursor", """{ "mcpServers": { "a": {}, "api-mcp": {}, "api-mcp": {}, } }""", """{ "mcpServers": { "a": {}, } }""")]
    [InlineData("cursor", """{ "mcpServers": [] }""", """{ "mcpServers": [] }""")]
    [InlineData("opencode", "{ \"mcp\": {\n  \"servers\": {\n    \"api-mcp\": {\n      \"type\": \"local\"\n    }\n  }\n} }", "{ \"mcp\": {\n  \"servers\": {\n  }\n} }")]
    [InlineData("opencode", """{"mcp":{"api-mcp":{},"servers":{"b":{},"api-mcp":{}}}}""", """{"mcp":{"servers":{"b":{}}}}""")]
    [InlineData("codex", "a = 1\n\n[mcp_servers.api-mcp]\ncommand = 'x'\n\n[mcp_servers.api-mcp.env]\nA = '1'\n\n# b's\n[b]\n", "a = 1\n\n# b's\n[b]\n")]
    [InlineData("codex", "a = 1\n[mcp_servers.api-mcp.env]\nA = '1'\n\n[mcp_servers.api-mcp]\ncommand = 'x'", "a = 1")]
    [InlineData("codex", "[mcp_servers]\napi-mcp.command = 'x'\napi-mcp.args = []\nb.command = 'y'\n", "[mcp_servers]\nb.command = 'y'\n")]
    [InlineData("codex", "[mcp_servers]\n\t[mcp_servers.api-mcp]\n\t\tcommand = 'x'\n\t[mcp_servers.b]\n\t\tcommand = 'y'\n", "[mcp_servers]\n\t[mcp_servers.b]\n\t\tcommand = 'y'\n")]
    [InlineData("codex", "a = 1\n\n  [mcp_servers.api-mcp]\n  command = 'x'", "a = 1")]
    [InlineData("codex", "mcp_servers = { a = { command = 'x' }, \"api-mcp\" = { command = 'y' }, b = { command = 'z' } } # three\n", "mcp_servers = { a = { command = 'x' }, b = { command = 'z' } } # three\n")]
    [InlineData("codex", "mcp_servers = { a = { command = 'x' }, api-mcp.command = 'y', api-mcp.args = [] }\n", "mcp_servers = { a = { command = 'x' } }\n")]
    [InlineData("codex", "[mcp_servers]\n  api-mcp.command = 'x'\n  b.command = 'y'\n", "[mcp_servers]\n  b.command = 'y'\n")]
    public void Only_the_entry_is_taken_out(string name, string text, string expected)
    {
        var edited = SetupCommand.Edit(Encoding.UTF8.GetBytes(text), Clients.ByName[name], null, isWindows: false)!;

        Assert.Equal(expected, Encoding.UTF8.GetString(edited));
    }

    [Theory]
    [InlineData("cursor", "{", "not JSON at line 1, column 2; nothing was written.")]
    [InlineData("cursor", "{\n  \"a\": 1\n  \"b\": 2\n}", "not JSON at line 3, column 3; nothing was written.")]
    [InlineData("cursor", "{ \"a\": 1 } { }", "not JSON at line 1, column 12; nothing was written.")]
    [InlineData("cursor", "{ 'a': 1 }", "not JSON at line 1, column 3; nothing was written.")]
    [InlineData("cursor", "[]", "the whole is a list, not an object; nothing was written.")]
    [InlineData("cursor", "\"text\"", "the whole is a text, not an object; nothing was written.")]
    [InlineData("cursor", "12", "the whole is a number, not an object; nothing was written.")]
    [InlineData("cursor", "null", "the whole is null, not an object; nothing was written.")]
    [InlineData("cursor", "/* open", "not JSON at line 1")]
    [InlineData("cursor", "{ \"mcpServers\": [] }", "mcpServers is a list, not an object; make it an object, or remove it; nothing was written.")]
    [InlineData("cursor", "{ \"mcpServers\": null }", "mcpServers is null, not an object; make it an object, or remove it; nothing was written.")]
    [InlineData("codex", "a = ", "not TOML at line 1")]
    [InlineData("codex", "a = 1\na = 2\n", "not TOML at line 2, column 1; nothing was written.")]
    [InlineData("codex", "[[mcp_servers]]\nname = 'x'\n", "mcp_servers is a list of tables; remove it; nothing was written.")]
    [InlineData("codex", "[[mcp_servers.api-mcp]]\ncommand = 'x'\n", "mcp_servers.api-mcp is a list of tables; remove it; nothing was written.")]
    [InlineData("codex", "mcp_servers = 1\n", "mcp_servers is no table; remove it; nothing was written.")]
    [InlineData("codex", "mcp_servers = { api-mcp.command = 'x' }\n", "api-mcp is written with dots within braces; write it as api-mcp = { ... }; nothing was written.")]
    public void A_broken_configuration_is_one_sentence_and_stays(string name, string text, string message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("config");
        File.WriteAllText(path, text);

        var (exitCode, output, errors) = ServerProcess.Run("", "setup", "--client", name, "--config", path);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith($"{path}: {message}", errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd().Split('\n'));
        Assert.Equal(text, File.ReadAllText(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Text_that_no_client_reads_is_refused()
    {
        byte[][] texts = [[0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")], [.. "{\"a\":\""u8, 0xC3, .. "\"}"u8]];

        Assert.Equal(
            ["in UTF-16, which clients do not read; save it as UTF-8", "not text in UTF-8"],
            texts.Select(text => Assert.Throws<FormatException>(() => SetupCommand.Edit(text, Client.Cursor, ServerStart.Npx, isWindows: false)).Message));
    }

    [Fact]
    public void An_entry_that_starts_this_program_keeps_the_options_behind_it()
    {
        byte[] Edit(string text, string program) =>
            SetupCommand.Edit(Encoding.UTF8.GetBytes(text), Client.Cursor, new(program), isWindows: false)!;

        var own = """{"mcpServers":{"api-mcp":{"command":"/opt/x","args":["--tools","a"]}}}""";
        Assert.Equal(own, Encoding.UTF8.GetString(Edit(own, "/opt/x")));
        Assert.Equal("""{"mcpServers":{"api-mcp":{"command":"/opt/y","args":[]}}}""", Encoding.UTF8.GetString(Edit(own, "/opt/y")));
    }

    [Theory]
    [InlineData("/h/.npm/_npx/0123456789abcdef/node_modules/@crowvault/mcp-linux-x64/crowvault-mcp", true)]
    [InlineData("C:\\Users\\me\\AppData\\Local\\npm-cache\\_npx\\01\\node_modules\\@crowvault\\mcp-win32-x64\\crowvault-mcp.exe", true)]
    [InlineData("/h/.cache/pnpm/dlx/0123/18f/node_modules/@crowvault/mcp-linux-x64/crowvault-mcp", true)]
    [InlineData("/tmp/xfs-1/dlx-99/node_modules/@crowvault/mcp-linux-x64/crowvault-mcp", true)]
    [InlineData("/tmp/bunx-0-@crowvault/mcp@latest/node_modules/@crowvault/mcp-linux-x64/crowvault-mcp", true)]
    [InlineData("/h/.nuget/packages/crowvault.mcp.linux-x64/0.1.0/tools/any/linux-x64/CrowVault.Mcp", true)]
    [InlineData("/h/.dotnet/tools/.store/crowvault.mcp/0.1.0/crowvault.mcp.linux-x64/0.1.0/tools/any/linux-x64/CrowVault.Mcp", false)]
    [InlineData("/usr/lib/node_modules/@crowvault/mcp/node_modules/@crowvault/mcp-linux-x64/crowvault-mcp", false)]
    [InlineData("/h/src/crowvault.mcp/src/CrowVault.Mcp/bin/Release/net10.0/CrowVault.Mcp", false)]
    public void A_program_in_a_cache_is_known(string program, bool isOfCache)
    {
        Assert.Equal(isOfCache, new ServerStart(program).IsOfCache);
        Assert.Equal(isOfCache, new ServerStart("dotnet", program).IsOfCache);
    }

    [Fact]
    public void A_tool_of_NET_is_started_by_the_link_that_an_update_keeps()
    {
        using var folder = new TemporaryFolder();
        var program = folder.File(Path.Combine(".store", "crowvault.mcp", "0.1.0", "CrowVault.Mcp"));

        Assert.Equal(program, ServerStart.LinkTo(program));
        var link = folder.File("crowvault-mcp");
        File.WriteAllText(link, "");
        Assert.Equal(link, ServerStart.LinkTo(program));
        Assert.Equal("/opt/crowvault-mcp", ServerStart.LinkTo("/opt/crowvault-mcp"));
    }

    [Fact]
    public void A_home_that_no_shell_has_put_in_is_no_folder_of_that_name()
    {
        var (exitCode, output, errors) = ServerProcess.Run("", "setup", "--client", "cursor", "--dry-run", "--config", "~/.cursor/mcp.json");

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith("--config: the shell has left ~ as it is", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_change_is_shown_then_written_and_the_second_run_has_nothing_to_do()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("new folder/mcp.json");
        string[] call = ["setup", "--client", "vscode", "--config", path];

        var dry = ServerProcess.Run("", [.. call, "--dry-run"]);
        Assert.False(Path.Exists(Path.GetDirectoryName(path)));
        var first = ServerProcess.Run("", call);
        var second = ServerProcess.Run("", call);
        var removal = ServerProcess.Run("", [.. call, "--remove", "--json"]);

        Assert.Equal((0, 0, 0, 0), (dry.ExitCode, first.ExitCode, second.ExitCode, removal.ExitCode));
        Assert.Equal(first.Output, dry.Output);
        Assert.Contains("+    \"api-mcp\": {\n", first.Output, StringComparison.Ordinal);
        Assert.Contains($"{path}: would be created", dry.Errors, StringComparison.Ordinal);
        Assert.Contains($"{path}: created", first.Errors, StringComparison.Ordinal);
        Assert.Equal(("", $"{path}: up to date.\n"), (second.Output, second.Errors));
        Assert.Equal("removed", JsonNode.Parse(removal.Output)!["files"]![0]!["action"]!.GetValue<string>());
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Mode_and_links_stay_and_a_file_that_is_protected_is_left_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Modes and links of Unix.");
            return;
        }

        using var folder = new TemporaryFolder();
        var (path, link) = (folder.File("real.json"), folder.File("link.json"));
        File.WriteAllText(path, "{}");
        File.CreateSymbolicLink(link, path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead);

        var refused = ServerProcess.Run("", "setup", "--client", "cursor", "--config", link);
        Assert.Equal((2, "", $"{link}: read-only; nothing was written. Make it writable.\n"), refused);
        Assert.Equal("{}", File.ReadAllText(path));

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var written = ServerProcess.Run("", "setup", "--client", "cursor", "--config", link);
        Assert.Equal(0, written.ExitCode);
        Assert.Equal(path, new FileInfo(link).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Contains("api-mcp", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-code", "user", "C:/h/.claude.json", "/h/.claude.json", "/h/.claude.json")]
    [InlineData("claude-code", "project", "/p/.mcp.json", "/p/.mcp.json", "/p/.mcp.json")]
    [InlineData("claude-desktop", "user", "C:/roaming/Claude/claude_desktop_config.json", "/h/Library/Application Support/Claude/claude_desktop_config.json", "/h/.config/Claude/claude_desktop_config.json")]
    [InlineData("claude-desktop", "project", null, null, null)]
    [InlineData("vscode", "user", "C:/roaming/Code/User/mcp.json", "/h/Library/Application Support/Code/User/mcp.json", "/h/.config/Code/User/mcp.json")]
    [InlineData("vscode", "project", "/p/.vscode/mcp.json", "/p/.vscode/mcp.json", "/p/.vscode/mcp.json")]
    [InlineData("cursor", "user", "C:/h/.cursor/mcp.json", "/h/.cursor/mcp.json", "/h/.cursor/mcp.json")]
    [InlineData("cursor", "project", "/p/.cursor/mcp.json", "/p/.cursor/mcp.json", "/p/.cursor/mcp.json")]
    [InlineData("windsurf", "user", "C:/h/.codeium/windsurf/mcp_config.json", "/h/.codeium/windsurf/mcp_config.json", "/h/.codeium/windsurf/mcp_config.json")]
    [InlineData("copilot-cli", "user", "C:/h/.copilot/mcp-config.json", "/h/.copilot/mcp-config.json", "/h/.copilot/mcp-config.json")]
    [InlineData("copilot-cli", "project", "/p/.github/mcp.json", "/p/.github/mcp.json", "/p/.github/mcp.json")]
    [InlineData("codex", "user", "C:/h/.codex/config.toml", "/h/.codex/config.toml", "/h/.codex/config.toml")]
    [InlineData("codex", "project", "/p/.codex/config.toml", "/p/.codex/config.toml", "/p/.codex/config.toml")]
    [InlineData("gemini-cli", "user", "C:/h/.gemini/settings.json", "/h/.gemini/settings.json", "/h/.gemini/settings.json")]
    [InlineData("opencode", "user", "C:/h/.config/opencode/opencode.json", "/h/.config/opencode/opencode.json", "/h/.config/opencode/opencode.json")]
    [InlineData("zed", "user", "C:/roaming/Zed/settings.json", "/h/.config/zed/settings.json", "/h/.config/zed/settings.json")]
    [InlineData("zed", "project", "/p/.zed/settings.json", "/p/.zed/settings.json", "/p/.zed/settings.json")]
    public void Files_are_where_each_system_has_them(string name, string scope, string? windows, string? mac, string? linux)
    {
        var (client, of) = (Clients.ByName[name], scope == "user" ? Scope.User : Scope.Project);
        ConfigurationPlaces[] places =
        [
            new(PlatformID.Win32NT, false, "C:/h", "/p", variable => variable == "APPDATA" ? "C:/roaming" : null),
            new(PlatformID.Unix, true, "/h", "/p", _ => null),
            new(PlatformID.Unix, false, "/h", "/p", _ => ""),
        ];

        Assert.Equal([windows, mac, linux], places.Select(each => Clients.PathOf(client, of, each)?.Replace('\\', '/')));
    }

    [Fact]
    public void A_start_from_home_is_one_line_for_the_shell()
    {
        static string Of(bool isWindows) =>
            Clients.EntryOf(Client.Cursor, ServerStart.Dnx.FromHome(isWindows), isWindows).Members.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

        Assert.Equal("""{"command":"sh","args":["-c","cd && exec dotnet dnx CrowVault.Mcp --yes"]}""", Of(isWindows: false));
        Assert.Equal("""{"command":"cmd","args":["/d","/c","cd /d %USERPROFILE% && dotnet dnx CrowVault.Mcp --yes"]}""", Of(isWindows: true));
    }

    [Fact]
    public void Variables_of_clients_name_other_folders()
    {
        var places = new ConfigurationPlaces(PlatformID.Unix, false, "/h", "/p", variable => $"/{variable}");

        Assert.Equal(
            ["/CLAUDE_CONFIG_DIR/.claude.json", "/CODEX_HOME/config.toml", "/COPILOT_HOME/mcp-config.json", "/GEMINI_CLI_HOME/.gemini/settings.json", "/XDG_CONFIG_HOME/zed/settings.json"],
            new[] { Client.ClaudeCode, Client.Codex, Client.CopilotCli, Client.GeminiCli, Client.Zed }.Select(client => Clients.PathOf(client, Scope.User, places)));
        Assert.Equal("/h/.config/zed/settings.json", Clients.PathOf(Client.Zed, Scope.User, places with { IsMac = true }));
        Assert.Equal("""{"type":"stdio","command":"cmd","args":["/c","npx","-y","@crowvault/mcp"]}""", Clients.EntryOf(Client.ClaudeCode, ServerStart.Npx, isWindows: true).Members.ToJsonString());
    }

    [Fact]
    public void A_package_of_Windows_has_a_configuration_of_its_own()
    {
        using var local = new TemporaryFolder();
        var places = new ConfigurationPlaces(
            PlatformID.Win32NT, false, "C:/h", "/p", variable => variable is "APPDATA" ? "/roaming" : variable is "LOCALAPPDATA" ? local.Path : null);
        string Found() => Clients.PathOf(Client.ClaudeDesktop, Scope.User, places)!;
        string Package(string name) => Directory.CreateDirectory(local.File($"Packages/{name}/LocalCache/Roaming/Claude")).FullName;

        Directory.CreateDirectory(local.File("Packages/Claude_never-started"));
        Directory.CreateDirectory(local.File("Packages/Other_a/LocalCache/Roaming/Claude"));
        Assert.Equal(Path.Combine("/roaming", "Claude", "claude_desktop_config.json"), Found());

        var first = Package("Claude_b");
        Assert.Equal(Path.Combine(first, "claude_desktop_config.json"), Found());

        var used = Path.Combine(Package("Claude_a"), "claude_desktop_config.json");
        File.WriteAllText(used, "{}");
        Assert.Equal(used, Found());
    }

    [Theory]
    [InlineData("config")]
    [InlineData("~/.config")]
    public void A_relative_folder_of_XDG_is_ignored_as_its_specification_has_it(string given)
    {
        var places = new ConfigurationPlaces(PlatformID.Unix, false, "/h", "/p", variable => variable is "XDG_CONFIG_HOME" ? given : "");

        Assert.Equal("/h/.config/zed/settings.json", Clients.PathOf(Client.Zed, Scope.User, places));
    }

    // Read as the client reads it: the entry is there, and without it all is as it was.
    private static void AssertHolds(Client client, string before, string with, bool isStrict, ServerStart? start = null)
    {
        var entry = Clients.EntryOf(client, start ?? ServerStart.Npx, isWindows: false);
        var key = Clients.KeyOf(client);
        if (Clients.IsToml(client))
        {
            var (was, holds) = (TomlSerializer.Deserialize<TomlTable>(before.TrimStart('\uFEFF'))!, TomlSerializer.Deserialize<TomlTable>(with.TrimStart('\uFEFF'))!);
            var servers = (TomlTable)holds[key];
            var ours = (TomlTable)servers[Product.ServerName];
            Assert.Equal(entry.Members["command"]!.GetValue<string>(), ours["command"]);
            Assert.Equal(entry.Members["args"]!.AsArray().Select(each => each!.GetValue<string>()), ((TomlArray)ours["args"]!).Cast<string>());
            servers.Remove(Product.ServerName);
            if (servers.Count == 0 && !was.ContainsKey(key))
            {
                holds.Remove(key);
            }

            Assert.Equal(TomlSerializer.Serialize(was), TomlSerializer.Serialize(holds));
        }
        else
        {
            var options = (isStrict ? default : s_lenient) with { MaxDepth = 512 };
            var was = Parse(before, s_lenient with { MaxDepth = 512 });
            var holds = Parse(with, options)!.AsObject();
            var servers = holds[key]!.AsObject();
            var ours = servers[Product.ServerName]!.AsObject();
            foreach (var (member, value) in entry.Members.Concat(entry.Preferences))
            {
                Assert.True(JsonNode.DeepEquals(value, ours[member]), $"{member}: {ours[member]}");
            }

            servers.Remove(Product.ServerName);
            if (servers.Count == 0 && was?[key] is null)
            {
                holds.Remove(key);
            }

            Assert.True(JsonNode.DeepEquals(was ?? new JsonObject(), holds), holds.ToJsonString());
        }

        // Comments too, in their order.
        var place = 0;
        foreach (var line in before.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("//", StringComparison.Ordinal) || line.StartsWith('#')))
        {
            place = with.IndexOf(line, place, StringComparison.Ordinal);
            Assert.True(place >= 0, line);
        }
    }

    private static JsonNode? Parse(string text, JsonDocumentOptions options)
    {
        var json = text.TrimStart('\uFEFF');
        var isEmpty = json.Split('\n').All(line => line.Trim() is "" || line.TrimStart().StartsWith("//", StringComparison.Ordinal) || line.TrimStart().StartsWith("/*", StringComparison.Ordinal));
        return isEmpty ? null : JsonNode.Parse(json, documentOptions: options);
    }
}
