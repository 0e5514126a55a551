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
/// <param name="Header">The comment above the code, with the blank line that follows it.</param>
/// <param name="Code">The code: ASCII, lines end in a line feed.</param>
public sealed record GeneratedFile(string Path, FileRole Role, string Language, string Header, string Code)
{
    /// <summary>The whole text. An answer writes its parts one after the other, since putting them together costs more than making them.</summary>
    public string Content => Header + Code;
}
