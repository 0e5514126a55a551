using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Stack;

/// <summary>Emits the adapter of the HTTP client that <c>stack.client</c> names, such as <c>upstreams-axios.ts</c>.</summary>
internal static class ClientFile
{
    /// <summary>Name of the file for a client.</summary>
    public static string NameOf(string client) => $"upstreams-{client}.ts";

    /// <summary>The one file; none for fetch, which upstreams.ts has itself.</summary>
    /// <param name="view">What the templates of the upstreams see.</param>
    /// <param name="options">The client, and how imports end.</param>
    /// <param name="version">Version of the product, for the header.</param>
    public static IEnumerable<GeneratedFile> Write(TemplateView view, StackOptions options, string version)
    {
        if (options.Client is UpstreamClient.Fetch)
        {
            yield break;
        }

        var client = JsonNamingPolicy.KebabCaseLower.ConvertName(options.Client.ToString());
        var arguments = new JsonObject { ["client"] = client };
        var header = new FileHeader(
            $"Upstreams through {client}", version, $"upstreams_{client}", arguments.ToJsonString(ArgumentJson.Readable.Options),
                FileHeader.WebStandards);
        var body = TestRunner.WithImports(view.Render($"Stack/clients/{client}.ts.liquid"), options.ImportExtension);
        yield return new(NameOf(client), FileRole.Source, "typescript", header.Of(body), body);
    }
}
