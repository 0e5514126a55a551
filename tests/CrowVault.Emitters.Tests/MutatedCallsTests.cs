using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>Ten thousand calls that were right before one or two things in them were changed, as models and people change them.</summary>
public sealed class MutatedCallsTests
{
    // A quick run takes a sample.
    private static readonly int s_calls = Environment.GetEnvironmentVariable("CROWVAULT_PROOF") == "quick" ? 2_000 : 10_000;
    private const int MostAnswered = 65_536;

    // What the change leaves of the meaning: the value can still be read, or it cannot.
    private enum Left
    {
        Readable,
        Unreadable,
    }

    [Fact]
    public void Every_refusal_ends_with_a_call_that_keeps_what_can_be_read_or_says_the_way_out()
    {
        var random = new Random(20261125);
        var (accepted, corrected, refused) = (0, 0, 0);
        for (var index = 0; index < s_calls; index++)
        {
            var emitter = Catalog.All[index % Catalog.All.Count];
            var right = RightCall(emitter, random);
            var said = $"{index} {emitter.Tool} {right.ToJsonString()}";
            Assert.True(emitter.TryEmit(Element(right), "1.2.3", out var meant, out var unexpected), $"{said}: {unexpected?.Message}");

            if (index % 5 == 0)
            {
                Assert.All(meant.Files, file => Snapshot.AssertSound(said, file.Content));
            }

            var (given, left) = Change(right, emitter, random);
            said += $" -> {given.GetRawText()}";
            if (emitter.TryEmit(given, "1.2.3", out var emission, out var faults))
            {
                accepted++;
                if (left is Left.Readable)
                {
                    Assert.Equal(meant.Arguments, emission.Arguments);
                }

                continue;
            }

            Assert.NotEmpty(faults.Faults);
            Assert.InRange(faults.Message.Length, 1, MostAnswered);
            Assert.All(faults.Message, c => Assert.InRange(c, '\n', '~'));
            if (faults.CorrectedArguments is null)
            {
                refused++;
                Assert.True(left is Left.Unreadable, $"{said}: no corrected call, but {faults.Message}");
                Assert.All(faults.Faults, fault => Assert.EndsWith(".", fault.Problem, StringComparison.Ordinal));
                continue;
            }

            corrected++;
            Assert.True(emitter.TryEmit(JsonElement.Parse(faults.CorrectedArguments), "1.2.3", out emission, out var still), $"{said}: {still?.Message}");
            if (left is Left.Readable)
            {
                Assert.True(meant.Arguments == emission.Arguments, $"{said}\n{faults.Message}\nmeant {meant.Arguments}\ngot   {emission.Arguments}");
            }
        }

        // The changes are of many kinds: none of the three ends may fall away unseen.
        Assert.True(accepted > s_calls / 20 && corrected > s_calls / 3 && refused > s_calls / 50, $"{accepted} accepted, {corrected} corrected, {refused} refused");
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(20_000)]
    public void A_flood_of_faults_gets_a_short_answer(int count)
    {
        string[] floods =
        [
            $"{{{string.Join(',', Enumerable.Range(0, count).Select(index => $"\"failureTreshold{index}\":1"))}}}",
            $"{{\"retryOn\":[{string.Join(',', Enumerable.Repeat("9", count))}]}}",
            $"{{\"operations\":{{{string.Join(',', Enumerable.Range(0, count).Select(index => $"\"{index}\":0"))}}}}}",
            $"{{\"operations\":[{string.Join(',', Enumerable.Repeat("{\"nam\":1,\"timeout\":2}", count))}]}}",
            $"{{\"partitions\":\"{string.Join(',', Enumerable.Range(0, count).Select(index => $"a{index}=x"))}\"}}",
        ];
        foreach (var emitter in Catalog.All)
        {
            foreach (var flood in floods)
            {
                Assert.False(emitter.TryEmit(JsonElement.Parse(flood), "1.2.3", out _, out var faults));
                Assert.InRange(faults.Faults.Count, 1, 20);
                Assert.InRange(faults.Message.Length, 1, Math.Min(MostAnswered, 4 * flood.Length));
                Assert.Equal(
                    faults.Total > faults.Faults.Count,
                    faults.Message.Contains($"\n{faults.Total - faults.Faults.Count} more faults are not shown.", StringComparison.Ordinal));
            }
        }
    }

    private static JsonObject RightCall(Emitter emitter, Random random)
    {
        while (true)
        {
            var call = new JsonObject();
            foreach (var argument in emitter.Arguments.All.Where(argument => argument.Required || random.Next(3) == 0))
            {
                call[argument.Name] = RightValue(argument, random);
            }

            if (call.Count > 0 && emitter.TryEmit(Element(call), "1.2.3", out _, out _))
            {
                return call;
            }
        }
    }

    private static JsonNode RightValue(Argument argument, Random random) => argument switch
    {
        BooleanArgument => random.Next(2) == 0,
        ChoiceArgument choice => choice.Choices[random.Next(choice.Choices.Count)],
        IntegerArgument integer => random.Next(integer.Minimum, Math.Min(integer.Maximum, integer.Minimum + 50_000) + 1),
        IntegerListArgument list => new JsonArray([.. Enumerable.Range(0, 1 + random.Next(4)).Select(index => (JsonNode)(list.Minimum + (index * 7) + random.Next(6)))]),
        ObjectListArgument list => new JsonArray([.. Enumerable.Range(0, 1 + random.Next(3)).Select(index => (JsonNode)Entry(list, index, random))]),
        _ => throw new InvalidOperationException(argument.Name),
    };

    private static JsonObject Entry(ObjectListArgument list, int index, Random random)
    {
        var entry = new JsonObject();
        foreach (var member in list.Members.Where(member => member.Required || random.Next(5) == 0))
        {
            entry[member.Name] = member is NameArgument ? $"svc{index}.{"abc"[random.Next(3)]}" : RightValue(member, random);
        }

        return entry;
    }

    private static (JsonElement Given, Left Left) Change(JsonObject right, Emitter emitter, Random random)
    {
        var call = right.DeepClone().AsObject();
        var name = call.ElementAt(random.Next(call.Count)).Key;
        var argument = emitter.Arguments.Find(name)!;
        var value = call[name]!.DeepClone();
        switch (random.Next(18))
        {
            case 0:
                Rename(call, name, string.Concat(name.Select(c => char.IsAsciiLetterUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{c}")));
                return (Element(call), Left.Readable);
            case 1:
                Rename(call, name, string.Concat(name.Select(c => char.IsAsciiLetterUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{c}")));
                return (Element(call), Left.Readable);
            case 2:
                Rename(call, name, name.ToUpperInvariant());
                return (Element(call), Left.Readable);
            case 3:
                return (Element(new JsonObject { [Pick(random, "arguments", "input", "args", "params", "payload")] = call }), Left.Readable);
            case 4:
                return (Element(JsonValue.Create(call.ToJsonString())), Left.Readable);
            case 5:
                return (Element(new JsonObject { [Pick(random, "arguments", "input")] = call.ToJsonString() }), Left.Readable);
            case 6:
                call[name] = value is JsonValue && value.GetValueKind() is JsonValueKind.String ? new JsonArray(value) : value.ToJsonString();
                return (Element(call), Left.Readable);
            case 7:
                call[name] = value is JsonArray ? new JsonObject { ["value"] = value } : new JsonArray(value);
                return (Element(call), argument is ObjectListArgument ? Left.Unreadable : Left.Readable);
            case 8:
                call[Pick(random, "sessionId", "toolCallId", "_meta", "chatInput")] = "x";
                return (Element(call), Left.Readable);
            case 9:
                return WithUnit(call, name, argument, value);
            case 10:
                return Spelled(call, name, value);
            case 11:
                return OtherForm(call, name, argument, value);
            case 13:
                return InPieces(call, name, value);
            case 14:
                return (Element(new JsonObject { [Pick(random, "config", "options", "retry", "timeout", "backoff")] = new JsonArray(call) }),
                    Left.Readable);
            case 15:
                return (Element(JsonValue.Create(Pick(random,
                    $"```json\n{call.ToJsonString()}\n```", JsonValue.Create(call.ToJsonString()).ToJsonString(), BareNames(call)))), Left.Readable);
            case 16:
                return Packed(call, name, argument, value);
            case 12:
                call[name] = Pick<JsonNode?>(random, null, "?", -1.5, new JsonObject(), new JsonArray(), "\u202e", true, 1e300, new JsonArray(new JsonArray()));
                return (Element(call), Left.Unreadable);
            default:
                call.Remove(name);
                call[Pick(random, "language", "framework", "store", "runtime")] = Pick<JsonNode>(random, "python", "koa", "memcached", "fortran");
                return (Element(call), Left.Unreadable);
        }
    }

    // 2000 for an argument in milliseconds is "2 s"; where seconds do not fit, "2000ms".
    private static (JsonElement, Left) WithUnit(JsonObject call, string name, Argument argument, JsonNode value)
    {
        if (argument is IntegerArgument && name.EndsWith("Ms", StringComparison.Ordinal))
        {
            var ms = value.GetValue<int>();
            call[name] = ms % 1_000 == 0 && ms > 0 ? $"{ms / 1_000} s" : $"{ms}ms";
        }
        else if (argument is IntegerArgument && name.EndsWith("Seconds", StringComparison.Ordinal))
        {
            call[name] = $"{value} seconds";
        }
        else if (argument is IntegerArgument)
        {
            call[name] = value.GetValue<int>().ToString("#,0", CultureInfo.InvariantCulture);
        }

        return (Element(call), Left.Readable);
    }

    private static (JsonElement, Left) Spelled(JsonObject call, string name, JsonNode value)
    {
        call[name] = value.GetValueKind() switch
        {
            JsonValueKind.String => value.GetValue<string>().ToUpperInvariant().Replace('-', '_'),
            JsonValueKind.True => "Yes",
            JsonValueKind.False => "off",
            JsonValueKind.Number => JsonNode.Parse($"{value}.0"),
            _ => value,
        };
        return (Element(call), Left.Readable);
    }

    private static (JsonElement, Left) OtherForm(JsonObject call, string name, Argument argument, JsonNode value)
    {
        if (argument is IntegerListArgument)
        {
            call[name] = string.Join(", ", value.AsArray().Select(entry => entry!.ToJsonString()));
        }
        else if (argument is ObjectListArgument { Number: { } number })
        {
            call[name] = new JsonObject(value.AsArray().Select(entry =>
            {
                var members = entry!.DeepClone().AsObject();
                var key = members["name"]!.GetValue<string>();
                members.Remove("name");
                return KeyValuePair.Create<string, JsonNode?>(key, members.Count == 1 ? $"{members[number.Name]}" : members);
            }));
        }

        return (Element(call), Left.Readable);
    }

    // retryOn[0]=429 and operations[0].name=orders, as forms and flat maps send lists.
    private static (JsonElement, Left) InPieces(JsonObject call, string name, JsonNode value)
    {
        if (value is JsonArray entries)
        {
            call.Remove(name);
            for (var index = 0; index < entries.Count; index++)
            {
                foreach (var (path, piece) in entries[index] is JsonObject members
                    ? members.Select(member => ($"{name}[{index}].{member.Key}", member.Value))
                    : [($"{name}.{index}", entries[index])])
                {
                    call[path] = piece?.DeepClone();
                }
            }
        }

        return (Element(call), Left.Readable);
    }

    // {"failureThreshold":3} without the quotes around names.
    private static string BareNames(JsonObject call) => System.Text.RegularExpressions.Regex.Replace(call.ToJsonString(), "\"([A-Za-z]+)\":", "$1:");

    // [[…]], {"0":…}, {"item":…} and a list with nothing at its end; 3 as "[3]".
    private static (JsonElement, Left) Packed(JsonObject call, string name, Argument argument, JsonNode value)
    {
        call[name] = value switch
        {
            JsonArray entries when argument is ObjectListArgument => (entries.Count % 3) switch
            {
                0 => new JsonObject(entries.Select((entry, index) => KeyValuePair.Create($"{index}", entry?.DeepClone()))),
                1 => new JsonObject { ["item"] = entries[0]!.DeepClone() },
                _ => new JsonArray([.. entries.Select(entry => entry!.DeepClone()), null]),
            },
            JsonArray entries => new JsonArray(entries.DeepClone()),
            _ when value.GetValueKind() is JsonValueKind.Number => $"[{value}]",
            _ => value,
        };
        return (Element(call), Left.Readable);
    }

    private static void Rename(JsonObject call, string from, string to)
    {
        var value = call[from]!.DeepClone();
        call.Remove(from);
        call[to] = value;
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];

    private static JsonElement Element(JsonNode node) => JsonElement.Parse(node.ToJsonString());
}
