using System.Text.Json;

namespace CrowVault.Emitters.Stack;

/// <summary>Emits the function that composes the outbound layers. Not a tool: the manifest, the prompt and a resource lead to it.</summary>
public sealed class StackEmitter() : Emitter<StackOptions>(() => StackJson.Default.StackOptions)
{
    /// <summary>The one there is.</summary>
    public static StackEmitter Instance { get; } = new();

    /// <summary>The command that writes everything a manifest asks for.</summary>
    public const string CommandLine = $"{Emission.Program} stack -c resilience.json -o src/resilience/";

    /// <inheritdoc/>
    public override string Tool => "stack";

    /// <inheritdoc/>
    public override string Title => "Resilience stack";

    /// <inheritdoc/>
    public override string Description => "Composes circuit breaker, retry, timeout and bulkhead around a call.";

    /// <inheritdoc/>
    public override string IconPath => "M12 3l9 5-9 5-9-5zM3 12l9 5 9-5M3 16l9 5 9-5";

    /// <inheritdoc/>
    public override string FileName => "resilience-stack.ts";

    /// <inheritdoc/>
    private protected override string CommandFor(string options) => CommandLine;

    private protected override EmittedCode Write(StackOptions options)
    {
        var model = new StackModel(
            JsonNamingPolicy.KebabCaseLower.ConvertName(options.FailureUnit.ToString()),
            options.Runtime is not Runtime.Workers,
            TestRunner.Imports(options),
            TestRunner.Declarations(options));
        var view = Templates.View(model, StackJson.Default.StackModel);
        var source = view.Render("Stack/resilience-stack.ts.liquid");
        var test = options.WithTests ? view.Render("Stack/resilience-stack.test.ts.liquid") : "";
        return new(source, test, Usage("orders.get", "orders"), [Unit(options)], []);
    }

    /// <summary>The snippet that wires the layers.</summary>
    internal static string Usage(string operation, string partition)
    {
        var model = new StackUsageModel(TypeScript.Literal(operation), TypeScript.Literal(partition));
        return Templates.View(model, StackJson.Default.StackUsageModel).Render("Stack/usage.ts.liquid").TrimEnd('\n');
    }

    private static string Unit(StackOptions options) => options.FailureUnit switch
    {
        FailureUnit.Attempt =>
            "The breaker counts attempts: five failed attempts of one call are five failures. Set failureUnit to call to count calls.",
        FailureUnit.Call =>
            "The breaker counts calls: five failed attempts of one call are one failure. Set failureUnit to attempt to count attempts.",
    };
}
