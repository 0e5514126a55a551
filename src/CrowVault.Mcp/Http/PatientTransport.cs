using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http;

/// <summary>A connection whose end of input is told only when all that came before it has been looked at. Kestrel (10.0) answers 400 to a
/// body that is complete when it learns of the end of input together with it, and drops the connection, answers and all, when a body is
/// not.</summary>
/// <param name="inner">The connection as it is.</param>
internal sealed class PatientTransport(IDuplexPipe inner) : IDuplexPipe
{
    private readonly Reader _input = new(inner.Input);

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <inheritdoc/>
    public PipeWriter Output => inner.Output;

    /// <summary>Whether what comes next is the rest of a body, not the head of a request.</summary>
    public bool IsInBody
    {
        get => _input.IsInBody;
        set => _input.IsInBody = value;
    }

    private sealed class Reader(PipeReader inner) : PipeReader
    {
        private readonly RequestHead _head = new();
        private SequencePosition _end;
        private bool _hasEnd;
        private bool _allSeen;

        public bool IsInBody { get; set; }

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            Look(await inner.ReadAsync(cancellationToken));

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }

            result = Look(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _allSeen = _hasEnd && examined.Equals(_end);
            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        private ReadResult Look(ReadResult result)
        {
            (_hasEnd, _end) = (result.IsCompleted, result.Buffer.End);
            var isLast = result.IsCompleted && (result.Buffer.IsEmpty || _allSeen);
            try
            {
                if (isLast && IsInBody)
                {
                    throw new BadHttpRequestException("The body ends too early.");
                }

                if (!IsInBody)
                {
                    _head.Check(result.Buffer);
                }
            }
            catch (BadHttpRequestException)
            {
                // Who gets no result does not give it back.
                inner.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                throw;
            }

            return result.IsCompleted && !isLast ? new(result.Buffer, result.IsCanceled, isCompleted: false) : result;
        }
    }
}
