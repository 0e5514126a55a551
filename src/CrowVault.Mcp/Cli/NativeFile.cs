using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CrowVault.Mcp.Cli;

/// <summary>
/// What .NET's own file API does not tell: the kind of a file, and a lock on a folder. Through the library that .NET itself uses on Unix.
/// </summary>
internal static partial class NativeFile
{
    private const string Library = "libSystem.Native";

    // Flags and mode, owner and group, size, eight numbers of times, device, device type, inode; room for what a later version appends.
    private const int StatusLongs = 64;
    private const int Device = 11;
    private const int Inode = 13;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int CloseOnExec = 0x10;
    private const int CloseWithNext = 1;
    private const int LockExclusiveWithoutWaiting = 2 | 4;

    // O_NONBLOCK and O_CLOEXEC.
    private const int LinuxWithoutWaiting = 0x800 | 0x80000;
    private const int MacWithoutWaiting = 0x4 | 0x1000000;

    // Kept for as long as the program runs: a stream that nobody holds any more is closed.
    private static readonly List<SafeFileHandle> s_standIns = [];

    private static readonly bool[] s_taken = new bool[3];

    /// <summary>
    /// Opens what the caller has closed of standard input, output and error. The next file that is opened would take the place of one of
    /// them, and messages would go there. Input is at its end, messages go nowhere, and output is refused, for it would be lost.
    /// </summary>
    public static void OpenStandardStreams()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Span<long> status = stackalloc long[StatusLongs];
        for (nint each = 0; each <= 2; each++)
        {
            // What a caller hands on never closes with the next program: this is a file of .NET, opened before this program began.
            if (FlagsOfHandle(each) == CloseWithNext)
            {
                s_taken[each] = true;
                if (each == 2)
                {
                    Console.SetError(TextWriter.Null);
                }
            }

            // What is opened takes the lowest number that is free.
            if (StatOfHandle(each, ref MemoryMarshal.GetReference(status)) != 0)
            {
                var access = each == 2 ? FileAccess.Write : FileAccess.Read;
                s_standIns.Add(File.OpenHandle("/dev/null", FileMode.Open, access, FileShare.ReadWrite));
            }
        }
    }

    /// <summary>Standard input; at its end where the caller has closed it.</summary>
    public static Stream StandardInput() => s_taken[0] ? Stream.Null : Console.OpenStandardInput();

    /// <summary>Standard output; null where the caller has closed it and .NET uses its place.</summary>
    public static Stream? StandardOutput() => s_taken[1] ? null : Console.OpenStandardOutput();

    /// <summary>Whether a path, its links followed, leads to a regular file: no pipe, device or socket, which may block for ever.</summary>
    public static bool IsRegular(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return (File.GetAttributes(path) & (FileAttributes.Device | FileAttributes.Directory)) == 0;
        }

        Span<long> status = stackalloc long[StatusLongs];
        return Stat(path, ref MemoryMarshal.GetReference(status)) == 0 && TypeOf(status) == Regular;
    }

    /// <summary>
    /// Opens a regular file for reading; null where the path leads to something else, also when that has taken its place just now.
    /// </summary>
    public static FileStream? OpenRegular(string path)
    {
        // What is no file is not even opened, as far as can be told: a device may do something about it.
        return File.Exists(path) && !IsRegular(path) ? null : OpenAndLook(path);
    }

    /// <summary>The same with no look before: what a path leads to may change until it is opened.</summary>
    public static FileStream? OpenAndLook(string path)
    {
        var handle = OpenWithoutWaiting(path);
        Span<long> status = stackalloc long[StatusLongs];
        if (!OperatingSystem.IsWindows()
            && (StatOfHandle(handle.DangerousGetHandle(), ref MemoryMarshal.GetReference(status)) != 0 || TypeOf(status) != Regular))
        {
            handle.Dispose();
            return null;
        }

        return new FileStream(handle, FileAccess.Read, 1);
    }

    // A pipe would wait for its writer in an open of .NET (10.0).
    private static SafeFileHandle OpenWithoutWaiting(string path)
    {
        if ((OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()) && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64)
        {
            var handle = OpenFile(path, OperatingSystem.IsLinux() ? LinuxWithoutWaiting : MacWithoutWaiting);
            return handle >= 0 ? new(handle, ownsHandle: true) : throw Error(path, Marshal.GetLastPInvokeError());
        }

        return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    }

    // The numbers are those of the operating system, as in exceptions of .NET's own.
    private static Exception Error(string path, int number) => number switch
    {
        2 or 20 => new FileNotFoundException(null, path),
        1 or 13 => new UnauthorizedAccessException(),
        36 or 63 => new PathTooLongException(),
        _ => new IOException(Marshal.GetPInvokeErrorMessage(number), number),
    };

    /// <summary>Whether a path is a folder, and no link to one.</summary>
    public static bool IsPlainFolder(string path) => new DirectoryInfo(path) is { Exists: true, LinkTarget: null };

    /// <summary>Whether a handle of <see cref="TryLock"/> is still that of the folder at a path.</summary>
    public static bool IsAt(nint handle, string folder)
    {
        Span<long> held = stackalloc long[StatusLongs];
        Span<long> there = stackalloc long[StatusLongs];
        return StatOfHandle(handle, ref MemoryMarshal.GetReference(held)) == 0
            && Stat(folder, ref MemoryMarshal.GetReference(there)) == 0
            && held[Device] == there[Device] && held[Inode] == there[Inode];
    }

    /// <summary>
    /// What tells a folder from every other, by whatever path it is reached; null where it is not there or nothing tells.
    /// </summary>
    public static (long Device, long Inode)? IdentityOf(string folder)
    {
        Span<long> status = stackalloc long[StatusLongs];
        return !OperatingSystem.IsWindows() && Stat(folder, ref MemoryMarshal.GetReference(status)) == 0
            ? (status[Device], status[Inode])
            : null;
    }

    /// <summary>Renames a file, or a folder also onto an empty one.</summary>
    public static bool TryRename(string from, string to) => Rename(from, to) == 0;

    // The second of two numbers of 32 bits.
    private static int TypeOf(ReadOnlySpan<long> status) => MemoryMarshal.Cast<long, int>(status)[1] & TypeMask;

    /// <summary>Takes a lock on a folder that ends with this process.</summary>
    /// <returns>A handle to give to <see cref="Unlock"/>; -1 while somebody else holds the lock; 0 where folders cannot be
    /// locked.</returns>
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
    private static partial int Stat(string path, ref long status);

    [LibraryImport(Library, EntryPoint = "SystemNative_FStat")]
    private static partial int StatOfHandle(nint handle, ref long status);

    [LibraryImport(Library, EntryPoint = "SystemNative_FcntlGetFD")]
    private static partial int FlagsOfHandle(nint handle);

    [LibraryImport(Library, EntryPoint = "SystemNative_Rename", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport(Library, EntryPoint = "SystemNative_Open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport(Library, EntryPoint = "SystemNative_FLock")]
    private static partial int Lock(nint handle, int operation);

    [LibraryImport(Library, EntryPoint = "SystemNative_Close")]
    private static partial int Close(nint handle);
}
