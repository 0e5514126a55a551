using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace CrowVault.Emitters.Arguments;

/// <summary>Reads the arguments off an options record: names, order, types and defaults from its constructor, the rest from its attributes.</summary>
internal static class ArgumentReader
{
    public static IReadOnlyList<Argument> Read<TOptions>(JsonTypeInfo<TOptions> typeInfo)
        where TOptions : class
    {
        var defaults = JsonSerializer.SerializeToNode(JsonSerializer.Deserialize("{}"u8, typeInfo)!, typeInfo)!.AsObject();
        return [.. typeInfo.Properties
            .Where(property => property.AssociatedParameter is not null)
            .OrderBy(property => property.AssociatedParameter!.Position)
            .Select(property => Read(property, defaults[property.Name]?.DeepClone()))];
    }

    private static Argument Read(JsonPropertyInfo property, JsonNode? value)
    {
        var attribute = property.AttributeProvider?.GetCustomAttributes(typeof(ArgumentAttribute), inherit: false)
            is [ArgumentAttribute found] ? found : throw new InvalidOperationException($"{property.Name} has no [Argument].");
        var required = !property.AssociatedParameter!.HasDefaultValue;
        var fallback = required ? null : value;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var (name, description) = (property.Name, attribute.Description);
        if (type == typeof(int))
        {
            return new IntegerArgument(name, description, required, fallback, attribute.Minimum, attribute.Maximum);
        }

        if (type == typeof(bool))
        {
            return new BooleanArgument(name, description, required, fallback);
        }

        if (type.IsEnum)
        {
            var choices = Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName);
            return new ChoiceArgument(name, description, required, fallback, [.. choices]);
        }

        if (type == typeof(IReadOnlyList<int>))
        {
            return new IntegerListArgument(
                name, description, required, fallback, attribute.Minimum, attribute.Maximum, attribute.MaximumEntries);
        }

        if (type == typeof(IReadOnlyDictionary<string, int>))
        {
            return new IntegerMapArgument(
                name, description, required, fallback, attribute.Minimum, attribute.Maximum, attribute.MaximumEntries);
        }

        throw new InvalidOperationException($"{name} has the type {type.Name}, which no kind of argument stands for.");
    }
}
