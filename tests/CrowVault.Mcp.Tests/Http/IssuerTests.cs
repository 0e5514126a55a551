using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CrowVault.Mcp.Http.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

/// <summary>What becomes of callers when the issuer of their tokens is slow, away, or not what it was.</summary>
public sealed class IssuerTests
{
    private const string Body = """{"tool":"generate_circuit_breaker"}""";

    [Fact]
    public async Task An_issuer_that_hangs_holds_nobody_up_for_long()
    {
        using var hanging = new TcpListener(IPAddress.Loopback, 0);
        hanging.Start();
        var issuer = $"http://127.0.0.1:{((IPEndPoint)hanging.LocalEndpoint).Port}";
        var (token, entry) = HttpServer.CreateToken("opaque");
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_JWT_ISSUER", issuer), ("CROWVAULT_HTTP_TOKENS", entry));
        using var key = RSA.Create(2_048);
        var audience = $"{server.Address.ToString().TrimEnd('/').Replace($"{server.Address.Port}", "0", StringComparison.Ordinal)}/mcp";

        var waiting = Enumerable.Range(0, 8).Select(n => server.CallAsync(Body, Sign(key, issuer, $"k{n}", audience))).ToList();
        using var opaque = await server.CallAsync(Body, token);
        Assert.Equal(HttpStatusCode.OK, opaque.StatusCode);
        Assert.DoesNotContain(waiting, each => each.IsCompleted);
        foreach (var each in waiting)
        {
            using var answer = await each;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        // One fetch for all of them, and none for what no key could make good.
        Assert.True(hanging.Pending());
        (await hanging.AcceptTcpClientAsync()).Dispose();
        using var unsigned = await server.CallAsync(Body, string.Concat(Sign(key, issuer, "k", audience).TakeWhile((c, i) => i < 40)) + ".e30.");
        Assert.Equal(HttpStatusCode.Unauthorized, unsigned.StatusCode);
        using var foreign = await server.CallAsync(Body, Sign(key, "https://other.example", "k", audience));
        Assert.Equal(HttpStatusCode.Unauthorized, foreign.StatusCode);
        Assert.False(hanging.Pending());
    }

    [Fact]
    public async Task A_new_key_is_found_among_forged_ones_and_a_withdrawn_one_is_refused()
    {
        using var old = RSA.Create(2_048);
        using var next = RSA.Create(2_048);
        var keys = Keys(("old", old));
        StubServer issuer = null!;
        using var stub = issuer = new(path => path switch
        {
            "/.well-known/openid-configuration" => $$"""{"issuer":"{{issuer.Address}}","jwks_uri":"{{issuer.Address}}/keys"}""",
            "/keys" => keys,
            _ => null,
        });
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_JWT_ISSUER", issuer.Address), ("CROWVAULT_HTTP_JWT_AUDIENCE", "here"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(server, Sign(old, issuer.Address, "old", "here")));

        var forged = Enumerable.Range(0, 50).Select(n => AskAsync(server, Sign(next, issuer.Address, $"forged{n}", "here"))).ToList();
        keys = Keys(("new", next));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(server, Sign(next, issuer.Address, "new", "here")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(server, Sign(old, issuer.Address, "old", "here")));

        Assert.All(await Task.WhenAll(forged), status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.InRange(issuer.Requests.Count(request => request.Path == "/keys"), 2, 8);
    }

    [Fact]
    public async Task A_key_that_is_not_whole_or_has_the_name_of_another_spoils_none_of_the_set()
    {
        using var key = RSA.Create(2_048);
        using var other = RSA.Create(2_048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var point = curve.ExportParameters(false).Q;
        string[] odd =
        [
            """null""", """7""", """{"kty":"RSA","kid":"one","n":"!!!","e":"AQAB"}""", """{"kty":"RSA","kid":"one"}""", """{"kty":5}""",
            """{"kty":"RSA","kid":5,"n":"AQAB","e":"AQAB"}""", """{"kty":"AKP","kid":"one","pub":"x"}""",
            $$"""{"kty":"EC","crv":"P-384","kid":"curve","x":"{{Encode(point.X!)}}","y":"{{Encode(point.Y!)}}","key_ops":null}""",
        ];
        StubServer issuer = null!;
        using var stub = issuer = new(path => path switch
        {
            "/.well-known/openid-configuration" => $$"""{"issuer":"{{issuer.Address}}","jwks_uri":"{{issuer.Address}}/keys"}""",
            "/keys" => Keys(("one", other), ("one", key)).Replace("[", $"[{string.Join(',', odd)},", StringComparison.Ordinal),
            _ => null,
        });
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_JWT_ISSUER", issuer.Address), ("CROWVAULT_HTTP_JWT_AUDIENCE", "here"));

        Assert.Equal(HttpStatusCode.OK, await AskAsync(server, Sign(key, issuer.Address, "one", "here")));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(server, Sign(key, issuer.Address, null, "here")));

        // RFC 7518 section 3.4: ES256 is the curve P-256.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(server, Sign(curve, "ES384", HashAlgorithmName.SHA384, issuer.Address)));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(server, Sign(curve, "ES256", HashAlgorithmName.SHA256, issuer.Address)));
    }

    [Fact]
    public async Task Metadata_of_another_issuer_is_not_believed()
    {
        using var key = RSA.Create(2_048);
        StubServer issuer = null!;
        using var stub = issuer = new(path => path switch
        {
            "/.well-known/openid-configuration" => $$"""{"issuer":"https://other.example","jwks_uri":"{{issuer.Address}}/keys"}""",
            "/keys" => Keys(("one", key)),
            _ => null,
        });
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_JWT_ISSUER", issuer.Address), ("CROWVAULT_HTTP_JWT_AUDIENCE", "here"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await AskAsync(server, Sign(key, issuer.Address, "one", "here")));
        await server.WaitForOutputAsync("names another issuer");
        Assert.DoesNotContain(issuer.Requests, request => request.Path == "/keys");
    }

    [Theory]
    [InlineData("/.well-known/openid-configuration", false)]
    [InlineData("/keys", false)]
    [InlineData("/.well-known/openid-configuration", true)]
    [InlineData("/keys", true)]
    public async Task A_redirect_is_followed_within_the_origin_alone(string redirected, bool within)
    {
        using var key = RSA.Create(2_048);
        StubServer issuer = null!;
        string? Answer(string path) => path.Split('/')[^1] switch
        {
            "openid-configuration" => $$"""{"issuer":"{{issuer.Address}}","jwks_uri":"{{issuer.Address}}/keys"}""",
            "keys" => Keys(("one", key)),
            _ => null,
        };
        using var other = new StubServer(Answer);
        using var stub = issuer = new(path => path == redirected ? $"{(within ? issuer : other).Address}/moved{path}" : Answer(path));
        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_JWT_ISSUER", issuer.Address), ("CROWVAULT_HTTP_JWT_AUDIENCE", "here"));

        Assert.Equal(within ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, await AskAsync(server, Sign(key, issuer.Address, "one", "here")));
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# all revoked\n\n")]
    public async Task A_file_of_tokens_without_one_keeps_the_server_from_starting(string content)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "tokens");
        await File.WriteAllTextAsync(file, content);

        var (exitCode, errors) = await HttpServer.RefuseAsync(["serve", "--transport", "http", "--port", "0"], ("CROWVAULT_HTTP_TOKENS_FILE", file));

        Assert.Equal(2, exitCode);
        Assert.Contains("has no entry", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CROWVAULT_HTTP_TOKENS", "")]
    [InlineData("CROWVAULT_HTTP_TOKENS", " , \n")]
    [InlineData("CROWVAULT_HTTP_TOKENS_FILE", "")]
    [InlineData("CROWVAULT_HTTP_JWT_ISSUER", "")]
    [InlineData("CROWVAULT_HTTP_JWT_SCOPE", " ")]
    [InlineData("CROWVAULT_HTTP_JWT_METADATA_URL", "")]
    [InlineData("CROWVAULT_HTTP_TOKENS", "ci sha256:0000000000000000000000000000000000000000000000000000000000000000 3")]
    [InlineData("CROWVAULT_HTTP_TOKENS", "ci sha256:0000000000000000000000000000000000000000000000000000000000000000 12:00")]
    [InlineData("CROWVAULT_HTTP_TOKENS", "ci sha256:0000000000000000000000000000000000000000000000000000000000000000 2027-01-31")]
    [InlineData("CROWVAULT_HTTP_TOKENS", "ci sha256:0000000000000000000000000000000000000000000000000000000000000000 2027-01-31T00:00:00")]
    public async Task A_setting_that_is_present_but_says_nothing_keeps_the_server_from_starting(string name, string value)
    {
        var (exitCode, errors) = await HttpServer.RefuseAsync(["serve", "--transport", "http", "--port", "0"], (name, value));

        Assert.Equal(2, exitCode);
        Assert.NotEqual("", errors);
    }

    [Fact]
    public async Task A_file_of_tokens_that_others_may_write_is_warned_of()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "tokens");
        await File.WriteAllTextAsync(file, HttpServer.CreateToken("ci").Entry);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
        }

        await using var server = await HttpServer.StartAsync("http", ("CROWVAULT_HTTP_TOKENS_FILE", file));

        await server.WaitForOutputAsync("chmod 600");
    }

    [Theory]
    [InlineData("""{"CrowVault":{"Htpp":{"Tokens":["ENTRY"]}}}""", "CrowVault:Htpp: unknown setting; did you mean CrowVault:Http?")]
    [InlineData("""{"CrowVault":{"Tokens":["ENTRY"]}}""", "CrowVault:Tokens: unknown setting; did you mean CrowVault:Http:Tokens?")]
    [InlineData("""{"CrowVault":"x"}""", "CrowVault: unknown setting; did you mean CrowVault:Http?")]
    [InlineData("""{"CrowVault":{"Http":"x"}}""", "CrowVault:Http: unknown setting")]
    [InlineData("""{"CrowVaultt":{"Http":{"Tokens":["ENTRY"]}}}""", "CrowVaultt: unknown setting; did you mean CrowVault?")]
    [InlineData("""{"Http":{"Tokens":["ENTRY"]}}""", "Http: unknown setting; did you mean CrowVault:Http?")]
    [InlineData("""{"Tokens":["ENTRY"]}""", "Tokens: unknown setting; did you mean CrowVault:Http:Tokens?")]
    [InlineData("""{"Unrelated":{}}""", "Unrelated: unknown setting.")]
    public async Task A_section_that_does_not_exist_keeps_the_server_from_starting(string json, string fault)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "s.json");
        await File.WriteAllTextAsync(file, json.Replace("ENTRY", HttpServer.CreateToken("ci").Entry, StringComparison.Ordinal));

        var (exitCode, errors) = await HttpServer.RefuseAsync(["serve", "--transport", "http", "--port", "0", "--settings", file]);

        Assert.Equal(2, exitCode);
        Assert.Contains(fault, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("sha256", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_settings_may_hold_what_the_framework_reads_and_is_warned_of_when_others_may_write_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "s.json");
        var (token, entry) = HttpServer.CreateToken("ci");
        await File.WriteAllTextAsync(file, $$$"""
            {
              // As an appsettings.json has it.
              "$schema": "x", "Logging": {"LogLevel": {"Default": "Information"}}, "AllowedHosts": "*", "Urls": "http://localhost:1",
              "Kestrel": {"Limits": {}}, "OTEL_SERVICE_NAME": "x", "crowvault": {"http": {"tokens": ["{{{entry}}}"]}}
            }
            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        }

        await using var server = await HttpServer.StartWithAsync(["--settings", file]);

        await server.WaitForOutputAsync("--settings: others than its owner may write");
        using var answer = await server.CallAsync(Body, token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("CROWVAULT_HTTP_ALLOWED_ORIGINS")]
    [InlineData("CROWVAULT_HTTP_JWT_ISSUER")]
    [InlineData("CROWVAULT_HTTP_CALL_BURST")]
    [InlineData("CROWVAULT_HTTP_TOKENS_FILE")]
    [InlineData("CROWVAULT_HTTP_X\u001b[2J")]
    [InlineData("--settings")]
    [InlineData("--urls")]
    public async Task What_a_fault_repeats_does_not_reach_the_terminal_as_it_is(string name)
    {
        const string Hostile = "\u001b[2J\u202e\U000E0041.json";
        string[] line = ["serve", "--transport", "http", .. name.StartsWith('-') ? new[] { name, Hostile } : ["--port", "0"]];

        var (exitCode, errors) = await HttpServer.RefuseAsync(line, name.StartsWith('-') ? [] : [(name, Hostile)]);

        Assert.Equal(2, exitCode);
        Assert.NotEqual("", errors);
        Assert.DoesNotContain(errors, c => c is '\u202e' or '\udb40' || (char.IsControl(c) && c is not ('\n' or '\r')));
    }

    [Fact]
    public async Task Keys_that_are_too_old_are_fetched_before_a_token_is_decided()
    {
        using var old = RSA.Create(2_048);
        var keys = Keys(("old", old));
        StubServer issuer = null!;
        using var stub = issuer = new(path => path switch
        {
            "/.well-known/openid-configuration" => $$"""{"issuer":"{{issuer.Address}}","jwks_uri":"{{issuer.Address}}/keys"}""",
            "/keys" => keys,
            _ => null,
        });
        var clock = new MovedClock();
        using var found = new IssuerKeys(new(issuer.Address, null, null, null), NullLogger.Instance, clock);
        Assert.Single((await found.FindAsync("old", "RS256"))!);

        // Within five minutes nobody waits, and in the last of them the keys are fetched for the next caller.
        clock.Move(TimeSpan.FromSeconds(239));
        Assert.Single((await found.FindAsync("old", "RS256"))!);
        Assert.Equal(1, Asked());

        keys = Keys();
        clock.Move(TimeSpan.FromSeconds(62));
        Assert.Empty((await found.FindAsync("old", "RS256"))!);

        // Whoever asks while the issuer is away is told so, and asks it no more than once for all of them.
        clock.Move(TimeSpan.FromSeconds(301));
        keys = null;
        var asked = Asked();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => found.FindAsync("old", "RS256"))), Assert.Null);
        Assert.Equal(asked + 1, Asked());

        int Asked() => issuer.Requests.Count(request => request.Path == "/keys");
    }

    private sealed class MovedClock : TimeProvider
    {
        private long _moved;

        public void Move(TimeSpan by) => _moved += (long)(by.TotalSeconds * TimestampFrequency);

        public override long GetTimestamp() => base.GetTimestamp() + _moved;
    }

    [Fact]
    public async Task Reads_no_settings_of_the_folder_that_it_is_started_in()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), """{ "CrowVault": { "Http": { "Cors": true, "AllowedOrigins": ["https://evil.example"] } } }""");
        await using var server = await HttpServer.StartInAsync(folder.Path);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/tools");
        request.Headers.Add("Origin", "https://evil.example");

        using var answer = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static async Task<HttpStatusCode> AskAsync(HttpServer server, string token)
    {
        using var answer = await server.CallAsync(Body, token);
        return answer.StatusCode;
    }

    private static string Keys(params (string Id, RSA Key)[] keys) =>
        $$"""{"keys":[{{string.Join(',', keys.Select(each => $$"""{"kty":"RSA","kid":"{{each.Id}}","n":"{{Encode(each.Key.ExportParameters(false).Modulus!)}}","e":"AQAB"}"""))}}]}""";

    private static string Sign(ECDsa key, string algorithm, HashAlgorithmName hash, string issuer)
    {
        var head = Head($$"""{"alg":"{{algorithm}}","kid":"curve"}""", issuer, "here");
        return $"{head}.{Encode(key.SignData(Encoding.UTF8.GetBytes(head), hash))}";
    }

    private static string Head(string header, string issuer, string audience) =>
        $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(
            $$"""{"iss":{{JsonSerializer.Serialize(issuer, s_plain)}},"aud":"{{audience}}","sub":"someone","exp":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600}}}"""))}";

    private static string Sign(RSA key, string issuer, string? keyId, string audience)
    {
        var head = Head(keyId is null ? """{"alg":"RS256"}""" : $$"""{"alg":"RS256","kid":"{{keyId}}"}""", issuer, audience);
        return $"{head}.{Encode(key.SignData(Encoding.UTF8.GetBytes(head), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static readonly JsonSerializerOptions s_plain = new() { TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver() };

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
