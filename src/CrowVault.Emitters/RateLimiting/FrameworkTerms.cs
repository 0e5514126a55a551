namespace CrowVault.Emitters.RateLimiting;

/// <summary>How a framework says who sent a request.</summary>
/// <param name="Import">Its type-only import with an empty line after it, or empty.</param>
/// <param name="RequestType">Type of the request.</param>
/// <param name="Request">Name of the request's parameter.</param>
/// <param name="ApiKey">Expression of the header x-api-key.</param>
/// <param name="Address">Expression of the client's address; empty when there is none.</param>
/// <param name="User">Expression of what the authentication has found.</param>
/// <param name="TestRequest">Expression of a request with an API key, for a test.</param>
/// <param name="AddressFragment">Fragment that <paramref name="Address"/> needs, or empty.</param>
internal sealed record FrameworkTerms(
    string Import, string RequestType, string Request, string ApiKey, string Address, string User, string TestRequest, string AddressFragment = "")
{
    private const string Cast = "as unknown as Parameters<typeof keyOf>[0]";

    private const string WorkersHeader = "cf-connecting-ip";

    public static FrameworkTerms Of(RateLimitingOptions options) => options.Middleware switch
    {
        Framework.Express => new(
            "import type { Request, RequestHandler } from 'express';\n\n",
            "Request",
            "request",
            "request.headers['x-api-key']",
            "request.ip",
            "'user' in request ? request.user : undefined",
            $"{{ headers: {{ 'x-api-key': 'secret' }} }} {Cast}"),
        Framework.Fastify => new(
            "import type { FastifyReply, FastifyRequest } from 'fastify';\n\n",
            "FastifyRequest",
            "request",
            "request.headers['x-api-key']",
            "request.ip",
            "'user' in request ? request.user : undefined",
            $"{{ headers: {{ 'x-api-key': 'secret' }} }} {Cast}"),
        Framework.Hono => Hono(options.Runtime),
        Framework.Fetch => new(
            "",
            "Request",
            "request",
            "request.headers.get('x-api-key')",
            options.Runtime switch
            {
                Runtime.Node or Runtime.Deno or Runtime.Bun => "client.address",
                Runtime.Workers => $"request.headers.get('{WorkersHeader}')",
                Runtime.Browser => "",
            },
            "{ id: client.user }",
            "new Request('http://localhost/', { headers: { 'x-api-key': 'secret' } })"),
    };

    private static FrameworkTerms Hono(Runtime runtime)
    {
        var (address, fragment) = runtime switch
        {
            Runtime.Node => ("addressOf(context)", "address-hono-node"),
            Runtime.Deno => ("addressOf(context)", "address-hono-deno"),
            Runtime.Bun => ("addressOf(context)", "address-hono-bun"),
            Runtime.Workers => ($"context.req.header('{WorkersHeader}')", ""),
            Runtime.Browser => ("", ""),
        };
        return new(
            "import type { Context, MiddlewareHandler } from 'hono';\n\n",
            "Context",
            "context",
            "context.req.header('x-api-key')",
            address,
            "context.get('user') ?? context.get('jwtPayload')",
            $"{{ req: {{ header: () => 'secret' }} }} {Cast}",
            fragment);
    }
}
