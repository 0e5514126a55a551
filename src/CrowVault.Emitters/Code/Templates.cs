using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Fluid;
using Fluid.Values;

namespace CrowVault.Emitters.Code;

/// <summary>
/// The template engine: plain Liquid, parsed once, strict about unknown variables and filters. The only file that knows which engine it is.
/// </summary>
internal static partial class Templates
{
    private static readonly FluidParser s_parser = new();

    private static readonly TemplateOptions s_options = Options();

    private static readonly ConcurrentDictionary<string, IFluidTemplate> s_parsed = new(StringComparer.Ordinal);

    /// <summary>What templates see of a model. Converted once, however many templates it is then rendered with.</summary>
    /// <param name="model">The values; no member is null.</param>
    /// <param name="typeInfo">Source-generated metadata of the model; its property names are the templates' variables.</param>
    public static TemplateView View<TModel>(TModel model, JsonTypeInfo<TModel> typeInfo)
        where TModel : class => new([.. Members(model, typeInfo)]);

    /// <summary>Renders a template.</summary>
    /// <param name="name">Path below the project, such as <c>CircuitBreaker/circuit-breaker.ts.liquid</c>.</param>
    /// <param name="context">The template's variables.</param>
    internal static string Render(string name, TemplateContext context)
    {
        var template = s_parsed.GetOrAdd(name, Parse);
        try
        {
            return template.Render(context, NullEncoder.Default, isolateContext: true);
        }
        catch (FluidException e)
        {
            throw new InvalidOperationException($"{name}: {e.Message}", e);
        }
    }

    /// <summary>What templates are rendered with.</summary>
    /// <param name="variables">Their variables.</param>
    internal static TemplateContext Context(IReadOnlyList<KeyValuePair<string, FluidValue>> variables)
    {
        var context = new TemplateContext(s_options);
        foreach (var (variable, value) in variables)
        {
            context.SetValue(variable, value);
        }

        return context;
    }

    private static IFluidTemplate Parse(string name) =>
        s_parser.TryParse(Read(name), out var template, out var error) ? template : throw new InvalidOperationException($"{name}: {error}");

    private static string Read(string name)
    {
        var text = EmbeddedText.Read(Assembly.GetExecutingAssembly(), name);
        return Include().Replace(text, include => Below(include.Groups["margin"].Value, Read($"{include.Groups["name"].Value}.liquid")));
    }

    // A line {% include 'Code/outcome.ts' %} stands for that fragment; one in a comment has the comment's margin before each line but tags.
    private static string Below(string margin, string fragment) => margin.Length == 0
        ? fragment.TrimEnd('\n')
        : string.Join('\n', fragment.TrimEnd('\n').Split('\n').Select(line =>
            Tag().IsMatch(line) ? line : $"{margin}{line}".TrimEnd()));

    [GeneratedRegex(@"^\{%[^%]*%\}$")]
    private static partial Regex Tag();

    [GeneratedRegex(@"^(?<margin>[ *]*)\{% include '(?<name>[^']+)' %\}$", RegexOptions.Multiline)]
    private static partial Regex Include();

    private static TemplateOptions Options()
    {
        var options = new TemplateOptions { StrictVariables = true, StrictFilters = true, ModelNamesComparer = StringComparer.Ordinal };
        // The engine's own filters are as unknown as any other; Unused.substitutions.xml leaves most of what they need out of the native
        // program.
        options.Filters.Clear();
        options.Filters.AddFilter("literal", static (input, arguments, _) =>
            new StringValue(TypeScript.Literal(Text(input, arguments, expected: 0))));
        options.Filters.AddFilter("indent", static (input, arguments, _) =>
            new StringValue(Indent(Text(input, arguments, expected: 1), (int)arguments.At(0).ToNumberValue())));
        return options;
    }

    // The engine would make text of any value, and nothing of an argument that is missing.
    private static string Text(FluidValue input, FilterArguments arguments, int expected) =>
        input is StringValue && arguments.Count == expected
            ? input.ToStringValue()
            : throw new FluidException($"A filter of text and {expected} arguments was given {input.Type} and {arguments.Count}.");

    /// <summary>Every line but empty ones moved right by <paramref name="columns"/> spaces.</summary>
    internal static string Indent(string text, int columns)
    {
        var margin = new string(' ', columns);
        return string.Join('\n', text.Split('\n').Select(line => line.Length == 0 ? line : margin + line));
    }

    // The generated getters need neither reflection nor a detour through JSON.
    private static IEnumerable<KeyValuePair<string, FluidValue>> Members(object model, JsonTypeInfo typeInfo) =>
        typeInfo.Properties.Select(property => KeyValuePair.Create(property.Name, Value(property.Get!(model), typeInfo, property.Name)));

    private static FluidValue Value(object? value, JsonTypeInfo owner, string member) => value switch
    {
        string text => new StringValue(text),
        bool flag => BooleanValue.Create(flag),
        int number => NumberValue.Create(number),
        long number => NumberValue.Create(number),
        IEnumerable items => new ArrayValue([.. items.Cast<object?>().Select(item => Value(item, owner, member))]),
        null => throw new InvalidOperationException($"{owner.Type.Name} has a null, {member}."),
        _ => new Record(Members(value, owner.Options.GetTypeInfo(value.GetType()))),
    };

    // The engine's own dictionary knows a size, and where it is written itself it is nothing.
    private sealed class Record(IEnumerable<KeyValuePair<string, FluidValue>> members) : FluidValue
    {
        private readonly Dictionary<string, FluidValue> _members = new(members, StringComparer.Ordinal);

        public override FluidValues Type => FluidValues.Object;

        public override ValueTask<FluidValue> GetValueAsync(string name, TemplateContext context) =>
            _members.TryGetValue(name, out var value) ? value : throw new FluidException($"Undefined member '{name}'");

        public override ValueTask WriteToAsync(TextWriter writer, TextEncoder encoder, CultureInfo cultureInfo) => throw NoText();

        public override bool Equals(FluidValue? other) => ReferenceEquals(this, other);

        public override bool ToBooleanValue() => true;

        public override decimal ToNumberValue() => throw NoText();

        public override string ToStringValue() => throw NoText();

        public override object ToObjectValue() => this;

        private static FluidException NoText() => new("A record has no text; name a member");
    }
}

/// <summary>The variables that the templates of one emission see. Not for several threads at once.</summary>
internal sealed class TemplateView
{
    private readonly IReadOnlyList<KeyValuePair<string, FluidValue>> _variables;
    private TemplateContext? _context;

    internal TemplateView(IReadOnlyList<KeyValuePair<string, FluidValue>> variables) => _variables = variables;

    /// <summary>These variables and one more, such as a part that was rendered with them.</summary>
    /// <param name="name">The variable's name.</param>
    /// <param name="text">Its value.</param>
    public TemplateView With(string name, string text) =>
        new([.. _variables, KeyValuePair.Create(name, (FluidValue)new StringValue(text))]);

    /// <summary>Renders a template with these variables.</summary>
    /// <param name="name">Path below the project, such as <c>CircuitBreaker/circuit-breaker.ts.liquid</c>.</param>
    public string Render(string name) => Templates.Render(name, _context ??= Templates.Context(_variables));
}
