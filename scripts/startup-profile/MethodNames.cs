using Mono.Cecil;

namespace CrowVault.StartupProfile;

/// <summary>Finds the types that the runtime names in its list of compiled methods.</summary>
internal sealed class MethodNames
{
    private static readonly Dictionary<string, string> s_keywords = new(StringComparer.Ordinal)
    {
        ["bool"] = "System.Boolean",
        ["byte"] = "System.Byte",
        ["char"] = "System.Char",
        ["double"] = "System.Double",
        ["float"] = "System.Single",
        ["int"] = "System.Int32",
        ["long"] = "System.Int64",
        ["nint"] = "System.IntPtr",
        ["nuint"] = "System.UIntPtr",
        ["sbyte"] = "System.SByte",
        ["short"] = "System.Int16",
        ["ubyte"] = "System.Byte",
        ["uint"] = "System.UInt32",
        ["ulong"] = "System.UInt64",
        ["ushort"] = "System.UInt16",
    };

    private readonly Dictionary<string, TypeDefinition> _types = new(StringComparer.Ordinal);

    /// <summary>Reads the types of all assemblies of a folder.</summary>
    public MethodNames(string folder)
    {
        Resolver.AddSearchDirectory(folder);
        foreach (var path in Directory.EnumerateFiles(folder, "*.dll"))
        {
            var assembly = AssemblyDefinition.ReadAssembly(path, new ReaderParameters { AssemblyResolver = Resolver });
            foreach (var type in assembly.MainModule.GetTypes())
            {
                _types.TryAdd(type.FullName.Replace('/', '+'), type);
            }
        }
    }

    /// <summary>Finds the assemblies.</summary>
    public DefaultAssemblyResolver Resolver { get; } = new();

    /// <summary>The type at a place of a text, such as <c>List`1[System.__Canon]</c>; null when it is none of these assemblies.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where it begins; afterwards where it ends.</param>
    /// <param name="into">The module that will refer to it.</param>
    /// <param name="assemblies">Gets the names of the assemblies that it is made of.</param>
    public TypeReference? Read(string text, ref int at, ModuleDefinition into, ISet<string> assemblies)
    {
        var start = at;
        while (at < text.Length && text[at] is not ('[' or ']' or ','))
        {
            at++;
        }

        var name = text[start..at];
        if (!_types.TryGetValue(s_keywords.GetValueOrDefault(name, name), out var definition))
        {
            return null;
        }

        assemblies.Add(definition.Module.Assembly.Name.Name);
        var type = into.ImportReference(definition);
        if (at + 1 < text.Length && text[at] == '[' && text[at + 1] is not (']' or ','))
        {
            var instance = new GenericInstanceType(type);
            if (ReadArguments(text, ref at, into, assemblies, instance.GenericArguments.Add))
            {
                type = instance;
            }
            else
            {
                return null;
            }
        }

        while (text.AsSpan(at).StartsWith("[]"))
        {
            at += 2;
            type = new ArrayType(type);
        }

        return type;
    }

    /// <summary>The types in brackets at a place of a text.</summary>
    public bool ReadArguments(string text, ref int at, ModuleDefinition into, ISet<string> assemblies, Action<TypeReference> add)
    {
        do
        {
            at++;
            if (Read(text, ref at, into, assemblies) is not { } argument)
            {
                return false;
            }

            add(argument);
        }
        while (text[at] == ',');
        at++;
        return true;
    }
}
