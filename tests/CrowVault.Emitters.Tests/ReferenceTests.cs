using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>The tables of tools and arguments in docs/REFERENCE.md are the schemas' own words.</summary>
public sealed class ReferenceTests
{
    private const string Begin = "<!-- tools: begin";
    private const string End = "<!-- tools: end -->";

    private static readonly string s_path = typeof(ReferenceTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(metadata => metadata.Key == "Reference").Value!;

    [Fact]
    public void Tool_tables_are_those_of_the_schemas()
    {
        var page = File.ReadAllText(s_path).ReplaceLineEndings("\n");
        var from = page.IndexOf('\n', page.IndexOf(Begin, StringComparison.Ordinal)) + 1;
        var to = page.IndexOf(End, StringComparison.Ordinal);
        var tables = Tables();
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
            text.Append($"{emitter.Description}\n\n| Argument | Value | Default | Meaning |\n|---|---|---|---|\n");
            foreach (var argument in emitter.Arguments.All)
            {
                text.Append($"| `{argument.Name}` | {argument.Rule} | {Default(argument)} | {argument.Description} |\n");
            }

            text.Append("\n</details>\n");
        }

        return text.Append('\n').ToString();
    }

    private static string Default(Argument argument) => argument.Default switch
    {
        null => argument.Required ? "required" : "",
        JsonValue word when word.TryGetValue<string>(out var text) => $"`{text}`",
        var value => $"`{value.ToJsonString()}`",
    };
}
