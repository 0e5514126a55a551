namespace CrowVault.Emitters.Code;

/// <summary>The first lines of an emitted test file: where <c>test</c> and <c>assert</c> come from on each runtime.</summary>
internal static class TestRunner
{
    /// <summary>Imports that stand before those of the file's own; ends in a line feed.</summary>
    public static string Imports(Runtime runtime) => runtime switch
    {
        Runtime.Node => "import assert from 'node:assert/strict';\nimport { test as nodeTest } from 'node:test';\n",
        Runtime.Deno => "import assert from 'node:assert/strict';\n",
        Runtime.Bun => "import assert from 'node:assert/strict';\nimport { test } from 'bun:test';\n",
        Runtime.Workers or Runtime.Browser => "import { assert, test } from 'vitest';\n",
    };

    /// <summary>What must stand between the imports and the first test; empty or ends in a line feed.</summary>
    public static string Declarations(Runtime runtime) => runtime switch
    {
        // node:test answers with a promise that nobody needs to await.
        Runtime.Node =>
            """

            function test(name: string, fn: () => Promise<void> | void): void {
              void nodeTest(name, fn);
            }

            """.ReplaceLineEndings("\n"),
        Runtime.Deno => "\nconst { test } = Deno;\n",
        Runtime.Bun or Runtime.Workers or Runtime.Browser => "",
    };
}
