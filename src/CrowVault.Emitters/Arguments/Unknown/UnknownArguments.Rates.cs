using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments.Unknown;

// A number of requests in a time, in one value, one name or two arguments.
internal sealed partial class UnknownArguments
{
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
}
