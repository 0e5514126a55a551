namespace CrowVault.Emitters.Stack;

/// <summary>The formulas behind forecasts; docs/STACK.md names their sources.</summary>
internal static class Probability
{
    /// <summary>
    /// Trials until the first run of <paramref name="length"/> failures in a row, on average, when each fails by itself with probability
    /// <paramref name="share"/> (Feller, An Introduction to Probability Theory and Its Applications, volume 1, XIII.7).
    /// </summary>
    public static double TrialsToRun(int length, double share) => share switch
    {
        <= 0 => double.PositiveInfinity,
        >= 1 => length,
        _ => (Math.Pow(share, -length) - 1) / (1 - share),
    };

    /// <summary>The share of calls that find all slots taken and all seats of the queue too (M/M/c/K; without a queue Erlang's
    /// B).</summary>
    /// <param name="slots">Slots.</param>
    /// <param name="load">Slots that the calls would need on average: rate times duration.</param>
    /// <param name="queue">Seats.</param>
    public static double Blocked(int slots, double load, int queue = 0)
    {
        // Erlang's B by its recursion, which stays within range for any number of slots.
        var blocked = 1.0;
        for (var slot = 1; slot <= slots; slot++)
        {
            blocked = load * blocked / (slot + (load * blocked));
        }

        var perSeat = load / slots;
        return blocked * Math.Pow(perSeat, queue) / (1 + (blocked * Seats(perSeat, queue)));
    }

    /// <summary>The share of calls that wait for a slot, in the same model.</summary>
    public static double Waiting(int slots, double load, int queue)
    {
        var blocked = Blocked(slots, load);
        var perSeat = load / slots;
        return blocked * Seats(perSeat, queue) / perSeat / (1 + (blocked * Seats(perSeat, queue)));
    }

    /// <summary>The probability of <paramref name="count"/> events where <paramref name="mean"/> are expected (Poisson).</summary>
    public static double Poisson(double mean, double count) =>
        mean <= 0 ? (count == 0 ? 1 : 0) : count < 0 ? 0 : Math.Exp((count * Math.Log(mean)) - mean - LogFactorial(count));

    // x + x^2 + ... + x^count.
    private static double Seats(double x, int count) => Math.Abs(x - 1) < 1e-9 ? count : x * (1 - Math.Pow(x, count)) / (1 - x);

    // Stirling's series; small numbers are taken up to where it holds.
    private static double LogFactorial(double number)
    {
        var shift = 0.0;
        var x = number + 1;
        for (; x < 10; x++)
        {
            shift += Math.Log(x);
        }

        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + (1 / (12 * x)) - (1 / (360 * x * x * x)) - shift;
    }
}

/// <summary>A latency whose logarithm is normal, by its median and its 99th percentile.</summary>
internal sealed record LogNormal(double P50, double P99)
{
    // Standard deviations from the median to the 99th percentile of a normal distribution.
    private const double Z99 = 2.3263478740408408;

    private double Sigma => Math.Log(P99 / P50) / Z99;

    /// <summary>The mean.</summary>
    public double Mean => P50 * Math.Exp(Sigma * Sigma / 2);

    /// <summary>The share above <paramref name="limit"/>.</summary>
    public double Above(double limit) => Sigma == 0 ? (P50 > limit ? 1 : 0) : Tail(Math.Log(limit / P50) / Sigma);

    /// <summary>The mean when everything above <paramref name="limit"/> is ended there.</summary>
    public double MeanUpTo(double limit) => Sigma == 0
        ? Math.Min(P50, limit)
        : (Mean * (1 - Tail((Math.Log(limit / P50) / Sigma) - Sigma))) + (limit * Above(limit));

    // The normal distribution's upper tail: Abramowitz and Stegun 7.1.28 has an absolute error of 3e-7, which is too much for rare events;
    // this is a continued fraction beyond 3 (26.2.14) and a series before (26.2.11).
    private static double Tail(double z)
    {
        if (z < 0)
        {
            return 1 - Tail(-z);
        }

        var density = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
        if (z > 3)
        {
            var fraction = z;
            for (var term = 60; term >= 1; term--)
            {
                fraction = z + (term / fraction);
            }

            return density / fraction;
        }

        var sum = z;
        var part = z;
        for (var term = 1; term < 80; term++)
        {
            part *= z * z / ((2 * term) + 1);
            sum += part;
        }

        return 0.5 - (density * sum);
    }
}
