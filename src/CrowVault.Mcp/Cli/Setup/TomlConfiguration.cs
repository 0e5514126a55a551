using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace CrowVault.Mcp.Cli.Setup;

/// <summary>A server's table in a configuration of TOML. Only the table is written and taken out: every other byte stays.</summary>
internal static class TomlConfiguration
{
    private static readonly string[] s_remote = ["url", "bearer_token_env_var", "http_headers", "env_http_headers"];

    /// <summary>Adds a table at the end, or brings the one that is there up to date.</summary>
    /// <param name="text">The configuration without a byte order mark; null when there is none yet.</param>
    /// <param name="key">The table that holds all servers.</param>
    /// <param name="name">The server's name.</param>
    /// <param name="entry">What to write.</param>
    public static string Add(string? text, string key, string name, ServerEntry entry)
    {
        if (text is null)
        {
            return $"{Table(key, name, entry, "\n")}\n";
        }

        var entries = Read(text, key, name);
        if (entries.Found.Count == 0)
        {
            return Write(text, key, name, entry);
        }

        if (entries.Braces is not null && entries.Find([key, name]) is null)
        {
            throw new FormatException($"{name} is written with dots within braces; write it as {name} = {{ ... }}");
        }

        // A table that reaches a server elsewhere is written anew, and so is what is no table.
        var isRemote = entries.Values.Any(value => value.Path.Count == 3 && s_remote.Contains(value.Path[2]));
        if (isRemote || entries.Find([key, name]) is { } whole and not InlineTableSyntax)
        {
            return Write(Remove(text, key, name) ?? "", key, name, entry);
        }

        foreach (var (member, value) in entry.MissingIn(member => NodeOf(entries.Find([key, name, member]))).Reverse().ToList())
        {
            if (entries.Find([key, name, member]) is { } existing)
            {
                text = IsSame(existing, value!) ? text : Replace(text, existing.Span, Render(value!));
            }
            else if (entries.Header is { } header)
            {
                var line = $"{member} = {Render(value!)}";
                text = header == text.Length && !text.EndsWith('\n')
                    ? $"{text}{LineEnd(text)}{line}"
                    : text.Insert(header, $"{line}{LineEnd(text)}");
            }
            else if (entries.Find([key, name]) is InlineTableSyntax braces)
            {
                var separator = braces.Items.Any() ? "," : "";
                text = text.Insert(braces.Span.Offset + 1, $" {member} = {Render(value!)}{separator}");
            }
            else if (entries.Dotted is { } dotted)
            {
                text = text.Insert(dotted.Offset, $"{dotted.Prefix}.{member} = {Render(value!)}{LineEnd(text)}");
            }
            else
            {
                // Only tables below that of the server are there.
                return Append(text, Table(key, name, entry, LineEnd(text)));
            }

            entries = Read(text, key, name);
        }

        return text;
    }

    /// <summary>Takes a table out.</summary>
    /// <returns>Null when nothing else was in the configuration, and it was not there before the table was.</returns>
    public static string? Remove(string text, string key, string name)
    {
        var entries = Read(text, key, name);
        if (entries.Braces is { } braces)
        {
            return WithoutItem(text, braces, entries) is { } shorter ? Remove(shorter, key, name) : text;
        }

        foreach (var (start, last) in entries.Found.OrderDescending())
        {
            // What stood behind it may have taken the end of its line along; what it was indented by goes with it.
            var line = text.AsSpan(0, start).TrimEnd(" \t").Length;
            var (first, end) = (line == 0 || text[line - 1] == '\n' ? line : start, Math.Min(last, text.Length));
            if (BackOverLineEnd(text, first) is var before && before < first && (before == 0 || text[before - 1] == '\n'))
            {
                // The empty line above.
                first = before;
            }

            if (end == text.Length && !text.EndsWith('\n'))
            {
                first = BackOverLineEnd(text, first);
            }
            else if (first == 0 && end == text.Length)
            {
                return null;
            }

            text = text[..first] + text[end..];
        }

        return text;
    }

    // The first of a server's items in the braces that hold all servers, with the comma that parts it from the others.
    private static string? WithoutItem(string text, InlineTableSyntax braces, Entries entries)
    {
        List<SourceSpan> items = [.. braces.Items.Select(item => item.KeyValue!.Span)];
        var ours = items.FindIndex(item => entries.Found.Any(found => found.Start == item.Offset));
        if (ours < 0)
        {
            return null;
        }

        var (start, end) = ours + 1 < items.Count ? (items[ours].Offset, items[ours + 1].Offset)
            : ours > 0 ? (items[ours - 1].Offset + items[ours - 1].Length, items[ours].Offset + items[ours].Length)
            : (braces.Span.Offset + 1, items[ours].Offset + items[ours].Length);
        return text[..start] + text[end..];
    }

    // Where all servers are in one pair of braces, nothing can stand outside of them.
    private static string Write(string text, string key, string name, ServerEntry entry)
    {
        if (text.Length == 0 || Read(text, key, name).Braces is not { } braces)
        {
            return Append(text, Table(key, name, entry, LineEnd(text)));
        }

        var (place, hasOthers) = (braces.Span.Offset + 1, braces.Items.Any());
        return text.Insert(
            place,
            $"{(hasOthers && !char.IsWhiteSpace(text[place]) ? "" : " ")}{name} = {{ {string.Join(", ", Members(entry))} }}"
                + (hasOthers ? "," : ""));
    }

    private static IEnumerable<string> Members(ServerEntry entry) =>
        entry.Members.Concat(entry.Preferences).Select(member => $"{member.Key} = {Render(member.Value!)}");

    private static string Append(string text, string table)
    {
        var lineEnd = LineEnd(text);
        return text.Length == 0 ? table
            : text.EndsWith('\n') ? $"{text}{lineEnd}{table}{lineEnd}"
            : $"{text}{lineEnd}{lineEnd}{table}";
    }

    private static string Table(string key, string name, ServerEntry entry, string lineEnd) =>
        $"[{key}.{name}]{string.Concat(Members(entry).Select(member => $"{lineEnd}{member}"))}";

    private static string Render(JsonNode value) => value is JsonArray list
        ? $"[{string.Join(", ", list.Select(each => Render(each!)))}]"
        : Quote(value.GetValue<string>());

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c is '"' or '\\' ? quoted.Append('\\').Append(c)
                : char.IsControl(c) ? quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}")
                : quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsSame(ValueSyntax existing, JsonNode value) => JsonNode.DeepEquals(NodeOf(existing), value);

    /// <summary>A text, or a list of them, as JSON; what is neither is a number there.</summary>
    private static JsonNode? NodeOf(ValueSyntax? value) => value switch
    {
        null => null,
        StringValueSyntax text => text.Value,
        ArraySyntax list => new JsonArray([.. list.Items.Select(item => NodeOf(item.Value))]),
        _ => 0,
    };

    private static string LineEnd(string text) => text.IndexOf('\n', StringComparison.Ordinal) is > 0 and var i && text[i - 1] == '\r'
        ? "\r\n"
        : "\n";

    private static int BackOverLineEnd(string text, int place) =>
        place == 0 || text[place - 1] != '\n' ? place
        : place > 1 && text[place - 2] == '\r' ? place - 2
        : place - 1;

    private static string Replace(string text, SourceSpan span, string value) =>
        text[..span.Offset] + value + text[(span.Offset + span.Length)..];

    private static Entries Read(string text, string key, string name)
    {
        var document = SyntaxParser.Parse(text, sourceName: "", validate: true);
        if (document.Diagnostics.FirstOrDefault(message => message.Kind is DiagnosticMessageKind.Error) is { } error)
        {
            throw new FormatException($"not TOML at line {error.Span.Start.Line + 1}, column {error.Span.Start.Column + 1}");
        }

        var entries = new Entries(key, name);
        foreach (var pair in document.KeyValues)
        {
            entries.Add([], pair, isInTable: false);
        }

        foreach (var table in document.Tables)
        {
            var path = PathOf(table.Name!);
            var isOurs = entries.AreOurs(path);
            if (table is TableArraySyntax && path.Count <= 2 && path[0] == key && (path.Count == 1 || isOurs))
            {
                throw new FormatException($"{string.Join('.', path)} is a list of tables; remove it");
            }

            if (isOurs)
            {
                entries.Found.Add((table.Span.Offset, table.Span.Offset + table.Span.Length));
                if (path.Count == 2)
                {
                    var end = text.IndexOf('\n', table.Name!.Span.Offset);
                    entries.Header = end < 0 ? text.Length : end + 1;
                }
            }

            foreach (var pair in table.Items)
            {
                entries.Add(path, pair, isInTable: isOurs);
            }
        }

        return entries;
    }

    private static List<string> PathOf(KeySyntax key) => [NameOf(key.Key!), .. key.DotKeys.Select(each => NameOf(each.Key!))];

    private static string NameOf(BareKeyOrStringValueSyntax key) => key switch
    {
        StringValueSyntax text => text.Value ?? "",
        BareKeySyntax bare => bare.Key?.Text ?? "",
        _ => "",
    };

    /// <summary>What a configuration says of a server, wherever it says it.</summary>
    private sealed class Entries(string key, string name)
    {
        /// <summary>The lines to take out.</summary>
        public List<(int Start, int End)> Found { get; } = [];

        /// <summary>Every value of the server.</summary>
        public List<(List<string> Path, ValueSyntax Value)> Values { get; } = [];

        /// <summary>The one pair of braces that all servers are in; null when there is none.</summary>
        public InlineTableSyntax? Braces { get; private set; }

        /// <summary>Where the line below the head of the server's table begins; null when it has no table.</summary>
        public int? Header { get; set; }

        /// <summary>Where a line begins that names the server with dots, and what stands there before the member.</summary>
        public (int Offset, string Prefix)? Dotted { get; private set; }

        public bool AreOurs(List<string> path) => path is [var first, var second, ..] && first == key && second == name;

        public ValueSyntax? Find(string[] path) => Values.Find(value => value.Path.SequenceEqual(path)).Value;

        public void Add(List<string> table, KeyValueSyntax pair, bool isInTable)
        {
            List<string> path = [.. table, .. PathOf(pair.Key!)];
            if (AreOurs(path))
            {
                Values.Add((path, pair.Value!));
                if (!isInTable)
                {
                    Found.Add((pair.Span.Offset, pair.Span.Offset + pair.Span.Length));
                    if (path.Count > 2)
                    {
                        Dotted ??= (pair.Span.Offset, string.Join('.', path.Skip(table.Count).Take(2 - table.Count)));
                    }
                }
            }

            if (pair.Value is InlineTableSyntax braces)
            {
                Braces = path is [var only] && only == key ? braces : Braces;
                foreach (var item in braces.Items)
                {
                    Add(path, item.KeyValue!, isInTable: AreOurs(path));
                }
            }
            else if (path is [var only] && only == key)
            {
                throw new FormatException($"{key} is no table; remove it");
            }
        }
    }
}
