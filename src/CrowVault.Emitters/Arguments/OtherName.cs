using System.Globalization;
using System.Text.Json;

namespace CrowVault.Emitters.Arguments;

/// <summary>What an argument is called elsewhere: in opossum, cockatiel, resilience4j, Hystrix, Polly, Istio, nginx, HAProxy, p-retry, got,
/// ky, axios-retry, urllib3, express-rate-limit, rate-limiter-flexible and bottleneck. A name that only looks like one of ours may mean another.</summary>
/// <param name="Argument">Ours.</param>
/// <param name="Advice">Why no value can be taken over, or the way out where there is no argument; null when the value can.</param>
internal sealed partial record OtherName(string Argument, string? Advice)
{
    /// <summary>Whether only a breaker that trips by the share of failures has it.</summary>
    /// <param name="argument">Name of an argument.</param>
    public static bool IsOfRate(string argument) => argument is "failureRatePercent" or "minimumCalls" or "slowCallMs";

    private const string OneLess = "use maxRetries, one less: the first attempt is not a retry.";

    private const string UseMaxQueue = "use maxQueue.";

    // In seconds it would be longer than anybody waits.
    private const double SurelyMilliseconds = 10_000;

    /// <summary>The value to take over in spite of the advice, where the given one leaves no doubt: a time that says its unit or can be
    /// of no other, and a count of which the first is none of ours.</summary>
    /// <param name="value">What was given.</param>
    /// <returns>Null when only the caller knows.</returns>
    public JsonElement? Settled(JsonElement value) =>
        Advice is OneLess
            ? Reading.Number(value, Unit.None) is >= 1 and < int.MaxValue and var attempts && attempts == Math.Floor(attempts)
                ? JsonElement.Parse(((int)attempts - 1).ToString(CultureInfo.InvariantCulture))
                : null
        : Advice?.EndsWith("seconds.", StringComparison.Ordinal) == true && (Reading.HasUnit(value, Reading.UnitOf(Argument))
            || (Reading.UnitOf(Argument) is Unit.Milliseconds && Reading.Number(value, Unit.None) >= SurelyMilliseconds))
            ? value
            : null;

    private const string InMiddleware =
        "the middleware has options for that: name, prefix, keyOf, skip, cost, limitOf, onDecision, onRefused, headers.";

    // The first row whose argument the tool has decides.
    private static readonly (string Argument, string? Advice, string[] Names)[] s_rows =
    [
        ("failureRatePercent", null, [
            "failurerate", "failureratethreshold", "failurepercentage", "failurepercent", "errorpercentage", "errorpercent", "errorrate",
            "errorratethreshold", "errorratepercent", "failureratio", "errorratio", "failureratiothreshold", "errorthresholdpercentage",
            "failurethresholdpercentage", "errorthresholdpercent", "failurethresholdpercent",
        ]),
        ("failureRatePercent", "it is the share of failures: where 90 % are to succeed, 10.", [
            "successrate", "successratethreshold", "successpercent", "successpercentage", "successratio",
        ]),
        ("failureThreshold", null, [
            "failures", "maxfailures", "failurecount", "failurelimit", "consecutivefailures", "maxconsecutivefailures", "maxfails",
            "failmax", "fall", "consecutive5xxerrors", "consecutiveerrors", "openafter", "tripafter",
        ]),
        ("successThreshold", null, ["successes", "successcount", "consecutivesuccesses", "rise", "closeafter"]),
        ("minimumCalls", null, [
            "volumethreshold", "requestvolumethreshold", "minimumnumberofcalls", "minimumthroughput", "minimumrequests", "minrequests",
            "mincalls",
        ]),
        ("minimumCalls", "use minimumCalls, for the whole windowMs.", ["minimumrps", "minrps"]),
        ("windowMs", null, ["samplingdurationms", "rollingwindowms", "rollingcounttimeoutms", "statisticalwindowms"]),
        ("windowMs", "use windowMs, in milliseconds.", [
            "samplingduration", "rollingwindow", "rollingcounttimeout", "statisticalwindow", "metricsrollingwindow",
        ]),
        ("windowMs", "the window is one of time: use windowMs, in milliseconds, and minimumCalls.", [
            "slidingwindowsize", "slidingwindowtype", "ringbuffersize", "windowsize",
        ]),
        ("recoveryTimeMs", null, [
            "resettimeoutms", "baseejectiontimems", "opendurationms", "opentimems", "sleepwindowms", "breakdurationms", "openforms", "halfopenafterms", "cooldownms",
            "waitdurationinopenstatems",
        ]),
        ("recoveryTimeMs", "use recoveryTimeMs, in milliseconds.", [
            "resettimeout", "baseejectiontime", "openduration", "opentime", "sleepwindow", "breakduration", "durationofbreak", "halfopenafter", "cooldown",
            "waitdurationinopenstate",
        ]),
        ("halfOpenMaxProbes", null, [
            "halfopenrequests", "halfopenmaxcalls", "halfopencalls", "halfopenprobes", "permittednumberofcallsinhalfopenstate",
        ]),
        ("slowCallMs", null, ["slowcalldurationthreshold", "slowcallduration", "slowcallthreshold", "slowcallthresholdms"]),
        ("probeTimeoutMs",
            "the breaker sets no limit of time to calls; use generate_timeout_config, or probeTimeoutMs for probes alone.",
            ["timeout", "timeoutms", "calltimeout", "calltimeoutms", "requesttimeout", "requesttimeoutms"]),
        ("failureThreshold", "the option name of new CircuitBreaker names a breaker; nothing is named here.",
            Named("breaker", "circuit", "circuitbreaker")),
        ("maxRetries", "the option destination of withRetry gives each service a budget; nothing is named here.",
            Named("policy", "retry", "retrypolicy")),
        ("maxRetries", null, [
            "retrycount", "maxretrycount", "retrylimit", "retrymax", "totalretries", "maxretryattempts", "retryattempts", "retriesmax",
            "numberofretries", "numretries", "maxnetworkretries", "retry", "limit",
        ]),
        ("maxRetries", OneLess, [
            "maxattempts", "attempts", "maxtries", "tries", "numattempts", "numberofattempts", "totalattempts", "maxattempt",
            "stopafterattempt", "stopafterattempts",
        ]),
        ("maxDelayCapMs", null, ["maxdelayms", "maxbackoffms", "maxintervalms", "maxwaitms", "backofflimitms", "maxretrydelayms"]),
        ("maxDelayCapMs", "use maxDelayCapMs, in milliseconds.", [
            "maxtimeout", "maxbackoff", "maxinterval", "backofflimit", "maxretrydelay",
        ]),
        ("baseDelayMs", null, ["initialdelayms", "mindelayms", "initialbackoffms", "initialintervalms", "delayms", "retrydelayms"]),
        ("baseDelayMs", "use baseDelayMs, in milliseconds.", [
            "initialdelay", "mindelay", "mintimeout", "initialbackoff", "initialinterval", "retrydelay", "delay", "waitduration",
        ]),
        ("totalTimeoutMs", null, [
            "maxelapsedms", "maxelapsedtimems", "maxdurationms", "overalltimeoutms", "deadlinems", "budgetms", "totalms",
        ]),
        ("totalTimeoutMs", "use totalTimeoutMs, in milliseconds.", [
            "maxelapsed", "maxelapsedtime", "maxduration", "overalltimeout", "deadline", "maxretrytime",
        ]),
        ("maxRetries", "use totalTimeoutMs for all attempts together, and put generate_timeout_config inside for each.", [
            "timeout", "timeoutms", "requesttimeout", "requesttimeoutms", "calltimeout", "calltimeoutms",
        ]),
        ("totalTimeoutMs", "it is for all attempts together; put generate_timeout_config inside for each.", [
            "attempttimeout", "attempttimeoutms", "perattempttimeout", "perattempttimeoutms", "timeoutperattempt", "pertrytimeout",
            "pertrytimeoutms",
        ]),
        ("totalTimeoutMs", "a limit is for a whole call, its body included; timeoutFetch of generate_timeout_config has idleTimeoutMs.", [
            "connecttimeout", "connecttimeoutms", "connectiontimeout", "connectiontimeoutms", "readtimeout", "readtimeoutms",
            "writetimeout", "writetimeoutms", "idletimeout", "idletimeoutms", "sockettimeout", "sockettimeoutms", "headerstimeout", "headerstimeoutms",
            "bodytimeout", "bodytimeoutms", "responsetimeout", "responsetimeoutms",
        ]),
        ("withJitter", null, ["randomize", "randomise", "randomized", "randomised"]),
        ("respectRetryAfter", null, ["retryafter", "honorretryafter", "honourretryafter", "useretryafter", "respectretryafterheader"]),
        ("baseDelayMs", "the wait doubles from one attempt to the next, up to maxDelayCapMs; nothing sets the factor.", [
            "factor", "multiplier", "backofffactor", "backoffmultiplier", "exponent", "backoffrate", "exponential", "exponentialbackoff",
            "exponentialbackoffmultiplier", "delaymultiplier", "waitexponential", "waitfixed",
            "linear", "constant", "backoff", "backofftype", "backoffstrategy", "delays", "intervals",
        ]),
        ("retryOn", null, [
            "statuscodes", "retryablestatuscodes", "retrystatuscodes", "retryonstatus", "retryonstatuses", "retryonstatuscodes", "statuses",
            "retrystatuses", "httpstatuscodes", "statusforcelist",
        ]),
        ("retryOn", "withFetch emits retryFetch, which repeats only safe methods; its option methods names others.", [
            "method", "methods", "httpmethod", "httpmethods", "allowedmethods", "idempotent", "idempotentonly", "retrymethods",
        ]),
        ("requestsPerWindow", null, [
            "limit", "max", "points", "quota", "maxrequests", "requestlimit", "maxhits", "tokensperinterval", "permitlimit",
            "limitforperiod", "intervalcap",
        ]),
        ("windowSeconds", "use windowSeconds, in seconds.", [
            "duration", "interval", "period", "timewindow", "window", "limitrefreshperiod", "per", "ttl",
        ]),
        ("keyStrategy", null, ["key", "keyby", "keygenerator", "limitby", "identifier", "identifyby", "keytype"]),
        ("keyStrategy", "mount the middleware on the routes that it is for; nothing names them here.", [
            "routes", "route", "path", "paths", "url", "urls", "method", "methods", "endpoint", "endpoints",
        ]),
        ("redisClient", "the emitted code takes a client of yours that is connected; no address is given here.", [
            "redisurl", "redisuri", "redishost", "redisport", "redisoptions", "redisconnection", "connectionstring", "connection",
        ]),
        ("keyStrategy", InMiddleware, [
            "name", "limitername", "skip", "headers", "standardheaders", "legacyheaders", "whitelist", "allowlist", "blocklist", "blacklist", "blockduration",
            "message", "statuscode", "handler", "keyprefix", "prefix", "cost", "weight",
        ]),
        ("requestsPerWindow", "nothing spaces requests out evenly; with withOperations, acquire waits for a turn.", ["mintime"]),
        ("requestsPerWindow", "nothing waits in a queue; with withOperations, acquire waits for a turn.", [
            "queuelimit", "queue", "queuesize", "maxqueue", "queueprocessingorder",
        ]),
        ("requestsPerWindow", "tokens come back at requestsPerWindow in windowSeconds; give both.", [
            "rate", "refillrate", "refill", "fillrate", "leakrate", "refillinterval", "refilltokens", "tokenspersecond",
        ]),
        ("burstCapacity", null, ["burstsize", "maxburst", "bucketsize", "bucketcapacity"]),
        ("store", null, ["storage", "backend", "storetype"]),
        ("algorithm", null, ["algorithmtype", "type", "mode", "limitertype"]),
        ("framework", null, ["server", "middleware", "middlewaretype"]),
        ("onStoreError", "use onStoreError: open admits, closed refuses, local counts in each process.", [
            "failopen", "failclosed", "failuremode", "onerror", "onredisfailure", "onrediserror", "onredisdown", "skiponerror",
            "passonstoreerror", "fallback",
        ]),
        ("operations", null, ["timeouts", "endpoints", "ops", "routes", "services", "calls"]),
        ("partitions", null, ["bulkheads", "pools", "services", "compartments", "concurrencylimits"]),
        ("withMetrics", null, [
            "onevent", "onevents", "onstatechange", "events", "callbacks", "telemetry", "opentelemetry", "otel", "prometheus",
            "observability", "stats", "statistics",
        ]),
        ("testRunner", null, ["testframework", "testlibrary", "testtool"]),
        ("runtime", null, ["platform", "target", "environment", "engine"]),
        ("partitions", "it belongs to an entry of partitions, as its maxConcurrent.", [
            "maxconcurrentcalls", "maxconcurrency", "concurrency", "concurrencylimit", "maxparallelization", "maxparallel", "parallelism",
            "maxconcurrentrequests", "maxinflight", "permits", "slots", "limit", "max",
        ]),
        ("maxQueue", UseMaxQueue, [
            "queuesize", "queuelimit", "maxqueued", "queue", "queuecapacity", "maxqueuingactions", "maxqueueingactions", "queuedepth",
        ]),
        ("maxWaitMs", null, ["queuetimeoutms", "acquiretimeoutms", "maxwaitdurationms"]),
        ("maxWaitMs", "use maxWaitMs, in milliseconds, for the wait in the queue, or generate_timeout_config for the call.", [
            "timeout", "timeoutms", "queuetimeout", "acquiretimeout", "maxwaitduration",
        ]),
    ];

    private static readonly ILookup<string, (string Argument, string? Advice)> s_names = s_rows
        .SelectMany(row => row.Names.Select(name => (Name: name, Row: (row.Argument, row.Advice))))
        .ToLookup(each => each.Name, each => each.Row, StringComparer.Ordinal);

    private static string[] Named(params string[] things) =>
        ["name", "service", "servicename", "dependency", "upstream", .. things.Select(thing => $"{thing}name")];

    private static readonly string[] s_backoffs =
    [
        "backoff", "backofftype", "backoffstrategy", "backoffpolicy", "strategy", "retrystrategy", "delaystrategy", "exponential",
        "exponentialbackoff", "useexponentialbackoff", "enableexponentialbackoff", "exponentialbackoffenabled", "useexponential",
    ];

    private static readonly string[] s_factors =
    [
        "factor", "multiplier", "backofffactor", "backoffmultiplier", "exponent", "exponentbase", "backoffrate", "exponentialbase",
        "exponentialbackoffmultiplier", "delaymultiplier",
    ];

    private static readonly string[] s_queues = ["queue", "queuetype", "queueorder", "queuepolicy", "ordering", "fifo", "fair", "fairness"];

    /// <summary>Says what is so anyway, where a name and its value ask for that: <c>backoff: "exponential"</c>, <c>factor: 2</c>,
    /// <c>queue: "fifo"</c>.</summary>
    /// <returns>Null when it asks for something else.</returns>
    public static string? AsItIs(JsonProperty given, ArgumentSchema schema)
    {
        var name = given.Name.Length <= 64 ? Reading.Fold(given.Name) : "";
        var word = given.Value.ValueKind switch
        {
            JsonValueKind.String when given.Value.GetString() is { Length: <= 64 } text => Reading.Fold(text),
            JsonValueKind.True => "true",
            _ => "",
        };
        return schema.Find("baseDelayMs") is not null
            && ((s_backoffs.Contains(name) && (word is "exponential" or "expo" or "exponentialbackoff"
                || (word == "true" && name.Contains("exponential", StringComparison.Ordinal))))
                || (s_factors.Contains(name) && Reading.Number(given.Value, Unit.None) is 2.0))
                ? "the wait doubles from one attempt to the next"
            : schema.Find("maxQueue") is not null && s_queues.Contains(name)
                && (word == "fifo" || (word == "true" && name is "fifo" or "fair" or "fairness"))
                ? "who came first is served first"
            : null;
    }

    /// <summary>What a tool calls what is given under a name of elsewhere.</summary>
    /// <returns>Null when nothing is known about the name.</returns>
    public static OtherName? For(string name, ArgumentSchema schema)
    {
        if (name.Length <= 64)
        {
            // Hystrix's circuitBreaker.sleepWindowInMilliseconds.
            var last = Reading.Fold(Reading.LastPart(name));
            foreach (var (argument, advice) in s_names[Milliseconds().Replace(last, "ms")])
            {
                if (schema.Find(argument) is not null)
                {
                    return new(argument, advice);
                }
            }
        }

        return null;
    }

    /// <summary>The member of an entry that is called by a name of elsewhere, such as <c>queueSize</c> of a partition.</summary>
    /// <param name="name">What was given.</param>
    /// <param name="members">The members of an entry.</param>
    /// <returns>Null when nothing is known about the name.</returns>
    public static Argument? Member(string name, IReadOnlyList<Argument> members) => name.Length > 64 ? null
        : s_names[Milliseconds().Replace(Reading.Fold(name), "ms")]
            .Where(row => row.Advice is null or UseMaxQueue)
            .Select(row => members.FirstOrDefault(member => member.Name == row.Argument))
            .FirstOrDefault(member => member is IntegerArgument);

    [System.Text.RegularExpressions.GeneratedRegex(@"(?:in)?milli(?:second)?s\z")]
    private static partial System.Text.RegularExpressions.Regex Milliseconds();
}
