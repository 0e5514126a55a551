using System.IO.Pipelines;

namespace CrowVault.Mcp.Http;

/// <summary>A connection whose end of input is told only when all that came before it has been looked at. Kestrel (10.0) answers 400 to a
/// body that is complete when it learns of the end of input together with it.</summary>
/// <param name="inner">The connection as it is.</param>
internal sealed class PatientTransport(IDuplexPipe inner) : IDuplexPipe
{
    /// <inheritdoc/>
    public PipeReader Input { get; } = new Reader(inner.Input);

    /// <inheritdoc/>
    public PipeWriter Output => inner.Output;

    private sealed class Reader(PipeReader inner) : PipeReader
    {
        private SequencePosition _end;
        private bool _hasEnd;
        private bool _allSeen;

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
            return result.IsCompleted && !result.Buffer.IsEmpty && !_allSeen
                ? new(result.Buffer, result.IsCanceled, isCompleted: false)
                : result;
        }
    }
}
