using System.Collections.Concurrent;

namespace CrowVault.Mcp.Server;

/// <summary>Keeps recent answers by their arguments: emitters are pure, so the same call has the same answer.</summary>
/// <typeparam name="T">The answer; shared by all who find it, so never changed.</typeparam>
internal sealed class Memo<T>
    where T : class
{
    private const int MaxAnswers = 64;
    private readonly ConcurrentDictionary<string, T> _answers = new(StringComparer.Ordinal);

    /// <summary>The answer to a call; null when it has not been kept.</summary>
    public T? Find(string arguments) => _answers.GetValueOrDefault(arguments);

    /// <summary>Keeps an answer. Memory stays bounded: what is full is emptied, which costs less than keeping account of use.</summary>
    public void Keep(string arguments, T answer)
    {
        if (arguments.Length > Memo.MaxKeyLength)
        {
            return;
        }

        if (_answers.Count >= MaxAnswers)
        {
            _answers.Clear();
        }

        _answers[arguments] = answer;
    }
}

/// <summary>What all memos have in common.</summary>
internal static class Memo
{
    /// <summary>The longest arguments of which an answer is kept.</summary>
    public const int MaxKeyLength = 2_048;
}
