using System.Diagnostics;
using CrowVault.Mcp.Cli;
using Xunit;

namespace CrowVault.Mcp.Tests;

public sealed class NativeFileTests
{
    [Fact]
    public void What_has_taken_the_place_of_a_file_is_neither_waited_for_nor_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no pipes among files.");
        using var folder = new TemporaryFolder();
        string In(string name) => Path.Combine(folder.Path, name);
        Process.Start("mkfifo", [In("pipe")]).WaitForExit();
        File.CreateSymbolicLink(In("linked-pipe"), In("pipe"));
        File.WriteAllText(In("file"), "text");
        File.CreateSymbolicLink(In("linked-file"), In("file"));
        foreach (var path in new[] { In("pipe"), In("linked-pipe"), "/dev/zero", "/dev/null", folder.Path })
        {
            using var opened = NativeFile.OpenAndLook(path);
            Assert.True(opened is null, path);
        }

        foreach (var path in new[] { In("file"), In("linked-file") })
        {
            using var opened = NativeFile.OpenAndLook(path);
            using var reader = new StreamReader(opened!);
            Assert.Equal("text", reader.ReadToEnd());
        }

        Assert.Throws<FileNotFoundException>(() => NativeFile.OpenAndLook(In("missing")));
        Assert.Throws<FileNotFoundException>(() => NativeFile.OpenAndLook(In("file/below")));
        Assert.Throws<PathTooLongException>(() => NativeFile.OpenAndLook(In(new('x', 300))));
    }
}
