using Xunit;

namespace CrowVault.Mcp.Tests.Http;

public sealed class StartTests
{
    // The host's default is to watch every folder below the working directory for changed settings.
    [Fact]
    public async Task Watches_no_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a process watches is seen in /proc, which is of Linux alone.");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "a", "b"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), "{}", TestContext.Current.CancellationToken);
        await using var server = await HttpServer.StartInAsync(folder.Path);

        var open = new DirectoryInfo($"/proc/{server.ProcessId}/fd").EnumerateFiles().Select(file => file.LinkTarget).ToList();

        Assert.NotEmpty(open);
        Assert.DoesNotContain(open, target => target?.Contains("inotify", StringComparison.Ordinal) is true);
    }
}
