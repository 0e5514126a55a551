using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>What a caller is told; every message names the argument, the value, the rule and the way out.</summary>
public sealed class ArgumentsTests
{
    private static readonly Emitter s_breaker = Catalog.Find("generate_circuit_breaker")!;

    [Theory]
    [InlineData("0", "0 is out of range; use 1 to 10000.")]
    [InlineData("10001", "10001 is out of range; use 1 to 10000.")]
    [InlineData("-1", "-1 is out of range; use 1 to 10000.")]
    [InlineData("99999999999999999999", "99999999999999999999 is out of range; use 1 to 10000.")]
    [InlineData("-0", "-0 is out of range; use 1 to 10000.")]
    [InlineData("1.5", "1.5 is not a whole number; use 1 to 10000.")]
    [InlineData("1e-400", "1e-400 is not a whole number; use 1 to 10000.")]
    [InlineData("3.00000000000000000000000000000001", "3.00000000000000000000000000000001 is not a whole number; use 1 to 10000.")]
    [InlineData("1e999", "1e999 is out of range; use 1 to 10000.")]
    [InlineData("1e99999999999999999999", "1e99999999999999999999 is out of range; use 1 to 10000.")]
    [InlineData("-1e999", "-1e999 is out of range; use 1 to 10000.")]
    [InlineData("\"7\"", "\"7\" is not an integer; use 1 to 10000.")]
    [InlineData("true", "true is not an integer; use 1 to 10000.")]
    [InlineData("[7]", "[7] is not an integer; use 1 to 10000.")]
    [InlineData("{}", "{} is not an integer; use 1 to 10000.")]
    public void Refuses_what_is_no_integer_of_the_range(string value, string problem) =>
        Assert.Equal([new ArgumentFault("failureThreshold", problem)], FaultsOf($$"""{"failureThreshold":{{value}}}""").Faults);

    [Theory]
    [InlineData("\"true\"")]
    [InlineData("1")]
    [InlineData("[]")]
    public void Refuses_what_is_no_boolean(string value) =>
        Assert.Equal($"{value} is not a boolean; use true or false.", FaultsOf($$"""{"withMetrics":{{value}}}""").Faults[0].Problem);

    [Theory]
    [InlineData("\"Deno\"", "\"Deno\" is not a choice; did you mean deno? Use one of node, deno, bun, workers, browser.")]
    [InlineData("\"worker\"", "\"worker\" is not a choice; use workers.")]
    [InlineData("\"fortran\"", "\"fortran\" is not a choice; use one of node, deno, bun, workers, browser.")]
    [InlineData("0", "0 is not a choice; use one of node, deno, bun, workers, browser.")]
    public void Refuses_what_is_no_choice(string value, string problem) =>
        Assert.Equal(problem, FaultsOf($$"""{"runtime":{{value}}}""").Faults[0].Problem);

    [Theory]
    [InlineData("failureTreshold", "failureThreshold")]
    [InlineData("failure_threshold", "failureThreshold")]
    [InlineData("recoveryTime", "recoveryTimeMs")]
    [InlineData("withMetric", "withMetrics")]
    public void Names_the_nearest_argument(string given, string nearest) =>
        Assert.Equal(
            new ArgumentFault(given, $"unknown argument; did you mean {nearest}?"),
            FaultsOf($$"""{"{{given}}":1}""").Faults[0]);

    [Fact]
    public void Lists_the_arguments_when_none_is_near() =>
        Assert.StartsWith("unknown argument; the arguments are runtime, failureThreshold,", FaultsOf("""{"colour":1}""").Faults[0].Problem);

    [Theory]
    [InlineData("[]", "a list")]
    [InlineData("\"{}\"", "a string")]
    [InlineData("7", "a number")]
    [InlineData("true", "a boolean")]
    public void Refuses_what_is_no_object(string arguments, string kind) =>
        Assert.Equal(
            $"arguments: {kind} is not an object; send a JSON object such as {{}}.\nCorrected call: generate_circuit_breaker {{}}",
            FaultsOf(arguments).Message);

    [Fact]
    public void Reports_every_fault_at_once_and_ends_with_a_call_that_works()
    {
        var faults = FaultsOf("""{"failureThreshold":0,"withMetric":true,"runtime":"Node","recoveryTimeMs":"100","colour":1}""");

        Assert.Equal(
            ["failureThreshold", "withMetric", "runtime", "recoveryTimeMs", "colour"],
            faults.Faults.Select(fault => fault.Argument));
        Assert.Equal("""{"failureThreshold":1,"withMetrics":true,"runtime":"node","recoveryTimeMs":100}""", faults.CorrectedArguments);
        Assert.EndsWith($"\nCorrected call: generate_circuit_breaker {faults.CorrectedArguments}", faults.Message);
        Assert.True(s_breaker.TryEmit(JsonElement.Parse(faults.CorrectedArguments!), "1.2.3", out _, out _));
    }

    [Fact]
    public void Refuses_an_argument_that_is_given_twice() =>
        Assert.Equal(
            [new ArgumentFault("withMetrics", "given twice; give it once.")],
            FaultsOf("""{"withMetrics":true,"withMetrics":false}""").Faults);

    [Theory]
    [InlineData("""{"windowMs":5000}""", "windowMs")]
    public void Refuses_an_argument_that_would_have_no_effect(string arguments, string name)
    {
        var faults = FaultsOf(arguments);

        Assert.Equal([name], faults.Faults.Select(fault => fault.Argument));
        Assert.NotNull(faults.CorrectedArguments);
    }

    [Theory]
    [InlineData("a\u202Eb")]
    [InlineData("\u001b[31m")]
    [InlineData("*/ alert(1) /*")]
    public void Shows_hostile_text_only_escaped(string name)
    {
        var message = FaultsOf(JsonSerializer.Serialize(new Dictionary<string, int> { [name] = 1 }, s_reflection)).Message;

        Assert.All(message, c => Assert.True(c is '\n' or (>= ' ' and <= '~')));
    }

    [Fact]
    public void Shows_a_hostile_value_only_escaped() =>
        Assert.StartsWith(
            "\"a\\u202Eb\\u001B\" is not a choice; use one of node,",
            FaultsOf("{\"runtime\":\"a\u202Eb\\u001B\"}").Faults[0].Problem);

    [Fact]
    public void Cuts_a_long_value_short() =>
        Assert.StartsWith(
            $"\"{new string('x', 59)}... is not a choice; use one of node,",
            FaultsOf($$"""{"runtime":"{{new string('x', 100_000)}}"}""").Faults[0].Problem);

    [Theory]
    [InlineData("""{"runtime":"x..."}""", "runtime")]
    [InlineData("""{"x...":1,"failureThreshold":3}""", "\"xxx")]
    [InlineData("""{"failureThreshold":10...}""", "failureThreshold")]
    [InlineData("""{"failureThreshold":0.0...1}""", "failureThreshold")]
    [InlineData("""{"withTests":["\u0041x...\u00e9"]}""", "withTests")]
    [InlineData("""{"failureThreshold":3,"note":"x..."}""", "note")]
    public void Reads_what_is_far_too_long_no_more_than_once(string arguments, string name)
    {
        var letter = arguments[arguments.IndexOf("...", StringComparison.Ordinal) - 1];
        var given = JsonElement.Parse(arguments.Replace("...", new string(letter, 500_000), StringComparison.Ordinal));
        _ = FaultsOf("""{"colour":1}""");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(s_breaker.TryEmit(given, "1.2.3", out _, out var faults));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.StartsWith(name, Assert.Single(faults.Faults).Argument, StringComparison.Ordinal);
        Assert.Null(faults.CorrectedArguments);
        Assert.InRange(allocated, 0, 1_200_000);
    }

    [Fact]
    public void Cuts_a_long_name_short() =>
        Assert.Equal($"\"{new string('x', 59)}...", FaultsOf($$"""{"{{new string('x', 61)}}":1}""").Faults[0].Argument);

    [Theory]
    [InlineData("""{"runtime":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"failureThreshold":[1,"\udc00"]}""")]
    [InlineData("""{"failureThreshold":{"a":"\ud800"}}""")]
    public void Refuses_half_of_a_surrogate_pair(string arguments) =>
        Assert.Equal(
            [new ArgumentFault("arguments", "half of a surrogate pair is not text; send well-formed Unicode.")],
            FaultsOf(arguments).Faults);

    [Theory]
    [InlineData("generate_circuit_breaker", "failureThreshold", "3", "3.0", "0.3e1", "30e-1", "3.00e+0")]
    [InlineData("generate_circuit_breaker", "recoveryTimeMs", "20000", "2e4", "2E4", "2.0e+4")]
    [InlineData("generate_retry_policy", "maxRetries", "0", "-0", "0.0", "0e9")]
    public void A_whole_number_is_an_integer_however_it_is_written(string tool, string argument, string plain, params string[] others) =>
        Assert.All(others, other => Assert.Equal(
            Emit(tool, $$"""{"{{argument}}":{{plain}}}""").Files[0].Content, Emit(tool, $$"""{"{{argument}}":{{other}}}""").Files[0].Content));

    [Theory]
    [InlineData("generate_circuit_breaker", "null", "{}")]
    [InlineData("generate_circuit_breaker", """{"runtime":null,"failureThreshold":null,"withMetrics":null,"withCode":null}""", "{}")]
    [InlineData("generate_circuit_breaker", """{"failureRatePercent":50,"windowMs":10000,"tripOn":"consecutive"}""", "{}")]
    [InlineData("generate_retry_policy", """{"retryOn":[429,502,503,504],"respectRetryAfter":false,"maxRetryAfterMs":60000}""", """{"respectRetryAfter":false}""")]
    [InlineData("generate_rate_limiting", """{"framework":null,"store":"memory","redisClient":"ioredis","onStoreError":"open"}""", """{"store":"memory"}""")]
    [InlineData("generate_bulkhead", """{"partitions":{"a":1},"poolSize":null}""", """{"partitions":{"a":1}}""")]
    public void Null_and_a_default_that_is_given_are_the_same_as_left_out(string tool, string given, string same) =>
        Assert.Equal(Emit(tool, same).Files[0].Content, Emit(tool, given).Files[0].Content);

    [Theory]
    [InlineData("generate_rate_limiting", """{"runtime":"workers"}""", "\"store\":\"memory\"")]
    [InlineData("generate_rate_limiting", """{"runtime":"browser","store":"redis"}""", "\"store\":\"memory\"")]
    [InlineData("generate_rate_limiting", """{"windowSeconds":31536000,"requestsPerWindow":1}""", "\"burstCapacity\":20")]
    [InlineData("generate_retry_policy", """{"baseDelayMs":10000}""", "\"maxDelayCapMs\":10000")]
    [InlineData("generate_retry_policy", """{"maxDelayCapMs":100}""", "\"baseDelayMs\":100")]
    public void A_default_that_does_not_fit_gives_way_and_the_header_says_so(string tool, string given, string taken) =>
        Assert.Contains(taken, Emit(tool, given).Arguments, StringComparison.Ordinal);

    [Theory]
    [InlineData("503", "retryOn: 503 is not a list; use a list of 0 to 50 different integers, each 400 to 599.")]
    [InlineData("[]", "retryOn: empty, although retryErrors is any; set retryErrors to network or name statuses.")]
    [InlineData("[500,501,500]", "retryOn[2]: 500 is given twice; give it once.")]
    [InlineData("[500,501,700]", "retryOn[2]: 700 is out of range; use 400 to 599.")]
    [InlineData("[\"5xx\"]", "retryOn[0]: \"5xx\" is not an integer; use 400 to 599.")]
    [InlineData("[\"504-500\"]", "retryOn[0]: \"504-500\" is not an integer; use 400 to 599.")]
    [InlineData("[\"400-599\"]", "retryOn[0]: \"400-599\" is not an integer; use 400 to 599.")]
    public void Refuses_what_is_no_list_of_different_integers(string value, string fault) =>
        Assert.Equal(
            [fault],
            FaultsOf("generate_retry_policy", $$"""{"retryOn":{{value}}}""").Faults.Select(each => each.ToString()));

    [Theory]
    [InlineData("[\"5xx\"]", "500, 502, 503 and 504")]
    [InlineData("\"4xx\"", "408, 425 and 429")]
    public void Says_which_statuses_of_a_class_are_worth_another_attempt(string value, string named)
    {
        foreach (var name in (string[])["retryOn", "retry_on", "statusCodes", "retry_statuses"])
        {
            Holds(FaultsOf("generate_retry_policy", $$"""{"{{name}}":{{value}}}"""), named);
        }
    }

    private static void Holds(ArgumentFaults faults, string named)
    {

        Assert.Contains(named, Assert.Single(faults.Faults).Hint, StringComparison.Ordinal);
        Assert.Null(faults.CorrectedArguments);
    }

    [Theory]
    [InlineData("generate_rate_limiting", "limits", "\"\"", "\" \"", "{}", "[]", "false", "\"null\"", "\"undefined\"")]
    [InlineData("generate_rate_limiting", "keyStrategy", "\"\"", "\" \"", "{}", "[]", "\"null\"", "\"undefined\"", "\"default\"")]
    [InlineData("generate_circuit_breaker", "runtime", "\"\"", "\"null\"", "\"undefined\"")]
    public void What_a_form_sends_for_what_was_left_open_is_left_out(string tool, string name, params string[] values) =>
        Assert.All(values, value => Assert.Equal(
            """{"withTests":true}""",
            FaultsOf(tool, $$"""{"{{name}}":{{value}},"withTests":true}""").CorrectedArguments));

    [Theory]
    [InlineData("generate_rate_limiting", """{"key_strategy":"tenant"}""", "unknown argument; did you mean keyStrategy? \"tenant\" is not a choice; no strategy stands for it;")]
    [InlineData("generate_rate_limiting", """{"limit":0}""", "unknown argument; did you mean requestsPerWindow? 0 is out of range; use 1 to 1000000000. No value stands for no limit.")]
    [InlineData("generate_retry_policy", """{"max_retries":"some"}""", "unknown argument; did you mean maxRetries? \"some\" is not an integer; use 0 to 100.")]
    public void What_cannot_go_along_under_the_right_name_is_told_at_once(string tool, string arguments, string advice)
    {
        var faults = FaultsOf(tool, arguments);

        Assert.Contains(advice, Assert.Single(faults.Faults).Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("503", "[503]")]
    [InlineData("\"503\"", "[503]")]
    [InlineData("[500,501,500]", "[500,501]")]
    [InlineData("{\"0\":429,\"1\":503}", "[429,503]")]
    [InlineData("\"429,503\"", "[429,503]")]
    [InlineData("\"429, 500-503\"", "[429,500,501,502,503]")]
    [InlineData("[502,\"500..503\"]", "[502,500,501,503]")]
    [InlineData("\"[429, 503]\"", "[429,503]")]
    [InlineData("[\"429\",\"503\"]", "[429,503]")]
    [InlineData("[[429],{\"status\":503}]", "[429,503]")]
    [InlineData("{\"statuses\":[429,503]}", "[429,503]")]
    [InlineData("[[429,503]]", "[429,503]")]
    [InlineData("[\"429,503\"]", "[429,503]")]
    [InlineData("\"429 and 503\"", "[429,503]")]
    [InlineData("\"(429, 503)\"", "[429,503]")]
    [InlineData("\"429/503|504\"", "[429,503,504]")]
    [InlineData("[\"HTTP 503\",\"429 Too Many Requests\",\"Bad Gateway\"]", "[503,429,502]")]
    [InlineData("{\"429\":true,\"503\":false}", "[429]")]
    public void Corrects_a_list(string value, string corrected) =>
        Assert.Equal(
            $$"""{"retryOn":{{corrected}}}""",
            FaultsOf("generate_retry_policy", $$"""{"retryOn":{{value}}}""").CorrectedArguments);

    [Theory]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"1m30s"}""", """{"recoveryTimeMs":90000}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"1 min 30 s"}""", """{"recoveryTimeMs":90000}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"PT1M30S"}""", """{"recoveryTimeMs":90000}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":{"seconds":30}}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":{"value":30,"unit":"s"}}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"failureRatePercent":0.4}""", """{"failureRatePercent":40,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"withMetrics":"enabled"}""", """{"withMetrics":true}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":3,"sessionId":"x","note":7}""", """{"failureThreshold":3}""")]
    [InlineData("circuit_breaker", """{"failureRateThreshold":50}""", """{"failureRatePercent":50,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"volumeThreshold":20}""", """{"minimumCalls":20,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"resetTimeoutMs":"30s"}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"withoutTests":true,"noMetrics":"no"}""", """{"withTests":false,"withMetrics":true}""")]
    [InlineData("retry_policy", """{"options":{"disableJitter":true}}""", """{"withJitter":false}""")]
    [InlineData("retry_policy", """{"maxRetries":"3 times"}""", """{"maxRetries":3}""")]
    [InlineData("retry_policy", """{"maxDelayMs":10000}""", """{"maxDelayCapMs":10000}""")]
    [InlineData("retry_policy", """{"statusCodes":[429,503]}""", """{"retryOn":[429,503]}""")]
    [InlineData("rate_limiting", """{"rpm":"1k"}""", """{"requestsPerWindow":1000,"windowSeconds":60}""")]
    [InlineData("rate_limiting", """{"max":100,"windowMs":900000,"key":"ip"}""", """{"requestsPerWindow":100,"windowSeconds":900,"keyStrategy":"ip"}""")]
    [InlineData("rate_limiting", """{"framework":"Express.js"}""", """{"framework":"express"}""")]
    [InlineData("rate_limiting", """{"requestsPerSecond":10}""", """{"requestsPerWindow":10,"windowSeconds":1}""")]
    [InlineData("rate_limiting", """{"requests_per_hour":"1,000"}""", """{"requestsPerWindow":1000,"windowSeconds":3600}""")]
    [InlineData("timeout_config", """{"operations":"{'orders.get':2000}"}""", """{"operations":{"orders.get":2000}}""")]
    [InlineData("circuit_breaker", """{"maxFailures":5,"successes":2,"onStateChange":true}""", """{"failureThreshold":5,"successThreshold":2,"withMetrics":true}""")]
    [InlineData("rate_limiting", """{"dailyLimit":1000,"burstSize":30}""", """{"requestsPerWindow":1000,"windowSeconds":86400,"burstCapacity":30}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":3,"environment":"production","target":"workers"}""", """{"failureThreshold":3,"runtime":"workers"}""")]
    [InlineData("rate_limiting", """{"server":"api-mcp","type":"limiter","max":5}""", """{"requestsPerWindow":5}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeSec":30}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"RECOVERY_TIME_S":"30"}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"resetTimeoutSeconds":30}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"resetTimeout":"30 s"}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"config":{"recoveryTimeSec":30,"platform":"deno","includeTests":true}}""", """{"recoveryTimeMs":30000,"runtime":"deno","withTests":true}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":"３"}""", """{"failureThreshold":3}""")]
    [InlineData("circuit_breaker", """{"failureRatio":0.1}""", """{"failureRatePercent":10,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"code":false,"testFramework":"vitest"}""", """{"withCode":false,"testRunner":"vitest"}""")]
    [InlineData("circuit_breaker", """{"maxRecoveryTimeMs":0,"failureThreshold":3}""", """{"failureThreshold":3}""")]
    [InlineData("retry_policy", """{"retryAfter":false,"jitterDisabled":true,"baseDelayMs":0}""", """{"respectRetryAfter":false,"withJitter":false,"baseDelayMs":1}""")]
    [InlineData("retry_policy", """{"retryOn":"none","retryErrors":"network"}""", """{"retryOn":[],"retryErrors":"network"}""")]
    [InlineData("retry_policy", """{"retryOn":"[]","retryErrors":"connection"}""", """{"retryOn":[],"retryErrors":"network"}""")]
    [InlineData("rate_limiting", """{"requestsPerWindow":"100/min"}""", """{"requestsPerWindow":100,"windowSeconds":60}""")]
    [InlineData("rate_limiting", """{"rate":"1k requests per 15 minutes","perUser":true}""", """{"requestsPerWindow":1000,"windowSeconds":900,"keyStrategy":"user"}""")]
    [InlineData("rate_limiting", """{"limit":"10 rps","backend":"memory"}""", """{"requestsPerWindow":10,"windowSeconds":1,"store":"memory"}""")]
    [InlineData("rate_limiting", """{"windowSeconds":"day","options":{"max":"5"}}""", """{"windowSeconds":86400,"requestsPerWindow":5}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","timeoutSec":2,"noRetry":true}]}""", """{"operations":[{"name":"a","timeoutMs":2000,"retry":false}]}""")]
    [InlineData("timeout_config", """{"name":"a","timeoutMs":"2s","retry":false}""", """{"operations":[{"name":"a","timeoutMs":2000,"retry":false}]}""")]
    [InlineData("bulkhead", """{"bulkheads":[{"name":"a","maxConcurrent":10,"maxWaitSeconds":2}]}""", """{"partitions":[{"name":"a","maxConcurrent":10,"maxWaitMs":2000}]}""")]
    [InlineData("bulkhead", """{"partitions":{"a":1},"poolSize":0}""", """{"partitions":{"a":1}}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":{"failure":5},"withMetrics":{"enabled":true}}""", """{"failureThreshold":5,"withMetrics":true}""")]
    [InlineData("rate_limiting", """{"store":{"type":"memory"},"windowSeconds":{"minutes":5}}""", """{"store":"memory","windowSeconds":300}""")]
    [InlineData("circuit_breaker", """{"percent":50}""", """{"failureRatePercent":50,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":3,"verbose":false}""", """{"failureThreshold":3}""")]
    [InlineData("retry_policy", """{"maxRetryAttempts":3}""", """{"maxRetries":3}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":10001}""", """{"failureThreshold":10000}""")]
    [InlineData("circuit_breaker", """{"runtime":"Node.js v22.5","failureThreshold":3}""", """{"runtime":"node","failureThreshold":3}""")]
    [InlineData("rate_limiting", """{"framework":"express@5","store":"Redis 7.2"}""", """{"framework":"express","store":"redis"}""")]
    [InlineData("rate_limiting", """{"requestsPerUser":100}""", """{"requestsPerWindow":100,"keyStrategy":"user"}""")]
    [InlineData("rate_limiting", """{"requestsPerMinutePerIp":100}""", """{"requestsPerWindow":100,"windowSeconds":60,"keyStrategy":"ip"}""")]
    [InlineData("rate_limiting", """{"weeklyQuota":5}""", """{"requestsPerWindow":5,"windowSeconds":604800}""")]
    [InlineData("rate_limiting", """{"requests/minute":5}""", """{"requestsPerWindow":5,"windowSeconds":60}""")]
    [InlineData("rate_limiting", """{"requests":100,"minutes":15}""", """{"requestsPerWindow":100,"windowSeconds":900}""")]
    [InlineData("retry_policy", """{"retryOn":{"429":true,"503":true}}""", """{"retryOn":[429,503]}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","timeoutMs":5},{"name":"a","timeoutMs":"5"}]}""", """{"operations":{"a":5}}""")]
    [InlineData("timeout_config", """{"operations":{"GET /a":5,"GET-a":"5","GET a":5}}""", null)]
    [InlineData("timeout_config", """{"operations":"[{'name': 'a', 'timeoutMs': 5, 'retry': True}]"}""", """{"operations":[{"name":"a","timeoutMs":5,"retry":true}]}""")]
    [InlineData("timeout_config", """{"operations":{"GET /a":5,"GET a":6}}""", """{"operations":{"GET-a":5,"GET-a-2":6}}""")]
    [InlineData("circuit_breaker", """{"fall":3,"rise":2,"sleepWindowInSeconds":5}""", """{"failureThreshold":3,"successThreshold":2,"recoveryTimeMs":5000}""")]
    [InlineData("circuit_breaker", """{"circuitBreaker.sleepWindowInMilliseconds":5000,"breaker.failureThreshold":3}""", """{"recoveryTimeMs":5000,"failureThreshold":3}""")]
    [InlineData("retry_policy", """{"retry":3,"randomize":false}""", """{"maxRetries":3,"withJitter":false}""")]
    [InlineData("rate_limiting", """{"rate":"10r/s","burst":20}""", """{"requestsPerWindow":10,"windowSeconds":1,"burstCapacity":20}""")]
    [InlineData("rate_limiting", """{"algorithm":"leaky","framework":"bun"}""", """{"algorithm":"leaky-bucket","framework":"fetch"}""")]
    [InlineData("rate_limiting", """{"framework":"cloudflare","store":"memory"}""", """{"framework":"fetch","store":"memory"}""")]
    [InlineData("rate_limiting", """{"framework":"polka"}""", """{"framework":"express"}""")]
    [InlineData("retry_policy", """{"name":"generate_retry_policy","arguments":{"maxRetries":3}}""", """{"maxRetries":3}""")]
    [InlineData("timeout_config", """{"operations":["db","orders.get"],"timeoutMs":2000}""", """{"operations":{"db":2000,"orders.get":2000}}""")]
    [InlineData("bulkhead", """{"maxConcurrent":"10","partitions":["orders","GET pay"],"maxQueue":5}""", """{"partitions":{"orders":10,"GET-pay":10},"maxQueue":5}""")]
    [InlineData("bulkhead", """{"partitions":["a"],"maxConcurrent":"many"}""", null)]
    [InlineData("bulkhead", """{"partitions":["a=3","b"],"maxConcurrent":10}""", null)]
    [InlineData("bulkhead", """{"partitions":["a","A"],"maxConcurrent":10}""", null)]
    [InlineData("bulkhead", """{"partitions":{"a":3},"maxConcurrent":10}""", null)]
    [InlineData("rate_limiting", """{"limit":100,"window":"1m"}""", """{"requestsPerWindow":100,"windowSeconds":60}""")]
    [InlineData("retry_policy", """{"retry":{"maxRetries":3,"base_delay_ms":100}}""", """{"maxRetries":3,"baseDelayMs":100}""")]
    [InlineData("circuit_breaker", """{"timeout":{"recoveryTimeMs":3000}}""", """{"recoveryTimeMs":3000}""")]
    [InlineData("circuit_breaker", """{"config":[{"failureThreshold":3}]}""", """{"failureThreshold":3}""")]
    [InlineData("circuit_breaker", """{"arguments[failureThreshold]":3}""", """{"failureThreshold":3}""")]
    [InlineData("circuit_breaker", "\"```json\\n{\\\"failureThreshold\\\":3,}\\n```\"", """{"failureThreshold":3}""")]
    [InlineData("circuit_breaker", "\"{failureThreshold: 3}\"", """{"failureThreshold":3}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"00:01:30","failureThreshold":"'3'","withMetrics":"T"}""", """{"recoveryTimeMs":90000,"failureThreshold":3,"withMetrics":true}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"1 minute and 30 seconds","slowCallMs":"2 000","tripOn":"failure-rate"}""", """{"recoveryTimeMs":90000,"slowCallMs":2000,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":{"minutes":1,"seconds":30},"probeTimeoutMs":["5","s"]}""", """{"recoveryTimeMs":90000,"probeTimeoutMs":5000}""")]
    [InlineData("circuit_breaker", """{"failureRatePercent":"50 Percent","tripOn":"failure-rate"}""", """{"failureRatePercent":50,"tripOn":"failure-rate"}""")]
    [InlineData("retry_policy", """{"maxRetries":3,"strategy":"exponential","factor":2}""", """{"maxRetries":3}""")]
    [InlineData("retry_policy", """{"retryOn[0]":429,"retryOn[1]":503}""", """{"retryOn":[429,503]}""")]
    [InlineData("timeout_config", """{"operations.orders.get":2000,"operations[pay]":"5 s"}""", """{"operations":{"orders.get":2000,"pay":5000}}""")]
    [InlineData("timeout_config", """{"operations[0][name]":"a","operations[0][timeoutMs]":5,"operations[0][retry]":"false"}""", """{"operations":[{"name":"a","timeoutMs":5,"retry":false}]}""")]
    [InlineData("timeout_config", """{"operations.0.name":"a","operations.0.timeoutMs":5,"operations":{"b":5}}""", null)]
    [InlineData("timeout_config", """{"operations":"orders, pay","timeoutMs":2000}""", """{"operations":{"orders":2000,"pay":2000}}""")]
    [InlineData("timeout_config", """{"operation":"orders.get","timeoutMs":2000}""", """{"operations":{"orders.get":2000}}""")]
    [InlineData("timeout_config", """{"operations":{"0":{"name":"a","timeoutMs":5},"1":{"name":"b","timeoutMs":6}}}""", """{"operations":{"a":5,"b":6}}""")]
    [InlineData("timeout_config", """{"operations":[{"path":"/a","timeoutMs":5,"unit":"ms","description":"Gets it."},null]}""", """{"operations":{"a":5}}""")]
    [InlineData("timeout_config", """{"operations":{"a":{"name":"a","timeoutMs":5}}}""", """{"operations":{"a":5}}""")]
    [InlineData("bulkhead", """{"partitions":[{"key":"a","value":{"maxConcurrent":10,"maxQueue":3}}]}""", """{"partitions":[{"name":"a","maxConcurrent":10,"maxQueue":3}]}""")]
    [InlineData("bulkhead", """{"partitions":[[{"name":"a","maxConcurrent":"10 connections"}]],"queue":"fifo"}""", """{"partitions":{"a":10}}""")]
    [InlineData("rate_limiting", """{"algorithm":"fixed-window","limits[0].requests":1000,"limits[0].seconds":86400}""", """{"algorithm":"fixed-window","limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("timeout_config", """{"operations[0].timeoutMs":5}""", null)]
    [InlineData("timeout_config", """{"orders":2000}""", """{"operations":{"orders":2000}}""")]
    [InlineData("timeout_config", """{"orders.get":"2s","payments":{"timeoutMs":5000},"withFetch":true}""", """{"operations":{"orders.get":2000,"payments":5000},"withFetch":true}""")]
    [InlineData("bulkhead", """{"orders":{"maxConcurrent":5,"maxQueue":0},"maxQueue":3}""", """{"partitions":[{"name":"orders","maxConcurrent":5,"maxQueue":0}],"maxQueue":3}""")]
    [InlineData("bulkhead", """{"partitions":{"orders":10,"maxQueue":5}}""", """{"maxQueue":5,"partitions":{"orders":10}}""")]
    [InlineData("timeout_config", """{"operations":{"defaultTimeoutMs":"2s","orders":5000}}""", """{"defaultTimeoutMs":2000,"operations":{"orders":5000}}""")]
    [InlineData("bulkhead", """{"partitions":{"orders":10,"maxQueue":5},"maxQueue":6}""", null)]
    [InlineData("timeout_config", """{"timeoutMs":2000}""", null)]
    [InlineData("timeout_config", """{"op":"orders","ms":2000}""", null)]
    [InlineData("bulkhead", """{"limit":5}""", null)]
    [InlineData("bulkhead", """{"config":{"maxConcurrent":5}}""", null)]
    [InlineData("bulkhead", """{"default":{"maxConcurrent":5}}""", null)]
    [InlineData("bulkhead", """{"orders":5,"version":7}""", """{"partitions":{"orders":5}}""")]
    [InlineData("bulkhead", """{"bulkheads":{"maxQueue":5}}""", null)]
    [InlineData("bulkhead", """{"partitions":{"maxConcurrent":5}}""", null)]
    [InlineData("bulkhead", """{"partitions":{"maxQueue":5}}""", null)]
    [InlineData("bulkhead", """{"partitions":{"orders":1,"orders":2,"maxQueue":5}}""", null)]
    [InlineData("bulkhead", """{"arguments":{"orders":1,"orders":2}}""", null)]
    [InlineData("bulkhead", """{"bulkheads":{"orders":3,"maxQueue":5}}""", """{"maxQueue":5,"partitions":{"orders":3}}""")]
    [InlineData("circuit_breaker", """{"resetTimeout":30000}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"errorThresholdPercentage":50,"resetTimeout":30000}""", """{"failureRatePercent":50,"tripOn":"failure-rate","recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"requestVolumeThreshold":20,"sleepWindowInMilliseconds":5000,"errorThresholdPercentage":50}""", """{"minimumCalls":20,"tripOn":"failure-rate","recoveryTimeMs":5000,"failureRatePercent":50}""")]
    [InlineData("circuit_breaker", """{"openAfter":5,"closeAfter":2}""", """{"failureThreshold":5,"successThreshold":2}""")]
    [InlineData("retry_policy", """{"maxAttempts":3}""", """{"maxRetries":2}""")]
    [InlineData("retry_policy", """{"policy":{"retries":3,"delay":"1s"}}""", """{"maxRetries":3,"baseDelayMs":1000}""")]
    [InlineData("rate_limiting", """{"limit":{"requests":100,"window":"1h"}}""", """{"requestsPerWindow":100,"windowSeconds":3600}""")]
    [InlineData("circuit_breaker", """{"resetTimeout":{"value":30,"unit":"s"}}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("retry_policy", """{"stop_after_attempt":1}""", """{"maxRetries":0}""")]
    [InlineData("retry_policy", """{"maxAttempts":3,"maxRetries":2}""", """{"maxRetries":2}""")]
    [InlineData("retry_policy", """{"MaxRetryAttempts":3,"Delay":"00:00:01","BackoffType":"Exponential","UseJitter":true}""", """{"maxRetries":3,"baseDelayMs":1000,"withJitter":true}""")]
    [InlineData("retry_policy", """{"maxAttempts":3,"waitDuration":"500ms","exponentialBackoffMultiplier":2}""", """{"maxRetries":2,"baseDelayMs":500}""")]
    [InlineData("retry_policy", """{"retries":3,"factor":2,"minTimeout":10000,"maxTimeout":30000}""", """{"maxRetries":3,"baseDelayMs":10000,"maxDelayCapMs":30000}""")]
    [InlineData("rate_limiting", """{"rate":100,"per":"minute"}""", """{"requestsPerWindow":100,"windowSeconds":60}""")]
    [InlineData("rate_limiting", """{"limit":100,"interval":"hour"}""", """{"requestsPerWindow":100,"windowSeconds":3600}""")]
    [InlineData("rate_limiting", """{"rate":100,"unit":"ms"}""", null)]
    [InlineData("rate_limiting", """{"rate":100,"per":"ip"}""", null)]
    [InlineData("rate_limiting", """{"requestsPerWindow":5,"limits":[]}""", """{"requestsPerWindow":5}""")]
    [InlineData("rate_limiting", """{"algorithm":"fixed-window","limits":[{"max":1000,"windowMs":86400000}]}""", """{"algorithm":"fixed-window","limits":[{"name":"day","requests":1000,"seconds":86400}]}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"30 Sekunden"}""", """{"recoveryTimeMs":30000}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"2 heures"}""", """{"recoveryTimeMs":7200000}""")]
    [InlineData("retry_policy", """{"totalTimeoutMs":"5 minutos"}""", """{"totalTimeoutMs":300000}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"1,5 s"}""", """{"recoveryTimeMs":1500}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"1,500 ms"}""", """{"recoveryTimeMs":1500}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"12,5"}""", null)]
    [InlineData("circuit_breaker", """{"failureRatePercent":0.5}""", """{"failureRatePercent":50,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"failureRatePercent":"50%"}""", """{"failureRatePercent":50,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"failureRatePercent":"50"}""", """{"failureRatePercent":50}""")]
    [InlineData("circuit_breaker", """{"query":"open after 3 failures","failureThreshold":3}""", """{"failureThreshold":3}""")]
    [InlineData("retry_policy", """{"retryOn":"429 und 503"}""", """{"retryOn":[429,503]}""")]
    [InlineData("retry_policy", """{"max-attempts":4,"enable-exponential-backoff":true}""", """{"maxRetries":3}""")]
    [InlineData("bulkhead", """{"partitions":[{"name":"a","limit":10,"queue_size":5}]}""", """{"partitions":[{"name":"a","maxConcurrent":10,"maxQueue":5}]}""")]
    [InlineData("bulkhead", """{"partitions":{"a":{"limit":10,"queueTimeoutMs":500}}}""", """{"partitions":[{"name":"a","maxConcurrent":10,"maxWaitMs":500}]}""")]
    [InlineData("bulkhead", """{"partitions":[{"name":"a","maxConcurrent":10,"timeout":500}]}""", null)]
    [InlineData("timeout_config", """{"operations":"a=2000 b=500"}""", """{"operations":{"a":2000,"b":500}}""")]
    [InlineData("timeout_config", """{"operations":{"a=2000 b":"500"}}""", """{"operations":{"a":2000,"b":500}}""")]
    [InlineData("timeout_config", """{"operations":"a: 2 s b: 3s"}""", null)]
    [InlineData("timeout_config", """{"operations":"a = 2000"}""", """{"operations":{"a":2000}}""")]
    public void Corrects_to_what_was_meant(string tool, string given, string? corrected) =>
        Assert.Equal(corrected, FaultsOf($"generate_{tool}", given).CorrectedArguments);

    [Theory]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"thirty seconds"}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":3,"name":"payments"}""")]
    [InlineData("circuit_breaker", """{"serviceName":"payments"}""")]
    [InlineData("circuit_breaker", """{"outputPath":"src/guards"}""")]
    [InlineData("circuit_breaker", """{"className":"PaymentBreaker"}""")]
    [InlineData("retry_policy", """{"method":"GET"}""")]
    [InlineData("retry_policy", """{"name":"payments"}""")]
    [InlineData("rate_limiting", """{"routes":["/login"],"requestsPerWindow":5}""")]
    [InlineData("rate_limiting", """{"path":"/api"}""")]
    [InlineData("rate_limiting", """{"redisUrl":"redis://cache:6379"}""")]
    [InlineData("rate_limiting", """{"name":"login"}""")]
    [InlineData("timeout_config", """{"operations":{"a":5},"baseUrl":"https://a.example"}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":0.5}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":"50%"}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":0.5}""")]
    [InlineData("circuit_breaker", """{"resetTimeout":30}""")]
    [InlineData("circuit_breaker", """{"resetTimeout":9999}""")]
    [InlineData("circuit_breaker", """{"timeout":30000}""")]
    [InlineData("rate_limiting", """{"limit":10,"window":60000}""")]
    [InlineData("rate_limiting", """{"rate":5,"burst":20}""")]
    [InlineData("rate_limiting", """{"permitLimit":5,"queueLimit":2}""")]
    [InlineData("bulkhead", """{"maxConcurrentCalls":25}""")]
    [InlineData("retry_policy", """{"attempts":0}""")]
    [InlineData("retry_policy", """{"attempts":2.5}""")]
    [InlineData("retry_policy", """{"maxAttempts":3,"maxRetries":3}""")]
    [InlineData("retry_policy", """{"delay":1000}""")]
    [InlineData("circuit_breaker", """{"timeout":3000}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":-1}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"1.000"}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"60.000 ms"}""")]
    [InlineData("circuit_breaker", """{"withTests":"vitest"}""")]
    [InlineData("retry_policy", """{"maxRetries":"five"}""")]
    [InlineData("retry_policy", """{"maxRetries":-1}""")]
    [InlineData("retry_policy", """{"factor":1.5}""")]
    [InlineData("retry_policy", """{"retryOn":["ECONNRESET"]}""")]
    [InlineData("retry_policy", """{"policy":{"retries":3,"delay":5}}""")]
    [InlineData("rate_limiting", """{"limit":{"requests":100,"window":3600}}""")]
    [InlineData("rate_limiting", """{"limit":{"requests":100,"per":"tenant"}}""")]
    [InlineData("retry_policy", """{"retry":{"count":3,"delay":"1s"}}""")]
    [InlineData("retry_policy", """{"arguments":["maxRetries=3"]}""")]
    [InlineData("rate_limiting", """{"points":10,"duration":1}""")]
    [InlineData("rate_limiting", """{"skip":"admin"}""")]
    [InlineData("bulkhead", """{"partitions":["a:10:100"]}""")]
    [InlineData("bulkhead", """{"partitions":{"a":-1}}""")]
    [InlineData("bulkhead", """{"partitions":[{"name":"a","weight":5}]}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","retries":3}]}""")]
    [InlineData("retry_policy", """{"strategy":"linear"}""")]
    [InlineData("retry_policy", """{"totalTimeoutMs":"never"}""")]
    [InlineData("retry_policy", """{"retryOn":"5xx"}""")]
    [InlineData("retry_policy", """{"retryOn":["5xx",429]}""")]
    [InlineData("retry_policy", """{"retryOn":[404,200]}""")]
    [InlineData("rate_limiting", """{"requestsPerWindow":"100/min","windowSeconds":10}""")]
    [InlineData("rate_limiting", """{"requestsPerDay":1000,"requestsPerSecond":10}""")]
    [InlineData("rate_limiting", """{"windowMs":1500,"max":1}""")]
    [InlineData("rate_limiting", """{"useRedis":false}""")]
    [InlineData("rate_limiting", """{"store":{"type":"memory","max":100}}""")]
    [InlineData("rate_limiting", """{"failOpen":false}""")]
    [InlineData("rate_limiting", """{"colour":"fixed-window"}""")]
    [InlineData("rate_limiting", """{"requestsPerWindow":0}""")]
    [InlineData("rate_limiting", """{"limits":[{"name":"day","requests":0,"seconds":86400}]}""")]
    [InlineData("circuit_breaker", """{"probeTimeoutMs":0}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":false}""")]
    [InlineData("circuit_breaker", """{"failureRate":1}""")]
    [InlineData("circuit_breaker", """{"tripOn":{"type":"failure-rate","percent":50}}""")]
    [InlineData("circuit_breaker", """{"operations":{"a":1000}}""")]
    [InlineData("retry_policy", """{"retryOn":["gateway-error"]}""")]
    [InlineData("retry_policy", """{"retryNetworkErrors":false}""")]
    [InlineData("retry_policy", """{"schedule":"100ms,200ms"}""")]
    [InlineData("rate_limiting", """{"throttlers":[{"name":"short","ttl":1000,"hits":3}]}""")]
    [InlineData("bulkhead", """{"partitions":{"a":10},"rejectWhenFull":true}""")]
    [InlineData("circuit_breaker", """{"schwelle":3}""")]
    [InlineData("circuit_breaker", """{"services":[{"name":"a","failureThreshold":3}]}""")]
    [InlineData("circuit_breaker", """{"ignore":[404]}""")]
    [InlineData("rate_limiting", """{"ttl":60000,"limit":10}""")]
    [InlineData("retry_policy", """{"budgetPercent":20}""")]
    [InlineData("retry_policy", """{"attemptTimeout":"2s"}""")]
    [InlineData("circuit_breaker", """{"失敗":3}""")]
    [InlineData("retry_policy", """{"maxRetries":"∞"}""")]
    [InlineData("retry_policy", """{"maxRetries":false}""")]
    [InlineData("retry_policy", """{"baseDelayMs":"P1M"}""")]
    [InlineData("retry_policy", """{"retryOn":[429,503.5]}""")]
    [InlineData("retry_policy", """{"delays":[100,200,400]}""")]
    [InlineData("retry_policy", """{"exponential":false}""")]
    [InlineData("timeout_config", """{"operations":{"a":0}}""")]
    [InlineData("timeout_config", """{"operations":{"a":1},"defaultTimeoutMs":"0"}""")]
    [InlineData("timeout_config", """{"operations":{"a":1},"retry":false}""")]
    [InlineData("timeout_config", """{"operations":[{"name":5,"timeoutMs":5}]}""")]
    [InlineData("timeout_config", """{"operations":{"注文":2000}}""")]
    [InlineData("bulkhead", """{"partitions":{"a":0}}""")]
    [InlineData("bulkhead", """{"partitions":{"a":10,"a=20":20}}""")]
    [InlineData("bulkhead", """{"partitions":[{"name":"a","limit":0}]}""")]
    [InlineData("bulkhead", """{"partitions":{"a":1},"maxQueue":false}""")]
    [InlineData("rate_limiting", """{"windowSeconds":"500ms"}""")]
    [InlineData("rate_limiting", """{"keyStrategy":["ip","user"]}""")]
    [InlineData("rate_limiting", """{"failOpen":true}""")]
    [InlineData("bulkhead", """{"partitions":{"a":1},"queueSize":5}""")]
    [InlineData("bulkhead", """{"partitions":{"a":1},"maxQueue":"unlimited"}""")]
    [InlineData("bulkhead", """{"partitions":{"a":1},"timeout":1000}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":20000}""")]
    [InlineData("circuit_breaker", """{"failureRatePercent":150,"tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":"2 days"}""")]
    [InlineData("circuit_breaker", """{"breakFor":"1m"}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":{"percent":50}}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":{"min":1}}""")]
    [InlineData("circuit_breaker", """{"withMetrics":{"prometheus":true}}""")]
    [InlineData("retry_policy", """{"baseDelayMs":{"factor":2}}""")]
    [InlineData("retry_policy", """{"retryOn":{"except":[500]}}""")]
    [InlineData("retry_policy", """{"retryOn":[{"not":500}]}""")]
    [InlineData("retry_policy", """{"retryErrors":{"not":"network"}}""")]
    [InlineData("rate_limiting", """{"requestsPerWindow":{"burst":1000}}""")]
    [InlineData("rate_limiting", """{"store":{"fallback":"memory"}}""")]
    [InlineData("bulkhead", """{"partitions":[{"name":"a","timeoutMs":10}]}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","cacheMs":1000}]}""")]
    [InlineData("circuit_breaker", """{"successRateThreshold":90}""")]
    [InlineData("circuit_breaker", """{"recoveryTimeMs":30,"unit":"s"}""")]
    [InlineData("circuit_breaker", """{"ratio":0.5}""")]
    [InlineData("retry_policy", """{"fullJitter":false}""")]
    [InlineData("timeout_config", """{"operations":{"a":1000},"readTimeoutMs":100}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","connectTimeoutMs":400}]}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","p99Ms":400}]}""")]
    [InlineData("rate_limiting", """{"limits":[{"name":"a","requests":5,"window":60000}],"algorithm":"fixed-window"}""")]
    [InlineData("rate_limiting", """{"perTenant":true}""")]
    [InlineData("bulkhead", """{"partitions":{"a":1},"total":100}""")]
    [InlineData("circuit_breaker", """{"withTests":{"runner":"vitest"}}""")]
    [InlineData("circuit_breaker", """{"failureRatePercent":"0.5%","tripOn":"failure-rate"}""")]
    [InlineData("circuit_breaker", """{"fehlerschwelle":5}""")]
    [InlineData("retry_policy", """{"noRetryOn":[400,401]}""")]
    [InlineData("retry_policy", """{"retryOn":["GET","PUT"]}""")]
    [InlineData("retry_policy", """{"timeout":30000}""")]
    [InlineData("retry_policy", """{"maxRetryAfter":60}""")]
    [InlineData("retry_policy", """{"retryOn":"*"}""")]
    [InlineData("retry_policy", "\"maxRetries=3\"")]
    [InlineData("rate_limiting", """{"requestsPerMonth":1000}""")]
    [InlineData("rate_limiting", """{"requestsPerMinutePerTenant":5}""")]
    [InlineData("rate_limiting", """{"windowSeconds":"month"}""")]
    [InlineData("rate_limiting", """{"ip":true,"user":true}""")]
    [InlineData("rate_limiting", """{"store":"redis","inMemory":true}""")]
    [InlineData("rate_limiting", """{"routes":{"/login":5}}""")]
    [InlineData("rate_limiting", """{"solicitudesPorMinuto":100}""")]
    [InlineData("bulkhead", """{"partitions":{"a":1},"maxQueue":"unbounded"}""")]
    [InlineData("bulkhead", """{"partitions":{"a":500000}}""")]
    [InlineData("bulkhead", """{"partitions":[{"name":"a","maxConcurrent":5},{"name":"a","maxConcurrent":6}]}""")]
    [InlineData("bulkhead", """{"partitions":{"a":5,"A":5}}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","timeout":30}]}""")]
    [InlineData("timeout_config", """{"operations":{"a":2000},"defaultTimeout":5}""")]
    [InlineData("circuit_breaker", """[{"name":"failureThreshold","value":3}]""")]
    [InlineData("circuit_breaker", "\"{\\\"failureThreshold\\\":3,\\\"resetTimeout\\\":30}\"")]
    [InlineData("circuit_breaker", """{"argv":["--failure-threshold","3"]}""")]
    [InlineData("circuit_breaker", """{"timeoutSeconds":30}""")]
    [InlineData("retry_policy", """{"strategy":"linear","factor":2}""")]
    [InlineData("retry_policy", """{"retryOn":["503 except GET"]}""")]
    [InlineData("retry_policy", """{"retryOn":"500+"}""")]
    [InlineData("rate_limiting", """{"algorithm":"fixed-window","limits":[{"endpoint":"/login","requests":5,"seconds":60}]}""")]
    [InlineData("timeout_config", """{"operations":[{"name":"a","timeoutMs":2,"unit":"s"}]}""")]
    [InlineData("timeout_config", """{"operation":"a","service":"b","timeoutMs":5}""")]
    [InlineData("circuit_breaker", """{"failureThreshold":"cinq"}""")]
    [InlineData("retry_policy", """{"maxRetries":"drei"}""")]
    [InlineData("retry_policy", """{"maxRetries":"III"}""")]
    [InlineData("retry_policy", """{"totalTimeoutMs":"unbegrenzt"}""")]
    [InlineData("circuit_breaker", """{"query":"open after 3 failures"}""")]
    [InlineData("circuit_breaker", """{"breaker":"ConsecutiveBreaker(5)","recoveryTimeMs":10000}""")]
    [InlineData("circuit_breaker", """{"wiederherstellungszeitMs":10000}""")]
    [InlineData("circuit_breaker", """{"tempsDeRecuperation":10000}""")]
    [InlineData("circuit_breaker", """{"failureThreshold=3":true}""")]
    [InlineData("circuit_breaker", """{"":5}""")]
    [InlineData("retry_policy", """{"stop":"stop_after_attempt(5)"}""")]
    [InlineData("retry_policy", """{"wiederholungen":3}""")]
    public void Offers_no_call_that_leaves_out_what_was_meant(string tool, string given) =>
        Assert.Null(FaultsOf($"generate_{tool}", given).CorrectedArguments);

    [Theory]
    [InlineData("generate_timeout_config", """{"operations":{"a":2,"b":3000}}""", "a ends after 2 ms, sooner than most calls over a network; limits are in milliseconds: 2 s are 2000.")]
    [InlineData("generate_timeout_config", """{"operations":{"a":3000},"defaultTimeoutMs":5}""", "a name outside the table ends after 5 ms, sooner than")]
    [InlineData("generate_retry_policy", """{"totalTimeoutMs":30}""", "totalTimeoutMs 30 ms may end the call before its first retry, which waits up to 200 ms;")]
    public void Warns_where_seconds_may_have_been_given_for_milliseconds(string tool, string given, string warning) =>
        Assert.Contains(Emit(tool, given).Warnings, each => each.StartsWith(warning, StringComparison.Ordinal));

    [Theory]
    [InlineData("generate_timeout_config", """{"operations":{"a":11}}""")]
    [InlineData("generate_retry_policy", """{"totalTimeoutMs":201}""")]
    [InlineData("generate_retry_policy", """{"totalTimeoutMs":30,"maxRetries":0}""")]
    public void Warns_of_no_short_limit_that_may_be_meant(string tool, string given) => Assert.Empty(Emit(tool, given).Warnings);

    [Fact]
    public void Takes_as_many_entries_of_a_list_as_the_rule_says()
    {
        var entries = Enumerable.Range(400, 51).Select(status => $"{status}");

        Assert.True(Catalog.Find("generate_retry_policy")!.TryEmit(
            JsonElement.Parse($$"""{"retryOn":[{{string.Join(',', entries.Take(50))}}]}"""), "1.2.3", out _, out _));
        Assert.Equal(
            ["51 entries are out of range; use a list of 0 to 50 different integers, each 400 to 599."],
            ProblemsOf("generate_retry_policy", $$"""{"retryOn":[{{string.Join(',', entries)}}]}"""));
    }

    [Theory]
    [InlineData("5", "5 is not a list or an object; use a list of 1 to 200 objects such as {\"name\":\"orders.get\",\"timeoutMs\":2000}, or an object from name to timeoutMs.")]
    [InlineData("{}", "no entries; use a list of 1 to 200 objects such as {\"name\":\"orders.get\",\"timeoutMs\":2000}, or an object from name to timeoutMs.")]
    [InlineData("[]", "no entries; use a list of 1 to 200 objects such as {\"name\":\"orders.get\",\"timeoutMs\":2000}, or an object from name to timeoutMs.")]
    public void Refuses_what_is_no_list_of_entries(string value, string problem) =>
        Assert.Equal([problem], ProblemsOf("generate_timeout_config", $$"""{"operations":{{value}}}"""));

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(203)]
    public void Takes_as_many_names_as_the_rule_says(int count)
    {
        var entries = string.Join(',', Enumerable.Range(0, count).Select(index => $"\"name{index}\":1"));
        var arguments = JsonElement.Parse($"{{\"operations\":{{{entries}}}}}");

        var accepted = Catalog.Find("generate_timeout_config")!.TryEmit(arguments, "1.2.3", out _, out var faults);

        Assert.Equal(
            count <= 200
                ? [] : [$"{count} entries are out of range; use a list of 1 to 200 objects such as {{\"name\":\"orders.get\",\"timeoutMs\":2000}}, or an object from name to timeoutMs."],
            accepted ? [] : faults!.Faults.Select(fault => fault.Problem));
    }

    [Fact]
    public void Names_what_is_required_and_invents_nothing_in_its_place() =>
        Assert.Equal(
            "operations: required but missing; give a list of 1 to 200 objects such as {\"name\":\"orders.get\",\"timeoutMs\":2000}, or an object from name to timeoutMs.",
            FaultsOf("generate_timeout_config", """{"defaultTimeoutMs":700}""").Message);

    [Fact]
    public void Keeps_what_is_required_in_the_corrected_call() =>
        Assert.Equal(
            """{"operations":{"read":700}}""",
            FaultsOf("generate_timeout_config", """{"operations":{"read":700},"colour":1}""").CorrectedArguments);

    [Theory]
    [InlineData("__proto__", "\"__proto__\" is a reserved name; use another one.")]
    [InlineData("Prototype", "\"Prototype\" is a reserved name; use another one.")]
    [InlineData("constructor", "\"constructor\" is a reserved name; use another one.")]
    [InlineData("1a", "\"1a\" is not a usable name; use a letter, then up to 63 letters, digits, '_', '.' or '-'.")]
    [InlineData("READ", "\"READ\" differs from \"read\" at most in case; give each name once.")]
    public void Says_why_a_name_is_refused(string name, string problem) =>
        Assert.Equal([problem], ProblemsOf("generate_timeout_config", $$"""{"operations":{"read":1,"{{name}}":1} }"""));

    [Fact]
    public void Offers_no_call_that_leaves_out_some_of_too_many_names()
    {
        var entries = string.Join(',', Enumerable.Range(0, 203).Select(index => $"\"name{index}\":1"));

        Assert.Null(FaultsOf("generate_timeout_config", $"{{\"operations\":{{{entries}}}}}").CorrectedArguments);
    }

    [Theory]
    [InlineData("\"abc\"")]
    [InlineData("1e999")]
    [InlineData("true")]
    public void Leaves_out_what_no_integer_is_near_to(string value) =>
        Assert.Equal("{}", FaultsOf($$"""{"failureThreshold":{{value}}}""").CorrectedArguments);

    [Fact]
    public void Leaves_out_a_list_and_a_map_of_which_nothing_can_be_kept()
    {
        Assert.Null(new IntegerListArgument("a", "A.", false, null, 1, 9, 1, 3).Check(JsonElement.Parse("[\"x\"]"), new()));
        Assert.Null(Operations.Check(JsonElement.Parse("{\"x\":[]}"), new()));
        Assert.Null(Operations.Check(JsonElement.Parse("[{\"name\":\"x\"},7]"), new()));
    }

    [Theory]
    [InlineData("""{"failureTreshold":7,"failureThreshold":"abc"}""", """{"failureThreshold":7}""")]
    [InlineData("""{"failureTreshold":7,"failure_threshold":8}""", null)]
    [InlineData("""{"failureTreshold":7,"failureThreshold":8}""", null)]
    [InlineData("""{"failureThreshold":8,"config":{"failureThreshold":7}}""", null)]
    [InlineData("""{"config":{"failureThreshold":7},"failureThreshold":8}""", null)]
    [InlineData("""{"failureTreshold":7,"failureThreshold":7}""", """{"failureThreshold":7}""")]
    [InlineData("""{"failureThreshold":null,"failure_threshold":7}""", """{"failureThreshold":7}""")]
    [InlineData("""{"failure_threshold":7,"failureThreshold":null}""", """{"failureThreshold":7}""")]
    public void Carries_the_value_of_a_misspelled_argument_over_unless_there_are_two(string arguments, string? corrected) =>
        Assert.Equal(corrected, FaultsOf(arguments).CorrectedArguments);

    [Fact]
    public void Shows_a_value_of_the_greatest_length_in_full() =>
        Assert.StartsWith(
            $"\"{new string('x', 58)}\" is not a choice; use one of node,",
            FaultsOf($$"""{"runtime":"{{new string('x', 58)}}"}""").Faults[0].Problem);

    [Fact]
    public void Shows_a_name_of_the_greatest_length_in_full()
    {
        var (plain, spaced) = (new string('x', 60), $"{new string('x', 59)} ");

        Assert.Equal([plain, $"\"{spaced[..59]}...", "\"\""], FaultsOf($$"""{"{{plain}}":1,"{{spaced}}":1,"":1}""").Faults.Select(fault => fault.Argument));
    }

    [Fact]
    public void Refuses_a_record_that_cannot_be_read()
    {
        var bare = Assert.Throws<InvalidOperationException>(() => ArgumentReader.Read(TypeInfoOf<Bare>()));
        var odd = Assert.Throws<InvalidOperationException>(() => ArgumentReader.Read(TypeInfoOf<Odd>()));

        Assert.Equal("Count has no [Argument].", bare.Message);
        Assert.Equal("Text has the type String, which no kind of argument stands for.", odd.Message);
    }

    [Fact]
    public void Names_the_entry_of_an_object_that_is_wrong() =>
        Assert.Equal(
            [new ArgumentFault("operations.read", "0 is out of range; use 1 to 86400000.")],
            FaultsOf("generate_timeout_config", """{"operations":{"read":0,"write":1}}""").Faults);

    [Fact]
    public void Names_the_member_of_an_entry_that_is_wrong() =>
        Assert.Equal(
            [
                new("operations[0]", "unknown member \"timeout\"; did you mean timeoutMs?"),
                new("operations[0].timeoutMs", "required but missing; give 1 to 86400000."),
                new("operations[1].retry", "1 is not a boolean; use true or false."),
                new("operations[2].name", "\"READ\" differs from \"read\" at most in case; give each name once."),
                new ArgumentFault("operations[3]", "7 is not an object; use one such as {\"name\":\"orders.get\",\"timeoutMs\":2000}."),
            ],
            FaultsOf(
                "generate_timeout_config",
                """{"operations":[{"name":"slow","timeout":7},{"name":"read","timeoutMs":1,"retry":1},{"name":"READ","timeoutMs":1},7]}""").Faults);

    [Fact]
    public void An_object_from_name_to_number_means_the_same_as_a_list_of_objects()
    {
        var emitter = Catalog.Find("generate_bulkhead")!;
        string[] same =
        [
            """{"partitions":{"orders":20,"payments":10}}""",
            """{"partitions":[{"name":"orders","maxConcurrent":20},{"maxConcurrent":10,"name":"payments"}]}""",
            """{"partitions":[{"name":"orders","maxConcurrent":20,"maxQueue":null},{"name":"payments","maxConcurrent":10}]}""",
        ];

        Assert.Single(same.Select(arguments =>
        {
            Assert.True(emitter.TryEmit(JsonElement.Parse(arguments), "1.2.3", out var emission, out _));
            return emission.Files[0].Content;
        }).Distinct());
    }

    [Fact]
    public void The_header_holds_the_members_that_were_given()
    {
        const string given = """{"partitions":[{"name":"orders","maxConcurrent":20,"maxQueue":5}],"runtime":"node","maxQueue":100,"maxWaitMs":1000,"withTests":false}""";
        Assert.True(Catalog.Find("generate_bulkhead")!.TryEmit(JsonElement.Parse(given), "1.2.3", out var emission, out _));
        Assert.True(FileHeader.TryRead(emission.Files[0].Content, out var header, out _));
        Assert.Equal(given, header.Arguments);
    }

    [Theory]
    [InlineData("GET /orders/{id}", "GET-orders-id")]
    [InlineData("payments:charge", "payments-charge")]
    [InlineData("3scale", "name-3scale")]
    [InlineData("__proto__", "proto")]
    [InlineData("constructor", "constructor-2")]
    [InlineData("Taken", "Taken-3")]
    [InlineData("\u00e4\u00f6", "name")]
    [InlineData("", "name")]
    public void Offers_a_usable_name_in_place_of_one_that_is_not(string given, string usable)
    {
        var taken = new HashSet<string>(["taken", "taken-2"], StringComparer.OrdinalIgnoreCase);

        Assert.Equal(usable, EmittedName.Nearest(given, taken));
        Assert.True(EmittedName.IsUsable(usable));
        Assert.Equal(64, EmittedName.Nearest(new string('x', 200), taken).Length);
    }

    [Theory]
    [InlineData("""{"maxDelayCapMs":1,"baseDelayMs":100}""", "1 is less than baseDelayMs 100; use 100 or more.")]
    [InlineData("""{"maxDelayCapMs":0,"baseDelayMs":100}""", "0 is out of range; use 1 to 86400000.")]
    public void Reports_a_conflict_unless_the_argument_is_wrong_by_itself(string arguments, string problem) =>
        Assert.Equal([new ArgumentFault("maxDelayCapMs", problem)], FaultsOf("generate_retry_policy", arguments).Faults);

    [Fact]
    public void Looks_for_conflicts_only_when_nothing_required_is_missing() =>
        Assert.Equal(["partitions"], FaultsOf("generate_bulkhead", """{"poolSize":5}""").Faults.Select(fault => fault.Argument));

    [Fact]
    public void States_the_rule_of_an_integer_and_of_a_boolean()
    {
        Assert.Equal("1 to 9", new IntegerArgument("a", "A.", true, null, 1, 9).Rule);
        Assert.Equal("true or false", new BooleanArgument("a", "A.", true, null).Rule);
    }

    [Theory]
    [InlineData("node", "ts", "import assert from 'node:assert/strict';\nimport { test as nodeTest } from 'node:test';\n", "'./circuit-breaker.ts'")]
    [InlineData("vitest", "js", "import { assert, test } from 'vitest';\n", "'./circuit-breaker.js'")]
    [InlineData("jest", "none", "import { test } from '@jest/globals';\nimport assert from 'node:assert/strict';\n", "'./circuit-breaker'")]
    [InlineData("bun", "ts", "import assert from 'node:assert/strict';\nimport { test } from 'bun:test';\n", "'./circuit-breaker.ts'")]
    [InlineData("deno", "ts", "import assert from 'node:assert/strict';\nimport {", "'./circuit-breaker.ts'")]
    public void Tests_and_usage_follow_the_style_of_the_project(string runner, string extension, string imports, string specifier)
    {
        var styled = Emit($$"""{"withTests":true,"testRunner":"{{runner}}","importExtension":"{{extension}}"}""");

        var test = styled.Files[1].Content;
        Assert.StartsWith(imports, test[(test.IndexOf("*/", StringComparison.Ordinal) + 4)..], StringComparison.Ordinal);
        Assert.Contains($" from {specifier};", test, StringComparison.Ordinal);
        Assert.Contains($" from {specifier};", styled.Usage, StringComparison.Ordinal);
    }

    [Fact]
    public void The_style_of_tests_changes_no_source_without_tests() =>
        Assert.Equal(Emit("{}").Files[0].Content, Emit("""{"testRunner":"jest","importExtension":"js"}""").Files[0].Content);

    [Fact]
    public void A_fault_on_the_command_line_is_corrected_as_a_command()
    {
        var faults = FaultsOf("generate_timeout_config", """{"operations":{"read":"2s"},"withFetch":"yes","defaultTimeoutMs":"0.7 s","colour":1}""");

        Assert.Equal(
            """
            --operations.read: "2s" is not an integer; use 1 to 86400000.
            --with-fetch, withFetch: "yes" is not a boolean; use true or false.
            --default-timeout-ms, defaultTimeoutMs: "0.7 s" is not an integer; use 1 to 86400000.
            --colour: unknown option; the options are --operations, --runtime, --default-timeout-ms, --total-timeout-ms, --with-fetch, --with-metrics, --with-tests, --test-runner, --import-extension.
            Corrected call: crowvault-mcp generate timeout-config --operations read=2000 --default-timeout-ms 700 --with-fetch
            """.ReplaceLineEndings("\n"),
            faults.CommandLineMessage("crowvault-mcp generate timeout-config"));
    }

    [Fact]
    public void Omitted_arguments_and_their_defaults_give_the_same_bytes()
    {
        var omitted = Emit("{}");
        var given = Emit("""{"withMetrics":false,"failureThreshold":5,"runtime":"node"}""");

        Assert.Equal(omitted.Files[0].Content, given.Files[0].Content);
    }

    [Fact]
    public void The_header_holds_what_makes_the_file_again()
    {
        var file = Emit("""{"withMetrics":true,"failureThreshold":7}""").Files[0];

        Assert.True(FileHeader.TryRead(file.Content, out var header, out var edited));
        Assert.Equal((false, "generate_circuit_breaker", "1.2.3"), (edited, header.Tool, header.Version));
        Assert.Equal(file.Content, Emit(header.Arguments).Files[0].Content);
    }

    [Theory]
    [InlineData("'CLOSED'", "'closed'")]
    [InlineData("\n", "\n// mine\n")]
    public void An_edit_is_told_from_line_ends_of_a_checkout(string original, string replacement)
    {
        var content = Emit("{}").Files[0].Content;

        Assert.True(FileHeader.TryRead(content.ReplaceLineEndings("\r\n"), out _, out var checkedOut));
        Assert.False(checkedOut);
        var at = content.LastIndexOf(original, StringComparison.Ordinal);
        Assert.True(FileHeader.TryRead(content[..at] + replacement + content[(at + original.Length)..], out _, out var edited));
        Assert.True(edited);
    }

    [Fact]
    public void Every_argument_says_what_it_means()
    {
        foreach (var argument in Catalog.All.SelectMany(emitter => emitter.Arguments.All))
        {
            Assert.Matches(@"\A[A-Z][\x20-\x7E]+\.\z", argument.Description);
        }
    }

    [Fact]
    public void Every_tool_takes_runtime_and_tests()
    {
        foreach (var emitter in Catalog.All)
        {
            Assert.Contains(emitter.Arguments.All, argument => argument is ChoiceArgument { Name: "runtime", Choices.Count: 5 });
            Assert.Contains(emitter.Arguments.All, argument => argument is BooleanArgument { Name: "withTests" });
        }
    }

    [Theory]
    [InlineData("generate_retry", "did you mean generate_retry_policy?")]
    [InlineData("circuit-breaker", "did you mean generate_circuit_breaker?")]
    [InlineData("launch_rocket", "the tools are generate_circuit_breaker, ")]
    public void Names_the_nearest_tool(string given, string answer) =>
        Assert.StartsWith($"Unknown tool \"{given}\"; {answer}", Catalog.UnknownTool(given));

    private static readonly JsonSerializerOptions s_reflection =
        new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    private sealed record Bare(int Count = 1);

    private sealed record Odd([property: Argument("A text.")] string Text = "");

    private static Argument Operations { get; } =
        Catalog.Find("generate_timeout_config")!.Arguments.All.First(argument => argument.Name == "operations");

    private static JsonTypeInfo<T> TypeInfoOf<T>() => (JsonTypeInfo<T>)s_reflection.GetTypeInfo(typeof(T));

    private static ArgumentFaults FaultsOf(string arguments) => FaultsOf(s_breaker.Tool, arguments);

    private static ArgumentFaults FaultsOf(string tool, string arguments)
    {
        Assert.False(Catalog.Find(tool)!.TryEmit(JsonElement.Parse(arguments), "1.2.3", out _, out var faults));
        return faults;
    }

    private static IEnumerable<string> ProblemsOf(string tool, string arguments) =>
        FaultsOf(tool, arguments).Faults.Select(fault => fault.Problem);

    private static Emission Emit(string arguments) => Emit(s_breaker.Tool, arguments);

    private static Emission Emit(string tool, string arguments)
    {
        Assert.True(Catalog.Find(tool)!.TryEmit(JsonElement.Parse(arguments), "1.2.3", out var emission, out _));
        return emission;
    }
}
