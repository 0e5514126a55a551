using System.Text.Json;
using BenchmarkDotNet.Attributes;
using CrowVault.Emitters;

namespace CrowVault.Benchmarks.Emission;

/// <summary>From a JSON object of arguments to the files, without a door.</summary>
[MemoryDiagnoser]
public class EmissionBenchmark
{
    private JsonElement _arguments;
    private Emitter _emitter = Catalog.All[0];

    /// <summary>The tools with the arguments that they require.</summary>
    public static IEnumerable<string> Tools => Catalog.All.Select(emitter => emitter.Tool);

    /// <summary>The tool that is called.</summary>
    [ParamsSource(nameof(Tools))]
    public string Tool { get; set; } = "";

    /// <summary>Finds the tool and builds its arguments.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _emitter = Catalog.Find(Tool)!;
        var required = _emitter.Arguments.All.Where(argument => argument.Required).Select(argument => $"\"{argument.Name}\":{{\"payments\":50}}");
        _arguments = JsonElement.Parse($"{{{string.Join(',', required)}}}");
    }

    /// <summary>Binds, decides, renders.</summary>
    [Benchmark]
    public int Emit() =>
        _emitter.TryEmit(_arguments, "1.2.3", out var emission, out _) ? emission.Files[0].Content.Length : throw new InvalidOperationException(Tool);
}
