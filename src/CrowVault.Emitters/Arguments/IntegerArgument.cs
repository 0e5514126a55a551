using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrowVault.Emitters.Arguments;

/// <summary>A whole number within a range.</summary>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The greatest value.</param>
public sealed record IntegerArgument(string Name, string Description, bool Required, JsonNode? Default, int Minimum, int Maximum)
    : Argument(Name, Description, Required, Default)
{
    private const int Unreached = 10_000_000;

    /// <summary>What 0 means where the least value is 1.</summary>
    public ZeroMeaning Zero { get; init; }

    /// <inheritdoc/>
    public override string Rule => $"{Minimum} to {Maximum}";

    // A bound that nobody comes near is not worth the words: it stands in the schema.
    private protected override string Form => string.Join(' ', new[]
    {
        Maximum < Unreached ? Rule : "",
        Reading.UnitOf(Name) switch { Unit.Milliseconds => "ms", Unit.Seconds => "s", Unit.Percent or Unit.None => "" },
    }.Where(part => part.Length > 0));

    private protected override JsonObject ValueSchema() =>
        new() { ["type"] = "integer", ["minimum"] = Minimum, ["maximum"] = Maximum };

    internal override JsonNode? Check(JsonElement value, FaultList faults)
    {
        if (Problem(value, Minimum, Maximum, out var integer) is not { } problem)
        {
            return integer;
        }

        faults.Add(Fault(problem) with { Hint = HintFor(value) });
        var nearest = Nearest(value);
        faults.Forbid(unless: nearest is not null
            || !(value.ValueKind is JsonValueKind.False || (Reading.MeansSomething(value) && !IsOff(value))));
        return nearest;
    }

    /// <summary>What to say about 0 beside the range.</summary>
    internal string? HintFor(JsonElement value) => !IsZero(value) ? null : Zero switch
    {
        ZeroMeaning.NoLimit => "No value stands for no limit.",
        ZeroMeaning.Off => "Leave it out for none.",
        ZeroMeaning.Least or ZeroMeaning.Nothing => null,
        _ => throw new ArgumentOutOfRangeException(nameof(value), Zero, null),
    };

    /// <summary>The integer within the range that is nearest to what was probably meant.</summary>
    internal int? Nearest(JsonElement value) =>
        Zero is not ZeroMeaning.Least && IsZero(value) ? null : Nearest(value, Name, Minimum, Maximum);

    // Left out, it is as off as 0 says.
    private bool IsOff(JsonElement value) => Zero is ZeroMeaning.Off && IsZero(value);

    private bool IsZero(JsonElement value) => Minimum > 0 && Reading.Number(value, Reading.UnitOf(Name)) is 0.0;

    /// <summary>The integer within a range that is nearest to what was probably meant.</summary>
    internal static int? Nearest(JsonElement value, string name, int minimum, int maximum)
    {
        var unit = Reading.UnitOf(name);
        if (Reading.Number(value, unit, name) is not { } number)
        {
            return null;
        }

        // Less than none means no bound at all to many programs, and never the least one.
        if (number < 0 && minimum >= 0)
        {
            return null;
        }

        // Half of all is 50 percent. Half of a second is not one, where only whole ones can be said.
        number = unit is Unit.Percent && number is > 0 and < 1 && Reading.Number(value, Unit.None) is not null ? number * 100 : number;
        var whole = Math.Round(number);
        return Math.Abs(whole - number) > number / 10 && number > 0 ? null : Within(whole, minimum, maximum);
    }

    /// <summary>A number within a range, or the end of the range that is next to it.</summary>
    /// <returns>Null for a number so far above or below that the end would mean something else.</returns>
    internal static int? Within(double number, int minimum, int maximum)
    {
        var end = (int)Math.Clamp(number, minimum, maximum);
        return number > 0 && Math.Abs(end - number) > number / 10 ? null : end;
    }

    /// <summary>Checks one integer against a range.</summary>
    /// <returns>Null when it is fine, else what is wrong.</returns>
    internal static string? Problem(JsonElement value, int minimum, int maximum, out int integer)
    {
        integer = 0;
        if (value.ValueKind is not JsonValueKind.Number)
        {
            return $"{Show(value)} is not an integer; use {minimum} to {maximum}.";
        }

        if (!Reading.TryWhole(value.GetRawText(), out var whole))
        {
            return $"{Show(value)} is not a whole number; use {minimum} to {maximum}.";
        }

        if (whole < minimum || whole > maximum)
        {
            return $"{Show(value)} is out of range; use {minimum} to {maximum}.";
        }

        integer = (int)whole;
        return null;
    }
}
