using System.Runtime.InteropServices;

namespace CrowVault.Mcp.Stdio;

/// <summary>What the runtime's console streams (10.0) keep to themselves of the pipes behind standard input and output.</summary>
internal static partial class PipeWatch
{
    private const int StandardInput = 0;
    private const int StandardOutput = 1;
    private const int Interrupted = 4;
    private const short Readable = 1;
    private const short Error = 8;
    private const short HungUp = 16;

    /// <summary>Whether something waits in standard input that has not been read. Cannot be told on Windows.</summary>
    public static bool HoldsInput()
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        var input = new PollDescriptor { File = StandardInput, Asked = Readable };
        return Poll(ref input, 1, 0) > 0 && (input.Returned & Readable) != 0;
    }

    /// <summary>
    /// Watches until the process ends whether the reader of standard output has gone. On Windows a write that fails is the only sign.
    /// </summary>
    /// <param name="closed">Runs once when the other end is closed.</param>
    public static void StartOutput(Action closed)
    {
        if (!OperatingSystem.IsWindows())
        {
            new Thread(() => Watch(closed)) { IsBackground = true, Name = "stdout" }.Start();
        }
    }

    private static void Watch(Action closed)
    {
        // Asks for no event: errors and hang-ups are always told (poll(2)). A file or a device never has any.
        var output = new PollDescriptor { File = StandardOutput };
        int ready;
        do
        {
            ready = Poll(ref output, 1, -1);
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == Interrupted);

        if (ready > 0 && (output.Returned & (Error | HungUp)) != 0)
        {
            closed();
        }
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int File;
        public short Asked;
        public short Returned;
    }
}
