using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using CrowVault.Emitters.Stack;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>The tables of tools and arguments in docs/REFERENCE.md are the schemas' own words.</summary>
public sealed class ReferenceTests
{
    private static readonly string s_path = typeof(ReferenceTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Reference").Value!;

    [Fact]
    public void Tables_are_those_of_the_schemas()
    {
        Hold("tools", Tables());
        Hold("stack", Table(StackEmitter.Instance.Arguments));
    }

    private static void Hold(string mark, string tables)
    {
        var page = File.ReadAllText(s_path).ReplaceLineEndings("\n");
        var from = page.IndexOf('\n', page.IndexOf($"<!-- {mark}: begin", StringComparison.Ordinal)) + 1;
        var to = page.IndexOf($"<!-- {mark}: end -->", StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("ACCEPT_SNAPSHOTS") == "1")
        {
            File.WriteAllText(s_path, page[..from] + tables + page[to..]);
            return;
        }

        Assert.Equal(tables, page[from..to]);
    }

    private static string Tables()
    {
        var text = new StringBuilder();
        foreach (var emitter in Catalog.All)
        {
            text.Append($"\n<details>\n<summary><code>{emitter.Tool}</code> &rarr; <code>{emitter.FileName}</code></summary>\n\n");
            text.Append($"{emitter.Description}\n\n{Table(emitter.Arguments)}\n</details>\n");
        }

        return text.Append('\n').ToString();
    }

    private static string Table(ArgumentSchema arguments)
    {
        var text = new StringBuilder("| Argument | Value | Default | Meaning |\n|---|---|---|---|\n");
        foreach (var argument in arguments.All)
        {
            text.Append($"| `{argument.Name}` | {argument.Rule} | {Default(argument)} | {argument.Description} |\n");
        }

        return text.ToString();
    }

    private static string Default(Argument argument) => argument.Default switch
    {
        null => argument.Required ? "required" : "",
        JsonValue word when word.TryGetValue<string>(out var text) => $"`{text}`",
        var value => $"`{value.ToJsonString()}`",
    };
}
