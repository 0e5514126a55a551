using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Mcp.Cli;
using Xunit;

namespace CrowVault.Mcp.Tests;

/// <summary>Manifests and command lines of a seeded grammar, damaged: each ends in a sentence and a documented exit code, within this process.</summary>
[Collection(nameof(OwnProcess))]
public sealed partial class HostileInputTests : IDisposable
{
    private const int MostSaid = 65_536;

    private static readonly bool s_full = Environment.GetEnvironmentVariable("CROWVAULT_PROOF") == "full";

    private static readonly string[] s_words =
    [
        "", " ", "-", "--", "\u001b[2J", "\u202e", "\ud800", "a\0b", "{", "[]", "null", "1e999", "-1", "0", "3", "2s", "429,503", "orders.get=2000", "orders=20", "a=b=c", "=", "@x", "[suggest:3]",
        "node", "workers", "typescript", "javascript", "python", "json", "bash", "circuit-breaker", "generate_bulkhead", "{\"partitions\":{\"a\":1}}", "manifest.json", "manifest.yaml", "package.json", "out", "out/retry.ts", "missing.ts",
        "cursor", "codex", "project", "dnx", new string('x', 3_000), "é", "😀", "%s", "./out", "a b", "\r\n", "__proto__",
    ];

    private static readonly string[] s_values =
    [
        "null", "true", "0", "1", "-1", "2.0", "3e4", "1e400", "99999999999999999999", "\"\"", "\"x\"", "\"2s\"", "\"\\ud800\"", "\"\\u001b[31m\"", "[]", "{}", "[[[]]]", "[1,1]", "{\"a\":1}", "{\"a\":{\"b\":{\"c\":1}}}",
        "{\"__proto__\":1}", "{\"\\udc00\":1}", "{\"a\":1,\"A\":2}", "[{\"name\":\"orders.get\",\"timeoutMs\":2000,\"retry\":true}]", "{\"orders\":20}", "{\"orders.get\":2000}", "\"429,503\"", "\"${HOME}\"", "!!binary x", "&a 1", "*a", "0x10", ".inf", "~", "2026-01-01", "|",
    ];

    private static readonly string[] s_pieces = ["\"", "{", "}", "[", "]", ",", ":", "\\", "\\u", "\\ud800", "\ufeff", "null", "\0", "\u2028", "\r", "\n", " ", "\t", "//", "/*", "#", "---\n", "? ", "- ", "<<: ", "%"];

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _said = new();
    private readonly List<string> _faults = [];
    private readonly string _before = Environment.CurrentDirectory;
    private readonly string? _home = Environment.GetEnvironmentVariable("HOME");
    private readonly (TextWriter Output, TextWriter Errors) _console = (Console.Out, Console.Error);
    private readonly int[] _streams = [];

    public HostileInputTests()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Environment.CurrentDirectory = _folder.Path;
        Environment.SetEnvironmentVariable("HOME", _folder.Path);
        Console.SetOut(TextWriter.Null);
        Console.SetError(_said);

        // Commands read and write the streams themselves, not Console.In and Console.Out.
        _streams = [Duplicate(0), Duplicate(1)];
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Point(0, (int)nothing.DangerousGetHandle());
        Point(1, (int)nothing.DangerousGetHandle());
    }

    public void Dispose()
    {
        for (var stream = 0; stream < _streams.Length; stream++)
        {
            Point(stream, _streams[stream]);
            Assert.Equal(0, Close(_streams[stream]));
        }

        Console.SetOut(_console.Output);
        Console.SetError(_console.Errors);
        Environment.CurrentDirectory = _before;
        Environment.SetEnvironmentVariable("HOME", _home);
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_manifest_ends_in_an_emission_or_a_sentence()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Standard streams are redirected by number.");
        var random = new Random(19);
        var codes = new int[3];
        for (var index = 0; index < (s_full ? 50_000 : 250); index++)
        {
            var manifest = Damaged(Manifest(random), random);
            string[] names = ["resilience.json", "resilience.yaml", "package.json", "-"];
            var name = names[random.Next(8) is var choice && choice < 4 ? choice : choice % 2];
            await File.WriteAllBytesAsync(name, manifest);
            var code = await RunAsync(manifest.Length, "stack", "-c", name, "-o", "out", "--dry-run");
            codes[code]++;
            if (code == CommandLine.Usage)
            {
                // What holds for the one holds for the other; whatever can be emitted would be run, which takes its time.
                Assert.Equal(CommandLine.Usage, await RunAsync(manifest.Length, "simulate", "-c", name));
            }
        }

        Assert.Equal([], _faults.Take(5));

        // Neither end may fall away unseen.
        Assert.True(codes[0] > 0 && codes[2] > 0, string.Join(' ', codes));
    }

    [Theory]
    [InlineData("unknown sections")]
    [InlineData("sections given twice")]
    [InlineData("upstreams of no partition")]
    [InlineData("members of an upstream")]
    [InlineData("services of no partition")]
    [InlineData("operations of an upstream")]
    public async Task However_much_is_wrong_the_first_faults_are_told(string what)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Standard streams are redirected by number.");
        const int Count = 20_000;
        string Members(string name) => string.Join(',', Enumerable.Range(0, Count).Select(n => $"\"{name}{n}\":1"));
        var partitions = string.Join(',', Enumerable.Range(0, 150).Select(n => $"\"{new string('p', 55)}{n}\":1"));
        var layers = $$$"""
            "circuitBreaker":{},"retryPolicy":{},"timeoutConfig":{"operations":{"orders.get":2000}},
            "bulkhead":{"partitions":{"orders":20,{{{partitions}}}}}
            """;
        await File.WriteAllTextAsync("many.json", what switch
        {
            "unknown sections" => $"{{{Members("a")}}}",
            "sections given twice" => $"{{{string.Join(',', Enumerable.Repeat("\"retryPolicy\":{}", Count))}}}",
            "upstreams of no partition" => $"{{{layers},\"upstreams\":{{{Members("u")}}}}}",
            "members of an upstream" => $"{{{layers},\"upstreams\":{{\"orders\":{{{Members("m")}}}}}}}",
            "services of no partition" => $"{{{layers},\"traffic\":{{{Members("s")}}}}}",
            _ => $"{{{layers},\"upstreams\":{{\"orders\":{{\"operations\":{{{Members("o")}}}}}}}}}",
        });
        string[][] lines =
        [
            ["stack", "-c", "many.json", "-o", "out"], ["stack", "-c", "many.json", "-o", "out", "--json"], ["simulate", "-c", "many.json"],
        ];
        foreach (var line in lines)
        {
            Assert.Equal(CommandLine.Usage, await RunAsync(0, line));
            var said = _said.ToString();
            Assert.Equal(21, said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            Assert.Matches(@"\n[0-9]{5} more faults are not shown\.\n\z", said);
            Assert.True(said.Length < MostSaid, $"{said.Length}");
        }

        Assert.Equal([], _faults.Take(5));
    }

    [Fact]
    public async Task Every_command_line_ends_in_a_sentence()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Standard streams are redirected by number.");
        await File.WriteAllTextAsync("manifest.json", """{"bulkhead":{"partitions":{"orders":20}},"retryPolicy":{}}""");
        await File.WriteAllTextAsync("manifest.yaml", "circuitBreaker: {}\n");
        var random = new Random(20);
        var codes = new int[3];
        for (var index = 0; index < (s_full ? 20_000 : 200); index++)
        {
            var line = CommandLineOf(random);
            codes[await RunAsync(line.Sum(word => word.Length), line)]++;
        }

        Assert.Equal([], _faults.Take(5));
        Assert.True(codes[0] > 0 && codes[2] > 0, string.Join(' ', codes));
    }

    private async Task<int> RunAsync(int length, params string[] line)
    {
        _said.GetStringBuilder().Clear();
        var code = await CommandLine.RunAsync(line);
        var said = _said.ToString();
        var what = $"{string.Join(' ', line.Select(word => JsonValue.Create(word).ToJsonString()))}\n{said}";
        if (line is ["stack", _, var path, ..] && File.Exists(path))
        {
            what = $"{what}\n{Convert.ToBase64String(await File.ReadAllBytesAsync(path))}";
        }

        var isFine = code is CommandLine.Success or CommandLine.Differs or CommandLine.Usage
            && (code == CommandLine.Success || said.Length > 0 || line.Any(word => word.StartsWith("--json", StringComparison.Ordinal)))
            && !said.Contains("This should not happen", StringComparison.Ordinal)
            && said.Length < MostSaid + (4 * length)
            && !said.Any(c => c == '\u202e' || (char.IsControl(c) && c is not ('\n' or '\r' or '\t')));
        if (!isFine)
        {
            _faults.Add(what);
        }

        return code;
    }

    private static string Manifest(Random random)
    {
        var sections = new List<string>();
        foreach (var emitter in Catalog.All.Where(_ => random.Next(3) == 0))
        {
            var name = emitter.Tool["generate_".Length..];
            name = string.Concat(name.Split('_').Select((part, index) => index == 0 ? part : $"{char.ToUpperInvariant(part[0])}{part[1..]}"));
            var arguments = emitter.Arguments.All.Where(argument => argument.Required || random.Next(6) == 0)
                .Select(argument => $"\"{argument.Name}\":{Value(argument, random)}");
            sections.Add($"\"{name}\":{{{string.Join(',', arguments)}}}");
        }

        string[] others = ["upstreams", "stack", "traffic", "$schema", "withTests", "runtime", "testRunner", "importExtension", "language", "withMetrics", "x", "__proto__", "\\ud800"];
        foreach (var other in others.Where(_ => random.Next(8) == 0))
        {
            sections.Add($"\"{other}\":{(random.Next(3) > 0 ? Pick(random, s_values) : Section(other))}");
        }

        var manifest = $"{{{string.Join(',', sections)}}}";
        return random.Next(6) == 0 ? $"{{\"name\":\"x\",\"resilience\":{manifest}}}" : manifest;
    }

    private static string Section(string name) => name switch
    {
        "upstreams" => """{"orders":{"baseUrl":"https://orders.example","circuitBreaker":{"failureThreshold":3},"operations":{"orders.get":{"retry":false}}}}""",
        "stack" => """{"failureUnit":"attempt","client":"fetch","alsoRetries":["sdk"]}""",
        "traffic" => """{"orders":{"callsPerSecond":50,"errorPercent":1,"p50Ms":40,"p99Ms":400}}""",
        _ => "\"./resilience.schema.json\"",
    };

    private static string Value(Argument argument, Random random) => random.Next(4) == 0 ? Pick(random, s_values) : argument switch
    {
        BooleanArgument => "true",
        ChoiceArgument choice => $"\"{choice.Choices[random.Next(choice.Choices.Count)]}\"",
        IntegerArgument integer => random.Next(integer.Minimum, Math.Min(integer.Maximum, integer.Minimum + 50_000) + 1).ToString(CultureInfo.InvariantCulture),
        IntegerListArgument list => $"[{list.Minimum},{list.Minimum + 1}]",
        _ when argument.Name == "operations" => """{"orders.get":2000,"orders.list":3000}""",
        _ when argument.Name == "partitions" => """[{"name":"orders","maxConcurrent":10}]""",
        _ => Pick(random, s_values),
    };

    private static byte[] Damaged(string text, Random random)
    {
        var bytes = new List<byte>(Encoding.UTF8.GetBytes(text));
        for (var left = random.Next(4) - 1; left > 0 && bytes.Count > 1; left--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pick(random, s_pieces)));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count), 1));
                    break;
            }
        }

        return [.. bytes];
    }

    private static string[] CommandLineOf(Random random)
    {
        var root = CommandLine.Build();

        // A server would wait for its callers, and a storm takes its time.
        var commands = root.Subcommands.Where(each => each.Name is not ("serve" or "simulate")).ToList();
        var command = commands[random.Next(commands.Count)];
        var line = new List<string> { random.Next(20) == 0 ? $"{command.Name}x" : command.Name };
        if (command.Subcommands.Count > 0 && random.Next(10) > 0)
        {
            command = command.Subcommands[random.Next(command.Subcommands.Count)];
            line.Add(command.Name);
        }

        for (var left = random.Next(6); left > 0; left--)
        {
            if (command.Options.Count > 0 && random.Next(3) > 0)
            {
                var option = command.Options[random.Next(command.Options.Count)].Name;
                line.Add(random.Next(12) == 0 ? option[..^1] : random.Next(4) == 0 ? $"{option}={Pick(random, s_words)}" : option);
            }

            if (random.Next(3) > 0)
            {
                line.Add(Pick(random, s_words));
            }
        }

        return [.. line];
    }

    private static T Pick<T>(Random random, T[] values) => values[random.Next(values.Length)];

    private static void Point(int stream, int file) => Assert.Equal(stream, Redirect(file, stream));

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int file);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Redirect(int file, int to);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    /// <summary>Tests that change what belongs to the whole process run after all others, one by one.</summary>
    [CollectionDefinition(nameof(OwnProcess), DisableParallelization = true)]
    public sealed class OwnProcess;
}
