using System.Globalization;
using System.Runtime.CompilerServices;
using CrowVault.Mcp.Http.Settings;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class DocumentationTests
{
    private static readonly string[] s_rows = File.ReadAllLines(Path.Combine(Root(), "docs", "HTTP.md")).Where(line => line.StartsWith("| `CROWVAULT_HTTP_", StringComparison.Ordinal)).ToArray();

    [Fact]
    public void Documents_every_limit_with_its_default()
    {
        var defaults = new HttpLimits();
        foreach (var limit in typeof(HttpLimits).GetProperties().Where(property => property.PropertyType == typeof(int)))
        {
            var value = Convert.ToString(limit.GetValue(defaults), CultureInfo.InvariantCulture);
            Assert.Contains(s_rows, row => row.StartsWith($"| `{SettingReader.Variable(limit.Name)}` | `{limit.Name}` | {value} |", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Documents_exactly_the_settings_there_are()
    {
        var values = s_rows.Select(row => KeyValuePair.Create(row.Split('`')[1], (string?)"?")).Append(new("CROWVAULT_HTTP_OTHER", "?"));
        var source = new SettingReader(new ConfigurationBuilder().AddInMemoryCollection(values).Build());

        HttpSettings.Read(new(HttpTransport.Http, null, []), source, out var faults);

        Assert.Equal("CROWVAULT_HTTP_OTHER: unknown setting.", Assert.Single(faults, fault => fault.Contains("unknown setting", StringComparison.Ordinal)));
        foreach (var name in source.Known)
        {
            Assert.Contains(s_rows, row => row.Contains($"| `{SettingReader.Variable(name)}` | `{name}` |", StringComparison.Ordinal));
        }
    }

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
