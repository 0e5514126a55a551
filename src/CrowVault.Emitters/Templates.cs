using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;
using Scriban.Syntax;

namespace CrowVault.Emitters;

/// <summary>
/// The template engine: plain Liquid, parsed once, strict about unknown variables. The only file that knows which engine it is.
/// </summary>
internal static class Templates
{
    private static readonly ConcurrentDictionary<string, Template> s_parsed = new(StringComparer.Ordinal);

    private static readonly ScriptObject s_filters = Filters();

    /// <summary>Renders a template with what the model shows it.</summary>
    /// <param name="name">Path below the project, such as <c>CircuitBreaker/circuit-breaker.ts.liquid</c>.</param>
    /// <param name="model">The values; no member is null.</param>
    /// <param name="typeInfo">Source-generated metadata of the model; its property names are the template's variables.</param>
    public static string Render<TModel>(string name, TModel model, JsonTypeInfo<TModel> typeInfo)
    {
        var template = s_parsed.GetOrAdd(name, Parse);
        var context = new LiquidContext(s_filters);
        context.PushGlobal((ScriptObject)ToScript(JsonSerializer.SerializeToElement(model, typeInfo), name)!);
        return template.Render(context);
    }

    private static Template Parse(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"Template {name} is not embedded.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var template = Template.ParseLiquid(reader.ReadToEnd().ReplaceLineEndings("\n"), name);
        return template.HasErrors ? throw new InvalidOperationException(template.Messages.ToString()) : template;
    }

    private static ScriptObject Filters()
    {
        var filters = new ScriptObject();
        filters.SetValue("literal", new Filter(1, arguments => Literal((string)arguments[0]!)), readOnly: true);
        filters.SetValue("indent", new Filter(2, arguments => Indent((string)arguments[0]!, Convert.ToInt32(arguments[1], CultureInfo.InvariantCulture))), readOnly: true);
        return filters;
    }

    /// <summary>A single-quoted TypeScript string literal in ASCII.</summary>
    internal static string Literal(string text)
    {
        var literal = new StringBuilder("'", text.Length + 2);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\'' or '\\' => literal.Append('\\').Append(c),
                '\n' => literal.Append("\\n"),
                >= ' ' and <= '~' => literal.Append(c),
                _ => literal.Append($"\\u{(int)c:x4}"),
            };
        }

        return literal.Append('\'').ToString();
    }

    /// <summary>Every line but empty ones moved right by <paramref name="columns"/> spaces.</summary>
    internal static string Indent(string text, int columns)
    {
        var margin = new string(' ', columns);
        return string.Join('\n', text.Split('\n').Select(line => line.Length == 0 ? line : margin + line));
    }

    private static object? ToScript(JsonElement value, string template) => value.ValueKind switch
    {
        JsonValueKind.Object => ToScriptObject(value, template),
        JsonValueKind.Array => new ScriptArray(value.EnumerateArray().Select(item => ToScript(item, template))),
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetInt64(out var integer) ? integer : value.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined =>
            throw new InvalidOperationException($"The model of {template} has a null."),
        _ => throw new InvalidOperationException($"The model of {template} has a {value.ValueKind}."),
    };

    private static ScriptObject ToScriptObject(JsonElement value, string template)
    {
        var script = new ScriptObject();
        foreach (var property in value.EnumerateObject())
        {
            script.SetValue(property.Name, ToScript(property.Value, template), readOnly: true);
        }

        return script;
    }

    // The engine's own Liquid context looks up a hundred functions by reflection, which takes longer than everything else at the first call.
    private sealed class LiquidContext : TemplateContext
    {
        public LiquidContext(ScriptObject builtins)
            : base(builtins)
        {
            Language = ScriptLang.Liquid;
            IsLiquid = true;
            StrictVariables = true;
            EnableRelaxedMemberAccess = false;
            AutoIndent = false;
            LoopLimit = 0;
            LimitToString = 0;
        }
    }

    // The engine's own wrapper of a delegate reflects on it.
    private sealed class Filter(int parameters, Func<ScriptArray, string> apply) : IScriptCustomFunction
    {
        public int RequiredParameterCount => parameters;

        public int ParameterCount => parameters;

        public ScriptVarParamKind VarParamKind => ScriptVarParamKind.None;

        public Type ReturnType => typeof(string);

        public ScriptParameterInfo GetParameterInfo(int index) => new(typeof(object), $"argument{index}");

        public object? Invoke(TemplateContext context, ScriptNode? callerContext, ScriptArray arguments, ScriptBlockStatement? blockStatement) =>
            apply(arguments);

        public ValueTask<object?> InvokeAsync(
            TemplateContext context, ScriptNode? callerContext, ScriptArray arguments, ScriptBlockStatement? blockStatement) =>
            ValueTask.FromResult<object?>(apply(arguments));
    }
}
