using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters.Bulkhead;
using CrowVault.Emitters.CircuitBreaker;
using CrowVault.Emitters.Code;
using CrowVault.Emitters.RetryPolicy;
using CrowVault.Emitters.Stack.Telemetry;
using CrowVault.Emitters.TimeoutConfig;

namespace CrowVault.Emitters.Stack;

/// <summary>
/// <c>resilience.json</c>: one section per tool and one for the stack, each with that tool's arguments. <c>runtime</c> and
/// <c>withTests</c> beside the sections hold for all that do not say otherwise, and <c>upstreams</c> holds what single partitions have of
/// their own.
/// </summary>
public static class Manifest
{
    /// <summary>Name of the section of <see cref="StackEmitter"/>.</summary>
    public const string StackSection = "stack";

    /// <summary>The sections with their emitters, in the order in which files are emitted.</summary>
    public static IReadOnlyList<(string Section, Emitter Emitter)> Sections { get; } =
        [.. Catalog.All.Select(emitter => (SectionOf(emitter), emitter)), (StackSection, StackEmitter.Instance)];

    /// <summary>The languages, the usual one first.</summary>
    internal static IReadOnlyList<string> Languages { get; } = ["typescript", JavaScript.Language];

    /// <summary>JSON Schema (2020-12) of the manifest, made of the tools' own schemas.</summary>
    public static JsonElement Schema { get; } = ManifestSchema.Build();

    /// <summary>Name of a tool's section, such as <c>circuitBreaker</c>.</summary>
    public static string SectionOf(Emitter emitter)
    {
        var words = emitter.Command.Split('-');
        return string.Concat(words.Select((word, index) => index == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
    }

    /// <summary>Files that only the whole manifest gives, by the tool that their headers name.</summary>
    public static IReadOnlyDictionary<string, string> FilesOfTheWhole { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["upstreams"] = UpstreamsFile.FileName,
        [TelemetryFile.Tool] = TelemetryFile.FileName,
        ["ingress"] = IngressFile.FileName,
        ["upstreams_undici"] = ClientFile.NameOf("undici"),
        ["upstreams_axios"] = ClientFile.NameOf("axios"),
        ["upstreams_ky"] = ClientFile.NameOf("ky"),
        ["upstreams_nest"] = ClientFile.NameOf("nest"),
    };

    /// <summary>Name of what says in which language the command line writes the files.</summary>
    internal const string Language = "language";

    /// <summary>The language that a manifest asks for; null when it asks for none.</summary>
    public static string? LanguageOf(JsonElement manifest) =>
        manifest.ValueKind is JsonValueKind.Object && manifest.TryGetProperty(Language, out var language)
            && language.ValueKind is JsonValueKind.String
            ? language.GetString()
            : null;

    /// <summary>Emits every section of the manifest, and what composes the outbound layers when all four are there.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="version">Version of the product, for the headers.</param>
    /// <param name="emission">All files, notes and warnings, those between layers last.</param>
    /// <param name="faults">What is wrong, each fault under its section's name; the first of them when there are very many.</param>
    public static bool TryEmit(
        JsonElement manifest,
        string version,
        [NotNullWhen(true)] out Emission? emission,
        [NotNullWhen(false)] out ArgumentFaults? faults)
    {
        var found = new FaultList();
        var sections = ManifestSections.Bind(manifest, found);
        emission = found.Total == 0 ? Compose(sections, version) : null;
        faults = emission is null ? new ArgumentFaults("stack", found.Kept, null) { Total = found.Total } : null;
        return emission is not null;
    }

    private static Emission Compose(ManifestSections sections, string version)
    {
        var files = new List<GeneratedFile>();
        var notes = new List<string>();
        var warnings = new List<string>();
        foreach (var (_, emitter, options) in sections.Present)
        {
            var one = emitter.Emit(options, version);
            files.AddRange(one.Files);
            notes.AddRange(one.Notes.Select(note => $"{emitter.FileName}: {note}"));
            warnings.AddRange(one.Warnings.Select(warning => $"{emitter.FileName}: {warning}"));
        }

        var usage = "";
        var reported = new Reported(sections);
        var stack = sections.Find<StackOptions>();
        if (sections.WiresUpstreams && stack is not null)
        {
            var upstreams = new UpstreamsFile(sections, stack, reported);
            files.AddRange(upstreams.Files(version));
            usage = upstreams.Usage;
        }
        else if (stack is not null && sections.Find<TimeoutConfigOptions>() is { } timeouts && sections.Find<BulkheadOptions>() is { } bulkhead
            && sections.Find<CircuitBreakerOptions>() is not null && sections.Find<RetryPolicyOptions>() is not null)
        {
            usage = TestRunner.WithImports(
                StackEmitter.Usage(timeouts.Operations[0].Name, bulkhead.Partitions[0].Name), stack.ImportExtension);
        }

        if (reported.Any)
        {
            files.Add(new TelemetryFile(reported, stack!).File(version));
        }

        if (stack is { Ingress: true })
        {
            files.Add(IngressFile.Write(sections, stack, version));
        }

        var checks = new LayerChecks(sections);
        return new(files, usage, [.. notes, .. checks.Notes(), .. checks.Forecasts()], [.. warnings, .. checks.Warnings()],
            StackEmitter.CommandLine, "")
        {
            Monitoring = reported.Any ? new(reported) : null,
        };
    }
}
