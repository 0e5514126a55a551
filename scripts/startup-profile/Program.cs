// Writes a profile (.mibc) from what the runtime had to compile at its starts: JitStdOutFile's lines, the folder of the trimmed assemblies, the file.
// A profile is an assembly whose methods load the token of each method that is to be compiled ahead; the compiler reads it as such.
using CrowVault.StartupProfile;

if (args is not [var list, var assemblies, var profile])
{
    Console.Error.WriteLine("usage: StartupProfile LINES FOLDER PROFILE");
    return 2;
}

var names = new MethodNames(assemblies);
var writer = new ProfileWriter(names);
foreach (var line in File.ReadLines(list).Distinct(StringComparer.Ordinal))
{
    writer.Add(line);
}

writer.Save(profile);
Console.WriteLine($"{profile}: {writer.Methods} methods, {writer.Skipped} lines without one.");
return 0;
