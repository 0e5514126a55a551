using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CrowVault.Mcp.Cli;

/// <summary>What became of one file.</summary>
/// <param name="Path">The file.</param>
/// <param name="State">How it stood to what would be written: <c>new</c>, <c>same</c>, <c>outdated</c>, <c>edited</c> and so on.</param>
/// <param name="Action">What was done, such as <c>updated</c>; null when nothing was.</param>
/// <param name="Message">The sentence for people.</param>
/// <param name="Changes">What the code does differently.</param>
internal sealed record FileReport(string Path, string State, string? Action, string Message, IReadOnlyList<string>? Changes = null);

/// <summary>What a command has to say: sentences on standard error, or one JSON object on standard output.</summary>
internal sealed class Report(bool json)
{
    private readonly List<FileReport> _files = [];
    private readonly List<string> _messages = [];
    private readonly List<string> _warnings = [];
    private readonly List<string> _notes = [];
    private readonly List<string> _next = [];

    /// <summary>Whether the answer is JSON.</summary>
    public bool IsJson => json;

    /// <summary>How many files were spoken of.</summary>
    public int Count => _files.Count;

    /// <summary>Whether something was done to a file.</summary>
    public bool HasWritten => _files.Exists(file => file.Action is not null);

    /// <summary>How the emitted code is called.</summary>
    public string? Usage { get; set; }

    /// <summary>Says what became of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="aloud">Whether people are told; JSON always has it.</param>
    public void Add(FileReport file, bool aloud = true)
    {
        _files.Add(file);
        if (!json && aloud)
        {
            Disk.Say($"{Fault.Show(file.Path)}: {file.Message}");
            foreach (var change in file.Changes ?? [])
            {
                Disk.Say($"  {change}");
            }
        }
    }

    /// <summary>A sentence about the command as a whole.</summary>
    public void Say(string message) => Collect(_messages, message, message);

    /// <summary>A dangerous combination of arguments.</summary>
    public void Warn(string warning) => Collect(_warnings, warning, $"Warning: {warning}");

    /// <summary>A figure derived from the arguments.</summary>
    public void Note(string note, bool aloud = true) => Collect(_notes, note, aloud ? $"Note: {note}" : null);

    /// <summary>A command to run next.</summary>
    public void Next(string command) => Collect(_next, command, $"Next: {command}");

    /// <summary>Ends the command.</summary>
    /// <returns>The exit code that was given.</returns>
    public int End(int exitCode)
    {
        if (json)
        {
            Print(new(exitCode, _files, _messages, Usage, _warnings, _notes, _next));
        }

        return exitCode;
    }

    /// <summary>Says on standard output, too, what ended a command that was asked for JSON.</summary>
    public static void PrintFault(Fault fault) => Print(new(fault.ExitCode, [], fault.Message.Split('\n'), null, [], [], []));

    // What would disturb a terminal can stand in a string of JSON alone, where its escape means the same.
    private static void Print(ReportContent content) =>
        Disk.Print(Fault.ShowLines($"{JsonSerializer.Serialize(content, ReportJson.Readable.ReportContent)}\n"));

    private void Collect(List<string> list, string text, string? aloud)
    {
        list.Add(text);
        if (!json && aloud is not null)
        {
            Disk.Say(aloud);
        }
    }
}

/// <summary>A <see cref="Report"/> as JSON.</summary>
internal sealed record ReportContent(
    int ExitCode,
    IReadOnlyList<FileReport> Files,
    IReadOnlyList<string> Messages,
    string? Usage,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Next);

/// <summary>Serialization of <see cref="ReportContent"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReportContent))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>Indented, with quotes as they are.</summary>
    public static ReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    });
}
