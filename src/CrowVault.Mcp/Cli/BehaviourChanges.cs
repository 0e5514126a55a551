using System.Text.Json.Nodes;

namespace CrowVault.Mcp.Cli;

/// <summary>What other arguments change in what the code does, in words and figures.</summary>
internal static class BehaviourChanges
{
    // {0} is the new value. What has no entry is told by its figures alone.
    private static readonly Dictionary<string, string> s_effects = new(StringComparer.Ordinal)
    {
        ["failureThreshold"] = "opens after {0}",
        ["recoveryTimeMs"] = "stays open for {0} ms",
        ["maxRecoveryTimeMs"] = "stays open for at most {0} ms after failed probes",
        ["failureRatePercent"] = "opens when {0} % of the calls fail",
        ["windowMs"] = "counts the calls of the last {0} ms",
        ["minimumCalls"] = "judges the rate from {0} calls on",
        ["halfOpenMaxProbes"] = "lets {0} calls through at recovery",
        ["successThreshold"] = "closes after {0} successful probes",
        ["probeTimeoutMs"] = "gives a probe up after {0} ms",
        ["slowCallMs"] = "counts calls slower than {0} ms as failed",
        ["tripOn"] = "opens by {0}",
        ["maxRetries"] = "tries up to {0} times more",
        ["baseDelayMs"] = "first waits up to {0} ms",
        ["maxDelayCapMs"] = "waits at most {0} ms between attempts",
        ["maxRetryAfterMs"] = "obeys a Retry-After of up to {0} ms",
        ["totalTimeoutMs"] = "ends a call after {0} ms in all (0: never)",
        ["retryOn"] = "repeats answers of {0}",
        ["retryErrors"] = "repeats {0} errors",
        ["requestsPerWindow"] = "admits {0} requests a window",
        ["windowSeconds"] = "counts in windows of {0} s",
        ["burstCapacity"] = "admits bursts of {0}",
        ["algorithm"] = "counts by {0}; counting begins anew",
        ["keyStrategy"] = "counts each {0} by itself",
        ["onStoreError"] = "{0} while the store cannot decide",
        ["storeTimeoutMs"] = "waits {0} ms for the store",
        ["defaultTimeoutMs"] = "ends other operations after {0} ms",
        ["operations"] = "has the limits {0}",
        ["partitions"] = "has the slots {0}",
        ["maxQueue"] = "lets {0} callers wait",
        ["maxWaitMs"] = "refuses who has waited {0} ms",
        ["poolSize"] = "shares {0} slots",
        ["failureUnit"] = "the breaker counts by {0}",
    };

    /// <summary>One line for each argument that changed, such as <c>failureThreshold 5 -> 7: opens after 7</c>.</summary>
    /// <param name="before">The arguments of a header as JSON.</param>
    /// <param name="now">Those of the file that takes its place.</param>
    public static IEnumerable<string> Between(string before, string now)
    {
        if (Emitting.ArgumentsOf(before) is not { } old || Emitting.ArgumentsOf(now) is not { } fresh)
        {
            yield break;
        }

        foreach (var name in old.Select(each => each.Key).Union(fresh.Select(each => each.Key)))
        {
            if (JsonNode.DeepEquals(old[name], fresh[name]))
            {
                continue;
            }

            var line = $"{name} {Show(old[name])} -> {Show(fresh[name])}";
            yield return fresh[name] is { } value && s_effects.TryGetValue(name, out var effect)
                ? $"{line}: {effect.Replace("{0}", Show(value), StringComparison.Ordinal)}"
                : line;
        }
    }

    private static string Show(JsonNode? value) => value switch
    {
        null => "none",
        JsonArray list => string.Join(',', list.Select(Show)),
        JsonObject map => string.Join(' ', map.Select(entry => $"{entry.Key}={Show(entry.Value)}")),
        _ => Fault.Show(value.ToString()),
    };
}
