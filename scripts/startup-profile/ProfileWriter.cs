using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace CrowVault.StartupProfile;

/// <summary>Gathers methods and writes them as a profile.</summary>
internal sealed partial class ProfileWriter(MethodNames names)
{
    private readonly AssemblyDefinition _profile = AssemblyDefinition.CreateAssembly(
        new("startup", new Version(1, 0)),
        "startup",
        new ModuleParameters { Kind = ModuleKind.Dll, AssemblyResolver = names.Resolver });

    // By the assemblies that an entry is made of, the one that declares the method first.
    private readonly SortedDictionary<string, List<MethodReference>> _groups = new(StringComparer.Ordinal);

    /// <summary>Methods in the profile.</summary>
    public int Methods { get; private set; }

    /// <summary>Lines that named no method of the program, such as stubs that the runtime makes.</summary>
    public int Skipped { get; private set; }

    /// <summary>Adds the method of a line; all of its overloads with as many parameters, of which the line does not tell more.</summary>
    public void Add(string line)
    {
        var found = Compiled().Match(line) is { Success: true } match ? Find(match.Groups["method"].Value) : 0;
        Methods += found;
        Skipped += found == 0 ? 1 : 0;
    }

    /// <summary>Writes the profile.</summary>
    public void Save(string path)
    {
        var module = _profile.MainModule;
        var dictionary = new MethodDefinition("AssemblyDictionary", MethodAttributes.Public | MethodAttributes.Static, module.TypeSystem.Void);
        foreach (var (assemblies, methods) in _groups)
        {
            var group = new MethodDefinition(
                $"Assemblies_{module.Types[0].Methods.Count}", MethodAttributes.Public | MethodAttributes.Static, module.TypeSystem.Void);
            var tokens = group.Body.GetILProcessor();
            foreach (var method in methods)
            {
                tokens.Emit(OpCodes.Ldtoken, method);
                tokens.Emit(OpCodes.Pop);
            }

            tokens.Emit(OpCodes.Ret);
            module.Types[0].Methods.Add(group);
            var entries = dictionary.Body.GetILProcessor();
            entries.Emit(OpCodes.Ldstr, assemblies);
            entries.Emit(OpCodes.Ldtoken, group);
            entries.Emit(OpCodes.Pop);
        }

        dictionary.Body.GetILProcessor().Emit(OpCodes.Ret);
        module.Types[0].Methods.Add(dictionary);
        module.Mvid = Guid.Empty;
        _profile.Write(path, new WriterParameters { Timestamp = 0 });
    }

    // Such as System.Array:Resize[System.__Canon](byref,int).
    private int Find(string text)
    {
        var module = _profile.MainModule;
        var assemblies = new SortedSet<string>(StringComparer.Ordinal);
        var colon = AtTop(text, ':', 0);
        var parameters = AtTop(text, '(', colon + 1);
        var at = 0;
        if (colon < 0 || parameters < 0 || names.Read(text[..colon], ref at, module, assemblies) is not { } type)
        {
            return 0;
        }

        var bracket = AtTop(text[..parameters], '[', colon + 1);
        var name = text[(colon + 1)..(bracket < 0 ? parameters : bracket)];
        var arguments = new List<TypeReference>();
        if (bracket >= 0 && !names.ReadArguments(text[..parameters], ref bracket, module, assemblies, arguments.Add))
        {
            return 0;
        }

        var definition = type.Resolve();
        var count = Parameters(text[(parameters + 1)..text.LastIndexOf(')')]);
        var found = definition.Methods
            .Where(each => each.Name == name && each.Parameters.Count == count && each.GenericParameters.Count == arguments.Count)
            .Select(each => Of(each, type, arguments))
            .ToList();
        var own = definition.Module.Assembly.Name.Name;
        assemblies.Remove(own);
        var key = $"{string.Join(';', assemblies.Prepend(own))};";
        if (!_groups.TryGetValue(key, out var group))
        {
            _groups[key] = group = [];
        }

        group.AddRange(found);
        return found.Count;
    }

    private MethodReference Of(MethodDefinition definition, TypeReference type, List<TypeReference> arguments)
    {
        var method = _profile.MainModule.ImportReference(definition);
        if (type is GenericInstanceType)
        {
            var open = method;
            method = new(open.Name, open.ReturnType, type) { HasThis = open.HasThis, CallingConvention = open.CallingConvention };
            foreach (var parameter in open.Parameters)
            {
                method.Parameters.Add(new(parameter.ParameterType));
            }

            foreach (var parameter in open.GenericParameters)
            {
                method.GenericParameters.Add(new(parameter.Name, method));
            }
        }

        if (arguments.Count == 0)
        {
            return method;
        }

        var instance = new GenericInstanceMethod(method);
        arguments.ForEach(instance.GenericArguments.Add);
        return instance;
    }

    private static int Parameters(string list)
    {
        var count = list.Length == 0 ? 0 : 1;
        for (var at = AtTop(list, ',', 0); at >= 0; at = AtTop(list, ',', at + 1))
        {
            count++;
        }

        return count;
    }

    // Where a character stands outside of brackets.
    private static int AtTop(string text, char wanted, int from)
    {
        var depth = 0;
        for (var at = from; at < text.Length; at++)
        {
            if (text[at] == wanted && depth == 0)
            {
                return at;
            }

            depth += text[at] switch { '[' => 1, ']' => -1, _ => 0 };
        }

        return -1;
    }

    [GeneratedRegex(@"JIT compiled (?<method>.+) \[[^\]]*IL size")]
    private static partial Regex Compiled();
}
