using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Code;

/// <summary>
/// The first lines of an emitted test file, where <c>test</c> and <c>assert</c> come from, and how it imports the source.
/// </summary>
internal static partial class TestRunner
{
    private const string NodeAssert = "import assert from 'node:assert/strict';\n";

    /// <summary>Imports that stand before those of the file's own; ends in a line feed.</summary>
    public static string Imports(IToolOptions options) => Of(options) switch
    {
        TestFramework.Node => $"{NodeAssert}import {{ test as nodeTest }} from 'node:test';\n",
        TestFramework.Deno => NodeAssert,
        TestFramework.Bun => $"{NodeAssert}import {{ test }} from 'bun:test';\n",
        TestFramework.Jest => $"import {{ test }} from '@jest/globals';\n{NodeAssert}",
        TestFramework.Vitest => "import { assert, test } from 'vitest';\n",
    };

    /// <summary>What must stand between the imports and the first test; empty or ends in a line feed.</summary>
    public static string Declarations(IToolOptions options) => Of(options) switch
    {
        // node:test answers with a promise that nobody needs to await.
        TestFramework.Node =>
            """

            function test(name: string, fn: () => Promise<void> | void): void {
              void nodeTest(name, fn);
            }

            """.ReplaceLineEndings("\n"),
        TestFramework.Deno => "\nconst { test } = Deno;\n",
        TestFramework.Bun or TestFramework.Jest or TestFramework.Vitest => "",
    };

    /// <summary>Code whose imports of files beside it end as the project writes them.</summary>
    public static string WithImports(string code, ImportExtension? extension) => (extension ?? ImportExtension.Ts) switch
    {
        ImportExtension.Ts => code,
        ImportExtension.Js => Sibling().Replace(code, "$1.js'"),
        ImportExtension.None => Sibling().Replace(code, "$1'"),
    };

    private static TestFramework Of(IToolOptions options) => options.TestRunner ?? options.Runtime switch
    {
        Runtime.Node => TestFramework.Node,
        Runtime.Deno => TestFramework.Deno,
        Runtime.Bun => TestFramework.Bun,
        Runtime.Workers or Runtime.Browser => TestFramework.Vitest,
    };

    [GeneratedRegex(@"( from '\./[a-z-]+)\.ts'")]
    private static partial Regex Sibling();
}
