using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace CrowVault.Emitters.Arguments;

/// <summary>Reads the arguments off an options record: names, order, types and defaults from its constructor, the rest from its
/// attributes.</summary>
internal static class ArgumentReader
{
    public static IReadOnlyList<Argument> Read(JsonTypeInfo typeInfo)
    {
        var defaults = JsonSerializer.SerializeToNode(JsonSerializer.Deserialize("{}"u8, typeInfo)!, typeInfo)!.AsObject();
        return [.. typeInfo.Properties
            .Where(property => property.AssociatedParameter is not null)
            .OrderBy(property => property.AssociatedParameter!.Position)
            .Select(property => Read(typeInfo, property, defaults[property.Name]?.DeepClone()))];
    }

    private static Argument Read(JsonTypeInfo typeInfo, JsonPropertyInfo property, JsonNode? value)
    {
        var attribute = AttributeOf(property);
        var required = !property.AssociatedParameter!.HasDefaultValue;
        var fallback = required ? null : value;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var (name, description) = (property.Name, attribute.Description);
        if (type == typeof(int))
        {
            return new IntegerArgument(name, description, required, fallback, attribute.Minimum, attribute.Maximum)
            {
                DefaultFollows = fallback is not null && property.AssociatedParameter!.DefaultValue is null,
                Zero = attribute.Zero,
            };
        }

        if (type == typeof(bool))
        {
            return new BooleanArgument(name, description, required, fallback) { NamedWhenOn = attribute.NamedWhenOn };
        }

        if (type.IsEnum)
        {
            var choices = Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName);
            return new ChoiceArgument(name, description, required, fallback, [.. choices]);
        }

        if (type == typeof(IReadOnlyList<int>))
        {
            return new IntegerListArgument(
                name, description, required, fallback, attribute.Minimum, attribute.Maximum, attribute.MinimumEntries,
                    attribute.MaximumEntries);
        }

        if (type == typeof(string) && name == "name")
        {
            return new NameArgument(name, description, required, fallback);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
            && type.GetGenericArguments()[0] is { IsEnum: true } word)
        {
            return new ChoiceListArgument(
                name, description, required, fallback, [.. Enum.GetNames(word).Select(JsonNamingPolicy.KebabCaseLower.ConvertName)]);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var entry = typeInfo.Options.GetTypeInfo(type.GetGenericArguments()[0]);
            var example = new JsonObject(entry.Properties
                .Where(member => AttributeOf(member).Example is not null)
                .Select(member => KeyValuePair.Create(member.Name, JsonNode.Parse(AttributeOf(member).Example!))));
            return new ObjectListArgument(name, description, required, fallback, Read(entry),
                attribute.MaximumEntries)
            { ExampleEntry = example };
        }

        throw new InvalidOperationException($"{name} has the type {type.Name}, which no kind of argument stands for.");
    }

    private static ArgumentAttribute AttributeOf(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(ArgumentAttribute), inherit: false)
            is [ArgumentAttribute found] ? found : throw new InvalidOperationException($"{property.Name} has no [Argument].");
}
