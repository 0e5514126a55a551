namespace CrowVault.Mcp.Cli;

/// <summary>
/// Finds runtimes for JavaScript. .NET (10.0) looks for a program in the open folder first, and so would a PATH that names it: whoever has
/// filled that folder must not choose what runs.
/// </summary>
internal static class RuntimePath
{
    /// <summary>The program of that name on the PATH; null where there is none outside of the open folder.</summary>
    /// <param name="name">Such as <c>node</c>.</param>
    public static string? Find(string name)
    {
        var opened = RealPath(Directory.GetCurrentDirectory());
        var isOwn = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home && IsIn(opened, RealPath(home));
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(entry => Path.IsPathFullyQualified(entry) && Directory.Exists(entry))
            .Where(entry => !new[] { entry, RealPath(entry) }.Any(each => each.Split('/', '\\').Contains("node_modules"))
                && (isOwn || !IsIn(opened, RealPath(entry))))
            .Select(entry => Path.Combine(entry, OperatingSystem.IsWindows() ? $"{name}.exe" : name))
            .FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string path)
    {
        try
        {
            return File.Exists(path) && (OperatingSystem.IsWindows()
                || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            return false;
        }
    }

    private static bool IsIn(string folder, string path) =>
        Path.GetRelativePath(folder, path) is var from && !Path.IsPathRooted(from) && from.Split('/', '\\')[0] != "..";

    // The path with all links followed, those on the way too.
    private static string RealPath(string path)
    {
        try
        {
            var real = Path.GetPathRoot(path)!;
            foreach (var part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
            {
                real = Path.Combine(real, part);
                if (new DirectoryInfo(real) is { LinkTarget: not null } link)
                {
                    real = RealPath(link.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
                }
            }

            return real;
        }
        catch (Exception exception) when (Fault.IsOfFiles(exception))
        {
            return path;
        }
    }
}
