using System.Text.Json;
using System.Text.Json.Serialization;
using CrowVault.Mcp.Http.Settings;
using Microsoft.AspNetCore.Http;

namespace CrowVault.Mcp.Http.Identity;

/// <summary>RFC 9728 metadata: tells a client where it gets a token.</summary>
internal sealed record ResourceMetadata(
    [property: JsonPropertyName("resource")] string Resource,
    [property: JsonPropertyName("resource_name")] string ResourceName,
    [property: JsonPropertyName("authorization_servers")] IReadOnlyList<string> AuthorizationServers,
    [property: JsonPropertyName("bearer_methods_supported")] IReadOnlyList<string> BearerMethodsSupported,
    [property: JsonPropertyName("scopes_supported")] IReadOnlyList<string>? ScopesSupported)
{
    // What clients look for when a server wants a token. Anything but 404 makes them believe in a sign-in that is not there.
    private static readonly string[] s_discovery = ["/.well-known", "/register", "/authorize", "/token"];

    /// <summary>Whether an address is one where clients look for a sign-in.</summary>
    public static bool IsDiscovery(PathString path) =>
        s_discovery.Any(each => path.StartsWithSegments(each, StringComparison.OrdinalIgnoreCase));

    /// <summary>Answers with the metadata.</summary>
    public static RequestDelegate Endpoint(HttpSettings settings)
    {
        var metadata = JsonSerializer.SerializeToUtf8Bytes(
            new ResourceMetadata(
                settings.Resource,
                Product.ServerName,
                [settings.Jwt!.Issuer],
                ["header"],
                settings.Jwt.Scope is { } scope ? [scope] : null),
            HttpJson.Readable.ResourceMetadata);
        return context =>
        {
            var path = $"/{context.Request.RouteValues["path"]}";
            if (path != "/" && path != Routes.Mcp && path != new Uri(settings.Resource).AbsolutePath)
            {
                return Problem.WriteAsync(context, StatusCodes.Status404NotFound, "There is no metadata of such a resource here.");
            }

            context.Response.ContentType = "application/json";
            context.Response.ContentLength = metadata.Length;
            return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(metadata).AsTask();
        };
    }
}
