namespace CrowVault.Emitters.Stack;

/// <summary>
/// How often independent failures alone push the emitted window over its limits. Openings that follow from one accident come in clumps, so
/// what counts is how often a clump begins: the rate of calls that find the window beyond its limits, which is summed exactly, times the
/// share of them that no other such call precedes within a window, which is drawn at random from what may have gone before (Aldous,
/// Probability Approximations via the Poisson Clumping Heuristic, 1989). The numbers drawn are the same every time.
/// </summary>
/// <param name="perMs">Calls per millisecond.</param>
/// <param name="share">Share of them that fails.</param>
/// <param name="windowMs">Length of the window.</param>
/// <param name="percent">Failure rate that opens the circuit.</param>
/// <param name="threshold">Fewest failures.</param>
/// <param name="minimum">Fewest calls.</param>
/// <param name="budget">Calls that may be run through.</param>
internal sealed class WindowCrossing(
    double perMs, double share, double windowMs, double percent, int threshold, int minimum, int budget)
{
    // A busier window is taken for one of so many calls that is as many standard deviations away from its limit.
    private const int MostCalls = 5_000;

    // The emitted window consists of ten slices, of which the oldest leaves as a whole.
    private const int Slices = 10;
    private const int Phases = 12;
    private const int MostDraws = 400;
    private const int FewestRuns = 500;
    private const int Budget = 3_000_000;

    // A manifest of two hundred services would take as many times as long.
    private const int BudgetOfAll = 8 * Budget;

    // Where more of the calls find the limits reached, openings are no rare accidents, and come about as soon as the window has filled.
    private const double MostBeyond = 0.05;
    private const int MostWindows = 20;

    private ulong _seed = 0x9E3779B97F4A7C15;

    /// <summary>Mean time between two openings, in milliseconds, and whether it is so short that it was found by running the window
    /// through it.</summary>
    /// <param name="perMs">Calls per millisecond.</param>
    /// <param name="share">Share of them that fails.</param>
    /// <param name="windowMs">Length of the window.</param>
    /// <param name="percent">Failure rate that opens the circuit.</param>
    /// <param name="threshold">Fewest failures.</param>
    /// <param name="minimum">Fewest calls.</param>
    /// <param name="longest">Where it is certainly more than this, nothing is drawn.</param>
    /// <param name="services">How many services this is asked for: of many each is found out less exactly.</param>
    public static Crossing MeanTime(
        double perMs, double share, double windowMs, int percent, int threshold, int minimum, double longest, int services)
    {
        if (share <= 0)
        {
            return new(double.PositiveInfinity, true, 0, 0);
        }

        var budget = Math.Min(Budget, BudgetOfAll / services);
        var window = new WindowCrossing(perMs, share, windowMs, percent, threshold, minimum, budget);
        var excess = Math.Sqrt(Math.Max(1, perMs * windowMs / MostCalls));
        var margin = Math.Max(0, percent - (share * 100));
        if ((share * 100) + (margin * excess) > 100)
        {
            return window.FromEmpty(double.PositiveInfinity, isLikely: false);
        }

        var scaled = excess > 1
            ? new WindowCrossing(
                MostCalls / windowMs, share, windowMs, margin > 0 ? (share * 100) + (margin * excess) : percent, threshold,
                (int)(minimum / (excess * excess)), budget)
            : window;
        var (rate, beyond) = scaled.Rate(longest);
        return window.FromEmpty(1 / rate, beyond > MostBeyond);
    }

    // Clumps per millisecond, 0 where they are certainly rarer than the longest time; and the share of calls that find the limits reached.
    private (double PerMs, double Beyond) Rate(double longest)
    {
        // Closer together where a slice has just begun: its first call may find the window beyond its limits because successes have left.
        var phases = Enumerable.Range(0, Phases).Select(each => new Phase(this, Math.Pow((each + 0.5) / Phases, 3))).ToArray();
        var beyond = phases.Sum(phase => phase.Share * (phase.Edge + phase.Beyond));
        if (1 / (perMs * beyond) > longest)
        {
            return (0, beyond);
        }

        var draws = (int)Math.Clamp(budget / (2 * Phases * ((2 * perMs * windowMs) + 40)), 25, MostDraws);
        var clumps = phases.Sum(phase =>
            phase.Share * ((phase.Edge * Fresh(phase, draws, edge: true)) + (phase.Beyond * Fresh(phase, draws, edge: false))));
        return (perMs * clumps, beyond);
    }

    // A breaker that has just closed remembers nothing, and a few calls go to an extreme more easily than many: what happens until the
    // window has filled, or until it opens where that is soon, is run through from its beginning.
    private Crossing FromEmpty(double afterwards, bool isLikely)
    {
        var isSoon = isLikely || afterwards * perMs * FewestRuns < budget;
        var until = isLikely ? MostWindows * windowMs : isSoon ? double.PositiveInfinity : Math.Min(windowMs, MostCalls / perMs);
        var runs = (int)Math.Clamp(budget / ((perMs * Math.Min(afterwards, isLikely ? windowMs : until)) + 10), 50, 4 * FewestRuns);
        var (sum, opened) = (0.0, 0);
        for (var run = 0; run < runs; run++)
        {
            var at = Opening(until);
            opened += at is null ? 0 : 1;
            sum += at ?? until + afterwards;
        }

        return new(sum / runs, isSoon, (double)opened / runs, until);
    }

    private double? Opening(double until)
    {
        Span<int> calls = stackalloc int[Slices];
        Span<int> failures = stackalloc int[Slices];
        calls.Clear();
        failures.Clear();
        var (seen, failed, slice) = (0, 0, 0L);
        var began = Next() * windowMs / Slices;
        for (var now = -Math.Log(1 - Next()) / perMs; now < until; now -= Math.Log(1 - Next()) / perMs)
        {
            var reached = (long)((began + now) * Slices / windowMs);
            for (slice = Math.Max(slice, reached - Slices); slice < reached;)
            {
                slice++;
                var leaving = (int)(slice % Slices);
                seen -= calls[leaving];
                failed -= failures[leaving];
                (calls[leaving], failures[leaving]) = (0, 0);
            }

            var place = (int)(slice % Slices);
            var fails = Next() < share ? 1 : 0;
            calls[place]++;
            failures[place] += fails;
            seen++;
            failed += fails;
            if (IsBeyond(seen - failed, failed))
            {
                return now;
            }
        }

        return null;
    }

    // The share of calls beyond the limits before which none was, for as long as the windows have anything in common.
    private double Fresh(Phase phase, int draws, bool edge)
    {
        var fresh = 0;
        for (var draw = 0; draw < draws; draw++)
        {
            var (successes, failures, failed) = phase.Draw(edge);
            fresh += IsFresh(phase, successes, failures, failed) ? 1 : 0;
        }

        return (double)fresh / draws;
    }

    private bool IsFresh(Phase phase, int successes, int failures, bool failed)
    {
        // Slice 0 is the present one, of which a part has passed; what is older than the present window is as it always is.
        Span<int> good = stackalloc int[2 * Slices];
        Span<int> bad = stackalloc int[2 * Slices];
        Spread(good, successes - (failed ? 0 : 1), phase.Passed);
        Spread(bad, failures - (failed ? 1 : 0), phase.Passed);
        for (var slice = Slices; slice < 2 * Slices; slice++)
        {
            good[slice] = DrawPoisson(perMs * (1 - share) * windowMs / Slices);
            bad[slice] = DrawPoisson(perMs * share * windowMs / Slices);
        }

        for (var slice = Slices; slice >= 0; slice--)
        {
            var (goodSeen, badSeen) = (0, 0);
            for (var older = slice + 1; older < slice + Slices; older++)
            {
                goodSeen += good[older];
                badSeen += bad[older];
            }

            var (goodLeft, badLeft) = (good[slice], bad[slice]);
            if (!IsBeyond(Math.Max(goodSeen, minimum - badSeen - badLeft), badSeen + badLeft))
            {
                continue;
            }

            while (goodLeft + badLeft > 0)
            {
                if (Next() * (goodLeft + badLeft) < badLeft)
                {
                    badLeft--;
                    badSeen++;
                }
                else
                {
                    goodLeft--;
                    goodSeen++;
                }

                if (IsBeyond(goodSeen, badSeen))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool IsBeyond(int successes, int failures) =>
        successes + failures >= minimum && failures >= threshold && failures * 100L >= (successes + failures) * percent;

    private int Needed(int successes) => percent < 100
        ? Math.Max(Math.Max(threshold, minimum - successes), (int)Math.Ceiling((percent * successes / (100 - percent)) - 1e-9))
        : successes > 0 ? int.MaxValue : Math.Max(threshold, minimum);

    private void Spread(Span<int> slices, int calls, double passed)
    {
        for (var call = 0; call < calls; call++)
        {
            var place = Next() * (Slices - 1 + passed);
            slices[place < passed ? 0 : 1 + Math.Min(Slices - 2, (int)(place - passed))]++;
        }
    }

    private int DrawPoisson(double mean)
    {
        // Sums of Poisson numbers are Poisson numbers, and exp(-mean) must not vanish.
        var count = 0;
        for (; mean > 50; mean -= 50)
        {
            count += DrawPoisson(50);
        }

        var limit = Math.Exp(-mean);
        for (var product = Next(); product > limit; product *= Next())
        {
            count++;
        }

        return count;
    }

    // SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014).
    private double Next()
    {
        _seed += 0x9E3779B97F4A7C15;
        var mixed = (_seed ^ (_seed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>What a call may find in the window when a part of the present slice has passed.</summary>
    private sealed class Phase
    {
        private readonly WindowCrossing _window;
        private readonly double[] _failures;
        private readonly double[] _tail;
        private readonly List<(int Successes, int Failures, bool Failed, double Weight)> _edge = [];
        private readonly List<(int Successes, int Failures, bool Failed, double Weight)> _beyond = [];

        public Phase(WindowCrossing window, double passed)
        {
            (_window, Passed) = (window, passed);
            var calls = window.PerWindow * (Slices - 1 + passed) / Slices;
            var (good, bad) = (calls * (1 - window.Share), calls * window.Share);
            var most = (int)(good + (12 * Math.Sqrt(good)) + 12);
            var least = (int)Math.Max(0, good - (12 * Math.Sqrt(good)) - 12);
            var highest = Enumerable.Range(least, most - least + 2).Select(window.Needed).Where(needed => needed < int.MaxValue)
                .DefaultIfEmpty(1).Max();

            // What is further from the mean has no probability that a number could hold.
            var furthest = Math.Min(highest + (12 * Math.Sqrt(bad)) + 60, (40 * Math.Sqrt(bad)) + 200);
            _failures = [.. Enumerable.Range(0, (int)(bad + furthest))
                .Select(count => Probability.Poisson(bad, count))];
            _tail = new double[_failures.Length + 1];
            for (var count = _failures.Length - 1; count >= 0; count--)
            {
                _tail[count] = _tail[count + 1] + _failures[count];
            }

            for (var successes = least; successes <= most; successes++)
            {
                // Of the call itself and of those before it.
                var weight = Probability.Poisson(good, successes);
                if (window.Needed(successes) is var needed and < int.MaxValue)
                {
                    var before = Math.Max(0, needed - 1);
                    Add(_edge, successes, before + 1, failed: true, weight * window.Share * At(_failures, before));
                    Add(_beyond, successes, before + 2, failed: true, weight * window.Share * At(_tail, before + 1));
                }

                if (window.Needed(successes + 1) is var wanted and < int.MaxValue)
                {
                    Add(_beyond, successes + 1, wanted, failed: false, weight * (1 - window.Share) * At(_tail, wanted));
                }
            }

            Edge = _edge.Sum(each => each.Weight);
            Beyond = _beyond.Sum(each => each.Weight);
        }

        /// <summary>How much of the present slice has passed.</summary>
        public double Passed { get; }

        /// <summary>The share of calls for which it stands.</summary>
        public double Share => 3 * Math.Pow(Passed, 2.0 / 3) / (Phases * (1 - (0.25 / (Phases * Phases))));

        /// <summary>The probability that a call is the failure that just reaches the limits.</summary>
        public double Edge { get; }

        /// <summary>The probability that a call finds them reached otherwise.</summary>
        public double Beyond { get; }

        /// <summary>Draws what is in the window when it is beyond its limits, the call itself included.</summary>
        public (int Successes, int Failures, bool Failed) Draw(bool edge)
        {
            var list = edge ? _edge : _beyond;
            if (list.Count == 0)
            {
                return (0, 0, true);
            }

            var left = _window.Next() * (edge ? Edge : Beyond);
            var at = 0;
            for (; at < list.Count - 1 && left >= list[at].Weight; at++)
            {
                left -= list[at].Weight;
            }

            var (successes, failures, failed, _) = list[at];
            if (!edge)
            {
                // More of them than are needed, as likely as they are.
                var others = failures - (failed ? 1 : 0);
                while (others + 1 < _failures.Length && _window.Next() * _tail[others] >= _failures[others])
                {
                    others++;
                }

                failures = others + (failed ? 1 : 0);
            }

            return (successes, failures, failed);
        }

        private static double At(double[] shares, int count) => count < shares.Length ? shares[count] : 0;

        private static void Add(
            List<(int Successes, int Failures, bool Failed, double Weight)> list, int successes, int failures, bool failed, double weight)
        {
            if (weight > 0)
            {
                list.Add((successes, failures, failed, weight));
            }
        }
    }

    private double PerWindow => perMs * windowMs;

    private double Share => share;
}

/// <summary>When a window goes beyond its limits by chance.</summary>
/// <param name="MeanMs">Mean time until it does, from an empty window.</param>
/// <param name="IsRun">Whether that was found by running the window through it.</param>
/// <param name="EarlyShare">The share of runs in which it did early.</param>
/// <param name="EarlyMs">What early means.</param>
internal sealed record Crossing(double MeanMs, bool IsRun, double EarlyShare, double EarlyMs);
