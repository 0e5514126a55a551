using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments.Unknown;

/// <summary>What nobody asked for: named, and carried over to the argument that was probably meant.</summary>
/// <param name="schema">The arguments of the tool.</param>
/// <param name="given">The call.</param>
/// <param name="meant">What was meant, as far as it is known; what is carried over is added.</param>
/// <param name="faults">What is wrong with the call; each unknown argument is added.</param>
internal sealed partial class UnknownArguments(ArgumentSchema schema, JsonElement given, JsonObject meant, FaultList faults)
{
    // Beyond these names are not compared any more, so that the time stays linear in what was sent.
    private const int MostCompared = 50;

    private readonly HashSet<string> _inPieces = new(StringComparer.Ordinal);
    private int _count;
    private bool _listed;

    public void Add(JsonProperty property)
    {
        if (++_count > MostCompared)
        {
            faults.AddFinal(new(faults.HasRoom ? Argument.ShowName(property.Name) : "", "unknown argument."));
            return;
        }

        var name = Argument.ShowName(property.Name);
        if (property.Value.ValueKind is JsonValueKind.String && SupportedWay.For(property.Name, property.Value.GetString()!) is { } way)
        {
            faults.AddFinal(new(name, $"{Argument.Show(property.Value)} is not supported; {way.Advice}"));
        }
        else if (property.Value.ValueKind is JsonValueKind.Object && AddEntry(name, property))
        {
            return;
        }
        else if (HoldsArguments(property) && Unpack(property.Value))
        {
            faults.Add(new(name, MembersBeside));
        }
        else if (AddPer(name, property) || AddPair(name, property) || AddRate(name, "unknown argument; ", property.Value)
            || AddMember(name, property) || AddName(name, property) || AddPart(name, property))
        {
            return;
        }
        else if (OtherName.AsItIs(property, schema) is { } anyway)
        {
            faults.Add(new(name, $"unknown argument; leave it out: {anyway}."));
        }
        else if (Negated(property.Name) is { } off)
        {
            faults.Add(new(name, $"unknown argument; give {off.Name} instead, with the opposite value."));
            CarryOpposite(off, property.Value);
        }
        else if (Switches.FirstOrDefault(each => each.IsAlsoCalled(property.Name)) is { } on)
        {
            faults.Add(DidYouMean(name, on, property.Value));
            Carry(on, property.Value);
        }
        else if (ChoicesNamed(property) is { Count: > 0 } named)
        {
            AddChoice(name, property.Value.ValueKind is JsonValueKind.False, named);
        }
        else if (OtherName.For(property.Name, schema) is { } other && Fits(other, property.Value))
        {
            if (schema.Find(other.Argument) is IntegerArgument && HoldsOthers(property.Value) && Unpack(property.Value))
            {
                faults.Add(new(name, MembersBeside));
            }
            else if (other.Advice is not { } advice)
            {
                faults.Add(DidYouMean(name, schema.Find(other.Argument)!, property.Value));
                Carry(other, property.Value);
            }
            else if (other.Settled(property.Value) is { } settled)
            {
                faults.Add(new(name, $"unknown argument; {advice}"));
                Carry(other, settled);
            }
            else
            {
                faults.AddFinal(new(name, $"unknown argument; {advice}"));
            }
        }
        else if (InUnits(property) is { } argument)
        {
            faults.Add(new(name, $"unknown argument; {argument.Name} counts {UnitWords(argument)}."));
        }
        else if (AdviceInUnits(property.Name) is { } instead)
        {
            faults.AddFinal(new(name, $"unknown argument; {instead}"));
        }
        else if (Elsewhere(property.Name) is { Length: > 0 } elsewhere)
        {
            faults.Add(new(name, $"unknown argument; {elsewhere} takes it."));
            faults.Forbid(unless: property.Value.ValueKind is JsonValueKind.Null or JsonValueKind.False);
        }
        else if (Nearest(property.Name) is { } nearest)
        {
            faults.Add(DidYouMean(name, nearest, property.Value));
            faults.Forbid(unless: !FigureInName().IsMatch(property.Name));
            CarryTime(nearest, property);
        }
        else if (Containing(property.Name) is { Count: > 0 } containing && property.Value.ValueKind is not JsonValueKind.Object)
        {
            // Part of one argument's name is that argument; part of several is a question.
            if (containing is [var only])
            {
                faults.Add(DidYouMean(name, only, property.Value));
                CarryTime(only, property);
                if (OtherName.IsOfRate(only.Name) && !given.TryGetProperty("tripOn", out _))
                {
                    meant["tripOn"] = "failure-rate";
                }
            }
            else
            {
                faults.AddFinal(new(name, $"unknown argument; did you mean {string.Join(" or ", containing.Select(each => each.Name))}?"));
            }
        }
        else if (ChoicesGiven(property.Value) is { Count: > 0 } given)
        {
            faults.AddFinal(new(name, $"unknown argument; {Argument.Show(property.Value)} is a choice of "
                + $"{string.Join(" and ", given.Select(each => each.Name))}."));
        }
        else if (AddEntry(name, property))
        {
            return;
        }
        else if (Unpack(property.Value))
        {
            faults.Add(new(name, MembersBeside));
        }
        else
        {
            faults.Add(new(name, _listed
                ? "unknown argument."
                : $"unknown argument; the arguments are {string.Join(", ", schema.All.Select(each => each.Name))}."));
            _listed = true;

            faults.Forbid(unless: CanGo(property));
        }
    }

    // With what is wrong with the value as well, where it cannot go along: the right name alone would be refused again.
    private ArgumentFault DidYouMean(string name, Argument argument, JsonElement value)
    {
        var fault = new ArgumentFault(name, $"unknown argument; did you mean {argument.Name}?");
        var found = new FaultList();
        if (value.ValueKind is JsonValueKind.Null || !faults.HasRoom || (argument.Check(value, found) is not null && found.Correctable)
            || found.Total == 0)
        {
            return fault;
        }

        var wrong = found.Kept.FirstOrDefault(each => each.Hint is not null) ?? found.Kept[0];
        var problem = $"{char.ToUpperInvariant(wrong.Problem[0])}{wrong.Problem[1..]}";
        return fault with { Hint = wrong.Hint is null ? problem : $"{problem} {wrong.Hint}" };
    }

    // environment: "workers" is the runtime, and environment: "production" is none of ours; name: "generate_retry_policy" names
    // the tool.
    private bool Fits(OtherName other, JsonElement value) =>
        !(value.ValueKind is JsonValueKind.String && Catalog.All.Any(emitter => value.ValueEquals(emitter.Tool)))
        && (other.Argument is not ("runtime" or "store" or "algorithm" or "framework")
        || schema.Find(other.Argument)!.Check(value, new()) is not null);

    // limit: {"requests":100,"window":"1h"}: more than a number and its unit.
    private static bool HoldsOthers(JsonElement value) => value.ValueKind is JsonValueKind.Object
        && value.EnumerateObject().Take(MostCompared).All(member => member.Name.Length <= LongestName
            && Reading.Fold(member.Name) is not ("value" or "val" or "amount" or "number" or "count" or "unit" or "units"));

    private void CarryOpposite(BooleanArgument argument, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Null || meant.ContainsKey(argument.Name) || given.TryGetProperty(argument.Name, out _))
        {
            return;
        }

        var found = new FaultList();
        if (argument.Check(value, found) is { } read)
        {
            meant[argument.Name] = !read.GetValue<bool>();
        }

        faults.Forbid(unless: found.Correctable);
    }

    // Who names a share of calls that fail means a breaker that trips by it, even where the share is the default one.
    private void Carry(OtherName other, JsonElement value)
    {
        Carry(schema.Find(other.Argument)!, value);

        // 1 is all of them as a ratio, and one in a hundred as a percentage.
        faults.Forbid(unless: other.Argument != "failureRatePercent" || Reading.Number(value, Unit.None) is not 1.0);
        if (OtherName.IsOfRate(other.Argument) && !given.TryGetProperty("tripOn", out _))
        {
            meant["tripOn"] = "failure-rate";
        }
    }

    private void CarryTime(Argument argument, JsonProperty property)
    {
        faults.Forbid(unless: !Reading.MayBeOfOtherUnit(property, argument));
        Carry(argument, property.Value);
    }

    // The value goes along, unless the right name was given as well.
    private void Carry(Argument argument, JsonElement value, bool evenIfGiven = false)
    {
        if (value.ValueKind is JsonValueKind.Null)
        {
            return;
        }

        var found = new FaultList();
        var read = argument.Check(value, found);
        var other = meant.TryGetPropertyValue(argument.Name, out var before) ? before
            : !evenIfGiven && given.TryGetProperty(argument.Name, out var same) && same.ValueKind is not JsonValueKind.Null
                ? argument.Check(same, new())
                : null;

        // Of two values only the caller knows which was meant.
        faults.Forbid(unless: found.Correctable && (read is null || other is null || JsonNode.DeepEquals(read, other)));
        if (read is not null && before is null)
        {
            meant[argument.Name] = read;
        }
    }

    private const string MembersBeside = "unknown argument; give its members beside the other arguments.";

    // An object, also as text or alone in a list.
    private static JsonElement Packed(JsonElement value) => (Reading.Json(value) ?? value) is var read
        && read.ValueKind is JsonValueKind.Array && read.GetArrayLength() == 1 ? read[0] : read;

    // retry: {"maxRetries":3}: a name that may stand for an argument, around arguments by their own names. An entry of a list has
    // members that are called as arguments are.
    private bool HoldsArguments(JsonProperty property)
    {
        if (Packed(property.Value) is not { ValueKind: JsonValueKind.Object } packed)
        {
            return false;
        }

        var called = OtherName.For(property.Name, schema) is { } other ? schema.Find(other.Argument) : Nearest(property.Name);
        var list = called as ObjectListArgument;
        return packed.EnumerateObject().Take(MostCompared).Any(member => member.Name.Length <= LongestName
            && Reading.Fold(member.Name) is var folded
            && (list is null ? schema.All.Any(argument => Reading.Fold(argument.Name) == folded) : Reading.Fold(list.Name) == folded));
    }

    // Arguments one level too deep: {"arguments":{"failureThreshold":3}}. They are read as they would be at their place.
    private bool Unpack(JsonElement value)
    {
        value = Packed(value);
        if (value.ValueKind is not JsonValueKind.Object)
        {
            return false;
        }

        var found = new FaultList();
        var inside = new UnknownArguments(schema, value, meant, found) { _count = _count, _listed = true };
        var before = meant.Count;
        var known = false;
        foreach (var inner in value.EnumerateObject())
        {
            if (inside._count >= MostCompared)
            {
                found.Forbid(unless: false);
                break;
            }

            if ((inner.Name == ArgumentSchema.WithCode.Name ? ArgumentSchema.WithCode : schema.Find(inner.Name)) is { } argument)
            {
                (known, inside._count) = (true, inside._count + 1);
                if (!inside.IsRate(argument, inner.Value))
                {
                    inside.Carry(argument, inner.Value, evenIfGiven: true);
                }
            }
            else
            {
                inside.Add(inner);
            }
        }

        _count = inside._count;
        faults.Forbid(unless: found.Correctable);
        return known || meant.Count > before;
    }
}
