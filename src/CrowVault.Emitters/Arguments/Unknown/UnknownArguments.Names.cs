using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments.Unknown;

// Names near to one of ours, and names in other units.
internal sealed partial class UnknownArguments
{
    private IEnumerable<BooleanArgument> Switches => schema.All.Append(ArgumentSchema.WithCode).OfType<BooleanArgument>();

    // redis: true, useRedis, byIp, perUser: a choice as a switch.
    private List<ChoiceArgument> ChoicesNamed(JsonProperty property)
    {
        var folded = property.Value.ValueKind is JsonValueKind.True or JsonValueKind.False && property.Name.Length <= 64
            ? Reading.Fold(property.Name)
            : "";
        return folded.Length == 0 ? [] : [.. schema.All.OfType<ChoiceArgument>().Where(argument => ChoiceNamed(argument, folded) is not null)];
    }

    private static readonly string[] s_by = ["", "use", "using", "by", "per", "with", "on", "in", "is", "for"];

    private static string? ChoiceNamed(ChoiceArgument argument, string folded) =>
        argument.Choices.FirstOrDefault(choice => s_by.Any(by => folded == by + Reading.Fold(choice)));

    private void AddChoice(string name, bool isOff, List<ChoiceArgument> named)
    {
        var fault = new ArgumentFault(name, $"unknown argument; use {string.Join(" or ", named.Select(each => each.Name))}: "
            + $"{string.Join(" or ", named.Select(each => each.Rule).Distinct())}.");
        if (isOff || named is not [var only])
        {
            faults.AddFinal(fault);
            return;
        }

        faults.Add(fault);
        CarryChoice(only, ChoiceNamed((ChoiceArgument)only, Reading.Fold(name))!);
    }

    // Of two choices of one argument only the caller knows which was meant.
    private void CarryChoice(Argument argument, string choice)
    {
        faults.Forbid(unless: (!meant.TryGetPropertyValue(argument.Name, out var other) || other?.GetValue<string>() == choice)
            && (!given.TryGetProperty(argument.Name, out var same) || same.ValueKind is JsonValueKind.Null
                || (same.ValueKind is JsonValueKind.String && same.ValueEquals(choice))));
        Carry(argument, JsonSerializer.SerializeToElement(choice, ArgumentJson.Readable.String));
    }

    private List<ChoiceArgument> ChoicesGiven(JsonElement value) =>
        value.ValueKind is not JsonValueKind.String || value.GetString() is not { Length: > 0 and <= 32 } text
            ? []
            : [.. schema.All.OfType<ChoiceArgument>().Where(argument => argument.Name != "importExtension"
                && argument.Choices.Any(choice => Reading.Fold(choice) == Reading.Fold(text)))];

    // The tools that have an argument of this name, where this one does not.
    private static string Elsewhere(string name) => name.Length > 64 ? "" : string.Join(" or ", Catalog.All
        .Where(emitter => emitter.Arguments.Find(name) is not null)
        .Select(emitter => emitter.Tool));

    // noRetryOn is near to retryOn, and its opposite.
    private static bool IsNegation(string name) => Words(name).FirstOrDefault() is "no" or "not" or "non" or "never" or "dont" or "do"
        or "without" or "except" or "exclude" or "skip" or "ignore" or "disable" or "un" or "unlimited";

    private Argument? Nearest(string name) => IsNegation(name) ? null :
        Suggestion.Nearest(Reading.LastPart(name), schema.All.Append(ArgumentSchema.WithCode).Select(argument => argument.Name)) is { } nearest
            ? nearest == ArgumentSchema.WithCode.Name ? ArgumentSchema.WithCode : schema.Find(nearest)
            : null;

    private List<Argument> Containing(string name)
    {
        var folded = Reading.Fold(name);
        return folded.Length is < 4 or > 32 || IsNegation(name)
            ? []
            : [.. schema.All.Where(argument => BeginsAtWord(argument.Name, folded))];
    }

    // "timeout" is part of probeTimeoutMs; "rate" is none of keyStrategy.
    private static bool BeginsAtWord(string name, string folded)
    {
        var words = Words(name).ToArray();
        return Enumerable.Range(0, words.Length)
            .Any(index => string.Concat(words[index..]).StartsWith(folded, StringComparison.Ordinal));
    }

    // noJitter, withoutTests, and --no-with-tests: near to a switch, and its opposite.
    private BooleanArgument? Negated(string name) => Switches.FirstOrDefault(argument => argument.IsOppositeOf(name));

    // recoveryTimeSeconds: 30 is recoveryTimeMs: 30000, and so is resetTimeoutSec: 30.
    private IntegerArgument? InUnits(JsonProperty property)
    {
        if (property.Name.Length > LongestName || schema.All.OfType<IntegerArgument>()
            .Select(each => (Argument: (IntegerArgument?)each, Factor: Reading.FactorIn(property.Name, each.Name)))
            .Append(InUnitsElsewhere(property.Name))
            .Append((
                Argument: schema.Find("windowSeconds") as IntegerArgument,
                Factor: property.Name.Length > 2 ? Reading.FactorOf(property.Name, Unit.Seconds) : null))
            .FirstOrDefault(each => each.Factor is not (null or 1.0)) is not { Argument: { } argument, Factor: { } factor })
        {
            return null;
        }

        if (Reading.Number(property.Value, factor, Reading.UnitOf(argument.Name)) is { } number)
        {
            Carry(argument, JsonElement.Parse(number.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
        }
        else
        {
            faults.Forbid(unless: !Reading.MeansSomething(property.Value));
        }

        return argument;
    }

    private static readonly string[] s_units = ["milliseconds", "seconds", "minutes", "millis", "hours", "secs", "mins", "sec", "min"];

    private const int LongestName = 64;

    // sleepWindowSec and sleepWindowInSeconds.
    private (IntegerArgument? Argument, double? Factor) InUnitsElsewhere(string name) =>
        OtherInUnits(name) is ({ Advice: null } other, var word) && schema.Find(other.Argument) is IntegerArgument argument
            ? (argument, Reading.FactorOf(word, Reading.UnitOf(argument.Name)))
            : default;

    // timeoutSeconds has the advice of timeoutMs.
    private string? AdviceInUnits(string name) => name.Length > LongestName ? null : OtherInUnits(name).Other?.Advice;

    private (OtherName? Other, string Word) OtherInUnits(string name)
    {
        var folded = Reading.Fold(name);
        return s_units.FirstOrDefault(each => folded.EndsWith(each, StringComparison.Ordinal)) is { } word
            && (folded[..^word.Length] is [.. var stem, 'i', 'n'] ? stem : folded[..^word.Length]) is var elsewhere
                ? (OtherName.For($"{elsewhere}ms", schema), word)
                : default;
    }

    private static string UnitWords(IntegerArgument argument) =>
        Reading.UnitOf(argument.Name) is Unit.Seconds ? "seconds" : "milliseconds";
}
