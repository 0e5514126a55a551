namespace CrowVault.Mcp.Stdio;

/// <summary>
/// Ends the server: at the end of input, on a signal, or when nobody can read its replies. What was asked before is answered first, unless
/// the client does not take its replies.
/// </summary>
/// <param name="input">What is asked.</param>
/// <param name="pending">What is owed.</param>
internal sealed class StdioShutdown(StdioInput input, PendingRequests pending)
{
    // How long the client may leave its replies in the pipe. Who sends a signal means to be done; MCP clients follow it up with SIGKILL.
    private static readonly TimeSpan s_patienceAtEnd = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_patienceAfterSignal = TimeSpan.FromSeconds(3);

    // What a client wrote just before a signal is still on its way through the pipe, for longer where the machine is busy; one that goes
    // on writing does not keep the server.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestNoise = TimeSpan.FromSeconds(3);

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _ending;

    /// <summary>Is completed when nothing is left to wait for.</summary>
    public Task Done => _done.Task;

    /// <summary>The end of input has come.</summary>
    public void InputEnded() => End(TimeSpan.Zero, s_patienceAtEnd);

    /// <summary>A signal has come.</summary>
    public void Signalled() => End(s_quiet, s_patienceAfterSignal, isSignal: true);

    /// <summary>The client has closed its end of standard output: there is nobody to serve.</summary>
    public void OutputClosed()
    {
        pending.Abandon();
        Finish();
    }

    private void End(TimeSpan quiet, TimeSpan patience, bool isSignal = false)
    {
        // A signal hurries an end that has begun.
        if (Interlocked.Increment(ref _ending) == 1 || isSignal)
        {
            new Thread(() => Wait(quiet, patience)) { IsBackground = true, Name = "end" }.Start();
        }
    }

    private void Wait(TimeSpan quiet, TimeSpan patience)
    {
        var start = Environment.TickCount64;
        while (quiet > TimeSpan.Zero && Environment.TickCount64 - start < s_longestNoise.TotalMilliseconds
            && (Environment.TickCount64 - Math.Max(start, input.LastRead) < quiet.TotalMilliseconds || input.HasMore))
        {
            Thread.Sleep(5);
        }

        // Lines are passed on only as fast as replies are taken: who does not take them is not waited for twice.
        if (input.WaitUntilRead(patience))
        {
            // Nor is a call that waits for an answer of the client's.
            foreach (var question in pending.EndQuestions())
            {
                input.DeclineAsync(question).AsTask().GetAwaiter().GetResult();
            }

            pending.WaitUntilNone(patience);
        }

        Finish();
    }

    private void Finish()
    {
        input.Complete();
        _done.TrySetResult();
    }
}
