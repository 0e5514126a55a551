using System.Text.Json.Nodes;
using CrowVault.Emitters.Stack.Telemetry;
using CrowVault.Emitters.TimeoutConfig;

namespace CrowVault.Emitters.Stack;

/// <summary>Emits <c>upstreams.ts</c>, which wires the layers: one object for each downstream service.</summary>
internal sealed class UpstreamsFile(ManifestSections sections, StackOptions options, Reported reported)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "upstreams.ts";

    private const string TestFileName = "upstreams.test.ts";

    // The width for which emitted code is laid out.
    private const int Columns = 100;

    // What every object of JavaScript answers to, so that an upstream of that name needs an entry of its own.
    private static readonly string[] s_inherited =
        ["hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf"];

    private readonly TemplateView _view = Templates.View(ModelOf(sections, options, reported), StackJson.Default.UpstreamsModel);

    /// <summary>A snippet that calls an upstream.</summary>
    public string Usage => Render("upstreams-usage.ts").TrimEnd('\n');

    /// <summary>The source, its tests when asked for, and the adapter of the client.</summary>
    public IEnumerable<GeneratedFile> Files(string version)
    {
        var header = new FileHeader("Upstreams", version, "upstreams", Arguments(), FileHeader.WebStandards);
        var source = Render("upstreams.ts");
        yield return new(FileName, FileRole.Source, "typescript", header.Of(source), source);
        if (options.WithTests)
        {
            var tests = Render("upstreams.test.ts");
            yield return new(TestFileName, FileRole.Test, "typescript", (header with { Subject = $"Tests of {FileName}" }).Of(tests), tests);
        }

        foreach (var adapter in ClientFile.Write(_view, options, version))
        {
            yield return adapter;
        }
    }

    private string Render(string template) => TestRunner.WithImports(_view.Render($"Stack/{template}.liquid"), options.ImportExtension);

    // What the file follows from: settings and operations of each upstream, and whether there is a total time.
    private string Arguments()
    {
        var upstreams = new JsonObject(sections.Upstreams.Select(upstream => KeyValuePair.Create(upstream.Name, (JsonNode?)new JsonObject
        {
            ["operations"] = new JsonArray([.. upstream.Operations.Select(operation =>
                (JsonNode)(operation.Retry is false ? $"{operation.Name} once" : operation.Name))]),
        })));
        return upstreams.ToJsonString(ArgumentJson.Readable.Options);
    }

    private static UpstreamsModel ModelOf(ManifestSections sections, StackOptions options, Reported reported)
    {
        var timeouts = sections.Find<TimeoutConfigOptions>()!;
        var upstreams = sections.Upstreams;
        var first = upstreams.FirstOrDefault(upstream => upstream.Operations.Count > 0) ?? upstreams[0];
        var owned = upstreams.SelectMany(upstream => upstream.Operations).ToList();
        // Those of no upstream are called through upstreamFor.
        var others = timeouts.Operations.ExceptBy(owned.Select(operation => operation.Name), operation => operation.Name);
        List<string> once =
        [
            .. owned.Where(operation => operation.Retry is false).Select(operation => operation.Name),
            .. others.Where(operation => operation.Retry is false).Select(operation => operation.Name),
        ];
        return new(
            Operations: [.. upstreams.Select(upstream => new TableEntry(TypeScript.PropertyKey(upstream.Name), Union(upstream)))],
            Settings: [.. upstreams.Where(upstream => upstream.BaseUrl is not null || upstream.OwnSettings.Count > 0
                || s_inherited.Contains(upstream.Name)).Select(Settings)],
            Once: once.Count == 0 ? "" : List(once),
            HasTotal: timeouts.TotalTimeoutMs > 0,
            TimeoutImports: string.Join(", ", [
                .. timeouts.TotalTimeoutMs > 0 ? ["Deadline"] : Array.Empty<string>(),
                .. timeouts.WithFetch ? ["DEADLINE_HEADER", "timeoutFetch", "timeoutOf"] : Array.Empty<string>(),
                "withTimeout",
            ]),
            WithFetch: timeouts.WithFetch,
            CountsAttempts: options.FailureUnit is FailureUnit.Attempt,
            WithBudget: sections.Find<RetryPolicy.RetryPolicyOptions>()!.WithRetryBudget,
            BreakerReports: reported.Guards.Contains(Guard.CircuitBreaker),
            RetryReports: reported.Guards.Contains(Guard.Retry),
            TimeoutReports: reported.Guards.Contains(Guard.Timeout),
            BulkheadReports: reported.Guards.Contains(Guard.Bulkhead),
            Reports: reported.Guards.Any(guard => guard is not Guard.RateLimiter),
            MaxKeys: TypeScript.Numeral(options.MaxKeys),
            SlotsPerKey: TypeScript.Numeral(options.SlotsPerKey),
            TellsBusy: options.Client is UpstreamClient.Nest,
            First: first.Name,
            FirstMember: TypeScript.PropertyKey(first.Name) == first.Name ? $".{first.Name}" : $"[{TypeScript.Literal(first.Name)}]",
            FirstOperation: TypeScript.Literal(first.Operations.Count > 0 ? first.Operations[0].Name : timeouts.Operations[0].Name),
            TestImports: TestRunner.Imports(options),
            TestDeclarations: TestRunner.Declarations(options));
    }

    private static UpstreamSettings Settings(Upstream upstream) => new(
        TypeScript.PropertyKey(upstream.Name),
        upstream.BaseUrl is null ? "" : TypeScript.Literal(upstream.BaseUrl),
        upstream.OwnSettings);

    // As Prettier lays out a union: on the line of its key if it fits.
    private static string Union(Upstream upstream)
    {
        var names = upstream.Operations.Select(operation => TypeScript.Literal(operation.Name)).ToList();
        if (names.Count == 0)
        {
            return " string";
        }

        var line = $" {string.Join(" | ", names)}";
        return "  readonly ".Length + TypeScript.PropertyKey(upstream.Name).Length + ":;".Length + line.Length <= Columns
            ? line
            : string.Concat(names.Select(name => names.Count == 1 ? $"\n    {name}" : $"\n    | {name}"));
    }

    private static string List(IReadOnlyList<string> names)
    {
        var literals = names.Select(TypeScript.Literal).ToList();
        var line = $"[{string.Join(", ", literals)}]";
        return "const ONCE: ReadonlySet<string> = new Set();".Length + line.Length <= Columns
            ? line
            : $"[\n{string.Concat(literals.Select(literal => $"  {literal},\n"))}]";
    }
}
