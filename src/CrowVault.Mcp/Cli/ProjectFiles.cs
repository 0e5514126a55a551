using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters.Arguments;

namespace CrowVault.Mcp.Cli;

/// <summary>What a project's package.json and tsconfig.json say about its test runner and about how it writes imports.</summary>
/// <param name="TestRunner">Value of the argument <c>testRunner</c>; null when nothing says.</param>
/// <param name="TestRunnerFrom">Where it was found.</param>
/// <param name="ImportExtension">Value of the argument <c>importExtension</c>; null when nothing says.</param>
/// <param name="ImportExtensionFrom">Where it was found.</param>
internal sealed record ProjectFiles(string? TestRunner, string? TestRunnerFrom, string? ImportExtension, string? ImportExtensionFrom)
{
    private const int MaxExtends = 8;

    private static readonly string[] s_dependencies = ["dependencies", "devDependencies", "peerDependencies"];

    /// <summary>Adds what the project says to the arguments of a call, where the call does not say it.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="schema">The arguments that the tool has.</param>
    /// <param name="folder">Where the files go.</param>
    /// <param name="runtime">The argument <c>runtime</c>, when it is given.</param>
    /// <param name="isJavaScript">Whether the files are JavaScript, whose own name ends in .js.</param>
    /// <returns>What was found, as sentences.</returns>
    public static List<string> AddTo(JsonObject arguments, ArgumentSchema schema, string folder, string? runtime, bool isJavaScript)
    {
        var names = schema.All.Select(argument => argument.Name).ToHashSet(StringComparer.Ordinal);
        var found = new List<string>();
        if (!names.Contains("testRunner") || !names.Contains("importExtension"))
        {
            return found;
        }

        var style = Find(folder, runtime);
        Add("testRunner", style.TestRunner, style.TestRunnerFrom);
        Add("importExtension", isJavaScript && style.ImportExtension == "ts" ? null : style.ImportExtension, style.ImportExtensionFrom);
        return found;

        void Add(string name, string? value, string? from)
        {
            if (value is not null && !arguments.ContainsKey(name))
            {
                arguments[name] = value;
                found.Add($"{name} is {value}, found in {Fault.Show(from!)}; --{JsonNamingPolicy.KebabCaseLower.ConvertName(name)} says otherwise.");
            }
        }
    }

    /// <summary>Reads the nearest package.json, deno.json and tsconfig.json.</summary>
    /// <param name="folder">Where the files go; it need not be there yet.</param>
    /// <param name="runtime">The argument <c>runtime</c>, when it is given.</param>
    public static ProjectFiles Find(string folder, string? runtime)
    {
        var package = Nearest(folder, "package.json");
        var deno = Nearest(folder, "deno.json") ?? Nearest(folder, "deno.jsonc");
        var manifest = package is null ? null : Read(package);
        if (runtime == "deno" || (deno is not null && (package is null || Depth(deno) >= Depth(package))))
        {
            return new(runtime is null or "deno" ? "deno" : null, deno, "ts", deno);
        }

        var (runner, runnerFrom) = RunnerOf(manifest, package);
        var (extension, extensionFrom) = ExtensionOf(folder, manifest, package, runner);
        return new(runner, runnerFrom, extension, extensionFrom);
    }

    private static (string?, string?) RunnerOf(JsonObject? manifest, string? package)
    {
        if (manifest is null)
        {
            return (null, null);
        }

        var script = Text(Object(manifest, "scripts")?["test"]);
        var packages = s_dependencies
            .SelectMany(section => Object(manifest, section)?.Select(each => each.Key) ?? []).ToHashSet(StringComparer.Ordinal);
        var words = script.Split([' ', '\t', '&', '|', ';', '"', '\''], StringSplitOptions.RemoveEmptyEntries);
        string? runner =
            words.Contains("vitest") ? "vitest"
            : words.Contains("jest") || words.Any(word => word.EndsWith("/jest.js", StringComparison.Ordinal) || word is "react-scripts") ? "jest"
            : script.Contains("bun test", StringComparison.Ordinal) ? "bun"
            : script.Contains("deno test", StringComparison.Ordinal) ? "deno"
            : words.Contains("--test") ? "node"
            : packages.Contains("vitest") || packages.Contains("@cloudflare/vitest-pool-workers") ? "vitest"
            : packages.Contains("jest") || packages.Contains("ts-jest") || packages.Contains("@swc/jest") || packages.Contains("jest-expo")
                || packages.Contains("babel-jest") || manifest.ContainsKey("jest") ? "jest"
            : packages.Contains("@types/bun") || packages.Contains("bun-types") ? "bun"
            : null;
        return (runner, package);
    }

    private static (string?, string?) ExtensionOf(string folder, JsonObject? manifest, string? package, string? runner)
    {
        if (Nearest(folder, "tsconfig.json") is not { } path)
        {
            // Without a compiler Node and Bun run the files as they are, and want the file's own name.
            return manifest is null ? (null, null) : runner is "jest" or "vitest" ? ("none", package) : ("ts", package);
        }

        var options = new JsonObject();
        Collect(path, options, MaxExtends, []);

        // A solution of several projects says nothing itself: the one for the application does.
        if (options.Count == 0 && Read(path)?["references"] is JsonArray references)
        {
            foreach (var reference in references.OfType<JsonObject>().Select(each => Text(each["path"])).Where(each => each.Length > 0).Take(8))
            {
                var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, reference));
                Collect(Directory.Exists(file) ? Path.Combine(file, "tsconfig.json") : file, options, MaxExtends, []);
                if (options.Count > 0)
                {
                    break;
                }
            }
        }

        var (module, resolution) = (Text(options["module"]).ToLowerInvariant(), Text(options["moduleResolution"]).ToLowerInvariant());
        var nodeNext = resolution is "node16" or "nodenext" || (resolution.Length == 0 && module is "node16" or "node18" or "node20" or "nodenext");
        var isModule = manifest is not null && Text(manifest["type"]) == "module";
        var usesNodeTest = runner is null or "node";
        var extension =
            IsTrue(options["allowImportingTsExtensions"]) || IsTrue(options["rewriteRelativeImportExtensions"])
                ? runner == "jest" && !IsTrue(options["rewriteRelativeImportExtensions"]) ? "none" : "ts"
            : nodeNext ? isModule && runner != "jest" ? "js" : isModule && MapsJs(manifest) ? "js" : isModule && runner == "jest" ? "js" : "none"
            : module.Length == 0 && resolution.Length == 0 && isModule && usesNodeTest ? "js"
            : "none";
        return (extension, path);
    }

    // Options of a tsconfig.json and of those that it extends, the nearest first.
    private static void Collect(string path, JsonObject options, int left, HashSet<string> seen)
    {
        if (left == 0 || !seen.Add(path) || Read(path) is not { } config)
        {
            return;
        }

        foreach (var (name, value) in Object(config, "compilerOptions") ?? [])
        {
            if (!options.ContainsKey(name))
            {
                options[name] = value?.DeepClone();
            }
        }

        // Of several the last one wins, so it comes first.
        var bases = config["extends"] is JsonArray list ? list.Select(Text).Reverse() : [Text(config["extends"])];
        foreach (var each in bases.Where(each => each.Length > 0))
        {
            if (Resolve(Path.GetDirectoryName(path)!, each) is { } file)
            {
                Collect(file, options, left - 1, seen);
            }
        }
    }

    private static string? Resolve(string folder, string name)
    {
        if (name.StartsWith('.') || Path.IsPathRooted(name))
        {
            var file = Path.GetFullPath(Path.Combine(folder, name));
            return new[] { file, $"{file}.json", Path.Combine(file, "tsconfig.json") }.FirstOrDefault(File.Exists);
        }

        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            var file = Path.Combine(at, "node_modules", name);
            if (new[] { file, $"{file}.json", Path.Combine(file, "tsconfig.json") }.FirstOrDefault(File.Exists) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static bool MapsJs(JsonObject? manifest) => Object(Object(manifest, "jest"), "moduleNameMapper")?.Any(each => each.Key.Contains("js", StringComparison.Ordinal)) == true;

    /// <summary>Whether a folder is part of somebody's project, where files live long enough to be upgraded.</summary>
    public static bool IsProject(string folder) => s_marks.Any(mark => Nearest(folder, mark) is not null);

    private static readonly string[] s_marks = ["package.json", "deno.json", "deno.jsonc", "tsconfig.json"];

    private static string? Nearest(string folder, string name)
    {
        for (var at = Path.GetFullPath(folder); at is not null; at = Path.GetDirectoryName(at))
        {
            var path = Path.Combine(at, name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    private static int Depth(string path) => path.Count(c => c == Path.DirectorySeparatorChar);

    // What cannot be read says nothing.
    private static JsonObject? Read(string path)
    {
        try
        {
            return JsonObject.Create(FileJson.Parse(Disk.ReadText(path).TrimStart('\uFEFF'))) is { Count: >= 0 } read ? read : null;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException or Fault)
        {
            return null;
        }
    }

    private static JsonObject? Object(JsonObject? parent, string name) => parent?[name] is JsonObject { Count: >= 0 } child ? child : null;

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static bool IsTrue(JsonNode? node) => node is JsonValue value && value.TryGetValue(out bool flag) && flag;
}
