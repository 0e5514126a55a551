using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Xunit;

namespace CrowVault.Mcp.Tests.Http;

/// <summary>An authorization server of the tests' own, and a server that trusts it.</summary>
public sealed class JwtServer : IAsyncLifetime
{
    internal const string PublicUrl = "https://mcp.example.com/tools";

    private readonly RSA _key = RSA.Create(2_048);
    private readonly RSA _strange = RSA.Create(2_048);
    private StubServer _issuer = null!;

    internal HttpServer Server { get; private set; } = null!;

    internal string Issuer => _issuer.Address;

    internal string OpaqueToken { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _issuer = new(path => path switch
        {
            "/.well-known/openid-configuration" => $$"""{"issuer":"{{Issuer}}","jwks_uri":"{{Issuer}}/keys"}""",
            "/keys" => $$"""{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"one","n":"{{Encode(_key.ExportParameters(false).Modulus!)}}","e":"{{Encode(_key.ExportParameters(false).Exponent!)}}"}]}""",
            _ => null,
        });
        var opaque = HttpServer.CreateToken("opaque");
        OpaqueToken = opaque.Token;
        Server = await HttpServer.StartAsync(
            "http",
            ("CROWVAULT_HTTP_JWT_ISSUER", Issuer),
            ("CROWVAULT_HTTP_JWT_SCOPE", "generate"),
            ("CROWVAULT_HTTP_PUBLIC_URL", PublicUrl),
            ("CROWVAULT_HTTP_TOKENS", opaque.Entry));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _issuer.Dispose();
        _key.Dispose();
        _strange.Dispose();
    }

    /// <summary>A token that is good but for what is said.</summary>
    internal string Token(
        string algorithm = "RS256", string? issuer = null, string? audience = $"{PublicUrl}/mcp", int expiresIn = 600, int validIn = -10,
        string? scope = "read generate", object? subject = null, bool hasSubject = true, bool strangeKey = false, bool hasExpiry = true, string header = "\"typ\":\"JWT\",\"kid\":\"one\"",
        object? confirmation = null)
    {
        var claims = new Dictionary<string, object?>
        {
            ["iss"] = issuer ?? Issuer,
            ["aud"] = audience,
            ["sub"] = hasSubject ? subject ?? "someone" : null,
            ["scope"] = scope,
            ["nbf"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + validIn,
            ["exp"] = hasExpiry ? DateTimeOffset.UtcNow.ToUnixTimeSeconds() + expiresIn : null,
            ["cnf"] = confirmation,
        };
        var json = JsonSerializer.Serialize(claims.Where(claim => claim.Value is not null).ToDictionary(), s_plain);
        var head = $"{Encode(Encoding.UTF8.GetBytes($$"""{"alg":"{{algorithm}}",{{header}}}"""))}.{Encode(Encoding.UTF8.GetBytes(json))}";
        var signature = algorithm switch
        {
            "none" => [],
            "HS256" => HMACSHA256.HashData(_key.ExportSubjectPublicKeyInfo(), Encoding.UTF8.GetBytes(head)),
            _ => (strangeKey ? _strange : _key).SignData(Encoding.UTF8.GetBytes(head), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{head}.{Encode(signature)}";
    }

    private static readonly JsonSerializerOptions s_plain = new() { TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver() };

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}

public sealed class JwtTests(JwtServer jwt) : IClassFixture<JwtServer>
{
    private const string Body = """{"tool":"generate_circuit_breaker"}""";

    public static TheoryData<string> Faults => [.. s_faults.Keys];

    private static readonly Dictionary<string, Func<JwtServer, string>> s_faults = new()
    {
        ["another issuer"] = jwt => jwt.Token(issuer: "https://evil.example"),
        ["another audience"] = jwt => jwt.Token(audience: "https://other.example/mcp"),
        ["no audience"] = jwt => jwt.Token(audience: null),
        ["expired"] = jwt => jwt.Token(expiresIn: -60),
        ["not valid yet"] = jwt => jwt.Token(validIn: 300),
        ["no expiry"] = jwt => jwt.Token(hasExpiry: false),
        ["no subject"] = jwt => jwt.Token(hasSubject: false),
        ["another key"] = jwt => jwt.Token(strangeKey: true),
        ["no signature"] = jwt => jwt.Token(algorithm: "none"),
        ["public key as secret"] = jwt => jwt.Token(algorithm: "HS256"),
        ["changed claims"] = jwt => string.Join('.', jwt.Token(subject: "a").Split('.')[0], jwt.Token(subject: "b").Split('.')[1], jwt.Token(subject: "a").Split('.')[2]),
        ["no token at all"] = _ => "a.b.c",
        ["an extension that must be understood"] = jwt => jwt.Token(header: """ "kid":"one","crit":["exp"],"exp":1 """),
        ["a payload that is not encoded"] = jwt => jwt.Token(header: """ "kid":"one","b64":false """),
        ["the type of a logout token"] = jwt => jwt.Token(header: """ "kid":"one","typ":"logout+jwt" """),
        ["the type of a proof"] = jwt => jwt.Token(header: """ "kid":"one","typ":"dpop+jwt" """),
        ["a type that is no text"] = jwt => jwt.Token(header: """ "kid":"one","typ":7 """),
        ["a name of the key twice"] = jwt => jwt.Token(header: """ "kid":"one","kid":"one" """),
        ["an unknown key"] = jwt => jwt.Token(header: """ "kid":"two" """),
        ["a binding to a key"] = jwt => jwt.Token(confirmation: new Dictionary<string, string> { ["jkt"] = "x" }),
        ["a numeric subject"] = jwt => jwt.Token(subject: 7),
        ["an empty subject"] = jwt => jwt.Token(subject: ""),
    };

    [Fact]
    public async Task Accepts_a_good_token_and_the_opaque_one_beside_it()
    {
        foreach (var token in new[] { jwt.Token(), jwt.OpaqueToken })
        {
            using var answer = await jwt.Server.CallAsync(Body, token);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await jwt.Server.WaitForOutputAsync("by jwt:someone");
    }

    [Theory]
    [InlineData(""" "kid":"one" """)]
    [InlineData(""" "typ":"at+jwt" """)]
    [InlineData(""" "kid":"one","typ":"application/AT+JWT" """)]
    public async Task Accepts_the_types_of_access_tokens(string header)
    {
        using var answer = await jwt.Server.CallAsync(Body, jwt.Token(header: header));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Logs_a_subject_as_one_bounded_line()
    {
        using var answer = await jwt.Server.CallAsync(Body, jwt.Token(subject: "bell\a\r\ninfo: forged \u001b[2J\u202e" + new string('x', 4_000)));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        await jwt.Server.WaitForOutputAsync("by jwt:bell");
        var line = jwt.Server.Output.Split('\n').Single(each => each.Contains("by jwt:bell", StringComparison.Ordinal));
        Assert.Contains("jwt:bell???info: forged ?[2J?xxx", line, StringComparison.Ordinal);
        Assert.InRange(line.Length, 1, 300);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Refuses_a_token_with(string fault)
    {
        var token = s_faults[fault](jwt);
        using var answer = await jwt.Server.CallAsync(Body, token);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var challenge = answer.Headers.WwwAuthenticate.ToString();
        Assert.Contains("error=\"invalid_token\"", challenge, StringComparison.Ordinal);
        Assert.Contains("resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/tools/mcp\"", challenge, StringComparison.Ordinal);
        Assert.DoesNotContain(token, jwt.Server.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("generated")]
    [InlineData(null)]
    public async Task Asks_for_the_scope_that_is_missing(string? scope)
    {
        using var answer = await jwt.Server.CallAsync(Body, jwt.Token(scope: scope));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("error=\"insufficient_scope\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Contains("scope=\"generate\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/.well-known/oauth-protected-resource", true)]
    [InlineData("/.well-known/oauth-protected-resource/mcp", true)]
    [InlineData("/.well-known/oauth-protected-resource/tools/mcp", true)]
    [InlineData("/.well-known/oauth-protected-resource/other", false)]
    public async Task Shows_its_metadata_without_a_token(string path, bool isThere)
    {
        using var answer = await jwt.Server.Client.GetAsync(path);

        Assert.Equal(isThere ? HttpStatusCode.OK : HttpStatusCode.NotFound, answer.StatusCode);
        if (isThere)
        {
            using var metadata = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal($"{JwtServer.PublicUrl}/mcp", metadata.RootElement.GetProperty("resource").GetString());
            Assert.Equal(jwt.Issuer, metadata.RootElement.GetProperty("authorization_servers")[0].GetString());
            Assert.Equal("header", metadata.RootElement.GetProperty("bearer_methods_supported")[0].GetString());
        }
    }

    [Fact]
    public async Task Answers_under_the_public_name_as_well()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/tools") { Headers = { Host = "mcp.example.com" } };
        request.Headers.TryAddWithoutValidation("Origin", "https://mcp.example.com");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {jwt.OpaqueToken}");
        using var answer = await jwt.Server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
