namespace CrowVault.Emitters.RateLimiting;

/// <summary>How a framework says who sent a request.</summary>
/// <param name="Import">Its type-only imports.</param>
/// <param name="RequestType">Type of the request.</param>
/// <param name="Request">Name of the request's parameter.</param>
/// <param name="ApiKey">Expression of the header x-api-key.</param>
/// <param name="Address">Expression of the client's address; empty when there is none.</param>
/// <param name="User">Expression of what the authentication has found.</param>
/// <param name="TestRequest">Expression of a request with an API key, for a test.</param>
/// <param name="RefusedType">Type of the option <c>onRefused</c>.</param>
internal sealed record FrameworkTerms(
    string Import,
    string RequestType,
    string Request,
    string ApiKey,
    string Address,
    string User,
    string TestRequest,
    string RefusedType)
{
    private const string Cast = "as unknown as Parameters<typeof keyOf>[0]";

    private const string WorkersHeader = "cf-connecting-ip";

    private const string NodeHeaders = $"{{ headers: {{ 'x-api-key': 'secret' }} }} {Cast}";

    /// <summary>The fragment that <see cref="Address"/> needs, below <c>key/</c>; empty for none.</summary>
    public string AddressFragment { get; init; } = "";

    /// <summary>The framework's own name.</summary>
    public string Name { get; init; } = "";

    /// <summary>What makes the framework trust a proxy.</summary>
    public string TrustProxy { get; init; } = "";

    public static FrameworkTerms Of(RateLimitingOptions options) => options.Middleware switch
    {
        Framework.Express => new(
            "import type { IncomingMessage, ServerResponse } from 'node:http';\nimport type { Request, Response } from 'express';\n",
            "Request",
            "request",
            "request.headers['x-api-key']",
            "addressOf(request)",
            "(name) => memberOf(request, name)",
            NodeHeaders,
            "(\n  request: Request,\n  response: Response,\n  decision: RateLimitDecision,\n) => unknown")
        {
            AddressFragment = "address-node",
            Name = "Express",
            TrustProxy = "set \"trust proxy\" in Express",
        },
        Framework.Fastify => new(
            "import type { FastifyReply, FastifyRequest } from 'fastify';\n",
            "FastifyRequest",
            "request",
            "request.headers['x-api-key']",
            "addressOf(request)",
            "(name) => memberOf(request, name)",
            NodeHeaders,
            "(\n  request: FastifyRequest,\n  reply: FastifyReply,\n  decision: RateLimitDecision,\n) => unknown")
        {
            AddressFragment = "address-node",
            Name = "Fastify",
            TrustProxy = "set trustProxy in Fastify",
        },
        Framework.Koa => new(
            "import type { Context } from 'koa';\n",
            "Context",
            "context",
            "context.headers['x-api-key']",
            "addressOf(context)",
            "(name) => authenticatedIn(context, name)",
            NodeHeaders,
            "(context: Context, decision: RateLimitDecision) => unknown")
        {
            AddressFragment = "address-node",
            Name = "Koa",
            TrustProxy = "set app.proxy in Koa",
        },
        Framework.Nest => new(
            "import type { IncomingMessage, ServerResponse } from 'node:http';\n",
            "HttpRequest",
            "request",
            "request.headers['x-api-key']",
            "addressOf(request)",
            "(name) => memberOf(request, name)",
            NodeHeaders,
            "(request: HttpRequest, decision: RateLimitDecision) => Error")
        {
            AddressFragment = "address-node",
            Name = "Nest",
            TrustProxy = "set \"trust proxy\" there",
        },
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
            "client.user",
            "new Request('http://localhost/', { headers: { 'x-api-key': 'secret' } })",
            "(\n  request: Request,\n  decision: RateLimitDecision,\n) => Response | Promise<Response>"),
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
            "import type { Context, MiddlewareHandler } from 'hono';\n",
            "Context",
            "context",
            "context.req.header('x-api-key')",
            address,
            "(name) => authenticatedIn(context, name)",
            $"{{ req: {{ header: () => 'secret' }} }} {Cast}",
            "(\n  context: Context,\n  decision: RateLimitDecision,\n) => Response | Promise<Response>")
        {
            AddressFragment = fragment,
            Name = "Hono",
        };
    }
}
