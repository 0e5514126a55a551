using System.Runtime.InteropServices;

namespace CrowVault.Mcp.Stdio;

/// <summary>Notices that the reader of standard output has gone, which the runtime's console stream (10.0) keeps to itself.</summary>
internal static partial class OutputWatch
{
    private const int StandardOutput = 1;
    private const int Interrupted = 4;
    private const short Error = 8;
    private const short HungUp = 16;

    /// <summary>Watches until the process ends. On Windows a write that fails is the only sign.</summary>
    /// <param name="closed">Runs once when the other end is closed.</param>
    public static void Start(Action closed)
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
