using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Arguments;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary><c>init</c>: asks what a service calls and where it runs, reads its project, and writes a manifest to begin with.</summary>
internal static class InitCommand
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, NewLine = "\n" };

    private const int MostUpstreams = 200;
    private const int LongestUpstream = 60;

    public static Command Build()
    {
        var config = new Option<string>("--config", "-c")
        {
            Description = "The manifest to write.",
            HelpName = "path",
            DefaultValueFactory = _ => "resilience.json",
        };
        var upstreams = new Option<string[]>("--upstreams")
        {
            Description = "Names of the services that yours calls, such as orders,payments.",
            HelpName = "name,...",
            AllowMultipleArgumentsPerToken = true,
        };
        var runtime = new Option<string?>("--runtime")
        {
            Description = "Where the code runs: node, deno, bun, workers or "
            + "browser.",
            HelpName = "name"
        };
        var limit = new Option<string?>("--limit-requests")
        {
            Description = "Limit incoming requests by redis or memory; no leaves the "
            + "rate limiter out.",
            HelpName = "redis|memory|no"
        };
        var tests = new Option<bool?>("--with-tests") { Description = "Emit tests beside the sources." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Ask nothing; take what the project says and the defaults." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("init", "Write a manifest for 'stack': asks a few questions on a terminal, and reads the project.")
        {
            config, upstreams, runtime, limit, tests, yes, json,
        };
        CommandLine.AddExamples(
            command,
            $"{Product.Command} init",
            $"{Product.Command} init --upstreams orders,payments --limit-requests redis --with-tests");
        command.SetAction(parsed =>
        {
            var asks = !parsed.GetValue(yes) && !Console.IsInputRedirected && !Console.IsErrorRedirected && !parsed.GetValue(json);
            var path = parsed.GetRequiredValue(config);
            RefuseToReplace(path);
            return Run(
                path,
                Names((parsed.GetValue(upstreams) ?? []).DefaultIfEmpty(null).Aggregate((all, each) => $"{all},{each}")
                    ?? Ask(asks, "Services that yours calls, separated by commas", "orders", UpstreamsProblem)),
                parsed.GetValue(runtime)
                    ?? Ask(asks, "Where does it run: node, deno, bun, workers or browser", FoundRuntime(), RuntimeProblem),
                parsed.GetValue(limit) ?? Ask(asks, "Limit incoming requests by redis, memory or no", "no", LimitProblem),
                parsed.GetValue(tests) ?? Ask(asks, "Tests beside the sources, yes or no", "yes", answer =>
                    answer is "yes" or "y" or "no" or "n" ? null : $"{Fault.Show(answer)} is neither; use yes or no.") is "yes" or "y",
                new Report(parsed.GetValue(json)));
        });
        return command;
    }

    // Before anything is asked.
    private static void RefuseToReplace(string config)
    {
        if (config.Length == 0)
        {
            throw new Fault("-c: the path is empty; give the manifest with -c PATH.");
        }

        if (Fault.OfTilde("-c", config) is { } unexpanded)
        {
            throw new Fault(unexpanded);
        }

        var path = Path.GetFullPath(config);
        if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            throw new Fault($"{Fault.Show(config)}: there already; give another place with -c.", CommandLine.Differs);
        }

        // There a manifest stands under a key, in what npm has made.
        if (Path.GetFileName(path) == "package.json")
        {
            throw new Fault($"{Fault.Show(config)}: a manifest is no package.json; "
                + "give it a file of its own with -c, such as resilience.json.");
        }
    }

    private static int Run(string config, IReadOnlyList<string> upstreams, string runtime, string limit, bool tests, Report report)
    {
        if (UpstreamsProblem(string.Join(',', upstreams)) is { } unusable)
        {
            throw new Fault($"--upstreams: {unusable}");
        }

        if (RuntimeProblem(runtime) is { } elsewhere)
        {
            throw new Fault($"--runtime: {elsewhere}");
        }

        if (LimitProblem(limit) is { } unlimited)
        {
            throw new Fault($"--limit-requests: {unlimited}");
        }

        var manifest = new JsonObject
        {
            ["$schema"] = "./resilience.schema.json",
            ["runtime"] = runtime,
            ["withTests"] = tests,
            ["circuitBreaker"] = new JsonObject { ["failureThreshold"] = 5, ["recoveryTimeMs"] = 30_000 },
            ["retryPolicy"] = new JsonObject { ["maxRetries"] = 2 },
            ["timeoutConfig"] = new JsonObject
            {
                ["operations"] = Table(upstreams.Select(name => ($"{name}.get", 2_000))),
                ["totalTimeoutMs"] = 8_000,
            },
            ["bulkhead"] = new JsonObject { ["partitions"] = Table(upstreams.Select(name => (name, 20))) },
            ["upstreams"] = new JsonObject(),
            ["stack"] = new JsonObject(),
        };
        var limiter = new JsonObject { ["store"] = limit };
        if (limit != "no")
        {
            manifest["rateLimiting"] = limiter;
        }

        if (runtime != "browser")
        {
            manifest["stack"] = new JsonObject { ["ingress"] = true };
            if (ProjectFiles.FrameworkOf(Directory.GetCurrentDirectory(), runtime) is { } framework)
            {
                (limit == "no" ? manifest["stack"]!.AsObject() : limiter)["framework"] = framework;
            }
        }

        // What was typed is checked as 'stack' will check it.
        var text = $"{manifest.ToJsonString(s_indented)}\n";
        if (!Manifest.TryEmit(JsonElement.Parse(text), Product.Version, out _, out var faults))
        {
            throw new Fault(string.Join('\n', faults.Lines(fault => fault.Advice)));
        }

        var path = Path.GetFullPath(config);
        RefuseToReplace(config);
        using (var write = FolderWrite.Open(Path.GetDirectoryName(path)!))
        {
            write.Stage(Path.GetFileName(path), TargetFile.Bytes(text));
            write.Commit();
        }

        report.Add(new(config, "new", "created", "created"));
        report.Next($"{Product.Command} stack -c {Fault.Show(config)} -o src/resilience/");
        return report.End(CommandLine.Success);
    }

    private static JsonObject Table(IEnumerable<(string Name, int Value)> entries)
    {
        var table = new JsonObject();
        foreach (var (name, value) in entries)
        {
            table[name] = value;
        }

        return table;
    }

    private static string FoundRuntime() =>
        File.Exists("deno.json") || File.Exists("deno.jsonc") ? "deno"
        : File.Exists("bun.lock") || File.Exists("bun.lockb") || File.Exists("bunfig.toml") ? "bun"
        : File.Exists("wrangler.toml") || File.Exists("wrangler.json") || File.Exists("wrangler.jsonc") ? "workers"
        : "node";

    private static List<string> Names(string answer) =>
        [.. answer.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];

    private static string? UpstreamsProblem(string answer)
    {
        var names = Names(answer);
        return names.Count is 0 or > MostUpstreams
            ? $"{names.Count} names; give 1 to {MostUpstreams} such as orders,payments."
            : names.Find(name => !EmittedName.IsUsable(name) || name.Length > LongestUpstream) is { } unusable
            ? $"{Fault.Show(unusable)} is not a usable name; use a letter, then up to {LongestUpstream - 1} letters, digits, '_', '.' or '-'."
            : names.Distinct(StringComparer.OrdinalIgnoreCase).Count() < names.Count
            ? "two names differ at most in case; give each once."
            : null;
    }

    // As the tools word it.
    private static string? RuntimeProblem(string answer) => Catalog.All[0].TryEmit(
        JsonElement.Parse(new JsonObject { ["runtime"] = answer }.ToJsonString()), Product.Version, out _, out var faults)
        ? null
        : faults.Faults[0].Problem;

    private static string? LimitProblem(string answer) =>
        answer is "redis" or "memory" or "no" ? null : $"{Fault.Show(answer)} is not a choice; use redis, memory or no.";

    // Asks again until the answer is one; the end of the input is none.
    private static string Ask(bool asks, string question, string fallback, Func<string, string?> problem)
    {
        while (asks)
        {
            Console.Error.Write($"{question} [{fallback}]: ");
            if (Console.ReadLine()?.Trim() is not { } answer)
            {
                Console.Error.WriteLine();
                throw new Fault("The answers ended; nothing was written.");
            }

            if (answer.Length == 0)
            {
                break;
            }

            if (problem(answer) is not { } wrong)
            {
                return answer;
            }

            Console.Error.WriteLine(wrong);
        }

        return fallback;
    }
}
