using System.Runtime.InteropServices;

namespace CrowVault.Mcp.Cli;

/// <summary>What .NET's own file API does not tell: the kind of a file, and a lock on a folder. Through the library that .NET itself uses on Unix.</summary>
internal static partial class NativeFile
{
    private const string Library = "libSystem.Native";
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int CloseOnExec = 0x10;
    private const int LockExclusiveWithoutWaiting = 2 | 4;

    /// <summary>Whether a path, its links followed, leads to a regular file: no pipe, device or socket, which may block for ever.</summary>
    public static bool IsRegular(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return (File.GetAttributes(path) & (FileAttributes.Device | FileAttributes.Directory)) == 0;
        }

        // Flags, then the mode; room for what a later version appends.
        Span<int> status = stackalloc int[128];
        return Stat(path, ref MemoryMarshal.GetReference(status)) == 0 && (status[1] & TypeMask) == Regular;
    }

    /// <summary>Takes a lock on a folder that ends with this process.</summary>
    /// <returns>A handle to give to <see cref="Unlock"/>; -1 while somebody else holds the lock; 0 where folders cannot be locked.</returns>
    public static nint TryLock(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return 0;
        }

        var handle = Open(folder, CloseOnExec, 0);
        if (handle < 0)
        {
            return 0;
        }

        if (Lock(handle, LockExclusiveWithoutWaiting) == 0)
        {
            return handle;
        }

        // EWOULDBLOCK on Linux and on macOS; anything else is a file system without locks.
        var busy = Marshal.GetLastSystemError() is 11 or 35;
        _ = Close(handle);
        return busy ? -1 : 0;
    }

    /// <summary>Gives a lock back.</summary>
    public static void Unlock(nint handle)
    {
        if (handle > 0)
        {
            _ = Close(handle);
        }
    }

    [LibraryImport(Library, EntryPoint = "SystemNative_Stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, ref int status);

    [LibraryImport(Library, EntryPoint = "SystemNative_Open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "SystemNative_FLock")]
    private static partial int Lock(nint handle, int operation);

    [LibraryImport(Library, EntryPoint = "SystemNative_Close")]
    private static partial int Close(nint handle);
}
