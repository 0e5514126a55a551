using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Server;

/// <summary>The prompt <c>choose_pattern</c>: from what the caller sees to a pattern, its algorithm and the call that emits it.</summary>
internal sealed class ChoosePatternPrompt : McpServerPrompt
{
    /// <summary>Its name.</summary>
    public const string Name = "choose_pattern";

    private const int MostCharacters = 2_000;

    /// <inheritdoc/>
    public override Prompt ProtocolPrompt { get; } = new()
    {
        Name = Name,
        Title = "Which pattern",
        Icons = [Glyph.Icon(Glyph.Server)],
        Description = "Choose the pattern, algorithm and figures that fit what goes wrong, and emit the code.",
        Arguments =
        [
            new() { Name = "symptom", Title = "What goes wrong", Description = "In your words: the payments call hangs and then all "
                + "requests wait." },
        ],
    };

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <inheritdoc/>
    public override ValueTask<GetPromptResult> GetAsync(
        RequestContext<GetPromptRequestParams> request,
        CancellationToken cancellationToken = default)
    {
        // Clients that split what was typed at spaces give its later words under no name of ours, so they are lost here; the guide does
        // without.
        var symptom = request.Params?.Arguments is { } given && given.TryGetValue("symptom", out var value)
            && value.ValueKind is JsonValueKind.String
            ? value.GetString()!.Trim()
            : "";
        if (symptom.Length > MostCharacters)
        {
            throw new McpProtocolException($"symptom: {symptom.Length} characters are too many; use at most "
                + $"{MostCharacters}.", McpErrorCode.InvalidParams);
        }

        var seen = symptom.Length == 0
            ? "Look at my code for calls that can hang, fail now and then, stay down, or take each other's connections, "
                + "and for entrances that anybody may flood."
            : $"What I see:\n\n{string.Join('\n', symptom.ReplaceLineEndings("\n").Split('\n').Select(line => $"> {line}"))}";
        return ValueTask.FromResult(new GetPromptResult
        {
            Description = "Choose a pattern",
            Messages = [new() { Role = Role.User, Content = new TextContentBlock { Text = Ask(seen) } }],
        });
    }

    private static string Ask(string seen) =>
        $"""
        Help me choose how to make these calls resilient. {seen}

        1. Name the one pattern that cures the cause, by the guide below, and say in a sentence why the nearest other one does not. Ask me at most two
        questions, and only where the answer changes the choice.
        2. Read its guide ({PatternGuides.UriTemplate}: {string.Join(", ", PatternGuides.Patterns)}) and put figures from my code or my answers into
        its arguments; leave the others at their defaults.
        3. Call the tool with withCode false and run the command that the answer begins with; without a shell, call it as it is and save each block of
        code under its name. Tell me its warnings.

        {PatternGuides.Choice}
        """;
}
