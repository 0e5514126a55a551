using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace CrowVault.Emitters.Arguments;

/// <summary>Binds one JSON object to an options record and reports what is wrong with it.</summary>
/// <typeparam name="TOptions">The options record.</typeparam>
public sealed partial class ArgumentBinder<TOptions> : ArgumentSchema
    where TOptions : class, IToolOptions
{
    private const int LongestCorrection = 32_768;

    private static readonly string[] s_testStyle = ["testRunner", "importExtension"];

    private readonly string _tool;
    private readonly JsonTypeInfo<TOptions> _typeInfo;

    /// <summary>Reads the arguments off the record.</summary>
    /// <param name="tool">The tool's name, for the corrected call.</param>
    /// <param name="typeInfo">Source-generated metadata of the record.</param>
    public ArgumentBinder(string tool, JsonTypeInfo<TOptions> typeInfo)
        : base(ArgumentReader.Read(typeInfo))
    {
        _tool = tool;
        _typeInfo = typeInfo;
    }

    /// <summary>Checks and binds the arguments of a call.</summary>
    /// <param name="given">What the caller sent; an object is wanted, null stands for an empty one.</param>
    /// <param name="options">The options when nothing is wrong.</param>
    /// <param name="withCode">Whether the code is wanted in the answer.</param>
    /// <param name="faults">What is wrong otherwise.</param>
    public bool TryBind(
        JsonElement given,
        [NotNullWhen(true)] out TOptions? options,
        out bool withCode,
        [NotNullWhen(false)] out ArgumentFaults? faults)
    {
        var call = Read(given);
        (options, withCode) = (call.Options, call.Meant[WithCode.Name]?.GetValue<bool>() ?? true);
        faults = call.Faults.Total == 0
            ? null
            : new(_tool, call.Faults.Kept, Correct(call)) { Total = call.Faults.Total, Schema = this };
        return faults is null && options is not null;
    }

    /// <summary>Every argument that applies, with its value, in the order of the schema.</summary>
    public JsonObject Canonical(TOptions options)
    {
        var idle = options.Inapplicable().Select(fault => fault.Argument).ToHashSet(StringComparer.Ordinal);
        if (!options.WithTests)
        {
            idle.UnionWith(s_testStyle);
        }

        var values = JsonSerializer.SerializeToNode(options, _typeInfo)!.AsObject();
        var canonical = new JsonObject();
        foreach (var argument in All)
        {
            if (!idle.Contains(argument.Name) && values[argument.Name] is { } value
                && (argument is not BooleanArgument { NamedWhenOn: true } || value.GetValue<bool>()))
            {
                canonical[argument.Name] = argument.Canonical(value);
            }
        }

        return canonical;
    }

    // Without faults there are options. What was meant is what was given, altered where it had to be.
    private sealed record Call(FaultList Faults, TOptions? Options, JsonObject Meant);

    private Call Read(JsonElement given)
    {
        var faults = new FaultList();
        if (given.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            given = s_none;
        }

        if (LongText.Cut(given, out var isCut) is not { } readable)
        {
            faults.AddFinal(new("arguments", "half of a surrogate pair is not text; send well-formed Unicode."));
            return new(faults, null, []);
        }

        // What was cut cannot be told from what was sent, and is refused under its own name.
        given = readable;
        faults.Forbid(unless: !isCut);

        if (given.ValueKind is not JsonValueKind.Object)
        {
            faults.Add(new("arguments", $"{KindOf(given.ValueKind)} is not an object; send a JSON object such as {{}}."));
            var inner = Reading.Json(given) ?? given;
            inner = inner.ValueKind is JsonValueKind.Array && inner.GetArrayLength() == 1 ? inner[0] : inner;

            // Arguments as words are not none.
            faults.Forbid(unless: inner.ValueKind is not (JsonValueKind.String or JsonValueKind.Array) || !Reading.MeansSomething(inner));
            if (inner.ValueKind is not JsonValueKind.Object)
            {
                return new(faults, null, []);
            }

            var read = Read(inner);
            faults.Forbid(unless: read.Faults.Correctable);
            return new(faults, null, read.Meant);
        }

        var accepted = new JsonObject();
        var meant = new JsonObject();
        var faulty = new HashSet<string>(StringComparer.Ordinal);
        var seen = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var unknown = new UnknownArguments(this, given, meant, faults);
        foreach (var property in given.EnumerateObject())
        {
            if (!seen.TryAdd(property.Name, property.Value))
            {
                faults.AddFinal(new(Shown(property.Name), "given twice; give it once."));
                faulty.Add(property.Name);
            }
            else if ((property.Name == WithCode.Name ? WithCode : Find(property.Name)) is not { } argument)
            {
                unknown.Add(property);
            }
            else if (unknown.IsRate(argument, property.Value) || unknown.AreRates(argument, property.Value)
                || unknown.AreNames(argument, property.Value) || unknown.HoldsSettings(argument, property.Value))
            {
                faulty.Add(argument.Name);
            }
            else if (property.Value.ValueKind is not JsonValueKind.Null)
            {
                var before = faults.Total;
                var value = argument.Check(property.Value, faults);
                if (value is not null)
                {
                    // Of two values only the caller knows which was meant.
                    faults.Forbid(unless: !meant.TryGetPropertyValue(argument.Name, out var other) || JsonNode.DeepEquals(other, value));
                    meant[argument.Name] = value.DeepClone();
                }

                if (faults.Total > before)
                {
                    faulty.Add(argument.Name);
                }
                else if (argument != WithCode && (argument.DefaultFollows || !JsonNode.DeepEquals(value, argument.Default)))
                {
                    accepted[argument.Name] = value;
                }
            }
        }

        foreach (var missing in All.Where(argument =>
            argument.Required && (!seen.TryGetValue(argument.Name, out var value) || value.ValueKind is JsonValueKind.Null)))
        {
            faults.Add(new(missing.Name, $"required but missing; give {missing.Rule}."));
        }

        // Rules between arguments are checked on what was given and accepted, not where a given value had to be altered.
        TOptions? options = null;
        if (All.All(argument => !argument.Required || accepted.ContainsKey(argument.Name)))
        {
            var names = accepted.Select(argument => argument.Key).ToHashSet(StringComparer.Ordinal);
            options = (TOptions)accepted.Deserialize(_typeInfo)!.Fit(names);
            foreach (var fault in options.Conflicts().Where(fault => !faulty.Contains(fault.Argument))
                .Concat(options.Inapplicable().Where(fault => names.Contains(fault.Argument))))
            {
                Remedy(fault, faults, meant);
            }
        }

        return new(faults, options, meant);
    }

    private static void Remedy(ArgumentFault fault, FaultList faults, JsonObject meant)
    {
        if (fault.Remedy is not { } remedy)
        {
            faults.AddFinal(fault);
            return;
        }

        faults.Add(fault);
        foreach (var (argument, value) in remedy)
        {
            meant.Remove(argument);
            if (value is not null)
            {
                meant[argument] = value.DeepClone();
            }
        }
    }

    // Offers what was meant only when the tool accepts it; rules between arguments may show only now.
    private string? Correct(Call call)
    {
        for (var attempt = 0; attempt < 4 && call.Faults.Correctable; attempt++)
        {
            var text = Text(call.Meant);
            if (text.Length > LongestCorrection || All.Any(argument => argument.Required && !call.Meant.ContainsKey(argument.Name)))
            {
                return null;
            }

            call = Read(JsonElement.Parse(text));
            if (call.Faults.Total == 0)
            {
                return text;
            }
        }

        return null;
    }

    private string Text(JsonObject arguments)
    {
        var shortest = new JsonObject(arguments.Select(argument => KeyValuePair.Create<string, JsonNode?>(
            argument.Key, Find(argument.Key)?.Canonical(argument.Value!) ?? argument.Value!.DeepClone())));
        return shortest.ToJsonString(ArgumentJson.Readable.Options);
    }

    private static readonly JsonElement s_none = JsonElement.Parse("{}");

    private static string KindOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.Object => "null",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    // A name is the caller's text: shown as it is only when it cannot disturb a terminal, a log or the reader.
    private static string Shown(string name) =>
        name.Length is > 0 and <= 60 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : Argument.Show(name);

    // What nobody asked for: named, and carried over to the argument that was probably meant.
    private sealed partial class UnknownArguments(ArgumentSchema schema, JsonElement given, JsonObject meant, FaultList faults)
    {
        // Beyond these names are not compared any more, so that the time stays linear in what was sent.
        private const int MostCompared = 50;

        private readonly HashSet<string> _inPieces = new(StringComparer.Ordinal);
        private int _count;
        private bool _listed;

        public void Add(JsonProperty property)
        {
            if (++_count > MostCompared)
            {
                faults.AddFinal(new(faults.HasRoom ? Shown(property.Name) : "", "unknown argument."));
                return;
            }

            var name = Shown(property.Name);
            if (property.Value.ValueKind is JsonValueKind.String && SupportedWay.For(property.Name, property.Value.GetString()!) is { } way)
            {
                faults.AddFinal(new(name, $"{Argument.Show(property.Value)} is not supported; {way.Advice}"));
            }
            else if (property.Value.ValueKind is JsonValueKind.Object && AddEntry(name, property))
            {
                return;
            }
            else if (HoldsArguments(property) && Unpack(property.Value))
            {
                faults.Add(new(name, MembersBeside));
            }
            else if (AddPer(name, property) || AddPair(name, property) || AddRate(name, "unknown argument; ", property.Value)
                || AddMember(name, property)
                || AddName(name, property) || AddPart(name, property))
            {
                return;
            }
            else if (OtherName.AsItIs(property, schema) is { } anyway)
            {
                faults.Add(new(name, $"unknown argument; leave it out: {anyway}."));
            }
            else if (Negated(property.Name) is { } off)
            {
                faults.Add(new(name, $"unknown argument; give {off.Name} instead, with the opposite value."));
                CarryOpposite(off, property.Value);
            }
            else if (Switches.FirstOrDefault(each => each.IsAlsoCalled(property.Name)) is { } on)
            {
                faults.Add(new(name, $"unknown argument; did you mean {on.Name}?"));
                Carry(on, property.Value);
            }
            else if (ChoicesNamed(property) is { Count: > 0 } named)
            {
                AddChoice(name, property.Value.ValueKind is JsonValueKind.False, named);
            }
            else if (OtherName.For(property.Name, schema) is { } other && Fits(other, property.Value))
            {
                if (other.Advice is { } advice && !(advice.EndsWith("seconds.", StringComparison.Ordinal)
                    && Reading.HasUnit(property.Value, Reading.UnitOf(other.Argument))))
                {
                    faults.AddFinal(new(name, $"unknown argument; {advice}"));
                }
                else
                {
                    faults.Add(new(name, $"unknown argument; did you mean {other.Argument}?"));
                    Carry(other, property.Value);
                }
            }
            else if (InUnits(property) is { } argument)
            {
                faults.Add(new(name, $"unknown argument; {argument.Name} counts {UnitWords(argument)}."));
            }
            else if (AdviceInUnits(property.Name) is { } instead)
            {
                faults.AddFinal(new(name, $"unknown argument; {instead}"));
            }
            else if (Elsewhere(property.Name) is { Length: > 0 } elsewhere)
            {
                faults.Add(new(name, $"unknown argument; {elsewhere} takes it."));
                faults.Forbid(unless: property.Value.ValueKind is JsonValueKind.Null or JsonValueKind.False);
            }
            else if (Nearest(property.Name) is { } nearest)
            {
                faults.Add(new(name, $"unknown argument; did you mean {nearest.Name}?"));
                CarryTime(nearest, property);
            }
            else if (Containing(property.Name) is { Count: > 0 } containing && property.Value.ValueKind is not JsonValueKind.Object)
            {
                // Part of one argument's name is that argument; part of several is a question.
                var question = new ArgumentFault(name, $"unknown argument; did you mean "
                    + $"{string.Join(" or ", containing.Select(each => each.Name))}?");
                if (containing is [var only])
                {
                    faults.Add(question);
                    CarryTime(only, property);
                    if (OtherName.IsOfRate(only.Name) && !given.TryGetProperty("tripOn", out _))
                    {
                        meant["tripOn"] = "failure-rate";
                    }
                }
                else
                {
                    faults.AddFinal(question);
                }
            }
            else if (ChoicesGiven(property.Value) is { Count: > 0 } given)
            {
                faults.AddFinal(new(name, $"unknown argument; {Argument.Show(property.Value)} is a choice of "
                    + $"{string.Join(" and ", given.Select(each => each.Name))}."));
            }
            else if (AddEntry(name, property))
            {
                return;
            }
            else if (Unpack(property.Value))
            {
                faults.Add(new(name, MembersBeside));
            }
            else
            {
                faults.Add(new(name, _listed
                    ? "unknown argument."
                    : $"unknown argument; the arguments are {string.Join(", ", schema.All.Select(each => each.Name))}."));
                _listed = true;

                faults.Forbid(unless: CanGo(property));
            }
        }

        // What a client adds of its own can go; what was meant for the code cannot.
        private bool CanGo(JsonProperty property) =>
            property.Value.ValueKind is JsonValueKind.Null
            || (property.Value.ValueKind is JsonValueKind.False && !Words(property.Name).Any(s_on.Contains))
            || (!NamesResilience(property.Name)
                && !(property.Name.Any(c => !char.IsAscii(c)) && Reading.MeansSomething(property.Value))
                && !IsNegation(property.Name)
                && !HidesArguments(property.Value)
                && !Reading.HasUnit(property.Value, Unit.Milliseconds)
                && (IsOfClient(property.Name) || !HoldsNumber(property.Value))
                && !(s_wrappers.Contains(Reading.Fold(property.Name)) && Reading.MeansSomething(property.Value)));

        private static bool NamesResilience(string name) =>
            Words(name).Any(word => s_words.Contains(word) || s_words.Contains(word.TrimEnd('s')))
            || (name.Length <= 64 && Reading.Fold(name) is var folded
                && s_stems.Any(stem => folded.Contains(stem, StringComparison.Ordinal)));

        // _meta: {"progressToken":1}
        private static bool IsOfClient(string name) => name is ['_', ..]
            || Words(name).Any(word => word is "meta" or "metadata" or "context" or "session" or "trace" or "client" or "info");

        // routes: {"/login":5}, throttlers: [{"ttl":1000,"limit":3}]
        private static bool HoldsNumber(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Array => value.EnumerateArray().Take(MostCompared).Any(HoldsNumber),
            JsonValueKind.Object => value.EnumerateObject().Take(MostCompared).Any(member =>
                member.Value.ValueKind is JsonValueKind.Number || HoldsNumber(member.Value)),
            _ => false,
        };

        private const string MembersBeside = "unknown argument; give its members beside the other arguments.";

        // services: [{"name":"payments","failureThreshold":3}], and argv: ["--failure-threshold","3"]
        private bool HidesArguments(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Array => value.EnumerateArray().Take(MostCompared).Any(entry => HidesArguments(entry)
                || (entry.ValueKind is JsonValueKind.String && entry.GetString() is { Length: <= 128 } text
                    && Reading.Fold(text) is var folded
                    && schema.All.Any(argument => folded.StartsWith(Reading.Fold(argument.Name), StringComparison.Ordinal)))),
            JsonValueKind.Object => value.EnumerateObject().Take(MostCompared).Any(member =>
                schema.Find(member.Name) is not null || HidesArguments(member.Value)),
            _ => false,
        };

        // Of what is there unless it is turned off.
        private static readonly string[] s_on = ["jitter", "after", "budget", "redis", "distributed", "shared", "retry", "randomize"];

        // German makes one word of several.
        private static readonly string[] s_stems = ["schwell", "versuch", "wartezeit", "fehler", "zeitlimit", "fenster", "anfragen"];

        private static readonly HashSet<string> s_wrappers = new(StringComparer.Ordinal)
        {
            "arguments", "args", "input", "inputs", "params", "parameters", "options", "config", "configuration", "settings", "payload",
            "body",
        };

        // Words of resilience in names that the tools do not have.
        private static readonly HashSet<string> s_words = new(StringComparer.Ordinal)
        {
            "attempt", "attempts", "retries", "retry", "backoff", "strategy", "policy", "delay", "interval", "timeout", "timeouts",
                "deadline", "limit", "limits", "rate", "quota",
            "burst", "window", "period", "queue", "concurrency", "concurrent", "pool", "threshold", "reset", "recovery", "failure",
                "failures", "error", "errors", "open", "jitter", "max", "min",
            "status", "statuses", "codes", "idempotent", "slow", "half", "probes", "fallback", "skip", "cost", "weight", "block", "points",
            "tokens", "capacity", "slots", "linear", "exponential", "reservoir", "refill", "parallel", "budget", "percent", "ignore",
            "exclude", "excluded", "ignored", "break", "closed", "cooldown", "sliding", "rolling", "fixed", "distributed", "shared",
            "tiers", "reject", "full", "fast", "randomize", "schedule",
            "plans", "header", "headers", "proxy", "allow", "deny", "times", "duration", "backpressure", "wait", "hedge", "hedging",
            "unit", "units", "ratio", "share", "close", "success", "successes", "exception", "exceptions", "forever", "cap", "ceiling",
            "disabled", "priority", "priorities", "fairness", "lifo", "total", "threads", "cache", "ttl", "per", "tenant", "trip",
            "filter", "predicate", "bulkhead", "multiplier", "factor", "millis", "seconds", "minutes", "hours", "days", "month",
            "hourly", "daily", "weekly", "monthly",
            "requests", "second", "minute", "hour", "day", "week", "year",
            // Of what it is for and where it goes.
            "route", "path", "url", "uri", "host", "method", "service", "upstream", "dependency", "resource", "redis", "connection",
            "file", "folder", "directory", "output", "class", "export", "import",
            // As Spanish, Portuguese, French, Italian and German name them.
            "umbral", "fallos", "fallas", "intentos", "reintentos", "espera", "limite", "ventana", "tiempo",
            "tentativas", "limiar", "falhas", "tempo", "janela", "seuil", "echecs", "essais", "tentatives", "delai", "fenetre",
            "soglia", "tentativi", "dauer",
            "solicitudes", "peticiones", "pedidos", "requetes", "richieste", "minuto", "segundo", "hora", "seconde", "heure", "jour",
            "sekunde", "stunde",
        };

        private static IEnumerable<string> Words(string name) =>
            name.Length > 64 ? [] : NameWords().Matches(name).Select(match => match.Value.ToLowerInvariant());

        // requestsPerMinute: 100, rpm: 100 and dailyLimit: 100 are requestsPerWindow: 100 and a window; requestsPerUser names a key.
        private bool AddPer(string name, JsonProperty property)
        {
            if (schema.Find(Requests) is not { } requests || schema.Find("windowSeconds") is not { } window
                || property.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                || PerWords(property.Name) is not { Count: > 0 } words)
            {
                return false;
            }

            var times = words.Select(word => Reading.FactorOf(word, Unit.Seconds)).OfType<double>().ToList();
            var keys = words.Select(KeyOf).OfType<string>().ToList();
            if (times.Count + keys.Count < words.Count || times.Count > 1 || keys.Count > 1)
            {
                faults.AddFinal(new(name, "unknown argument; use requestsPerWindow, windowSeconds (30 days are 2592000) and keyStrategy "
                    + "(api-key, ip, user or global)."));
                return true;
            }

            faults.Add(new(name, "unknown argument; give requestsPerWindow"
                + (times is [var seconds] ? $", and windowSeconds {seconds}" : "")
                + (keys is [var key] ? $", and keyStrategy {key}." : ".")));
            if (times is [var given])
            {
                CarryRate(requests, property.Value, window, (int)given);
            }
            else
            {
                Carry(requests, property.Value);
            }

            if (keys is [var choice])
            {
                CarryChoice(schema.Find(KeyStrategy)!, choice);
            }

            return true;
        }

        // rate: 100, per: "minute"
        private bool AddPair(string name, JsonProperty property)
        {
            if (schema.Find(Requests) is not { } requests || schema.Find("windowSeconds") is not { } window
                || given.TryGetProperty(window.Name, out _) || given.EnumerateObject().Where(IsSpan).Take(2).ToList() is not [var span]
                || Reading.FactorOf(span.Value.GetString()!.Trim(), Unit.Seconds) is not (>= 1 and var seconds))
            {
                return false;
            }

            if (span.Name == property.Name)
            {
                faults.Add(new(name, $"unknown argument; give windowSeconds {seconds}."));
                Carry(window, ToElement(seconds));
                return true;
            }

            if (Reading.Fold(property.Name) is not ("rate" or "ratelimit" or "requests" or "count" or "amount" or "calls" or "allowed"))
            {
                return false;
            }

            faults.Add(new(name, "unknown argument; give requestsPerWindow."));
            Carry(requests, property.Value);
            return true;
        }

        private static bool IsSpan(JsonProperty property) => property.Value.ValueKind is JsonValueKind.String
            && property.Name.Length <= 16 && property.Value.GetString() is { Length: > 0 and <= 16 }
            && Reading.Fold(property.Name) is "per" or "every" or "each" or "interval" or "period" or "window" or "timewindow" or "timeunit"
                or "unit" or "duration";

        private static string? KeyOf(string word) =>
            word is "ip" or "user" or "key" ? SupportedWay.For(KeyStrategy, "per" + word)!.Use : null;

        private static bool IsWindow(string word) => Suggestion.Nearest(word, ["window", "interval", "period"]) is not null;

        private static List<string> PerWords(string name)
        {
            var words = Words(name.Replace("/", " per ", StringComparison.Ordinal)).ToList();
            var behind = words.Zip(words.Skip(1)).Where(pair => pair.First == "per").Select(pair => pair.Second).ToList();
            return behind.Count > 0 ? behind.TrueForAll(IsWindow) ? [] : behind : Reading.Fold(name) switch
            {
                "rps" or "qps" or "tps" => ["s"],
                "rpm" or "qpm" => ["min"],
                "rph" => ["h"],
                "rpd" => ["d"],
                _ when words is [var often, "limit" or "limits" or "quota" or "max" or "requests" or "calls" or "cap" or "rate"] =>
                    Often(often),
                _ => [],
            };
        }

        private static List<string> Often(string word) => word switch
        {
            "hourly" => ["h"],
            "daily" => ["d"],
            "weekly" => ["week"],
            "monthly" or "yearly" or "annual" => [word],
            _ => [],
        };

        // requestsPerWindow: "100/min", or a rate under any other name.
        public bool IsRate(Argument argument, JsonElement value) => argument.Name == Requests && AddRate(argument.Name, "", value);

        // limits: ["10/s","1000/day"]: without a limit of its own, the call means the first of them by it.
        public bool AreRates(Argument argument, JsonElement value)
        {
            if (argument.Name != "limits" || argument is not ObjectListArgument list || Reading.Rates(value) is not { } rates)
            {
                return false;
            }

            var isFirst = !given.TryGetProperty(Requests, out _) && !given.TryGetProperty("windowSeconds", out _);
            var (count, seconds) = rates[0];
            var more = new JsonArray([.. rates.Skip(isFirst ? 1 : 0).Select(rate => (JsonNode)new JsonObject
            {
                ["name"] = Reading.NameOfWindow(rate.Seconds), ["requests"] = rate.Requests, ["seconds"] = rate.Seconds,
            })]);
            var ways = new List<string>();
            if (isFirst)
            {
                ways.Add(FormattableString.Invariant($"{Requests} {count}, windowSeconds {seconds}"));
                CarryRate(schema.Find(Requests)!, ToElement(count), schema.Find("windowSeconds")!, seconds);
            }

            if (more.Count > 0)
            {
                ways.Add($"limits {more.ToJsonString(ArgumentJson.Readable.Options)}");
                Carry(list, JsonSerializer.SerializeToElement((JsonNode)more, ArgumentJson.Readable.JsonNode), evenIfGiven: true);
            }

            faults.Add(new(argument.Name, $"{Argument.Show(value)} is {(rates.Count == 1 ? "a rate" : "several rates")}; "
                + $"give {string.Join(" and ", ways)}."));
            return true;
        }

        private static JsonElement ToElement(double number) =>
            JsonElement.Parse(number.ToString(System.Globalization.CultureInfo.InvariantCulture));

        private bool AddRate(string name, string unknown, JsonElement value)
        {
            if (schema.Find(Requests) is not { } requests || schema.Find("windowSeconds") is not { } window
                || Reading.Rate(value) is not { } rate)
            {
                return false;
            }

            faults.Add(new(name, $"{unknown}{Argument.Show(value)} is a rate; give requestsPerWindow {rate.Requests}, and windowSeconds "
                + $"{rate.Seconds}."));
            CarryRate(requests, ToElement(rate.Requests), window, rate.Seconds);
            return true;
        }

        // environment: "workers" is the runtime, and environment: "production" is none of ours; name: "generate_retry_policy" names
        // the tool.
        private bool Fits(OtherName other, JsonElement value) =>
            !(value.ValueKind is JsonValueKind.String && Catalog.All.Any(emitter => value.ValueEquals(emitter.Tool)))
            && (other.Argument is not ("runtime" or "store" or "algorithm" or "framework")
            || schema.Find(other.Argument)!.Check(value, new()) is not null);

        // {"name":"orders.get","timeoutMs":2000}: the one entry of a list that is not there.
        private bool AddMember(string name, JsonProperty property)
        {
            if (schema.All.OfType<ObjectListArgument>().FirstOrDefault(each => each.Required && each.Members.Any(member =>
                member.Name == property.Name && member is not NameArgument)) is not { } list)
            {
                return false;
            }

            var fault = new ArgumentFault(name, $"unknown argument; it belongs to an entry of {list.Name}.");
            if (given.TryGetProperty(list.Name, out var names) && SharesNumber(list, names) && property.Name == list.Number!.Name)
            {
                faults.Add(fault);
            }
            else if (!given.TryGetProperty(list.Name, out _) && list.NameIn(given) is { } named
                && list.Members.All(member => !member.Required || member is NameArgument || given.TryGetProperty(member.Name, out _)))
            {
                faults.Add(fault);
                var entry = new JsonObject(list.Members
                    .Where(member => member is not NameArgument && given.TryGetProperty(member.Name, out _))
                    .Select(member => KeyValuePair.Create(
                        member.Name, (JsonNode?)JsonNode.Parse(given.GetProperty(member.Name).GetRawText())))
                    .Prepend(KeyValuePair.Create(list.Members[0].Name, (JsonNode?)JsonNode.Parse(named.Value.GetRawText()))));
                Carry(list, JsonSerializer.SerializeToElement((JsonNode)new JsonArray(entry), ArgumentJson.Readable.JsonNode));
            }
            else
            {
                faults.AddFinal(fault);
            }

            return true;
        }

        // operation: "orders.get" beside timeoutMs: 2000, which carries both over.
        private bool AddName(string name, JsonProperty property)
        {
            if (property.Value.ValueKind is not JsonValueKind.String
                || schema.All.OfType<ObjectListArgument>().FirstOrDefault(each => each is { Required: true, Number: not null })
                    is not { } list
                || given.TryGetProperty(list.Name, out _) || !given.TryGetProperty(list.Number!.Name, out _)
                || list.NameIn(given)?.Name != property.Name)
            {
                return false;
            }

            faults.Add(new(name, $"unknown argument; it belongs to an entry of {list.Name}."));
            return true;
        }

        // {"orders":2000} and {"orders":{"timeoutMs":2000}}: the entries of a list that is not there.
        private bool AddEntry(string name, JsonProperty property)
        {
            if (schema.All.OfType<ObjectListArgument>().FirstOrDefault(each => each is { Required: true, Number: not null })
                    is not { } list
                || given.TryGetProperty(list.Name, out _) || list.NameIn(given) is not null || !IsEntry(list, property))
            {
                return false;
            }

            faults.Add(new(name, $"unknown argument; it belongs inside {list.Name}."));
            if (_inPieces.Add(list.Name))
            {
                var entries = new JsonObject(given.EnumerateObject().Where(each => IsEntry(list, each)).DistinctBy(each => each.Name)
                    .Select(each => KeyValuePair.Create(each.Name, (JsonNode?)JsonNode.Parse(each.Value.GetRawText()))));
                Carry(list, JsonSerializer.SerializeToElement((JsonNode)entries, ArgumentJson.Readable.JsonNode));
            }

            return true;
        }

        private static readonly string[] s_figures =
        [
            "value", "number", "amount", "count", "size", "level", "version", "id", "seed", "temperature", "port", "index", "default",
            "defaults", "global", "all", "any", "item", "items", "entry", "entries", "data",
        ];

        // What is called like something of resilience, a unit, a figure or a wrapper, or is of a client, is no name of a service.
        private bool IsEntry(ObjectListArgument list, JsonProperty property)
        {
            if (schema.Find(property.Name) is not null || IsOfClient(property.Name) || NamesResilience(property.Name)
                || Reading.FactorOf(property.Name, Unit.Seconds) is not null || Words(property.Name).Any(s_figures.Contains)
                || s_wrappers.Contains(Reading.Fold(property.Name))
                || property.Name == WithCode.Name || OtherName.For(property.Name, schema) is not null
                || (property.Value.ValueKind is JsonValueKind.Object ? !property.Value.TryGetProperty(list.Number!.Name, out _)
                    : property.Value.ValueKind is not (JsonValueKind.Number or JsonValueKind.String)))
            {
                return false;
            }

            var found = new FaultList();
            var alone = new JsonObject { [property.Name] = JsonNode.Parse(property.Value.GetRawText()) };
            return list.Check(JsonSerializer.SerializeToElement((JsonNode)alone, ArgumentJson.Readable.JsonNode), found) is not null
                && found.Correctable;
        }

        // partitions: {"orders":10,"maxQueue":5}: a setting is no partition of that name.
        public bool HoldsSettings(Argument argument, JsonElement value)
        {
            if (argument is not ObjectListArgument { Number: { } number } list || value.ValueKind is not JsonValueKind.Object
                || list.NameIn(value) is not null)
            {
                return false;
            }

            var settings = value.EnumerateObject().Take(list.MaximumEntries)
                .Where(entry => entry.Name == number.Name || schema.Find(entry.Name) is IntegerArgument).ToList();
            if (settings.Count == 0)
            {
                return false;
            }

            foreach (var setting in settings)
            {
                var name = $"{list.Name}.{setting.Name}";
                if (schema.Find(setting.Name) is { } own)
                {
                    faults.Add(new(name, $"an argument, no entry; give it beside {list.Name}."));
                    Carry(own, setting.Value);
                }
                else
                {
                    faults.AddFinal(new(name, $"whose? Use a name for it, such as {list.ExampleEntry.ToJsonString()}."));
                }
            }

            var rest = new JsonObject(value.EnumerateObject().ExceptBy(settings.Select(each => each.Name), each => each.Name)
                .DistinctBy(each => each.Name)
                .Select(each => KeyValuePair.Create(each.Name, (JsonNode?)JsonNode.Parse(each.Value.GetRawText()))));
            if (rest.Count == 0)
            {
                faults.Forbid(unless: false);
            }
            else
            {
                Carry(list, JsonSerializer.SerializeToElement((JsonNode)rest, ArgumentJson.Readable.JsonNode), evenIfGiven: true);
            }

            return true;
        }

        // operations[0][name], operations.orders and retryOn[0]: a list in pieces, as forms and flat maps send it.
        private bool AddPart(string name, JsonProperty property)
        {
            if (PartOf(property.Name) is not { List: { } list } || given.TryGetProperty(list.Name, out _))
            {
                return false;
            }

            faults.Add(new(name, $"unknown argument; it belongs inside {list.Name}."));
            if (!_inPieces.Add(list.Name))
            {
                return true;
            }

            var whole = new JsonObject();
            foreach (var piece in given.EnumerateObject())
            {
                if (PartOf(piece.Name) is { List: { } same, Path: var path } && same == list)
                {
                    faults.Forbid(unless: TryPlace(whole, list, path, JsonNode.Parse(piece.Value.GetRawText())));
                }
            }

            Carry(list, JsonSerializer.SerializeToElement((JsonNode)whole, ArgumentJson.Readable.JsonNode));
            return true;
        }

        private (Argument? List, string[] Path) PartOf(string name)
        {
            var end = name.Length <= 2 * LongestName ? name.AsSpan().IndexOfAny('.', '[') : -1;
            var root = end > 0 ? Reading.Fold(name[..end]) : "";
            var list = root.Length == 0 ? null : schema.All.FirstOrDefault(argument =>
                argument is ObjectListArgument or IntegerListArgument && Reading.Fold(argument.Name) == root);
            var path = list is null ? [] : name[end..].Split(['.', '[', ']', '"', '\''], StringSplitOptions.RemoveEmptyEntries);
            return path.Length > 0 ? (list, path) : default;
        }

        // operations.orders.timeoutMs is a member of an entry, and operations.orders.get an entry of that name.
        private static bool TryPlace(JsonObject whole, Argument list, string[] path, JsonNode? value)
        {
            var isIndex = path[0].All(char.IsAsciiDigit);
            var isMember = path.Length > 1 && list is ObjectListArgument { Members: var members }
                && (isIndex || members.Any(member => Reading.Fold(member.Name) == Reading.Fold(path[^1])));
            if (isIndex && path.Length > 2)
            {
                return false;
            }

            var entry = string.Join('.', isMember ? path[..^1] : path);
            return !isMember ? whole.TryAdd(entry, value)
                : (whole.ContainsKey(entry) || whole.TryAdd(entry, new JsonObject()))
                    && whole[entry] is JsonObject inner && inner.TryAdd(path[^1], value);
        }

        // operations: ["orders","payments"] beside timeoutMs: 2000: each has that number.
        public bool AreNames(Argument argument, JsonElement value)
        {
            if (argument is not ObjectListArgument list || !SharesNumber(list, value))
            {
                return false;
            }

            var entries = new JsonArray([.. Names(value).Select(name => (JsonNode)new JsonObject
            {
                [list.Members[0].Name] = name,
                [list.Number!.Name] = JsonNode.Parse(given.GetProperty(list.Number.Name).GetRawText()),
            })]);
            faults.Add(new(list.Name, $"names alone; give each its {list.Number!.Name}, such as {list.ExampleEntry.ToJsonString()}."));
            Carry(list, JsonSerializer.SerializeToElement((JsonNode)entries, ArgumentJson.Readable.JsonNode), evenIfGiven: true);
            return true;
        }

        private bool SharesNumber(ObjectListArgument list, JsonElement names) =>
            list.Number is { } number && given.TryGetProperty(number.Name, out _)
            && (names.ValueKind is JsonValueKind.String || (names.ValueKind is JsonValueKind.Array
                && names.GetArrayLength() <= list.MaximumEntries
                && names.EnumerateArray().All(name => name.ValueKind is JsonValueKind.String)))
            && Names(names).ToList() is { Count: > 0 } all && all.Count <= list.MaximumEntries
            && all.TrueForAll(name => name.AsSpan().IndexOfAny(['=', ':', '{', '[']) < 0);

        // ["orders","payments"], and "orders, payments".
        private static IEnumerable<string> Names(JsonElement names) => names.ValueKind is JsonValueKind.Array
            ? names.EnumerateArray().Select(name => name.GetString()!)
            : names.GetString()!.Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        // Of two rates a call has room for one.
        private void CarryRate(Argument requests, JsonElement count, Argument window, int seconds)
        {
            faults.Forbid(unless: !meant.ContainsKey(requests.Name) && !meant.ContainsKey(window.Name)
                && !given.TryGetProperty(window.Name, out _));
            Carry(requests, count, evenIfGiven: true);
            Carry(window, ToElement(seconds));
        }

        private const string Requests = "requestsPerWindow";
        private const string KeyStrategy = "keyStrategy";

        private IEnumerable<BooleanArgument> Switches => schema.All.Append(WithCode).OfType<BooleanArgument>();

        // redis: true, useRedis, byIp, perUser: a choice as a switch.
        private List<ChoiceArgument> ChoicesNamed(JsonProperty property)
        {
            var folded = property.Value.ValueKind is JsonValueKind.True or JsonValueKind.False && property.Name.Length <= 64
                ? Reading.Fold(property.Name)
                : "";
            return folded.Length == 0 ? [] : [.. schema.All.OfType<ChoiceArgument>().Where(argument => ChoiceNamed(argument, folded) is not null)];
        }

        private static readonly string[] s_by = ["", "use", "using", "by", "per", "with", "on", "in", "is", "for"];

        private static string? ChoiceNamed(ChoiceArgument argument, string folded) =>
            argument.Choices.FirstOrDefault(choice => s_by.Any(by => folded == by + Reading.Fold(choice)));

        private void AddChoice(string name, bool isOff, List<ChoiceArgument> named)
        {
            var fault = new ArgumentFault(name, $"unknown argument; use {string.Join(" or ", named.Select(each => each.Name))}: "
                + $"{string.Join(" or ", named.Select(each => each.Rule).Distinct())}.");
            if (isOff || named is not [var only])
            {
                faults.AddFinal(fault);
                return;
            }

            faults.Add(fault);
            CarryChoice(only, ChoiceNamed((ChoiceArgument)only, Reading.Fold(name))!);
        }

        // Of two choices of one argument only the caller knows which was meant.
        private void CarryChoice(Argument argument, string choice)
        {
            faults.Forbid(unless: (!meant.TryGetPropertyValue(argument.Name, out var other) || other?.GetValue<string>() == choice)
                && (!given.TryGetProperty(argument.Name, out var same) || same.ValueKind is JsonValueKind.Null
                    || (same.ValueKind is JsonValueKind.String && same.ValueEquals(choice))));
            Carry(argument, JsonSerializer.SerializeToElement(choice, ArgumentJson.Readable.String));
        }

        private List<ChoiceArgument> ChoicesGiven(JsonElement value) =>
            value.ValueKind is not JsonValueKind.String || value.GetString() is not { Length: > 0 and <= 32 } text
                ? []
                : [.. schema.All.OfType<ChoiceArgument>().Where(argument => argument.Name != "importExtension"
                    && argument.Choices.Any(choice => Reading.Fold(choice) == Reading.Fold(text)))];

        // The tools that have an argument of this name, where this one does not.
        private static string Elsewhere(string name) => name.Length > 64 ? "" : string.Join(" or ", Catalog.All
            .Where(emitter => emitter.Arguments.Find(name) is not null)
            .Select(emitter => emitter.Tool));

        // noRetryOn is near to retryOn, and its opposite.
        private static bool IsNegation(string name) => Words(name).FirstOrDefault() is "no" or "not" or "non" or "never" or "dont" or "do"
            or "without" or "except" or "exclude" or "skip" or "ignore" or "disable" or "un" or "unlimited";

        private Argument? Nearest(string name) => IsNegation(name) ? null :
            Suggestion.Nearest(Reading.LastPart(name), schema.All.Append(WithCode).Select(argument => argument.Name)) is { } nearest
                ? nearest == WithCode.Name ? WithCode : schema.Find(nearest)
                : null;

        private List<Argument> Containing(string name)
        {
            var folded = Reading.Fold(name);
            return folded.Length is < 4 or > 32 || IsNegation(name)
                ? []
                : [.. schema.All.Where(argument => BeginsAtWord(argument.Name, folded))];
        }

        // "timeout" is part of probeTimeoutMs; "rate" is none of keyStrategy.
        private static bool BeginsAtWord(string name, string folded)
        {
            var words = Words(name).ToArray();
            return Enumerable.Range(0, words.Length)
                .Any(index => string.Concat(words[index..]).StartsWith(folded, StringComparison.Ordinal));
        }

        // noJitter, withoutTests, and --no-with-tests: near to a switch, and its opposite.
        private BooleanArgument? Negated(string name) => Switches.FirstOrDefault(argument => argument.IsOppositeOf(name));

        private void CarryOpposite(BooleanArgument argument, JsonElement value)
        {
            if (value.ValueKind is JsonValueKind.Null || meant.ContainsKey(argument.Name) || given.TryGetProperty(argument.Name, out _))
            {
                return;
            }

            var found = new FaultList();
            if (argument.Check(value, found) is { } read)
            {
                meant[argument.Name] = !read.GetValue<bool>();
            }

            faults.Forbid(unless: found.Correctable);
        }

        // Who names a share of calls that fail means a breaker that trips by it, even where the share is the default one.
        private void Carry(OtherName other, JsonElement value)
        {
            Carry(schema.Find(other.Argument)!, value);

            // 1 is all of them as a ratio, and one in a hundred as a percentage.
            faults.Forbid(unless: other.Argument != "failureRatePercent" || Reading.Number(value, Unit.None) is not 1.0);
            if (OtherName.IsOfRate(other.Argument) && !given.TryGetProperty("tripOn", out _))
            {
                meant["tripOn"] = "failure-rate";
            }
        }

        private void CarryTime(Argument argument, JsonProperty property)
        {
            faults.Forbid(unless: !Reading.MayBeOfOtherUnit(property, argument));
            Carry(argument, property.Value);
        }

        // The value goes along, unless the right name was given as well.
        private void Carry(Argument argument, JsonElement value, bool evenIfGiven = false)
        {
            if (value.ValueKind is JsonValueKind.Null)
            {
                return;
            }

            var found = new FaultList();
            var read = argument.Check(value, found);
            var other = meant.TryGetPropertyValue(argument.Name, out var before) ? before
                : !evenIfGiven && given.TryGetProperty(argument.Name, out var same) && same.ValueKind is not JsonValueKind.Null
                    ? argument.Check(same, new())
                    : null;

            // Of two values only the caller knows which was meant.
            faults.Forbid(unless: found.Correctable && (read is null || other is null || JsonNode.DeepEquals(read, other)));
            if (read is not null && before is null)
            {
                meant[argument.Name] = read;
            }
        }

        // recoveryTimeSeconds: 30 is recoveryTimeMs: 30000, and so is resetTimeoutSec: 30.
        private IntegerArgument? InUnits(JsonProperty property)
        {
            if (property.Name.Length > LongestName || schema.All.OfType<IntegerArgument>()
                .Select(each => (Argument: (IntegerArgument?)each, Factor: Reading.FactorIn(property.Name, each.Name)))
                .Append(InUnitsElsewhere(property.Name))
                .Append((
                    Argument: schema.Find("windowSeconds") as IntegerArgument,
                    Factor: property.Name.Length > 2 ? Reading.FactorOf(property.Name, Unit.Seconds) : null))
                .FirstOrDefault(each => each.Factor is not (null or 1.0)) is not { Argument: { } argument, Factor: { } factor })
            {
                return null;
            }

            if (Reading.Number(property.Value, factor, Reading.UnitOf(argument.Name)) is { } number)
            {
                Carry(argument, JsonElement.Parse(number.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
            }
            else
            {
                faults.Forbid(unless: !Reading.MeansSomething(property.Value));
            }

            return argument;
        }

        private static readonly string[] s_units = ["milliseconds", "seconds", "minutes", "millis", "hours", "secs", "mins", "sec", "min"];

        private const int LongestName = 64;

        // sleepWindowSec and sleepWindowInSeconds.
        private (IntegerArgument? Argument, double? Factor) InUnitsElsewhere(string name) =>
            OtherInUnits(name) is ({ Advice: null } other, var word) && schema.Find(other.Argument) is IntegerArgument argument
                ? (argument, Reading.FactorOf(word, Reading.UnitOf(argument.Name)))
                : default;

        // timeoutSeconds has the advice of timeoutMs.
        private string? AdviceInUnits(string name) => name.Length > LongestName ? null : OtherInUnits(name).Other?.Advice;

        private (OtherName? Other, string Word) OtherInUnits(string name)
        {
            var folded = Reading.Fold(name);
            return s_units.FirstOrDefault(each => folded.EndsWith(each, StringComparison.Ordinal)) is { } word
                && (folded[..^word.Length] is [.. var stem, 'i', 'n'] ? stem : folded[..^word.Length]) is var elsewhere
                    ? (OtherName.For($"{elsewhere}ms", schema), word)
                    : default;
        }

        [System.Text.RegularExpressions.GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")]
        private static partial System.Text.RegularExpressions.Regex NameWords();

        private static string UnitWords(IntegerArgument argument) =>
            Reading.UnitOf(argument.Name) is Unit.Seconds ? "seconds" : "milliseconds";

        // An object, also as text or alone in a list.
        private static JsonElement Packed(JsonElement value) => (Reading.Json(value) ?? value) is var read
            && read.ValueKind is JsonValueKind.Array && read.GetArrayLength() == 1 ? read[0] : read;

        // retry: {"maxRetries":3}: a name that may stand for an argument, around arguments by their own names. An entry of a list has
        // members that are called as arguments are.
        private bool HoldsArguments(JsonProperty property)
        {
            if (Packed(property.Value) is not { ValueKind: JsonValueKind.Object } packed)
            {
                return false;
            }

            var called = OtherName.For(property.Name, schema) is { } other ? schema.Find(other.Argument) : Nearest(property.Name);
            var list = called as ObjectListArgument;
            return packed.EnumerateObject().Take(MostCompared).Any(member => member.Name.Length <= LongestName
                && Reading.Fold(member.Name) is var folded
                && (list is null ? schema.All.Any(argument => Reading.Fold(argument.Name) == folded) : Reading.Fold(list.Name) == folded));
        }

        // Arguments one level too deep: {"arguments":{"failureThreshold":3}}. They are read as they would be at their place.
        private bool Unpack(JsonElement value)
        {
            value = Packed(value);
            if (value.ValueKind is not JsonValueKind.Object)
            {
                return false;
            }

            var found = new FaultList();
            var inside = new UnknownArguments(schema, value, meant, found) { _count = _count, _listed = true };
            var before = meant.Count;
            var known = false;
            foreach (var inner in value.EnumerateObject())
            {
                if (inside._count >= MostCompared)
                {
                    found.Forbid(unless: false);
                    break;
                }

                if ((inner.Name == WithCode.Name ? WithCode : schema.Find(inner.Name)) is { } argument)
                {
                    (known, inside._count) = (true, inside._count + 1);
                    if (!inside.IsRate(argument, inner.Value))
                    {
                        inside.Carry(argument, inner.Value, evenIfGiven: true);
                    }
                }
                else
                {
                    inside.Add(inner);
                }
            }

            _count = inside._count;
            faults.Forbid(unless: found.Correctable);
            return known || meant.Count > before;
        }
    }
}
