using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Mcp.Tests;

/// <summary>The command line, driven as a process: exit codes, what goes to standard output, and which files are touched.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public void Prints_the_version()
    {
        var (exitCode, output, errors) = ServerProcess.Run("", "--version");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Matches(@"\A\d+\.\d+\.\d+\s*\z", output);
    }

    [Theory]
    [InlineData()]
    [InlineData("generate")]
    [InlineData("generate", "circuit-breaker")]
    [InlineData("call")]
    [InlineData("tools")]
    [InlineData("serve")]
    [InlineData("token", "create")]
    [InlineData("stack")]
    [InlineData("simulate")]
    [InlineData("upgrade")]
    [InlineData("accept")]
    [InlineData("init")]
    [InlineData("setup")]
    [InlineData("completion")]
    public void Help_ends_with_examples(params string[] command)
    {
        var (exitCode, output, _) = ServerProcess.Run("", [.. command, "--help"]);

        Assert.Equal(0, exitCode);
        var examples = output[output.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal));
        Assert.All(examples, example => Assert.Contains($"crowvault-mcp {string.Join(' ', command)}".TrimEnd(), example, StringComparison.Ordinal));
    }

    [Fact]
    public void Help_states_range_and_default_of_each_argument() =>
        Assert.Matches(
            @"--failure-threshold <1\.\.10000> .*\[default: 5\]",
            ServerProcess.Run("", "generate", "circuit-breaker", "--help").Output);

    [Fact]
    public void Generate_call_and_its_JSON_give_the_same_bytes()
    {
        var generated = ServerProcess.Run("", "generate", "circuit-breaker", "--with-metrics", "--failure-threshold", "7");
        var called = ServerProcess.Run("", "call", "generate_circuit_breaker", """{"failureThreshold":7,"withMetrics":true}""");
        var piped = ServerProcess.Run("""{"withMetrics":true,"failureThreshold":7}""", "call", "generate_circuit_breaker", "-", "--json");

        Assert.Equal((0, 0, 0), (generated.ExitCode, called.ExitCode, piped.ExitCode));
        Assert.Equal(generated.Output, called.Output);
        Assert.Equal(generated.Output, JsonNode.Parse(piped.Output)!["files"]![0]!["content"]!.GetValue<string>());
        Assert.Equal(generated.Errors, called.Errors);
    }

    [Theory]
    [InlineData("rate-limiting", "--limits", """[{"name":"day","requests":1000,"seconds":86400}]""")]
    [InlineData("timeout-config", "--operations", """[{"name":"orders.get","timeoutMs":2000,"retry":true},{"name":"a-b_1","timeoutMs":6}]""")]
    [InlineData("bulkhead", "--partitions", """{"orders":20,"e5":1e1}""")]
    public void Json_whose_quotes_a_shell_of_Windows_took_away_is_the_same(string tool, string option, string json)
    {
        var (exitCode, output, _) = ServerProcess.Run("", "generate", tool, option, json);
        var bare = json.Replace("\"", "", StringComparison.Ordinal);

        Assert.Equal(0, exitCode);
        Assert.Equal(output, ServerProcess.Run("", "generate", tool, option, bare).Output);
        Assert.Equal(output, ServerProcess.Run("", "generate", tool, option, $"'{bare}'").Output);
    }

    [Theory]
    [InlineData("{failureThreshold:3}")]
    [InlineData("'{failureThreshold:3}'")]
    public void Json_of_a_call_without_its_quotes_is_refused_with_a_way_out(string text) =>
        Assert.Contains("- reads standard input", ServerProcess.Run("", "call", "generate_circuit_breaker", text).Errors, StringComparison.Ordinal);

    [Theory]
    [InlineData("retry-policy", "--retry-on 429 503", "--retry-on 429,503")]
    [InlineData("retry-policy", "--retry-on 429 503 --max-retries 2", "--retry-on 429,503 --max-retries 2")]
    [InlineData("bulkhead", "--partitions orders=20 payments=10", "--partitions orders=20,payments=10")]
    public void A_list_may_be_parted_by_spaces(string tool, string spaces, string commas) => Assert.Equal(
        ServerProcess.Run("", ["generate", tool, .. commas.Split(' ')]),
        ServerProcess.Run("", ["generate", tool, .. spaces.Split(' ')]));

    [Theory]
    [InlineData("none", "[]")]
    [InlineData("", "[]")]
    [InlineData("[]", "[]")]
    [InlineData("[429, 503]", "[429,503]")]
    public void A_list_may_be_empty_and_its_command_gives_the_same(string word, string list)
    {
        var arguments = $$"""{"retryOn":{{list}},"retryErrors":"network"}""";
        var generated = ServerProcess.Run("", "generate", "retry-policy", "--retry-on", word, "--retry-errors", "network");
        var called = ServerProcess.Run("", "call", "generate_retry_policy", arguments, "--json");

        Assert.Equal((0, 0), (generated.ExitCode, called.ExitCode));
        var answer = JsonNode.Parse(called.Output)!;
        Assert.Equal(generated.Output, answer["files"]![0]!["content"]!.GetValue<string>());
        Assert.Contains($"--retry-on {(list == "[]" ? "none" : "429,503")} --retry-errors network", answer["command"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--failure-threshold, failureThreshold: 0 is out of range; use 1 to 10000.", "--failure-threshold", "0")]
    [InlineData("--failure-threshold, failureThreshold: -5 is out of range; use 1 to 10000.", "--failure-threshold", "-5")]
    [InlineData("--failure-threshold, failureThreshold: \"abc\" is not an integer; use 1 to 10000.", "--failure-threshold", "abc")]
    [InlineData("--failure-threshold, failureThreshold: 1e999 is out of range; use 1 to 10000.", "--failure-threshold=1e999")]
    [InlineData("--failure-treshold: unknown option; did you mean --failure-threshold?\nCorrected call: crowvault-mcp generate circuit-breaker --failure-threshold 3", "--failure-treshold", "3")]
    [InlineData("--with-metrics, withMetrics: \"yes\" is not a boolean; use true or false.", "--with-metrics=yes")]
    [InlineData("--runtime: \"nodejs\" is not a choice", "--runtime", "nodejs")]
    [InlineData("--slow-call-ms, slowCallMs: only --trip-on failure-rate uses it; set --trip-on to failure-rate or leave it out.\nCorrected call: crowvault-mcp generate circuit-breaker --trip-on failure-rate --slow-call-ms 9", "--slow-call-ms", "9")]
    [InlineData("--failureTreshold: unknown option; did you mean --failure-threshold?", "--failureTreshold", "3")]
    [InlineData("--max_failures: unknown option; did you mean --failure-threshold?", "--max_failures=3")]
    [InlineData("--foo.bar: unknown option; the options are --runtime, --failure-threshold, ", "--foo.bar", "3")]
    [InlineData("--failures: unknown option; did you mean --failure-threshold? \"few\" is not an integer; use 1 to 10000.", "--failures", "few")]
    [InlineData("'extra' is not an option", "extra")]
    [InlineData("--language: its value is missing; --dry-run is an option.", "--language", "--dry-run", "-o", "out")]
    [InlineData("--dry-run, --diff, --check and --force need -o PATH.", "--diff")]
    public void A_wrong_call_is_explained_on_standard_error(string message, params string[] arguments)
    {
        var (exitCode, output, errors) = ServerProcess.Run("", ["generate", "circuit-breaker", .. arguments]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--queue-sise: unknown option; the options are --partitions,", "bulkhead", "--partitions", "a=1", "--queue-sise", "5")]
    [InlineData("--queue-size: unknown option; use --max-queue.", "bulkhead", "--partitions", "a=1", "b=2", "--queue-size=5")]
    [InlineData("--max-retry: unknown option; did you mean --max-retries?\nCorrected call: crowvault-mcp generate retry-policy --max-retries 3 --retry-on 429,503\n", "retry-policy", "--retry-on", "429,", "503", "--max-retry", "3")]
    [InlineData("--retry-on: its value is missing before --max-retry.", "retry-policy", "--retry-on", "--max-retry", "3")]
    [InlineData("--partitions: required but missing; give 1 to 200 entries such as payments=10, or a list of objects such as [{\"name\":\"payments\",", "bulkhead")]
    [InlineData("--partitions[1]: \"b\" has no maxConcurrent; write payments=10.", "bulkhead", "--partitions", "a,b")]
    [InlineData("Corrected call: crowvault-mcp generate bulkhead --partitions a=5,b=5\n", "bulkhead", "--partitions", "a", "b", "--max-concurrent", "5")]
    [InlineData("--max-delay-cap-ms, maxDelayCapMs: 5 is less than --base-delay-ms 9; use 9 or more.", "retry-policy", "--base-delay-ms", "9", "--max-delay-cap-ms", "5")]
    [InlineData("--partitions[0]: unknown member \"maxQ\"; the members are name, maxConcurrent, maxQueue, maxWaitMs.", "bulkhead", "--partitions", "[{\"name\":\"a\",\"maxConcurrent\":1,\"maxQ\":2}]")]
    public void A_list_ends_where_an_option_begins_and_is_told_of_as_it_is_typed(string message, params string[] arguments)
    {
        var (exitCode, output, errors) = ServerProcess.Run("", ["generate", .. arguments]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(message, errors.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bulkhead", "--partitions", "a=1, b=2,")]
    [InlineData("bulkhead", "--partitions", "a=1,", "b=2")]
    public void Blanks_and_a_last_comma_change_no_list(string tool, params string[] arguments)
    {
        var (exitCode, output, _) = ServerProcess.Run("", ["generate", tool, .. arguments]);

        Assert.Equal((0, ServerProcess.Run("", "generate", tool, "--partitions", "a=1,b=2").Output), (exitCode, output));
    }

    [Fact]
    public void The_corrected_call_of_call_is_a_command_that_works()
    {
        var (exitCode, _, errors) = ServerProcess.Run("", "call", "generate_timeout_config", """{"operations":{"a":"2s"}}""", "--json");

        Assert.Equal(2, exitCode);
        Assert.EndsWith(
            """Corrected call: crowvault-mcp call generate_timeout_config '{"operations":{"a":2000}}' --json""",
            errors.TrimEnd(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Unrecognized option --runtme. Did you mean --runtime? See crowvault-mcp init --help.", "init", "--upstreams", "orders", "--runtme", "node", "-y", "-c", "nowhere/resilience.json")]
    [InlineData("Unrecognized command or argument 'generat'", "generat")]
    [InlineData("Unrecognized command or argument 'retry'.\nDid you mean retry-policy?\nSee crowvault-mcp generate --help.", "generate", "retry", "--max-retries", "3")]
    [InlineData("Did you mean circuit-breaker?", "generate", "generate_circuit_breaker")]
    [InlineData("Did you mean generate?", "gen")]
    [InlineData("Did you mean upgrade?", "update", "src")]
    [InlineData("Did you mean stack --check?", "check")]
    [InlineData("generate: give one of circuit-breaker, retry-policy, rate-limiting, timeout-config, bulkhead.\nSee crowvault-mcp generate --help.", "generate")]
    [InlineData("Give the manifest with -c /dev/null.", "stack", "/dev/null")]
    [InlineData("Did you mean generate rate-limiting?", "rate-limiting")]
    [InlineData("--transport: https is not a choice; did you mean http? Use one of stdio, http, sse.\nSee crowvault-mcp serve --help.", "serve", "--transport", "https")]
    [InlineData("Unknown tool \"generate_circuit_braker\"; did you mean generate_circuit_breaker?", "call", "generate_circuit_braker", "{}")]
    [InlineData("arguments: not JSON; send one object such as {}.", "call", "generate_circuit_breaker", "{")]
    [InlineData("arguments: a list is not an object; send a JSON object such as {}.", "call", "generate_circuit_breaker", "[]")]
    [InlineData("Required argument 'tool' missing for command: 'call'", "call")]
    public void A_wrong_command_exits_with_2(string message, params string[] arguments)
    {
        var (exitCode, output, errors) = ServerProcess.Run("", arguments);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Writes_source_and_test_into_a_folder_and_leaves_them_when_they_are_up_to_date()
    {
        using var folder = new TemporaryFolder();
        var created = Generate(folder, "--with-tests");
        var modified = File.GetLastWriteTimeUtc(folder.File("circuit-breaker.ts"));
        var again = Generate(folder, "--with-tests");

        Assert.Equal((0, 0), (created.ExitCode, again.ExitCode));
        Assert.Equal(
            ["circuit-breaker.test.ts", "circuit-breaker.ts"],
            Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("circuit-breaker.ts: unchanged", again.Errors, StringComparison.Ordinal);
        Assert.Equal(modified, File.GetLastWriteTimeUtc(folder.File("circuit-breaker.ts")));
    }

    [Fact]
    public void Writes_to_a_file_of_another_name()
    {
        using var folder = new TemporaryFolder();
        var target = folder.File("payments-breaker.ts");

        Assert.Equal(0, ServerProcess.Run("", "generate", "circuit-breaker", "-o", target).ExitCode);
        Assert.Equal(ServerProcess.Run("", "generate", "circuit-breaker").Output, File.ReadAllText(target));

        Assert.Equal(0, ServerProcess.Run("", "generate", "circuit-breaker", "--with-tests", "-o", target).ExitCode);
        Assert.Contains("from './payments-breaker.ts'", File.ReadAllText(folder.File("payments-breaker.test.ts")), StringComparison.Ordinal);
        Assert.Equal(0, ServerProcess.Run("", "generate", "circuit-breaker", "-o", target, "--check").ExitCode);
    }

    [Fact]
    public void Other_arguments_update_a_file_that_nobody_edited()
    {
        using var folder = new TemporaryFolder();
        Generate(folder);

        var (exitCode, _, errors) = Generate(folder, "--with-metrics");

        Assert.Equal(0, exitCode);
        Assert.Contains("circuit-breaker.ts: updated", errors, StringComparison.Ordinal);
        Assert.Contains("CircuitBreakerMetrics", File.ReadAllText(folder.File("circuit-breaker.ts")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Never_overwrites_somebodys_work_unless_forced(bool emitted)
    {
        using var folder = new TemporaryFolder();
        if (emitted)
        {
            Generate(folder);
        }

        File.AppendAllText(folder.File("circuit-breaker.ts"), "// mine\n");
        var before = File.ReadAllText(folder.File("circuit-breaker.ts"));

        var refused = Generate(folder, "--with-tests");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--force overwrites it", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(folder.File("circuit-breaker.ts")));
        Assert.False(File.Exists(folder.File("circuit-breaker.test.ts")), "the other file was written all the same");
        Assert.Equal(0, Generate(folder, "--force").ExitCode);
        Assert.DoesNotContain("// mine", File.ReadAllText(folder.File("circuit-breaker.ts")), StringComparison.Ordinal);
    }

    [Fact]
    public void Dry_run_and_diff_write_nothing()
    {
        using var folder = new TemporaryFolder();
        var dry = Generate(folder, "--dry-run");
        Assert.Equal(0, dry.ExitCode);
        Assert.Contains("would be created", dry.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));

        Generate(folder);
        var before = File.ReadAllText(folder.File("circuit-breaker.ts"));
        var diff = Generate(folder, "--with-metrics", "--diff");

        Assert.Equal(0, diff.ExitCode);
        Assert.Contains("\n+export interface CircuitBreakerMetrics", diff.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(folder.File("circuit-breaker.ts")));
    }

    [Fact]
    public void Diff_shows_what_cannot_be_seen_as_escapes()
    {
        string[] all =
        [
            "\u202e", "\u200b", "\u00ad", "\u2061", "\ufff9", "\U000E0041", "\U000E0001", "\U000110BD", "\u001b[2J",
        ];
        using var folder = new TemporaryFolder();
        Generate(folder);
        File.AppendAllText(
            folder.File("circuit-breaker.ts"), string.Concat(all.Select((hidden, index) => $"// {index}{hidden}b \U0001F600\n")));

        var plain = Generate(folder, "--diff").Output;
        var json = Generate(folder, "--diff", "--json").Output;

        var message = JsonNode.Parse(json)!["files"]![0]!["message"]!.GetValue<string>();
        Assert.All(all.Index(), each =>
        {
            var (index, hidden) = each;
            var escaped = string.Concat(hidden.Select(c => c is >= ' ' and <= '~' ? $"{c}" : $"\\u{(int)c:x4}"));
            Assert.Contains($"{index}{escaped}b \U0001F600", plain, StringComparison.Ordinal);
            Assert.Contains($"{index}{escaped}b ", json, StringComparison.OrdinalIgnoreCase);
            Assert.Contains($"{index}{hidden}b \U0001F600", message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Check_compares_a_file_with_what_its_own_header_gives()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(1, Generate(folder, "--check").ExitCode);

        Generate(folder, "--with-metrics", "--with-tests");
        Assert.Equal(0, Generate(folder, "--check").ExitCode);
        Assert.Equal(1, Generate(folder, "--check", "--failure-threshold", "9").ExitCode);

        File.AppendAllText(folder.File("circuit-breaker.test.ts"), "// mine\n");
        var (exitCode, _, errors) = Generate(folder, "--check");
        Assert.Equal(1, exitCode);
        Assert.Contains("circuit-breaker.test.ts: edited since it was generated.", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_header_gives_is_said_and_is_not_taken_for_what_was_typed()
    {
        using var folder = new TemporaryFolder();
        Generate(folder, "--failure-threshold", "7");
        Assert.Contains("circuit-breaker.ts gave --failure-threshold 7.", Generate(folder, "--with-metrics").Errors, StringComparison.Ordinal);

        // The default that was meant, where the file has another value; and where the files go.
        Assert.EndsWith(
            $"Corrected call: crowvault-mcp generate circuit-breaker --failure-threshold 5 --recovery-time-ms 30000 -o {folder.Path} --force\n",
            Generate(folder, "--failures", "5", "--recovery-time-ms", "30s", "--force").Errors.ReplaceLineEndings("\n"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Tools_lists_what_an_MCP_client_sees()
    {
        var (exitCode, output, _) = ServerProcess.Run("", "tools", "--json");

        Assert.Equal(0, exitCode);
        Assert.Contains("generate_circuit_breaker", JsonNode.Parse(output)!["tools"]!.AsArray().Select(tool => tool!["name"]!.GetValue<string>()));
    }

    private static (int ExitCode, string Output, string Errors) Generate(TemporaryFolder folder, params string[] arguments) =>
        ServerProcess.Run("", ["generate", "circuit-breaker", "-o", folder.Path, .. arguments]);
}
