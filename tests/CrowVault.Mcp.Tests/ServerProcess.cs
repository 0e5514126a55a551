using System.Diagnostics;
using System.Text;

namespace CrowVault.Mcp.Tests;

/// <summary>The built program as its users start it: a process of its own with arguments, standard input and output.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Task<string> _errors;

    private ServerProcess(Process process)
    {
        Process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>What it runs: the program beside the tests, or the one that CROWVAULT_MCP names.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("CROWVAULT_MCP")
        ?? Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "CrowVault.Mcp.exe" : "CrowVault.Mcp");

    /// <summary>Starts the program.</summary>
    public static ServerProcess Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new(Process.Start(start)!);
    }

    /// <summary>Runs the program to its end.</summary>
    /// <returns>Exit code, standard output, standard error.</returns>
    public static (int ExitCode, string Output, string Errors) Run(string input, params string[] arguments)
    {
        using var server = Start(arguments);
        var output = server.Process.StandardOutput.ReadToEndAsync();
        server.Process.StandardInput.Write(input);
        server.Process.StandardInput.Close();
        if (!server.Process.WaitForExit(s_patience))
        {
            throw new TimeoutException($"{Program} {string.Join(' ', arguments)} has not ended.");
        }

        return (server.Process.ExitCode, output.Result, server._errors.Result);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
            Process.WaitForExit();
        }

        Process.Dispose();
    }
}
