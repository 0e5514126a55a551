using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters;
using CrowVault.Emitters.Stack;

namespace CrowVault.Mcp.Cli;

/// <summary><c>init</c>: asks what a service calls and where it runs, reads its project, and writes a manifest to begin with.</summary>
internal static class InitCommand
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, NewLine = "\n" };

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
            return Run(
                parsed.GetRequiredValue(config),
                (parsed.GetValue(upstreams) ?? []).SelectMany(each => each.Split(',')).Where(each => each.Length > 0)
                    .ToList() is { Count: > 0 } names
                    ? names
                    : Ask(asks, "Services that yours calls, separated by commas", "orders")
                        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                parsed.GetValue(runtime) ?? Ask(asks, "Where does it run: node, deno, bun, workers or browser", FoundRuntime()),
                parsed.GetValue(limit) ?? Ask(asks, "Limit incoming requests by redis, memory or no", "no"),
                parsed.GetValue(tests) ?? Ask(asks, "Tests beside the sources, yes or no", "yes") is "yes" or "y",
                new Report(parsed.GetValue(json)));
        });
        return command;
    }

    private static int Run(string config, IEnumerable<string> upstreams, string runtime, string limit, bool tests, Report report)
    {
        if (limit is not ("redis" or "memory" or "no"))
        {
            throw new Fault($"--limit-requests: {Fault.Show(limit)} is not a choice; use redis, memory or no.");
        }

        if (config.Length == 0)
        {
            throw new Fault("-c: the path is empty; give the manifest with -c PATH.");
        }

        var names = upstreams.Distinct(StringComparer.Ordinal).ToList();
        var manifest = new JsonObject
        {
            ["$schema"] = "./resilience.schema.json",
            ["runtime"] = runtime,
            ["withTests"] = tests,
            ["circuitBreaker"] = new JsonObject { ["failureThreshold"] = 5, ["recoveryTimeMs"] = 30_000 },
            ["retryPolicy"] = new JsonObject { ["maxRetries"] = 2 },
            ["timeoutConfig"] = new JsonObject
            {
                ["operations"] = Table(names.Select(name => ($"{name}.get", 2_000))),
                ["totalTimeoutMs"] = 8_000,
            },
            ["bulkhead"] = new JsonObject { ["partitions"] = Table(names.Select(name => (name, 20))) },
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
            throw new Fault(string.Join('\n', faults.Lines(fault => fault.ToString())));
        }

        var path = Path.GetFullPath(config);
        if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            throw new Fault($"{Fault.Show(config)}: there already; give another place with -c.", CommandLine.Differs);
        }

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

    private static string Ask(bool asks, string question, string fallback)
    {
        if (!asks)
        {
            return fallback;
        }

        Console.Error.Write($"{question} [{fallback}]: ");
        return Console.ReadLine()?.Trim() is { Length: > 0 } answer ? answer : fallback;
    }
}
