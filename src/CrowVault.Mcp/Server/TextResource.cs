using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace CrowVault.Mcp.Server;

/// <summary>Text at one URI, or at every URI of a template.</summary>
internal sealed class TextResource : McpServerResource
{
    private readonly Func<string, string?> _text;
    private readonly string _uri;

    /// <summary>Describes the resource.</summary>
    /// <param name="resource">Name, title, description and media type; its URI may have a variable in braces.</param>
    /// <param name="text">The text at a URI; null when there is none.</param>
    public TextResource(ResourceTemplate resource, Func<string, string?> text)
    {
        ProtocolResourceTemplate = resource;
        _uri = resource.UriTemplate;
        _text = text;
    }

    /// <inheritdoc/>
    public override ResourceTemplate ProtocolResourceTemplate { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <inheritdoc/>
    public override bool IsMatch(string uri) => IsTemplated ? _text(uri) is not null : uri == _uri;

    /// <inheritdoc/>
    public override ValueTask<ReadResourceResult> ReadAsync(
        RequestContext<ReadResourceRequestParams> request,
        CancellationToken cancellationToken = default)
    {
        var uri = request.Params?.Uri ?? "";
        var text = _text(uri) ?? throw new McpProtocolException($"{uri}: no such resource.", McpErrorCode.ResourceNotFound);
        return ValueTask.FromResult(new ReadResourceResult
        {
            Contents = [new TextResourceContents { Uri = uri, MimeType = ProtocolResourceTemplate.MimeType, Text = text }],
        });
    }
}
