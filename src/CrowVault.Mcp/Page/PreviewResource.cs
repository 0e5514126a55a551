using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using CrowVault.Emitters.Stack;
using CrowVault.Mcp.Server;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Page;

/// <summary>The page as an MCP App (extension io.modelcontextprotocol/ui): a host that shows apps opens it for a tool call.</summary>
internal sealed class PreviewResource : McpServerResource
{
    /// <summary>Where tools say that the app is.</summary>
    public const string Uri = "ui://api-mcp/preview";

    /// <summary>The extension by which hosts and servers find that they both know apps.</summary>
    public const string Extension = "io.modelcontextprotocol/ui";

    private const string MediaType = "text/html;profile=mcp-app";

    private static readonly Lazy<string> s_text = new(ForHosts);

    /// <inheritdoc/>
    public override ResourceTemplate ProtocolResourceTemplate { get; } = new()
    {
        Name = "preview",
        Title = "What the arguments do",
        UriTemplate = Uri,
        Description = "Page that draws what the arguments of a tool do, by running the emitted code.",
        MimeType = MediaType,
    };

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <summary>The <c>_meta</c> of a tool that has the app.</summary>
    public static JsonObject ToolMeta() => new() { ["ui"] = new JsonObject { ["resourceUri"] = Uri } };

    /// <summary>What the server says of the extension.</summary>
    public static JsonObject Capability() => new() { ["mimeTypes"] = new JsonArray(MediaType) };

    /// <inheritdoc/>
    public override bool IsMatch(string uri) => uri == Uri;

    /// <inheritdoc/>
    public override ValueTask<ReadResourceResult> ReadAsync(
        RequestContext<ReadResourceRequestParams> request,
        CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new ReadResourceResult
        {
            Contents =
            [
                new TextResourceContents
                {
                    Uri = Uri,
                    MimeType = MediaType,
                    Text = s_text.Value,
                    Meta = new JsonObject { ["ui"] = new JsonObject { ["prefersBorder"] = true } },
                },
            ],
        });

    // A host hands on calls and their results, but no schemas. The default encoder leaves no "<" in the text.
    private static string ForHosts()
    {
        var tools = JsonSerializer.Serialize(
            new ListToolsResult { Tools = [.. ApiMcpServer.Tools.Select(tool => tool.ProtocolTool)] },
            (JsonTypeInfo<ListToolsResult>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ListToolsResult)));
        const string Place = "<div id=\"app\">";
        var schema = Manifest.Schema.GetRawText().Replace("<", "\\u003c", StringComparison.Ordinal);
        return PreviewPage.Html.Replace(
            Place,
            $"<script type=\"application/json\" id=\"crowvault-tools\">{tools}</script>\n    <script type=\"application/json\" "
                + $"id=\"crowvault-schema\">{schema}</script>\n    <script>{PreviewPage.HostScript()}</script>\n    {Place}",
            StringComparison.Ordinal);
    }
}
