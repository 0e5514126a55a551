using System.Runtime.CompilerServices;

namespace CrowVault.Mcp.Tests;

/// <summary>Programs that a test ends by force would leave the runtime's debugger pipes in the temporary folder.</summary>
internal static class QuietRuntime
{
    [ModuleInitializer]
    internal static void OpenNoDebuggerPipes() => Environment.SetEnvironmentVariable("DOTNET_EnableDiagnostics", "0");
}
