using CrowVault.Mcp;
using CrowVault.Mcp.Cli;
using CrowVault.Mcp.Stdio;

NativeFile.OpenStandardStreams();

// Set by the npm package where it starts this from a folder of its own, so that nothing of the opened one chooses what runs.
if (Environment.GetEnvironmentVariable("CROWVAULT_MCP_FOLDER") is { Length: > 0 } folder && Directory.Exists(folder))
{
    Directory.SetCurrentDirectory(folder);
}

// Without an argument this is an MCP server on stdio, which is how clients start it; anything else is the command line.
if (args.Length > 0)
{
    return await CommandLine.RunAsync(args);
}

// Somebody has typed the name alone: say what is waiting there for JSON.
if (!Console.IsInputRedirected && !Console.IsErrorRedirected)
{
    Disk.Say($"{Product.Command} {Product.Version} waits for an MCP client on standard input; Ctrl+C ends it. "
        + $"For the command line see '{Product.Command} --help', such as '{Product.Command} generate circuit-breaker'.");
}

return await StdioDoor.RunAsync();
