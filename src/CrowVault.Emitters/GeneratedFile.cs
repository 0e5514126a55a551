using System.Text.Json.Serialization;

namespace CrowVault.Emitters;

/// <summary>What a generated file is for.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<FileRole>))]
public enum FileRole
{
    /// <summary>The code that the caller pastes in.</summary>
    Source,

    /// <summary>Its tests.</summary>
    Test,
}

/// <summary>One file that a tool emits.</summary>
/// <param name="Path">File name, such as <c>circuit-breaker.ts</c>.</param>
/// <param name="Role">Source or test.</param>
/// <param name="Language"><c>typescript</c>, or <c>javascript</c> where the command line was asked for it.</param>
/// <param name="Content">The text: ASCII, lines end in a line feed.</param>
public sealed record GeneratedFile(string Path, FileRole Role, string Language, string Content);
