using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Stack;

/// <summary>What counts as one failure for the circuit breaker of the stack.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<FailureUnit>))]
public enum FailureUnit
{
    /// <summary>Each attempt: the failures that the service has really seen.</summary>
    Attempt,

    /// <summary>The whole retried call, however many attempts it took.</summary>
    Call,
}

/// <summary>The section <c>stack</c> of a manifest.</summary>
public sealed record StackOptions(
    [property: Argument("Where it runs.")]
    Runtime Runtime = Runtime.Node,

    [property: Argument("What the breaker counts as one failure: each attempt, or the whole retried call.")]
    FailureUnit FailureUnit = FailureUnit.Attempt,

    [property: Argument("Also emit a test file.")]
    bool WithTests = false,

    [property: Argument("Default by runtime.")]
    TestFramework? TestRunner = null,

    [property: Argument("Of imports; default ts.")]
    ImportExtension? ImportExtension = null) : IToolOptions;
