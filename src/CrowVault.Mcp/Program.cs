using CrowVault.Mcp.Cli;
using CrowVault.Mcp.Stdio;

// Without an argument this is an MCP server on stdio, which is how clients start it; anything else is the command line.
return args.Length == 0 ? await StdioDoor.RunAsync() : await CommandLine.RunAsync(args);
