using CrowVault.Mcp;
using CrowVault.Mcp.Cli;
using CrowVault.Mcp.Stdio;

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
