using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Arguments;

/// <summary>What a number counts.</summary>
internal enum Unit
{
    /// <summary>Things.</summary>
    None,

    /// <summary>Milliseconds.</summary>
    Milliseconds,

    /// <summary>Seconds.</summary>
    Seconds,

    /// <summary>Hundredths.</summary>
    Percent,
}

/// <summary>Reads what was probably meant by a value of another form than the schema's. Only corrected calls are made of it.</summary>
internal static partial class Reading
{
    private const double LeastOfMilliseconds = 100;

    private const int LongestNumber = 64;

    /// <summary>The unit that an argument's name ends in.</summary>
    public static Unit UnitOf(string name) =>
        name.EndsWith("Ms", StringComparison.Ordinal) ? Unit.Milliseconds
        : name.EndsWith("econds", StringComparison.Ordinal) ? Unit.Seconds
        : name.EndsWith("Percent", StringComparison.Ordinal) ? Unit.Percent
        : Unit.None;

    /// <summary>A whole number in JSON, however it is written: <c>3</c>, <c>3.0</c>, <c>3e4</c>.</summary>
    /// <param name="json">The number as it was written.</param>
    /// <param name="number">The number; with ten digits or more only its sign and that it is large count.</param>
    public static bool TryWhole(string json, out long number)
    {
        number = 0;
        var match = JsonNumber().Match(json);
        if (!match.Success)
        {
            return false;
        }

        var fraction = match.Groups["fraction"].Value;
        var digits = (match.Groups["whole"].Value + fraction).TrimStart('0');
        if (digits.Length == 0)
        {
            return true;
        }

        var significant = digits.TrimEnd('0');
        if (!TryExponent(match.Groups["exponent"].Value, out var exponent))
        {
            return false;
        }

        var scale = exponent - fraction.Length + (digits.Length - significant.Length);
        if (scale < 0)
        {
            return false;
        }

        number = significant.Length + scale > 10
            ? long.MaxValue
            : long.Parse($"{significant}{new string('0', (int)scale)}", CultureInfo.InvariantCulture);
        number = json[0] == '-' ? -number : number;
        return true;
    }

    // An exponent of many digits makes a number that is no more a whole one in any range.
    private static bool TryExponent(string text, out long exponent)
    {
        exponent = 0;
        return text.Length == 0 || (text.Length <= 6
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
            || (text[0] != '-' && (exponent = 1_000_000) > 0);
    }

    /// <summary>A number in JSON or in words, such as <c>"3"</c>, <c>"1 min 30 s"</c>, <c>[3]</c>, <c>[3,"s"]</c>,
    /// <c>{"seconds":3}</c> and <c>{"value":3,"unit":"s"}</c>, in the unit that is wanted.</summary>
    /// <param name="value">What was given.</param>
    /// <param name="unit">What is counted.</param>
    /// <param name="name">Name of the argument, by which the member of an object may be called again.</param>
    /// <returns>Null when no number can be read.</returns>
    public static double? Number(JsonElement value, Unit unit, string name = "") => value.ValueKind switch
    {
        JsonValueKind.Number => Parse(value.GetRawText()),
        JsonValueKind.String => Words(value.GetString()!, unit)
            ?? (value.GetString() is { Length: <= LongestNumber } && Json(value) is { } json ? Number(json, unit, name) : null),
        JsonValueKind.Array when value.GetArrayLength() == 1 => Number(value[0], unit, name),
        JsonValueKind.Array when value.GetArrayLength() == 2 => Counted(value[0], value[1], unit),
        JsonValueKind.Object => Number([.. value.EnumerateObject().Take(5)], unit, name),
        _ => null,
    };

    /// <summary>Whether an object holds nothing but a value under a name that adds no meaning, such as <c>{"value":3}</c>: of
    /// <c>{"except":[500]}</c> and <c>{"factor":2}</c> the value alone would mean something else.</summary>
    /// <param name="member">Name of its one member.</param>
    /// <param name="argument">Name of the argument.</param>
    public static bool IsWrapper(string member, string argument) => member.Length <= LongestNumber && Fold(member) is var folded
        && (folded is "value" or "values" or "val" or "amount" or "number" or "count" or "default" or "type" or "name" or "kind" or "id"
            or "is" or "equals" or "exactly" or "enabled" or "enable" or "active" or "on" or "items" or "list" or "entries" or "choice" or "mode"
            or "status" or "statuses" or "code" or "codes" or "statuscode" or "statuscodes"
            || (folded.Length > 2 && Fold(argument).Contains(folded, StringComparison.Ordinal)));

    /// <summary>Whether a caller meant a number or a bound by a value, though it cannot be said: leaving it out would mean something
    /// else.</summary>
    public static bool MeansSomething(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => Parse(value.GetRawText()) is not null,
        JsonValueKind.String => value.GetString() is { Length: <= LongestNumber } text
            && (MeaningfulWords().IsMatch(text) || text.Any(c => !char.IsAscii(c) && (char.IsLetterOrDigit(c) || char.IsSymbol(c)))),
        JsonValueKind.Array => value.EnumerateArray().Take(50).Any(MeansSomething),
        JsonValueKind.Object => value.EnumerateObject().Take(50).Any(member => MeansSomething(member.Value)),
        _ => false,
    };

    /// <summary>Whether a text is what forms and templates send for what was left open.</summary>
    public static bool IsLeftOpen(string text) => text.AsSpan().Trim().IsEmpty
        || text.Trim().ToUpperInvariant() is "NULL" or "UNDEFINED" or "DEFAULT";

    /// <summary>Whether a word stands where none belongs, such as in <c>withTests: "vitest"</c>, that is no other word for leaving it
    /// out.</summary>
    public static bool HasWord(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() is { Length: > 1 } text
            && text.All(c => char.IsAsciiLetter(c) || c is '-' or '_' or ' ') && text.Any(char.IsAsciiLetter)
            && text.ToUpperInvariant() is not ("NULL" or "UNDEFINED" or "DEFAULT"),
        JsonValueKind.Array => value.EnumerateArray().Take(50).Any(HasWord),
        JsonValueKind.Object => value.EnumerateObject().Take(50).Any(member => HasWord(member.Value)),
        _ => false,
    };

    /// <summary>How many of a unit a name or word stands for, such as 1000 for <c>seconds</c> where milliseconds are wanted.</summary>
    /// <returns>Null when it is no unit, or not one of what is counted.</returns>
    public static double? FactorOf(string word, Unit unit)
    {
        var milliseconds = word.ToUpperInvariant() switch
        {
            "MS" or "MSEC" or "MSECS" or "MILLI" or "MILLIS" or "MILLISECOND" or "MILLISECONDS" or "MILLISEKUNDE" or "MILLISEKUNDEN"
                or "MILLISECONDE" or "MILLISECONDES" or "MILISEGUNDO" or "MILISEGUNDOS" => 1.0,
            "S" or "SEC" or "SECS" or "SECOND" or "SECONDS" or "SEK" or "SEKUNDE" or "SEKUNDEN" or "SECONDE" or "SECONDES" or "SEGUNDO"
                or "SEGUNDOS" => 1_000,
            "M" or "MIN" or "MINS" or "MINUTE" or "MINUTES" or "MINUTEN" or "MINUTO" or "MINUTOS" => 60_000,
            "H" or "HR" or "HRS" or "HOUR" or "HOURS" or "STD" or "STUNDE" or "STUNDEN" or "HEURE" or "HEURES" or "HORA" or "HORAS" => 3_600_000,
            "D" or "DAY" or "DAYS" or "TAG" or "TAGE" or "TAGEN" or "JOUR" or "JOURS" or "DIAS" => 86_400_000,
            "W" or "WEEK" or "WEEKS" or "WOCHE" or "WOCHEN" or "SEMAINE" or "SEMAINES" or "SEMANA" or "SEMANAS" => 604_800_000,
            _ => 0,
        };
        return unit switch
        {
            Unit.Milliseconds when milliseconds > 0 => milliseconds,
            Unit.Seconds when milliseconds > 0 => milliseconds / 1_000,
            Unit.Percent when word.ToUpperInvariant() is "%" or "PERCENT" or "PCT" => 1,
            Unit.None when word.ToUpperInvariant() is "TIMES" or "X" or "RETRY" or "RETRIES" or "REQUEST" or "REQUESTS" or "REQS"
                or "CALL" or "CALLS" or "FAILURE" or "FAILURES" or "ERRORS" or "PROBE" or "PROBES" or "SLOT" or "SLOTS" or "KEYS" or "TOKENS" or "CONCURRENT"
                or "CONNECTIONS" => 1,
            Unit.None when word is "k" or "K" => 1_000,
            _ => null,
        };
    }

    /// <summary>A JSON value that was sent as text, or as text of text, or between the fences of Markdown.</summary>
    /// <returns>Null when the text is not an object or a list.</returns>
    public static JsonElement? Json(JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.String)
        {
            return null;
        }

        var text = value.GetString()!.Trim();
        if (text.StartsWith(Fence, StringComparison.Ordinal) && text.EndsWith(Fence, StringComparison.Ordinal)
            && text.IndexOf('\n', StringComparison.Ordinal) is var line and > 0)
        {
            text = text[line..^Fence.Length].Trim();
        }

        if (text is ['"', _, .., '"'])
        {
            return Parsed(text) is { ValueKind: JsonValueKind.String } inner ? Json(inner) : null;
        }

        if (text is not ['{' or '[', ..])
        {
            return null;
        }

        // As Python prints it, and as JavaScript is written.
        return Parsed(text)
            ?? (text.Contains('"', StringComparison.Ordinal) ? null : Parsed(PythonWords().Replace(
                text.Replace('\'', '"'), word => word.Value is "None" ? "null" : word.Value.ToLowerInvariant())))
            ?? Parsed(BareNames().Replace(
                text.Contains('"', StringComparison.Ordinal) ? text : text.Replace('\'', '"'), "${before}\"${name}\""));
    }

    /// <summary>The last part of a name that is a path, such as <c>config.maxRetries</c> and <c>config[maxRetries]</c>.</summary>
    public static string LastPart(string name) =>
        name.TrimEnd(']') is var path && path[(path.LastIndexOfAny(['.', '[']) + 1)..] is { Length: > 0 } last ? last : name;

    private const string Fence = "```";

    private static readonly JsonDocumentOptions s_asWritten =
        new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private static JsonElement? Parsed(string json)
    {
        try
        {
            var inner = JsonElement.Parse(json, s_asWritten);
            return LongText.IsText(inner) ? inner : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Letters and digits of a name in lower case.</summary>
    public static string Fold(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    /// <summary>How many of an argument's unit are one of the unit in another name of it: 1000 for <c>recoveryTimeSec</c> where
    /// <c>recoveryTimeMs</c> is wanted.</summary>
    /// <returns>Null when the name is not the argument's, or names no unit.</returns>
    public static double? FactorIn(string name, string argument)
    {
        var unit = UnitOf(argument);
        var stem = unit is Unit.Milliseconds or Unit.Seconds && name.Length <= LongestNumber ? Stem(argument) : null;
        var folded = stem is null ? "" : Fold(name);
        return stem is not null && folded.Length > stem.Length && folded.StartsWith(stem, StringComparison.Ordinal)
            ? FactorOf(folded[stem.Length..], unit)
            : null;
    }

    // baseDelay of baseDelayMs, window of windowSeconds.
    private static string Stem(string argument) =>
        Fold(argument[..^(UnitOf(argument) is Unit.Seconds ? "Seconds" : "Ms").Length]);

    /// <summary>A number in the unit that a name gives it, unless the value names another.</summary>
    public static double? Number(JsonElement value, double factor, Unit unit) =>
        Number(value, Unit.None) is { } bare ? bare * factor : Number(value, unit);

    /// <summary>Whether neither a number nor the other name that it came under says its unit, and it may be of another one: <c>timeout:
    /// 30</c> for <c>timeoutMs</c>, and <c>window: 60000</c> for <c>seconds</c>.</summary>
    public static bool MayBeOfOtherUnit(JsonProperty given, Argument argument) =>
        argument is IntegerArgument && Number(given.Value, Unit.None) is > 0 and var number && UnitOf(argument.Name) switch
        {
            Unit.Milliseconds => number < LeastOfMilliseconds && !Fold(given.Name).EndsWith("ms", StringComparison.Ordinal),
            Unit.Seconds => !Fold(given.Name).Contains("sec", StringComparison.Ordinal),
            _ => false,
        };

    /// <summary>Whether a value names the unit of its number.</summary>
    public static bool HasUnit(JsonElement value, Unit unit) => Number(value, Unit.None) is null && Number(value, unit) is not null;

    /// <summary>Requests per time: <c>100/min</c>, <c>1k per 15 minutes</c>, <c>10 rps</c>.</summary>
    /// <returns>Null when the text is something else, or takes no whole number of seconds.</returns>
    public static (double Requests, int Seconds)? Rate(JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.String || value.GetString() is not { Length: <= LongestNumber } text
            || Rates().Match(text) is not { Success: true } match)
        {
            return null;
        }

        var word = match.Groups["short"].Value.ToUpperInvariant() switch
        {
            ['R' or 'Q' or 'T', 'P', var last] => last is 'M' ? "min" : last.ToString(),
            _ => match.Groups["unit"].Value,
        };
        var count = Parse(match.Groups["count"].Value.Replace("_", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal));
        var seconds = FactorOf(word, Unit.Seconds)
            * (match.Groups["times"].Length > 0 ? Parse(match.Groups["times"].Value) : 1);
        return count is not null && seconds is >= 1 and <= int.MaxValue && seconds == Math.Floor(seconds.Value)
            ? (count.Value * (match.Groups["thousand"].Length > 0 ? 1_000 : 1), (int)seconds)
            : null;
    }

    /// <summary>Rates in one text or a list of texts, or counts by the time that they are for: <c>["10/s","1000/day"]</c>, <c>"10/s and
    /// 1000/day"</c>, <c>{"second":10,"day":1000}</c>.</summary>
    /// <returns>Null unless all of it are rates of different windows.</returns>
    public static List<(double Requests, int Seconds)>? Rates(JsonElement value)
    {
        IEnumerable<(double Requests, int Seconds)?> found = value.ValueKind switch
        {
            JsonValueKind.String when Rate(value) is { } alone => [alone],
            JsonValueKind.String when value.GetString() is { Length: <= 10 * LongestNumber } text =>
                BetweenRates().Split(text).Where(part => part.Length > 0).Select(RateIn),
            JsonValueKind.Array => value.EnumerateArray().Take(MostRates + 1).Select(Rate),
            JsonValueKind.Object => value.EnumerateObject().Take(MostRates + 1).Select(member =>
                // As the command line splits what has no '='.
                member.Value.ValueKind is JsonValueKind.String && member.Value.ValueEquals("") ? RateIn(member.Name)
                : member.Value.ValueKind is JsonValueKind.Number && WindowInName().Match(member.Name) is { Success: true } window
                ? RateIn($"{member.Value} per {window.Groups["unit"]}")
                : null),
            _ => [],
        };
        List<(double Requests, int Seconds)> rates = [];
        foreach (var each in found)
        {
            if (each is not { } rate || rates.Count == MostRates || rates.Exists(other => other.Seconds == rate.Seconds))
            {
                return null;
            }

            rates.Add(rate);
        }

        return rates.Count > 0 ? rates : null;
    }

    /// <summary>What a window is called: <c>day</c>, or <c>per-90s</c>.</summary>
    public static string NameOfWindow(int seconds) => seconds switch
    {
        1 => "second",
        60 => "minute",
        3_600 => "hour",
        86_400 => "day",
        604_800 => "week",
        _ => $"per-{seconds}s",
    };

    private const int MostRates = 10;

    private static (double Requests, int Seconds)? RateIn(string text) =>
        Rate(JsonSerializer.SerializeToElement(text, ArgumentJson.Readable.String));

    // {"seconds":30} and {"value":30,"unit":"s"}.
    private static double? Number(JsonProperty[] members, Unit unit, string name)
    {
        switch (members)
        {
            case [var only]:
                // "min" may be the least as well as a minute.
                var factor = only.Name is "min" or "m" ? null : FactorOf(only.Name, unit);
                return factor is not null || IsWrapper(only.Name, name) ? Number(only.Value, unit, name) * (factor ?? 1) : null;
            case [var first, var second] when first.Value.ValueKind is JsonValueKind.String
                || second.Value.ValueKind is JsonValueKind.String:
                return Counted(first.Value, second.Value, unit) ?? Counted(second.Value, first.Value, unit);

            // {"minutes":1,"seconds":30}
            case { Length: 2 or 3 or 4 } when unit is Unit.Milliseconds or Unit.Seconds && members.All(member => member.Name.Length > 3):
                return members.Sum(member => Number(member.Value, Unit.None) * FactorOf(member.Name, unit) ?? double.NaN) is var sum
                    && double.IsFinite(sum) ? sum : null;
            default:
                return null;
        }
    }

    // 30 and "s".
    private static double? Counted(JsonElement number, JsonElement word, Unit unit) => word.ValueKind is JsonValueKind.String
        && number.ValueKind is JsonValueKind.Number or JsonValueKind.String
            ? Number(number, Unit.None) * FactorOf(word.GetString()!, unit)
            : null;

    // 1m30s, 1 h 30 min, and PT1M30S of ISO 8601.
    private static double? Duration(string text, Unit unit)
    {
        if (Clock().Match(text) is { Success: true } clock)
        {
            return Parse(clock.Groups["hours"].Value) * FactorOf("h", unit) + Parse(clock.Groups["minutes"].Value) * FactorOf("min", unit)
                + Parse(clock.Groups["seconds"].Value) * FactorOf("s", unit);
        }

        text = text.Replace(" and ", " ", StringComparison.OrdinalIgnoreCase);

        // Years and months of ISO 8601 have no length; its M is minutes only behind the T.
        if (Durations().Match(text) is not { Success: true } match
            || (text.AsSpan().Trim() is ['P' or 'p', .. var date] && date[..(date.IndexOfAny('T', 't') is var time and >= 0 ? time : date.Length)]
                .IndexOfAny("MmYy") >= 0))
        {
            return null;
        }

        var sum = 0.0;
        for (var part = 0; part < match.Groups["number"].Captures.Count; part++)
        {
            if (Parse(match.Groups["number"].Captures[part].Value)
                * FactorOf(match.Groups["unit"].Captures[part].Value, unit) is not { } counted)
            {
                return null;
            }

            sum += counted;
        }

        return sum;
    }

    /// <summary>A text without the quotes around it that someone added once more.</summary>
    public static string Unquoted(string text) =>
        text.Trim() is var trimmed && trimmed is ['"', _, .., '"'] or ['\'', _, .., '\''] ? trimmed[1..^1] : text;

    private static double? Words(string text, Unit unit)
    {
        if (text.Length > LongestNumber)
        {
            return null;
        }

        text = Unquoted(text);

        // "day" is one, and other scripts have digits of their own.
        if (text.Trim() is { Length: > 2 } alone && alone.All(char.IsAsciiLetter))
        {
            return unit is Unit.Milliseconds or Unit.Seconds ? FactorOf(alone, unit) : null;
        }

        text = DecimalComma().Replace(text, "${whole}.");
        text = string.Concat(text.Select(c => char.IsDigit(c) ? (char)('0' + (int)char.GetNumericValue(c)) : c));
        if (NumberInWords().Match(text) is not { Success: true } match)
        {
            return Duration(text, unit);
        }

        if (Parse(string.Concat(match.Groups["number"].Value.Where(c => !BetweenThousands.Contains(c)))) is not { } number)
        {
            return null;
        }

        // 1.500 is one and a half here, and fifteen hundred where people write 1,5.
        var word = match.Groups["unit"].Value;
        return Thousands().IsMatch(text) ? null : word.Length > 0 ? number * FactorOf(word, unit) : number;
    }

    private const string BetweenThousands = "_,' \u00a0\u2009\u202f";

    private static double? Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    [GeneratedRegex(@"\A-?(?<whole>[0-9]+)(\.(?<fraction>[0-9]+))?([eE]\+?(?<exponent>-?[0-9]+))?\z")]
    private static partial Regex JsonNumber();

    [GeneratedRegex(@"(?<=[:,[]\s*)(?:True|False|None)(?=\s*[],}])")]
    private static partial Regex PythonWords();

    [GeneratedRegex("[0-9*]|\\b(?:unlimited|unbounded|limitless|never|infinit[ey]|forever|none|no|all|off|disabled|milliseconds?"
        + "|seconds?|minutes?|hours?|days?|weeks?|fortnights?|months?|quarters?|years?|hourly|daily|weekly|monthly|yearly"
        + "|max|maximum|min|minimum|low|high|short|long|small|large|few|many|aggressive|conservative"
        + "|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundred|thousand|million"
        + "|zero|eleven|thirteen|fourteen|sixteen|seventeen|eighteen|nineteen|seventy|eighty|dozen|i{2,3}|iv|vi{0,3}|ix"

        // As German, French, Spanish, Italian, Portuguese and Dutch say them.
        + "|eins?|eine[rn]?|zwei|drei|vier|fuenf|sechs|sieben|acht|neun|zehn|elf|zwoelf|zwanzig|hundert|tausend|halbe?|doppelt"
        + "|kein(?:e[nrs]?)?|nie|niemals|ohne|unbegrenzt|unendlich|endlos|immer|alle[sr]?|aus|viele?|wenige?"
        + "|une?|deux|trois|quatre|cinq|sept|huit|neuf|dix|vingt|trente|cent|mille|aucune?|jamais|sans|toujours|tous|infini|illimitee?"
        + "|un[oa]|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|veinte|treinta|cien|mil|ningun[oa]|nunca|siempre|sin|ilimitado|infinito"
        + "|due|tre|quattro|cinque|sei|sette|otto|nove|dieci|venti|nessun[oa]?|mai|illimitato"
        + "|dois|quatro|sete|oito|dez|vinte|nenhuma?|sem|een|twee|drie|vijf|zes|zeven|negen|tien|geen"
        + "|sekunden?|stunden?|minuten|tage?|wochen?|secondes?|heures?|jours?|semaines?|segundos?|minutos?|horas?|dias?|semanas?"
        + "|half|double|twice|once|always|any|network|connections?|servers?|timeouts?|E(?:CONN|TIMED|PIPE|AI_)[A-Z_]*)\\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex MeaningfulWords();

    [GeneratedRegex(@"\A\s*(?<count>[0-9]+([_,][0-9]{3})*)\s*(?<thousand>k)?\s*(?:(?<short>[rqt]p[smhd])"
        + @"|(?:requests?|reqs?|r|calls?|hits?|tokens?)?\s*(?:/|\bper\b|\ban?\b|\bevery\b|\beach\b|\bin\b)\s*(?<times>[0-9]+)?\s*(?<unit>[a-z]+))\s*\z",
        RegexOptions.IgnoreCase)]
    private static partial Regex Rates();

    // Of "10/s, 1,000/day" the first comma parts rates.
    [GeneratedRegex(@"\s*(?:;|\n|&|\+|\band\b|(?<=[A-Za-z])\s*,\s*and\b|(?<=[A-Za-z])\s*,)\s*", RegexOptions.IgnoreCase)]
    private static partial Regex BetweenRates();

    // perDay and per_day.
    [GeneratedRegex(@"\A(?:(?:requests[_ -]?)?per[_ -]?)?(?<unit>second|minute|hour|day|week)\z", RegexOptions.IgnoreCase)]
    private static partial Regex WindowInName();

    [GeneratedRegex(@"(?<before>[{,]\s*)(?<name>[A-Za-z_$][A-Za-z0-9_$]*)(?=\s*:)")]
    private static partial Regex BareNames();

    [GeneratedRegex(@"\A\s*(?<hours>[0-9]{1,3}):(?<minutes>[0-5][0-9]):(?<seconds>[0-5][0-9](?:\.[0-9]+)?)\s*\z")]
    private static partial Regex Clock();

    [GeneratedRegex(@"\A\s*[1-9][0-9]{0,2}(\.[0-9]{3})+\s*[A-Za-z]*\.?\s*\z")]
    private static partial Regex Thousands();

    // 1,5 s: before a unit, and never between thousands.
    [GeneratedRegex(@"\A(?<whole>\s*[0-9]+),(?=[0-9]{1,2}\s*(?:[A-Za-z]+|%)\.?\s*\z)")]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"\A\s*(?:[Pp](?=[0-9Tt]))?(?:[Tt]?(?<number>[0-9]+(?:\.[0-9]+)?)\s*(?<unit>[A-Za-z]+?)(?:\s+|(?=[Tt]?[0-9])|\z))+\z")]
    private static partial Regex Durations();

    [GeneratedRegex(@"\A\s*(?<number>[+-]?(?:[0-9]{1,3}(?:[,' \u00a0\u2009\u202f][0-9]{3})+|[0-9]+(?:_[0-9]{3})*)"
        + @"(\.[0-9]+)?([eE][+-]?[0-9]+)?)\s*(?<unit>[A-Za-z]*|%)\.?\s*\z")]
    private static partial Regex NumberInWords();
}
