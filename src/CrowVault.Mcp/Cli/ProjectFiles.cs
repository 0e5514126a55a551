using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CrowVault.Emitters.Arguments;

namespace CrowVault.Mcp.Cli;

/// <summary>What a project's package.json and tsconfig.json say about its test runner and about how it writes imports.</summary>
/// <param name="TestRunner">Value of the argument <c>testRunner</c>; null when nothing says.</param>
/// <param name="TestRunnerFrom">Where it was found; null when the runtime says it.</param>
/// <param name="ImportExtension">Value of the argument <c>importExtension</c>; null when nothing says.</param>
/// <param name="ImportExtensionFrom">Where it was found; null when the runtime says it.</param>
internal sealed partial record ProjectFiles(
    string? TestRunner, string? TestRunnerFrom, string? ImportExtension, string? ImportExtensionFrom)
{
    private const int MaxExtends = 8;

    // Options that decide how imports are written.
    private static readonly string[] s_decisive =
        ["module", "moduleResolution", "allowImportingTsExtensions", "rewriteRelativeImportExtensions"];

    private static readonly string[] s_dependencies = ["dependencies", "devDependencies", "peerDependencies"];

    // A runner that no tests are written for.
    private const string Others = "others";

    private static readonly char[] s_separators = [' ', '\t', '&', '|', ';', '"', '\''];
    private static readonly string[] s_extensions = [".ts", ".js", ".mts", ".mjs", ".cts", ".cjs", ".json"];
    private static readonly (string Runner, string[] Names)[] s_configurations =
        [("vitest", ["vitest.config", "vitest.workspace", "vite.config"]), ("jest", ["jest.config"])];
    private static readonly string[] s_vitest = ["vitest", "@cloudflare/vitest-pool-workers", "@nx/vitest"];
    private static readonly string[] s_jest = ["jest", "ts-jest", "@swc/jest", "jest-expo", "babel-jest", "@nx/jest"];
    private static readonly string[] s_bun = ["bun.lock", "bun.lockb", "bunfig.toml"];
    // What reads ECMAScript modules in packages of CommonJS too: bundlers and whatever transpiles.
    private static readonly string[] s_transpilers =
    [
        "typescript", "tsx", "ts-node", "@swc/core", "@babel/core", "@babel/preset-env", "esbuild", "vite", "rollup", "webpack", "parcel",
        "tsup", "next", "nuxt", "react-scripts", "expo", "wrangler", "vitest",
    ];

    private static readonly string[] s_workspaces = ["pnpm-workspace.yaml", "nx.json", "turbo.json", "lerna.json", "rush.json"];

    // What a package is called here. Nest comes before what it runs on, Next before an Express of its own.
    private static readonly (string Package, string Framework)[] s_frameworks =
        [("next", "fetch"), ("@nestjs/core", "nest"), ("fastify", "fastify"), ("hono", "hono"), ("koa", "koa"), ("express", "express")];

    private static readonly HashSet<string> s_strange =
        new(StringComparer.Ordinal) { "mocha", "ava", "tap", "uvu", "jasmine", "karma", "lab" };

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
                var reason = from is null ? $"because runtime is {runtime}" : $"found in {Fault.Show(from)}";
                found.Add($"{name} is {value}, {reason}; --{JsonNamingPolicy.KebabCaseLower.ConvertName(name)} says otherwise.");
            }
        }
    }

    /// <summary>The argument <c>framework</c> that fits what the nearest package.json depends on; null when nothing says.</summary>
    public static string? FrameworkOf(string folder, string runtime)
    {
        var packages = Nearest(folder, "package.json") is { } path && Read(path) is { } manifest ? Dependencies(manifest) : [];
        var found = Array.Find(s_frameworks, each => packages.Contains(each.Package)).Framework;
        return runtime is "workers" && found is not "hono" ? null : found;
    }

    /// <summary>Warnings where a project does not take what is emitted: Node reads it as CommonJS, the type of packages that npm 11 makes,
    /// or TypeScript checks JavaScript.</summary>
    /// <param name="folder">Where the files go.</param>
    /// <param name="extension">Extension of their names, with its dot.</param>
    public static IEnumerable<string> Warnings(string folder, string extension)
    {
        if (extension is ".js" or ".ts" && Nearest(folder, "package.json") is { } package && Read(package) is { } manifest
            && Text(manifest["type"]) == "commonjs" && !Dependencies(manifest).Overlaps(s_transpilers)
            && Nearest(folder, "tsconfig.json") is null && Nearest(folder, "deno.json") is null
            && RunnerOf(manifest, Path.GetDirectoryName(package)!)?.Runner is not "bun")
        {
            yield return $"{Fault.Show(package)} says \"type\": \"commonjs\", so Node takes these {extension} files, which are ECMAScript "
                + "modules, for CommonJS and refuses them. Say \"type\": \"module\" there, or put a package.json with "
                + "{\"type\":\"module\"} beside them.";
        }

        if (extension is ".js" or ".mjs" && (Nearest(folder, "jsconfig.json") ?? Nearest(folder, "tsconfig.json")) is { } config)
        {
            var options = new JsonObject();
            Collect(config, options, MaxExtends, []);
            if (IsTrue(options["checkJs"]))
            {
                yield return $"{Fault.Show(config)} has checkJs, which code without types does not pass. Take TypeScript, which "
                    + "checks your calls too, or write // @ts-nocheck above the first comment, where updates keep it; calls may still need it.";
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

        var (runner, runnerFrom) = RunnerOf(folder, package);
        var (extension, extensionFrom) = ExtensionOf(folder, manifest, package, runner);
        return new(runner, runnerFrom, extension, extensionFrom);
    }

    // What the project says that a folder belongs to, or else the root of its workspace. In a monorepo of one package.json a project
    // has its configuration alone.
    private static (string?, string?) RunnerOf(string output, string? package)
    {
        var end = Path.GetDirectoryName(package);
        for (var at = Path.GetFullPath(output); end is not null && at is not null && at != end; at = Path.GetDirectoryName(at))
        {
            if ((ConfiguredIn(at) ?? RunBy(Path.Combine(at, "project.json"))) is { } found)
            {
                return found.Runner is Others ? (null, null) : found;
            }
        }

        for (var isNearest = true; package is not null; isNearest = false)
        {
            var folder = Path.GetDirectoryName(package)!;
            if (Read(package) is { } manifest && (isNearest || IsWorkspace(folder, manifest)))
            {
                if (RunnerOf(manifest, folder) is { } found)
                {
                    return found.Runner is Others ? (null, null) : (found.Runner, found.From ?? package);
                }
            }

            package = Path.GetDirectoryName(folder) is { } parent ? Nearest(parent, "package.json") : null;
        }

        return (null, null);
    }

    private static bool IsWorkspace(string folder, JsonObject manifest) =>
        manifest.ContainsKey("workspaces") || Array.Exists(s_workspaces, name => File.Exists(Path.Combine(folder, name)));

    private static (string Runner, string? From)? RunnerOf(JsonObject manifest, string folder)
    {
        // The script that people run, then those that it runs, then what stands beside it under the same name.
        var scripts = Object(manifest, "scripts");
        var script = Text(scripts?["test"]);
        var named = script.Split(s_separators, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var others = scripts?.Where(each => named.Contains(each.Key))
            .Concat(scripts.Where(each => each.Key.StartsWith("test", StringComparison.Ordinal))) ?? [];
        foreach (var text in others.Select(each => Text(each.Value)).Prepend(script))
        {
            if (RunnerIn(text) is { } runner)
            {
                return (runner, null);
            }
        }

        if (ConfiguredIn(folder) is { } configured)
        {
            return configured;
        }

        var packages = Dependencies(manifest);
        return packages.Overlaps(s_vitest) ? ("vitest", null)
            : manifest.ContainsKey("jest") || packages.Overlaps(s_jest) ? ("jest", null)
            : packages.Contains("@types/bun") || packages.Contains("bun-types") ? ("bun", null)
            : Array.Find(s_bun, name => File.Exists(Path.Combine(folder, name))) is { } bun ? ("bun", Path.Combine(folder, bun))
            : null;
    }

    private static (string Runner, string? From)? ConfiguredIn(string folder)
    {
        foreach (var (runner, configurations) in s_configurations)
        {
            foreach (var name in configurations.SelectMany(name => s_extensions.Select(extension => $"{name}{extension}")))
            {
                var path = Path.Combine(folder, name);
                if (File.Exists(path) && (!name.StartsWith("vite.", StringComparison.Ordinal) || ConfiguresTests(path)))
                {
                    return (runner, path);
                }
            }
        }

        return null;
    }

    // What Nx runs for a project's target 'test': @nx/jest:jest, @nx/vitest:test, @angular/build:unit-test.
    private static (string Runner, string? From)? RunBy(string project) =>
        Text(Object(Object(File.Exists(project) ? Read(project) : null, "targets"), "test")?["executor"]).Split(':')[0] switch
        {
            "" => null,
            var by when by.EndsWith("/jest", StringComparison.Ordinal) => ("jest", project),
            "@angular/build" or "@nx/vite" or "@nx/vitest" or "@nrwl/vite" => ("vitest", project),
            _ => null,
        };

    private static string? RunnerIn(string script)
    {
        // ./node_modules/.bin/jest, and node --inspect node_modules/vitest/vitest.mjs.
        var words = script.Split(s_separators, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word[(word.LastIndexOfAny(['/', '\\']) + 1)..]).ToList();
        return words.Exists(word => word is "vitest" or "vitest.mjs") ? "vitest"
            : words.Exists(word => word is "jest" or "jest.js" or "react-scripts") ? "jest"
            : script.Contains("bun test", StringComparison.Ordinal) ? "bun"
            : script.Contains("deno test", StringComparison.Ordinal) ? "deno"
            : words.Contains("--test") ? "node"
            : words.Any(s_strange.Contains) ? Others
            : null;
    }

    private static bool ConfiguresTests(string path)
    {
        try
        {
            var text = Disk.ReadText(path);
            return text.Contains("vitest", StringComparison.Ordinal) || text.Contains("test:", StringComparison.Ordinal);
        }
        catch (Fault)
        {
            return false;
        }
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

        // A solution of several projects says nothing itself, or what paths are short for: the one for the application does.
        if (Read(path) is { } solution && solution["references"] is JsonArray references
            && (IsEmpty(solution) || !s_decisive.Any(options.ContainsKey)))
        {
            options.Clear();
            var projects = references.OfType<JsonObject>().Select(each => Text(each["path"])).Where(each => each.Length > 0).Take(8)
                .Select(each => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, each)))
                .Select(each => Directory.Exists(each) ? Path.Combine(each, "tsconfig.json") : each);
            foreach (var project in projects.OrderBy(each => Includes(each, folder) ? 0 : 1))
            {
                Collect(project, options, MaxExtends, []);
                if (s_decisive.Any(options.ContainsKey))
                {
                    break;
                }
            }

            Collect(path, options, MaxExtends, []);
        }

        var (module, resolution) = (Text(options["module"]).ToLowerInvariant(), Text(options["moduleResolution"]).ToLowerInvariant());
        var nodeNext = resolution is "node16" or "nodenext"
            || (resolution.Length == 0 && module is "node16" or "node18" or "node20" or "nodenext");
        var isModule = manifest is not null && Text(manifest["type"]) == "module";
        var usesNodeTest = runner is null or "node";
        var extension =
            IsTrue(options["allowImportingTsExtensions"]) || IsTrue(options["rewriteRelativeImportExtensions"])
                ? runner == "jest" && !IsTrue(options["rewriteRelativeImportExtensions"]) ? "none" : "ts"
            : nodeNext
                ? isModule && runner != "jest" ? "js"
                : isModule && MapsJs(manifest) ? "js" : isModule && runner == "jest" ? "js" : "none"
            : module.Length == 0 && resolution.Length == 0 && isModule && usesNodeTest ? "js"
            : "none";
        return (extension, path);
    }

    // Whether a project has no file of its own: "files": [], and nothing included.
    private static bool IsEmpty(JsonObject config) => config["files"] is JsonArray { Count: 0 }
        && config["include"] is null or JsonArray { Count: 0 };

    // Whether a project takes in a folder's code: "src", "src/**/*.ts", "${configDir}/src", but not "src/**/*.test.ts"; without a list
    // everything below it.
    private static bool Includes(string project, string folder)
    {
        var root = Path.GetDirectoryName(project)!;
        return Read(project)?["include"] is not JsonArray include
            || include.Select(Text).Where(each => !OfSomeFiles().IsMatch(each)).Any(pattern =>
        {
            pattern = pattern.Replace("${configDir}", ".", StringComparison.OrdinalIgnoreCase);
            var fixedPart = string.Join('/', pattern.Split('/').TakeWhile(part => !part.Contains('*')));
            var place = Path.GetFullPath(Path.Combine(root, fixedPart));
            return $"{Path.GetFullPath(folder)}/".StartsWith($"{place.TrimEnd('/', '\\')}/", StringComparison.Ordinal);
        });
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
            else if (OfNode().IsMatch(each) && !options.ContainsKey("module"))
            {
                options["module"] = "nodenext";
            }
        }
    }

    private static string? Resolve(string folder, string name)
    {
        if (name.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        name = name.Replace("${configDir}", folder, StringComparison.OrdinalIgnoreCase);
        if (name.StartsWith('.') || Path.IsPathRooted(name))
        {
            var file = Path.GetFullPath(Path.Combine(folder, name));
            return new[] { file, $"{file}.json", Path.Combine(file, "tsconfig.json") }.FirstOrDefault(File.Exists);
        }

        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            var package = string.Join('/', name.Split('/').Take(name.StartsWith('@') ? 2 : 1));
            var place = Path.Combine(at, "node_modules", package);

            // pnpm and workspaces link packages: what one extends is relative to where it is.
            var real = new DirectoryInfo(place).LinkTarget is null
                ? place
                : new DirectoryInfo(place).ResolveLinkTarget(returnFinalTarget: true)!.FullName;
            var file = Path.Combine([real, .. name.Split('/').Skip(package.Split('/').Length)]);
            var named = NamedByPackage(Path.Combine(real, "package.json"), name[package.Length..]);
            if (new[] { named ?? file, file, $"{file}.json", Path.Combine(file, "tsconfig.json") }.FirstOrDefault(File.Exists) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    // What a package.json says under 'exports' for a part of the package, or under 'tsconfig' for the whole.
    private static string? NamedByPackage(string manifest, string part)
    {
        if (!File.Exists(manifest) || Read(manifest) is not { } package)
        {
            return null;
        }

        var exports = package["exports"];
        var (target, star) = ((exports as JsonObject)?[$".{part}"], "");
        foreach (var (key, value) in exports as JsonObject ?? [])
        {
            if (target is null && key.Split('*') is [var before, var after] && $".{part}".Length >= key.Length
                && $".{part}".StartsWith(before, StringComparison.Ordinal) && part.EndsWith(after, StringComparison.Ordinal))
            {
                (target, star) = (value, $".{part}"[before.Length..^after.Length]);
            }
        }

        target ??= part.Length > 0 ? null : package["tsconfig"] ?? exports;
        for (var depth = 0; target is JsonObject conditions && depth < MaxExtends; depth++)
        {
            target = conditions["require"] ?? conditions["node"] ?? conditions["default"];
        }

        return Text(target) is var path && path.EndsWith(".json", StringComparison.Ordinal) ? Path.Combine(Path.GetDirectoryName(manifest)!, path.Replace("*", star)) : null;
    }

    private static bool MapsJs(JsonObject? manifest) =>
        Object(Object(manifest, "jest"), "moduleNameMapper")?.Any(each => each.Key.Contains("js", StringComparison.Ordinal)) == true;

    /// <summary>Whether a folder is part of somebody's project, where files live long enough to be upgraded.</summary>
    public static bool IsProject(string folder) => s_marks.Any(mark => Nearest(folder, mark) is not null);

    /// <summary>Whether a folder is where a project begins.</summary>
    public static bool IsRoot(string folder) => s_marks.Any(mark => File.Exists(Path.Combine(folder, mark)));

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

    private static HashSet<string> Dependencies(JsonObject manifest) =>
        s_dependencies.SelectMany(section => Object(manifest, section)?.Select(each => each.Key) ?? []).ToHashSet(StringComparer.Ordinal);

    // What cannot be read says nothing.
    private static JsonObject? Read(string path)
    {
        try
        {
            return FileJson.ToNode(FileJson.Parse(Disk.ReadText(path).TrimStart('\uFEFF'))) as JsonObject;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException or Fault)
        {
            return null;
        }
    }

    [GeneratedRegex(@"(?:\A|/)(?!\*{1,2}(?:\.[cm]?tsx?)?\z)[^/]*\.[^/]*\z")]
    private static partial Regex OfSomeFiles();

    // Yarn keeps packages packed, and some are not installed yet: what these say is known.
    [GeneratedRegex(@"\A(?:@tsconfig/node(?:1[2-9]|[2-9][0-9]|-lts)|@sindresorhus/tsconfig|@total-typescript/tsconfig/tsc)(?:/|\z)")]
    private static partial Regex OfNode();

    private static JsonObject? Object(JsonObject? parent, string name) => parent?[name] is JsonObject { Count: >= 0 } child ? child : null;

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static bool IsTrue(JsonNode? node) => node is JsonValue value && value.TryGetValue(out bool flag) && flag;
}
