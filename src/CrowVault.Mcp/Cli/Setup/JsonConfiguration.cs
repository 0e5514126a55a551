using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Mcp.Cli.Setup;

/// <summary>
/// A server's entry in a configuration of JSON, with comments and trailing commas where the client takes them. Only the entry
/// is written and taken out: every other byte stays. What was written can be told from what was there before, so that
/// taking it out gives back what there was: what is added to something empty stays on its line, what is made anew has lines of its own.
/// </summary>
internal static class JsonConfiguration
{
    private const int MaxDepth = 512;

    private static readonly JsonReaderOptions s_reading =
        new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Allow, MaxDepth = MaxDepth };

    // An entry with one of these reaches a server elsewhere, and nothing of it fits one that is started here.
    private static readonly string[] s_remote = ["url", "serverUrl", "httpUrl", "headers", "oauth", "auth"];

    /// <summary>Adds an entry, or brings it up to date.</summary>
    /// <param name="text">The configuration without a byte order mark; null when there is none yet.</param>
    /// <param name="key">The member that holds all servers.</param>
    /// <param name="innerKey">The member of that one that holds them instead, where there is one.</param>
    /// <param name="name">The server's name.</param>
    /// <param name="entry">What to write.</param>
    public static byte[] Add(byte[]? text, string key, string? innerKey, string name, ServerEntry entry)
    {
        var whole = Together(entry);
        if (text is null)
        {
            return Bytes($"{{\n  {Quote(key)}: {Servers(name, whole, new("\n", "  ", "  "))}\n}}\n");
        }

        if (IsEmpty(text))
        {
            var root = Bytes($"{{ {Quote(key)}: {Servers(name, whole, null)} }}");
            return text is [.., (byte)'\n'] && text.Contains((byte)'/') ? [.. text, .. root] : [.. root, .. text];
        }

        var document = Document.Read(text);
        if (document.Root.Find(key) is not { } servers)
        {
            return document.Insert(document.Root, key, layout => Servers(name, whole, layout));
        }

        if (!servers.Value.IsObject)
        {
            throw new FormatException($"{key} is {servers.Value.Kind}, not an object; make it an object, or remove it");
        }

        if (Inner(servers, innerKey) is { } inner)
        {
            // The newer form; its preferences have other names.
            (servers, whole) = (inner, (JsonObject)entry.Members.DeepClone());
        }

        if (servers.Value.Find(name) is not { } existing)
        {
            return document.Insert(servers.Value, name, layout => Render(whole, layout));
        }

        if (!existing.Value.IsObject || s_remote.Any(member => existing.Value.Find(member) is not null))
        {
            return document.Replace(existing.Value, Render(whole, document.SpansLines(existing.Value)
                ? document.LayoutAt(existing.NameStart)
                : null));
        }

        foreach (var (member, value) in entry.MissingIn(name => existing.Value.Find(name) is { } found ? Parse(text, found.Value) : null))
        {
            text = Set(text, key, innerKey, name, member, value!);
        }

        return text;
    }

    /// <summary>Takes an entry out.</summary>
    /// <returns>Null when nothing else was in the configuration, and it was not there before the entry was.</returns>
    public static byte[]? Remove(byte[] text, string key, string? innerKey, string name)
    {
        if (IsEmpty(text))
        {
            return text;
        }

        while (true)
        {
            var document = Document.Read(text);
            if (document.Root.Find(key) is not { Value.IsObject: true } servers)
            {
                return text;
            }

            if (Inner(servers, innerKey) is { } inner && inner.Value.Find(name) is { } newer)
            {
                text = document.Remove(inner.Value, newer);
                continue;
            }

            if (servers.Value.Find(name) is not { } entry)
            {
                return text;
            }

            if (!document.IsMadeFor(servers.Value, entry))
            {
                text = document.Remove(servers.Value, entry);
                continue;
            }

            if (document.Root.Members.Count == 1 && document.IsMadeFor(document.Root, servers))
            {
                var (start, end) = (document.Root.Start, document.Root.End);
                return document.SpansLines(document.Root) && start == 0 && text.AsSpan(end).SequenceEqual("\n"u8) ? null
                    : document.SpansLines(document.Root) ? document.Remove(document.Root, servers)
                    : [.. text[..start], .. text[end..]];
            }

            text = document.Remove(document.Root, servers);
        }
    }

    // A server may have that name too: it says what it is.
    private static Member? Inner(Member servers, string? innerKey) =>
        innerKey is not null && servers.Value.Find(innerKey) is { Value.IsObject: true } inner && inner.Value.Find("type") is null ? inner : null;

    private static byte[] Set(byte[] text, string key, string? innerKey, string name, string member, JsonNode value)
    {
        var document = Document.Read(text);
        var servers = document.Root.Find(key)!;
        var entry = (Inner(servers, innerKey) ?? servers).Value.Find(name)!.Value;
        if (entry.Find(member) is not { } existing)
        {
            return document.Insert(entry, member, _ => Render(value, null));
        }

        return JsonNode.DeepEquals(Parse(text, existing.Value), value) ? text : document.Replace(existing.Value, Render(value, null));
    }

    private static JsonNode? Parse(byte[] text, Value value) => JsonNode.Parse(
        text.AsSpan(value.Start, value.End - value.Start),
        documentOptions: new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = MaxDepth });

    /// <summary>Whether there is no value, but perhaps comments.</summary>
    private static bool IsEmpty(byte[] text)
    {
        var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(s_reading));
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is not JsonTokenType.Comment)
                {
                    return false;
                }
            }
        }
        catch (JsonException)
        {
            return false;
        }

        var rest = text.AsSpan((int)reader.BytesConsumed).Trim(" \t\r\n"u8);
        return rest.IsEmpty || rest.StartsWith("//"u8);
    }

    private static JsonObject Together(ServerEntry entry)
    {
        var whole = (JsonObject)entry.Members.DeepClone();
        foreach (var (name, value) in entry.Preferences)
        {
            whole[name] = value!.DeepClone();
        }

        return whole;
    }

    private static string Servers(string name, JsonObject entry, Layout? layout) => layout is null
        ? $"{{ {Quote(name)}: {Render(entry, null)} }}"
        : $"{{{layout.Deeper.Begin}{Quote(name)}: {Render(entry, layout.Deeper)}{layout.Begin}}}";

    // An entry has a line for each member, or one for all; a list in it has one line.
    private static string Render(JsonNode value, Layout? layout) => value switch
    {
        JsonObject { Count: 0 } => "{}",
        JsonObject members when layout is null =>
            $"{{ {string.Join(", ", members.Select(member => $"{Quote(member.Key)}: {Render(member.Value!, null)}"))} }}",
        JsonObject members => $"{{{string.Join(",", members.Select(member => $"{layout.Deeper.Begin}{Quote(member.Key)}: {Render(member.Value!, null)}"))}{layout.Begin}}}",
        JsonArray values => $"[{string.Join(", ", values.Select(each => Render(each!, null)))}]",
        _ => value.GetValueKind() is JsonValueKind.String ? Quote(value.GetValue<string>()) : value.ToJsonString(),
    };

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>How lines begin at some depth.</summary>
    private sealed record Layout(string LineEnd, string Indentation, string Unit)
    {
        /// <summary>The end of a line and the indentation of the next.</summary>
        public string Begin => LineEnd + Indentation;

        /// <summary>One level deeper.</summary>
        public Layout Deeper => this with { Indentation = Indentation + Unit };
    }

    /// <summary>A value: from where to where it goes, and for objects its members.</summary>
    private sealed record Value(int Start, int End, JsonTokenType Token, List<Member> Members)
    {
        public bool IsObject => Token is JsonTokenType.StartObject;

        public string Kind => Token switch
        {
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String => "a text",
            JsonTokenType.Number => "a number",
            JsonTokenType.Null => "null",
            _ => "a boolean",
        };

        // Of members with one name the last counts, for every client.
        public Member? Find(string name) => Members.FindLast(member => member.Name == name);
    }

    private sealed record Member(string Name, int NameStart, Value Value)
    {
        /// <summary>Where its comma stands; -1 when it has none.</summary>
        public int Comma { get; set; } = -1;
    }

    /// <summary>A text and the places of its values, as the JSON reader of .NET finds them.</summary>
    private sealed class Document
    {
        private readonly byte[] _text;
        private readonly List<(int Start, int End)> _comments = [];

        private Document(byte[] text)
        {
            _text = text;
            var reader = new Utf8JsonReader(text, s_reading);
            Next(ref reader);
            Root = ReadValue(ref reader, depth: 0);
            while (reader.Read())
            {
                // Comments after the value, and what does not belong there.
            }
        }

        public Value Root { get; }

        public static Document Read(byte[] text)
        {
            try
            {
                var document = new Document(text);
                return document.Root.IsObject ? document : throw new FormatException($"the whole is {document.Root.Kind}, not an object");
            }
            catch (JsonException exception)
            {
                throw new FormatException(FileJson.WhatIsWrong(Encoding.UTF8.GetString(text), exception), exception);
            }
        }

        public bool SpansLines(Value value) => _text.AsSpan(value.Start, value.End - value.Start).Contains((byte)'\n');

        /// <summary>Whether an object was made to hold a member: nothing else is in it, and it is laid out so.</summary>
        public bool IsMadeFor(Value container, Member only)
        {
            var before = Between(container.Start + 1, only.NameStart);
            var after = Between(only.Value.End, container.End - 1);
            return container.Members.Count == 1 && only.Comma < 0
                && (SpansLines(only.Value) ? IsLine(before) && IsLine(after) : before == " " && after == " ");

            static bool IsLine(string text) => string.IsNullOrWhiteSpace(text) && text.Contains('\n', StringComparison.Ordinal);
        }

        public byte[] Replace(Value value, string text) => Splice((value.Start, value.End, text));

        /// <summary>Adds a member as the last of an object.</summary>
        public byte[] Insert(Value container, string name, Func<Layout?, string> value)
        {
            if (container.Members is not [.., var last])
            {
                var isOpen = Between(container.Start, container.End).Contains('\n', StringComparison.Ordinal);
                var begin = isOpen ? LayoutAt(container.Start).Deeper.Begin : "";
                var inside = isOpen ? AfterComments(container.Start + 1) : container.Start + 1;
                return Splice((inside, inside, $"{begin}{Quote(name)}: {value(null)}"));
            }

            var hasLines = Between(container.Start, last.NameStart).Contains('\n', StringComparison.Ordinal);
            var end = last.Comma < 0 ? last.Value.End : last.Comma + 1;
            var place = AfterComments(end);
            var endsInLine = place > end && _comments.Exists(comment => comment.End == place && _text[comment.Start + 1] == '/');
            var layout = hasLines ? LayoutAt(last.NameStart) : endsInLine ? LayoutAt(container.Start).Deeper : null;
            var begins = layout?.Begin ?? Between(BackOverSpace(last.NameStart), last.NameStart);
            var added = $"{begins}{Quote(name)}: {value(layout)}";
            return last.Comma < 0 ? Splice((end, end, ","), (place, place, added)) : Splice((place, place, $"{added},"));
        }

        /// <summary>Removes a member with the comma and the space that came with it.</summary>
        public byte[] Remove(Value container, Member member)
        {
            var start = BackOverSpace(member.NameStart);
            var end = member.Comma < 0 ? member.Value.End : member.Comma + 1;
            var index = container.Members.IndexOf(member);
            return member.Comma < 0 && index > 0
                ? Splice((container.Members[index - 1].Comma, container.Members[index - 1].Comma + 1, ""), (start, end, ""))
                : Splice((start, end, ""));
        }

        /// <summary>How lines begin where something stands.</summary>
        public Layout LayoutAt(int place)
        {
            var line = _text.AsSpan(0, place).LastIndexOf((byte)'\n') + 1;
            return new(LineEnd, Indentation(line), Unit());
        }

        private string LineEnd => _text.AsSpan().IndexOf((byte)'\n') is > 0 and var i && _text[i - 1] == '\r' ? "\r\n" : "\n";

        private static void Next(ref Utf8JsonReader reader)
        {
            while (reader.Read() && reader.TokenType is JsonTokenType.Comment)
            {
                // Before the value, or between a name and its value.
            }
        }

        private Value ReadValue(ref Utf8JsonReader reader, int depth)
        {
            var (start, token) = ((int)reader.TokenStartIndex, reader.TokenType);

            // The whole, all servers (which may be one deeper), one server: deeper nothing is written.
            if (token is not JsonTokenType.StartObject || depth > 3)
            {
                reader.Skip();
                return new(start, (int)reader.BytesConsumed, token, []);
            }

            var members = new List<Member>();
            while (reader.Read() && reader.TokenType is not JsonTokenType.EndObject)
            {
                if (reader.TokenType is JsonTokenType.Comment)
                {
                    AddComment(ref reader);
                    continue;
                }

                FindComma(members, (int)reader.TokenStartIndex);
                var (name, nameStart) = (NameOf(ref reader), (int)reader.TokenStartIndex);
                Next(ref reader);
                members.Add(new(name, nameStart, ReadValue(ref reader, depth + 1)));
            }

            FindComma(members, (int)reader.TokenStartIndex);
            return new(start, (int)reader.BytesConsumed, token, members);
        }

        private void AddComment(ref Utf8JsonReader reader)
        {
            var start = (int)reader.TokenStartIndex;
            _comments.Add((start, start + reader.ValueSpan.Length + (_text[start + 1] == '*' ? 4 : 2)));
        }

        private static string NameOf(ref Utf8JsonReader reader)
        {
            try
            {
                return reader.GetString()!;
            }
            catch (InvalidOperationException)
            {
                // Half a pair as an escape: no name that is looked for.
                return "";
            }
        }

        // Between a value and what follows are space, comments, and perhaps a comma.
        private void FindComma(List<Member> members, int next)
        {
            if (members is not [.., var last])
            {
                return;
            }

            for (var i = last.Value.End; i < next; i++)
            {
                if (_comments.Find(comment => comment.Start == i) is { End: > 0 } comment)
                {
                    i = comment.End - 1;
                }
                else if (_text[i] == ',')
                {
                    last.Comma = i;
                    return;
                }
            }
        }

        // Comments on the same line belong to what stands before them.
        private int AfterComments(int place)
        {
            while (true)
            {
                var next = place;
                while (next < _text.Length && _text[next] is (byte)' ' or (byte)'\t')
                {
                    next++;
                }

                if (_comments.Find(comment => comment.Start == next) is not { End: > 0 } comment)
                {
                    return place;
                }

                place = comment.End;
            }
        }

        private int BackOverSpace(int place)
        {
            while (place > 0 && _text[place - 1] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                place--;
            }

            return place;
        }

        private string Indentation(int line)
        {
            var end = line;
            while (end < _text.Length && _text[end] is (byte)' ' or (byte)'\t')
            {
                end++;
            }

            return Between(line, end);
        }

        // What the first member of the whole is indented by.
        private string Unit() => Root.Members is [var first, ..] && Between(BackOverSpace(first.NameStart), first.NameStart) is var space
            && space.LastIndexOf('\n') is >= 0 and var line && space[(line + 1)..] is { Length: > 0 } unit ? unit : "  ";

        private string Between(int start, int end) => Encoding.UTF8.GetString(_text, start, end - start);

        private byte[] Splice(params (int Start, int End, string Text)[] changes)
        {
            var result = new List<byte>(_text.Length + 256);
            var at = 0;
            foreach (var (start, end, text) in changes)
            {
                result.AddRange(_text[at..start]);
                result.AddRange(Bytes(text));
                at = end;
            }

            result.AddRange(_text[at..]);
            return [.. result];
        }
    }
}
