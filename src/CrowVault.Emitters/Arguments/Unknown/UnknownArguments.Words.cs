using System.Text.Json;
using System.Text.RegularExpressions;

namespace CrowVault.Emitters.Arguments.Unknown;

// Words in a name: whether it says something of resilience, so that it cannot be left out of a corrected call.
internal sealed partial class UnknownArguments
{
    // What a client adds of its own can go; what was meant for the code cannot.
    private bool CanGo(JsonProperty property) =>
        property.Value.ValueKind is JsonValueKind.Null
        || (property.Value.ValueKind is JsonValueKind.False && !Words(property.Name).Any(s_on.Contains))
        || (!NamesResilience(property.Name)
            && !(property.Name.Any(c => !char.IsAscii(c)) && Reading.MeansSomething(property.Value))
            && !IsNegation(property.Name)
            && !HidesArguments(property.Value)
            && !SaysFigures(property)
            && !Reading.HasUnit(property.Value, Unit.Milliseconds)
            && (IsOfClient(property.Name) || !HoldsNumber(property.Value))
            && !(s_wrappers.Contains(Reading.Fold(property.Name)) && Reading.MeansSomething(property.Value)));

    // stop: "stop_after_attempt(5)" and "failureThreshold=3": true; with nothing else in the call also prompt: "open after 3 failures".
    private bool SaysFigures(JsonProperty property) =>
        (property.Name.Length == 0 && property.Value.ValueKind is JsonValueKind.Number)
        || FigureInName().IsMatch(property.Name)
        || (property.Value.ValueKind is JsonValueKind.String && property.Value.GetString() is { Length: <= LongestSentence } text
            && (CallWithFigure().IsMatch(text)
                || (text.Any(char.IsAsciiDigit) && NameWords().Matches(text).Any(word => s_words.Contains(word.Value.ToLowerInvariant()))
                    && !schema.All.Any(argument => given.TryGetProperty(argument.Name, out _)))));

    private const int LongestSentence = 1_024;

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
    private static readonly string[] s_stems = ["schwell", "versuch", "wartezeit", "fehler", "zeitlimit", "fenster", "anfragen", "wiederhol", "wiederherstell", "erholung", "verzoeger"];

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
        "hourly", "daily", "weekly", "monthly", "ms", "msec",
        "requests", "second", "minute", "hour", "day", "week", "year",
        // Of what it is for and where it goes.
        "route", "path", "url", "uri", "host", "method", "service", "upstream", "dependency", "resource", "redis", "connection",
        "file", "folder", "directory", "output", "class", "export", "import",
        // As Spanish, Portuguese, French, Italian and German name them.
        "umbral", "fallos", "fallas", "intentos", "reintentos", "espera", "limite", "ventana", "tiempo",
        "tentativas", "limiar", "falhas", "tempo", "janela", "seuil", "echecs", "essais", "tentatives", "delai", "fenetre",
        "soglia", "tentativi", "dauer", "temps", "nombre", "attente", "recuperation", "recuperacion",
        "solicitudes", "peticiones", "pedidos", "requetes", "richieste", "minuto", "segundo", "hora", "seconde", "heure", "jour",
        "sekunde", "stunde",
    };

    private static IEnumerable<string> Words(string name) =>
        name.Length > 64 ? [] : NameWords().Matches(name).Select(match => match.Value.ToLowerInvariant());

    [GeneratedRegex("[=:].*[0-9]")]
    private static partial Regex FigureInName();

    [GeneratedRegex(@"\A\s*[A-Za-z_.]+\([^()]*[0-9][^()]*\)\s*\z")]
    private static partial Regex CallWithFigure();

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")]
    private static partial Regex NameWords();
}
