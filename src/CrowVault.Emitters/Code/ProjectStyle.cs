using System.Text.Json.Serialization;

namespace CrowVault.Emitters.Code;

/// <summary>What runs an emitted test file.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<TestFramework>))]
public enum TestFramework
{
    /// <summary>The module node:test.</summary>
    Node,

    /// <summary>Vitest.</summary>
    Vitest,

    /// <summary>Jest, with its globals imported.</summary>
    Jest,

    /// <summary>Deno's own runner.</summary>
    Deno,

    /// <summary>Bun's own runner.</summary>
    Bun,
}

/// <summary>How an import of a file beside the importing one ends.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<ImportExtension>))]
public enum ImportExtension
{
    /// <summary>As the file is named, for runtimes that run TypeScript and compilers with allowImportingTsExtensions.</summary>
    Ts,

    /// <summary>As the compiled file is named, for moduleResolution nodenext.</summary>
    Js,

    /// <summary>Not at all, for bundlers and CommonJS.</summary>
    None,
}
