using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using CrowVault.Mcp.Http.Settings;
using CrowVault.Mcp.Http.Telemetry;
using CrowVault.Mcp.JsonRpc;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace CrowVault.Mcp.Http.Identity;

/// <summary>
/// The keys of an issuer, from its metadata. All callers share one fetch, which is short; who has a known key waits for one only when
/// nobody has asked for a minute before the keys are too old.
/// </summary>
/// <remarks>
/// Keys are replaced as a whole. From the fourth minute on they are fetched while callers are served; after five minutes they are no
/// longer believed, so that a withdrawn one is refused by then, also where the issuer cannot be reached. A key that is not known waits for
/// the next fetch, at most one a second: forged names cost the issuer no more than that, and do not keep a real new key from being found.
/// </remarks>
internal sealed class IssuerKeys : IDisposable
{
    private const int MostRedirects = 3;
    private const int MostBytes = 1024 * 1024;

    private static readonly TimeSpan s_fetch = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_fresh = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_kept = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromSeconds(2);

    private readonly string _issuer;
    private readonly Uri _metadata;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = s_fetch,
        MaxResponseContentBufferSize = MostBytes,
    };

    private readonly Lock _lock = new();
    private Keys? _keys;
    private Task<Keys?>? _fetch;
    private long _began;
    private long _ended;
    private bool _failed;

    /// <summary>Prepares the fetch.</summary>
    public IssuerKeys(JwtSettings jwt, ILogger logger, TimeProvider clock)
    {
        (_issuer, _logger, _clock) = (jwt.Issuer, logger, clock);
        _metadata = jwt.MetadataUrl ?? new Uri($"{jwt.Issuer.TrimEnd('/')}/.well-known/openid-configuration");
        _began = clock.GetTimestamp() - (long)(s_pause.TotalSeconds * clock.TimestampFrequency);
        _ended = _began;
    }

    /// <summary>The keys that a token may have been signed with.</summary>
    /// <param name="keyId">The name of the key; null when the token names none.</param>
    /// <param name="algorithm">The token's algorithm.</param>
    /// <returns>Empty when the issuer has no such key; null when it cannot be asked.</returns>
    public async Task<IReadOnlyList<SecurityKey>?> FindAsync(string? keyId, string algorithm)
    {
        var keys = Current(out var age);
        if (keys is not null && age > s_fresh)
        {
            // Whoever has a known key is served meanwhile.
            _ = StartFetch();
        }

        if (keys is not null && keys.Find(keyId, algorithm) is { Count: > 0 } known)
        {
            return known;
        }

        // Only a fetch that began later can know a key that was made just now.
        var arrived = _clock.GetTimestamp();
        do
        {
            keys = await FetchAsync();
        }
        while (keys is not null && keys.Fetched < arrived && keys.Find(keyId, algorithm).Count == 0);

        return keys?.Find(keyId, algorithm);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Keys? Current(out TimeSpan age)
    {
        lock (_lock)
        {
            age = _keys is null ? TimeSpan.Zero : _clock.GetElapsedTime(_keys.Fetched);
            return age > s_kept ? null : _keys;
        }
    }

    // The result of the fetch that runs or of the next one; a moment after one that failed, nothing.
    private async Task<Keys?> FetchAsync()
    {
        TimeSpan wait;
        Task<Keys?>? running;
        lock (_lock)
        {
            running = _fetch is { IsCompleted: false } ? _fetch : null;
            if (running is null && _failed && _clock.GetElapsedTime(_ended) < s_pauseAfterFailure)
            {
                return null;
            }

            wait = running is null ? s_pause - _clock.GetElapsedTime(_began) : TimeSpan.Zero;
        }

        if (running is not null)
        {
            return await running;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, _clock);
        }

        return await StartFetch();
    }

    private Task<Keys?> StartFetch()
    {
        lock (_lock)
        {
            if (_fetch is { IsCompleted: false })
            {
                return _fetch;
            }

            if (_fetch is not null && _clock.GetElapsedTime(_began) < s_pause)
            {
                // Another who waited has just fetched.
                return _fetch;
            }

            _began = _clock.GetTimestamp();
            var began = _began;
            return _fetch = Task.Run(() => TryFetchAsync(began));
        }
    }

    private async Task<Keys?> TryFetchAsync(long began)
    {
        Keys? keys = null;
        var reason = "";
        try
        {
            using var late = new CancellationTokenSource(s_fetch);
            keys = await FetchAsync(began, late.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or InvalidDataException
            or IOException or UriFormatException or ArgumentException)
        {
            reason = e is OperationCanceledException ? $"no answer within {s_fetch.TotalSeconds} s." : e.Message;
        }

        lock (_lock)
        {
            _ended = _clock.GetTimestamp();
            _failed = keys is null;
            _keys = keys ?? _keys;
        }

        if (keys is null)
        {
            LogMessages.NoKeys(_logger, PlainText.Of(_issuer, 200), PlainText.Of(reason, 300));
        }

        return keys;
    }

    private async Task<Keys> FetchAsync(long began, CancellationToken cancellationToken)
    {
        using var metadata = await GetAsync(_metadata, cancellationToken);
        var root = metadata.RootElement;
        if (root.ValueKind is not JsonValueKind.Object
            || !root.TryGetProperty("issuer"u8, out var issuer) || issuer.ValueKind is not JsonValueKind.String
            || !issuer.ValueEquals(_issuer))
        {
            // RFC 8414 section 3.3: whoever answers for another issuer is not to be believed.
            throw new InvalidDataException("the metadata names another issuer than JwtIssuer.");
        }

        if (!root.TryGetProperty("jwks_uri"u8, out var address) || address.ValueKind is not JsonValueKind.String
            || !Uri.TryCreate(address.GetString(), UriKind.Absolute, out var uri) || !JwtSettings.IsSafe(uri))
        {
            throw new InvalidDataException("the metadata has no jwks_uri of https.");
        }

        using var set = await GetAsync(uri, cancellationToken);
        return set.RootElement.ValueKind is JsonValueKind.Object
            && set.RootElement.TryGetProperty("keys"u8, out var keys) && keys.ValueKind is JsonValueKind.Array
            ? new([.. keys.EnumerateArray().Select(Read).OfType<JsonWebKey>()], began)
            : throw new InvalidDataException("the set has no list of keys.");
    }

    // RFC 7517 section 5: a key that is not understood, or not whole, is passed over, and the others of the set are as good as before.
    private static JsonWebKey? Read(JsonElement given)
    {
        if (given.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        var key = new JsonWebKey();
        foreach (var member in given.EnumerateObject().Where(member => member.Value.ValueKind is not JsonValueKind.Null))
        {
            if (member.NameEquals("key_ops"u8))
            {
                if (member.Value.ValueKind is not JsonValueKind.Array
                    || member.Value.EnumerateArray().Any(each => each.ValueKind is not JsonValueKind.String))
                {
                    return null;
                }

                foreach (var operation in member.Value.EnumerateArray())
                {
                    key.KeyOps.Add(operation.GetString());
                }
            }
            else if (member.Name is "kty" or "kid" or "use" or "alg" or "crv" or "n" or "e" or "x" or "y")
            {
                if (member.Value.ValueKind is not JsonValueKind.String)
                {
                    return null;
                }

                Set(key, member.Name, member.Value.GetString()!);
            }
        }

        return key.Kty switch
        {
            "RSA" => IsNumber(key.N) && IsNumber(key.E),
            "EC" => IsNumber(key.X) && IsNumber(key.Y),
            _ => false,
        }
            ? key
            : null;
    }

    private static void Set(JsonWebKey key, string member, string value)
    {
        _ = member switch
        {
            "kty" => key.Kty = value,
            "kid" => key.Kid = value,
            "use" => key.Use = value,
            "alg" => key.Alg = value,
            "crv" => key.Crv = value,
            "n" => key.N = value,
            "e" => key.E = value,
            "x" => key.X = value,
            "y" => key.Y = value,
            _ => throw new ArgumentOutOfRangeException(nameof(member), member, null),
        };
    }

    private static bool IsNumber(string? text) => !string.IsNullOrEmpty(text) && Base64Url.IsValid(text);

    private async Task<JsonDocument> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var response = await _http.GetAsync(address, cancellationToken);
            if (response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
                && response.Headers.Location is { } location)
            {
                var next = new Uri(address, location);
                if (redirects == MostRedirects || Uri.Compare(
                    next, address, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0)
                {
                    throw new InvalidDataException("its address redirects to another origin, or too often.");
                }

                address = next;
                continue;
            }

            response.EnsureSuccessStatusCode();
            return JsonText.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken), 16, out var fault)
                ?? throw new InvalidDataException($"the answer is {fault}");
        }
    }

    private sealed class Keys(IReadOnlyList<JsonWebKey> keys, long fetched)
    {
        /// <summary>When the fetch began.</summary>
        public long Fetched => fetched;

        public IReadOnlyList<SecurityKey> Find(string? keyId, string algorithm) =>
        [
            .. keys.Where(key =>
                (keyId is null || key.Kid == keyId)
                && (Curve(algorithm) is { } curve ? key.Kty == "EC" && key.Crv == curve : key.Kty == "RSA")
                && (string.IsNullOrEmpty(key.Use) || key.Use == "sig")
                && (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm)
                && (key.KeyOps.Count == 0 || key.KeyOps.Contains("verify"))
                && (key.Kty != "RSA" || key.KeySize >= 2_048)),
        ];

        // RFC 7518 section 3.4: each of the three has a curve of its own.
        private static string? Curve(string algorithm) => algorithm switch
        {
            SecurityAlgorithms.EcdsaSha256 => "P-256",
            SecurityAlgorithms.EcdsaSha384 => "P-384",
            SecurityAlgorithms.EcdsaSha512 => "P-521",
            _ => null,
        };
    }
}
