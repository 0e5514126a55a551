using System.Text.Json;
using System.Text.Json.Nodes;
using CrowVault.Emitters.RateLimiting;
using CrowVault.Emitters.TimeoutConfig;

namespace CrowVault.Emitters.Stack;

/// <summary>Emits <c>ingress.ts</c>: where requests arrive, in the terms of the framework that takes them.</summary>
internal static class IngressFile
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "ingress.ts";

    /// <summary>The one file.</summary>
    /// <param name="sections">The manifest; its rate limiter has the framework, if there is one.</param>
    /// <param name="options">Where it runs, and how imports end.</param>
    /// <param name="version">Version of the product, for the header.</param>
    public static GeneratedFile Write(ManifestSections sections, StackOptions options, string version)
    {
        var limiter = sections.Find<RateLimitingOptions>();
        var framework = (limiter ?? new RateLimitingOptions(options.Runtime, Framework: options.Framework)).Middleware;
        var view = Templates.View(ModelOf(framework, limiter, sections.Find<TimeoutConfigOptions>() is not null),
            StackJson.Default.IngressModel);
        var body = string.Join('\n', Fragments(framework).Select(fragment => view.Render($"Stack/ingress/{fragment}.ts.liquid")));
        var arguments = new JsonObject { ["framework"] = Stem(framework) };
        var header = new FileHeader("Ingress", version, "ingress", arguments.ToJsonString(ArgumentJson.Readable.Options),
            FileHeader.WebStandards);
        var code = TestRunner.WithImports(body, options.ImportExtension);
        return new(FileName, FileRole.Source, "typescript", header.Of(code), code);
    }

    // Public API first, helpers last.
    private static IEnumerable<string> Fragments(Framework framework) =>
        ["head", Stem(framework), IsFetch(framework) ? "limits-fetch" : "limits-node", "refusal"];

    private static bool IsFetch(Framework framework) => framework is Framework.Fetch or Framework.Hono;

    private static IngressModel ModelOf(Framework framework, RateLimitingOptions? limiter, bool hasDeadline)
    {
        var limit = $"limitRequests({(limiter?.Store is Store.Redis ? "redis" : "")})";
        var imports = string.Concat(Imports(framework, hasDeadline).Select(line => $"{line}\n"));
        return new(
            Imports: imports.Length > 0 && limiter is not null ? $"{imports}\n" : imports,
            Limiter: limiter is null
                ? ""
                : $"{AlgorithmTerms.Of(limiter).Function}{(framework is Framework.Nest ? "Guard" : "Middleware")}",
            Mount: framework switch
            {
                Framework.Express or Framework.Koa or Framework.Hono => $"app.use({limit})",
                Framework.Fastify => $"app.addHook('{(limiter?.KeyStrategy is KeyStrategy.User ? "preHandler" : "onRequest")}', {limit})",
                Framework.Nest => $"app.useGlobalGuards({limit})",
                Framework.Fetch => $"const limit = {limit}",
            },
            HasDeadline: hasDeadline);
    }

    private static IEnumerable<string> Imports(Framework framework, bool hasDeadline)
    {
        if (!IsFetch(framework))
        {
            var request = hasDeadline || framework is Framework.Express or Framework.Nest ? "IncomingMessage, " : "";
            yield return $"import type {{ {request}ServerResponse }} from 'node:http';";
        }

        switch (framework)
        {
            case Framework.Fastify:
                yield return "import type { FastifyReply, FastifyRequest } from 'fastify';";
                break;
            case Framework.Koa:
                yield return "import type { Context } from 'koa';";
                break;
            case Framework.Hono:
                yield return "import type { Context } from 'hono';";
                break;
            case Framework.Express or Framework.Nest or Framework.Fetch:
                break;
        }

        if (hasDeadline)
        {
            yield return "import { Deadline, DEADLINE_HEADER } from './timeouts.ts';";
        }
    }

    private static string Stem(Framework framework) => JsonNamingPolicy.KebabCaseLower.ConvertName(framework.ToString());
}
