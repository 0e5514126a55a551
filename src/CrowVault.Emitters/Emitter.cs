using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CrowVault.Emitters;

/// <summary>One tool: its name, its arguments and the code that it emits. Emitters are pure: no clock, randomness, environment or
/// I/O.</summary>
public abstract class Emitter
{
    /// <summary>Name of the tool, such as <c>generate_circuit_breaker</c>.</summary>
    public abstract string Tool { get; }

    /// <summary>Name on the command line, such as <c>circuit-breaker</c>.</summary>
    public string Command => Tool["generate_".Length..].Replace('_', '-');

    /// <summary>What a person reads in a list of tools.</summary>
    public abstract string Title { get; }

    /// <summary>What a model reads to choose the tool: when to use it and when not.</summary>
    public abstract string Description { get; }

    /// <summary>Path data of the tool's icon, filled, on a canvas of 24 by 24.</summary>
    public abstract string IconPath { get; }

    /// <summary>Name of the source file, such as <c>circuit-breaker.ts</c>.</summary>
    public abstract string FileName { get; }

    /// <summary>Name of the test file, such as <c>circuit-breaker.test.ts</c>.</summary>
    public string TestFileName => Path.ChangeExtension(FileName, ".test.ts");

    /// <summary>The arguments, with their JSON schema.</summary>
    public abstract ArgumentSchema Arguments { get; }

    /// <summary>The command that writes the files.</summary>
    /// <param name="options">The options on the command line that say what the arguments said.</param>
    private protected virtual string CommandFor(string options) =>
        $"{Emission.Program} generate {Command} {options} -o src/resilience/".Replace("  ", " ", StringComparison.Ordinal);

    /// <summary>Checks the arguments and emits the code.</summary>
    /// <param name="arguments">One JSON object.</param>
    /// <param name="version">Version of the product, for the header.</param>
    /// <param name="emission">The answer when nothing is wrong with the arguments.</param>
    /// <param name="faults">Everything that is wrong with them otherwise.</param>
    public abstract bool TryEmit(
        JsonElement arguments,
        string version,
        [NotNullWhen(true)] out Emission? emission,
        [NotNullWhen(false)] out ArgumentFaults? faults);

    /// <summary>Checks the arguments without emitting anything.</summary>
    /// <param name="arguments">One JSON object.</param>
    /// <returns>What is wrong with them; null when nothing is.</returns>
    public ArgumentFaults? Check(JsonElement arguments) => TryBind(arguments, out _, out var faults) ? null : faults;

    /// <summary>Checks and binds the arguments for a caller that needs the options before it emits.</summary>
    internal abstract bool TryBind(
        JsonElement arguments,
        [NotNullWhen(true)] out IToolOptions? options,
        [NotNullWhen(false)] out ArgumentFaults? faults);

    /// <summary>Emits the code for options that <see cref="TryBind"/> gave.</summary>
    internal abstract Emission Emit(IToolOptions options, string version);
}

/// <summary>An emitter with its options record.</summary>
/// <typeparam name="TOptions">The options record.</typeparam>
public abstract class Emitter<TOptions> : Emitter
    where TOptions : class, IToolOptions
{
    private readonly Lazy<ArgumentBinder<TOptions>> _arguments;

    /// <summary>Ties the emitter to its options.</summary>
    /// <param name="typeInfo">Gives the source-generated metadata of the options record, once it is needed: most sessions use one tool.</param>
    private protected Emitter(Func<JsonTypeInfo<TOptions>> typeInfo) => _arguments = new(() => new(Tool, typeInfo()));

    /// <inheritdoc/>
    public override ArgumentSchema Arguments => _arguments.Value;

    /// <inheritdoc/>
    public override bool TryEmit(
        JsonElement arguments,
        string version,
        [NotNullWhen(true)] out Emission? emission,
        [NotNullWhen(false)] out ArgumentFaults? faults)
    {
        emission = _arguments.Value.TryBind(arguments, out var options, out var withCode, out faults)
            ? Emit(options, version) with { WithCode = withCode }
            : null;
        return emission is not null;
    }

    /// <inheritdoc/>
    internal override bool TryBind(
        JsonElement arguments,
        [NotNullWhen(true)] out IToolOptions? options,
        [NotNullWhen(false)] out ArgumentFaults? faults)
    {
        options = _arguments.Value.TryBind(arguments, out var bound, out _, out faults) ? bound : null;
        return options is not null;
    }

    /// <inheritdoc/>
    internal override Emission Emit(IToolOptions options, string version) => Emit((TOptions)options, version);

    /// <summary>Emits the code for options that are known to be valid.</summary>
    /// <param name="options">The options.</param>
    /// <param name="version">Version of the product, for the header.</param>
    public Emission Emit(TOptions options, string version)
    {
        var draft = Write(options);
        var canonical = _arguments.Value.Canonical(options);
        var header = new FileHeader(Title, version, Tool, canonical.ToJsonString(ArgumentJson.Readable.Options), draft.Needs);
        var files = new List<GeneratedFile> { new(FileName, FileRole.Source, "typescript", header.Of(draft.Source), draft.Source) };
        if (options.WithTests)
        {
            var tests = TestRunner.WithImports(draft.Test, options.ImportExtension);
            files.Add(new(TestFileName, FileRole.Test, "typescript", (header with { Subject = $"Tests of {FileName}" }).Of(tests), tests));
        }

        var usage = TestRunner.WithImports(draft.Usage, options.ImportExtension);
        return new(files, usage, draft.Notes, draft.Warnings, CommandFor(_arguments.Value.CommandLineOptions(canonical)),
            _arguments.Value.Taken(canonical));
    }

    /// <summary>Decides what the options mean and renders the templates.</summary>
    private protected abstract EmittedCode Write(TOptions options);
}
