using System.CommandLine;
using CrowVault.Emitters.Code;

namespace CrowVault.Mcp.Cli;

/// <summary><c>accept src/resilience/retry.ts</c>: the edit is meant, so that <c>--check</c> is content with the file as it is.</summary>
internal static class AcceptCommand
{
    public static Command Build()
    {
        var paths =
            new Argument<string[]>("file") { Description = "Edited files that are right as they are.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command(
            "accept", "Accept edits: --check is content with the files as they are, until they are "
                + "edited again or something else is emitted.") { paths, json };
        CommandLine.AddExamples(command, $"{Product.Command} accept src/resilience/retry.ts");
        command.SetAction(parsed => Run(parsed.GetRequiredValue(paths), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string[] paths, bool json)
    {
        var report = new Report(json);
        var exitCode = CommandLine.Success;
        foreach (var path in paths)
        {
            var real = TargetFile.Follow(path);
            FolderWrite.Settle(Path.GetDirectoryName(real)!);
            if (Disk.ReadText(real, out var why) is not { } text)
            {
                report.Add(new(path, "foreign", null, why!));
                exitCode = CommandLine.Differs;
                continue;
            }

            if (OwnedFile.Read(text) is not { } owned)
            {
                report.Add(new(path, "foreign", null, ThreeWayMerge.HasConflicts(text)
                    ? ThreeWayMerge.SettleHeaderFirst
                    : "does not begin with the comment of an emitted file."));
                exitCode = CommandLine.Differs;
                continue;
            }

            if (ThreeWayMerge.HasConflicts(owned.Body))
            {
                report.Add(new(path, "edited", null, ThreeWayMerge.SettleFirst));
                exitCode = CommandLine.Differs;
                continue;
            }

            if (!owned.IsEdited || owned.IsAccepted)
            {
                report.Add(new(path, "same", null, owned.IsEdited
                    ? "accepted before."
                    : "nothing to accept; its code is as it was emitted."));
                continue;
            }

            var isUtf16 = Disk.IsUtf16(real, text);
            var content = owned.Above + (owned.Header with { Accepted = owned.Fingerprint }).Above(owned.Body, owned.Emitted);
            using var write = FolderWrite.Open(Path.GetDirectoryName(real)!);
            write.Stage(Path.GetFileName(real), TargetFile.Bytes(TargetFile.WithLineEndsOf(text, content)));
            write.Commit();
            report.Add(new(path, "edited", "accepted", $"accepted{(isUtf16 ? EmittedFiles.ToUtf8 : "")}"));
        }

        return report.End(exitCode);
    }
}
