using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CrowVault.Benchmarks.Emission;

// What one call costs once the templates are parsed:
//   dotnet run -c Release --project tests/benchmarks/emission
BenchmarkRunner.Run<EmissionBenchmark>(DefaultConfig.Instance
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)));
