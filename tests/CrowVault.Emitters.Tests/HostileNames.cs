using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>Names that would break out of a literal, a comment or a line, or that a plain object treats specially.</summary>
public static class HostileNames
{
    public static TheoryData<string> All =>
    [
        "", " ", "'", "\"", "`", "a'b", "a\"b", "a\\", "a\nb", "a\rb", "a\tb", "a\0b", "a\u2028b", "a\u2029b", "a\u202Eb", "\u200Ba", "\uFEFFa",
        "*/", "/*", "a*/b", "//", "${", "${a}", "a${b}", "{{a}}", "{%a%}", "<!--", "</script>", "__proto__", "prototype", "constructor",
        "Constructor", "__PROTO__", "1a", "-a", ".a", "_a", "a b", "a/b", "a:b", "a;b", "\u0430", "\u00E9", "a\uD83D\uDE00", "\uFF41",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
}
