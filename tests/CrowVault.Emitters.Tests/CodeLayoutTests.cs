using CrowVault.Emitters.Code;
using Xunit;

namespace CrowVault.Emitters.Tests;

/// <summary>What is layout, and what is code.</summary>
public sealed class CodeLayoutTests
{
    [Theory]
    [InlineData("f('a');", "f(\"a\")")]
    [InlineData("f('it\\'s');", "f(\"it's\")")]
    [InlineData("f('a');", "f(`a`)")]
    [InlineData("const x = { 'a': 1, b: 2 };", "const x = {\n  a: 1,\n  b: 2,\n}")]
    [InlineData("f(1_000, 0.5, 0xFF);", "f(1000, .5, 0xff)")]
    [InlineData("const f = x => x;", "const f = (x) => x")]
    [InlineData("const f = async x => (a ? b : c);", "const f = async (x) => a ? b : c;")]
    [InlineData("a.map(x => x);", "a.map((\n  x,\n) => x)")]
    [InlineData("const x = a ? b : { c: 1 };", "const x = a\n  ? b\n  : ({\n    c: 1,\n  })")]
    [InlineData("const x = a ? { c: 1 } : b ?? { c: 2 };", "const x =\n  a ? ({ c: 1 }) : b ?? ({ c: 2 })")]
    [InlineData("type A = ({ a: 1 } & B) | ({ b: 2 } & B);", "type A =\n  | { a: 1 } & B\n  | { b: 2 } & B")]
    [InlineData("const x = y as (A & { b: C }) | undefined;", "const x = y as A & { b: C } | undefined")]
    [InlineData("type A = (typeof B)[keyof typeof B];", "type A = typeof B[keyof typeof B]")]
    [InlineData("if (a) { return `b${c}d`; }", "if (a) return `b${\n  c\n}d`")]
    [InlineData("return a || b;", "return (\n  a ||\n  b\n)")]
    [InlineData("const x = (a && b) || c;", "const x = a && b || c")]
    [InlineData("type A = 'x' | 'y';", "type A =\n  | 'x'\n  | 'y'")]
    [InlineData("interface A { a: number; 'b': string }", "interface A {\n  a: number,\n  b: string,\n}")]
    [InlineData("interface A { f: () => void; b: string }", "interface A {\n  f: () => void\n  'b': string\n}")]
    [InlineData("if (a) { return; }", "if (a) return")]
    [InlineData("for (const a of b) { if (a) { c(); d(); } }", "for (const a of b)\n{\n  if (a)\n  {\n    c()\n    d()\n  }\n}")]
    [InlineData("if (a) { (b as C)?.d(); }", "if (a) {\n  ;(b as C)?.d()\n}")]
    [InlineData("a();\n(b as C)?.d();", "a()\n;(b as C)?.d()")]
    [InlineData("f(`a ${x} b`);", "f(`a ${\n  x\n} b`)")]
    [InlineData("/** One two. */\nf();", "/**\n * One\n * two.\n */\nf()")]
    [InlineData("f(); // why", "f() //   why")]
    [InlineData("import { b, a } from 'x';\nimport c from 'y';", "import c from \"y\"\nimport { a, b, } from \"x\"")]
    [InlineData("const x: Map<string, Array<number>> = y;", "const x: Map<\n  string,\n  Array<\n    number\n  >\n> = y")]
    [InlineData("f(/a'b/u);", "f((/a'b/u))")]
    [InlineData("a = b.delete(c) ? d : e;", "a =\n  (b.delete(\n    c\n  )) ? d : e")]
    [InlineData("if (a?.in && b) { c(); }", "if ((a?.in) && b) c()")]
    [InlineData("for (const a of b) { if (a) { c(); } }", "for (const a of b) {\n  if (a)\n    c()\n}")]
    [InlineData("import type { A, B } from 'x';\nimport { c } from 'x';", "import { type B, c, type A } from 'x'")]
    [InlineData("import type { A } from 'x';", "import { type A } from 'x'")]
    public void A_formatter_changes_no_code(string one, string other) =>
        Assert.Equal(CodeLayout.Fingerprint(one), CodeLayout.Fingerprint(other));

    [Theory]
    [InlineData("f('a');", "f('b');")]
    [InlineData("f('a');", "f(a);")]
    [InlineData("x = (a + b) * c;", "x = a + b * c;")]
    [InlineData("x = a - (b - c);", "x = a - b - c;")]
    [InlineData("x = !(a && b);", "x = !a && b;")]
    [InlineData("x = (a ?? b).c;", "x = a ?? b.c;")]
    [InlineData("x = await (a.b);", "x = (await a).b;")]
    [InlineData("return; f();", "return f();")]
    [InlineData("f(1000);", "f(1001);")]
    [InlineData("f([a, -b]);", "f([a - b]);")]
    [InlineData("if (a) { b(); c(); }", "if (a) { b(); } c();")]
    [InlineData("if (a) { if (b) { c(); } } else { d(); }", "if (a) { if (b) { c(); } else { d(); } }")]
    [InlineData("f(`a${x}`);", "f(`b${x}`);")]
    [InlineData("type A = (B | C)[];", "type A = B | C[];")]
    [InlineData("type A = (() => B) | C;", "type A = () => B | C;")]
    [InlineData("f(); // why", "f();")]
    [InlineData("f();", "// f();")]
    [InlineData("f(/a/u);", "f(/b/u);")]
    [InlineData("f(() => ({}));", "f(() => {});")]
    [InlineData("x = (typeof a)[0];", "x = typeof a[0];")]
    [InlineData("x = y as (A | B) & C;", "x = y as A | B & C;")]
    [InlineData("f((a, b) => a);", "f((a) => a);")]
    [InlineData("({ a } = b);", "{ a } = b;")]
    [InlineData("for (;a;) b();", "for (a;;) b();")]
    [InlineData("if (a) { do { b(); } while (c)\nd(); }", "if (a) do { b(); } while (c)\nd();")]
    [InlineData("x = a.delete / b / c;", "x = a.delete (/ b /) (c);")]
    [InlineData("import { A } from 'x';", "import { type A } from 'x';")]
    [InlineData("import A from 'x';", "import { A } from 'x';")]
    [InlineData("import * as A from 'x';", "import A from 'x';")]
    [InlineData("import type A from 'x';", "import A from 'x';")]
    [InlineData("import { A } from 'x';", "import { A } from 'y';")]
    [InlineData("import { A as B } from 'x';", "import { A, B } from 'x';")]
    [InlineData("import 'x';", "")]
    public void An_edit_changes_code(string one, string other) =>
        Assert.NotEqual(CodeLayout.Fingerprint(one), CodeLayout.Fingerprint(other));

    [Fact]
    public void Every_text_has_a_fingerprint()
    {
        const string Alphabet = "a1'\"`/\\*${}()[]<>=;,.:?!|&+-\n\r \u2028\ud800#@";
        var random = new Random(7);
        for (var round = 0; round < 3_000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            Assert.Equal(32, CodeLayout.Fingerprint(text).Length);
            var pieces = CodeLayout.Pieces(text);
            Assert.True(pieces.Zip(pieces.Skip(1)).All(pair => pair.First.End == pair.Second.Start), text);
        }
    }

    [Theory]
    [InlineData("const a = 1;\n\nconst b = `x\n\nconst c = 2;\n\n${a}\n\nfunction d`;\n\nfunction e() {}\n")]
    [InlineData("/* One.\n\nconst a = 1;\n\nTwo. */\n\nf();\n\n// Three.\n\ng();\n")]
    [InlineData("// Above.\n\nimport { b, a } from './b.ts';\n\nimport { c } from './a.ts';\n\nf(a);\n\nimport d from './0.ts';\n")]
    [InlineData("f();\n\nimport { b, a } from './b.ts';\nimport c from './a.ts';\n\ng();")]
    [InlineData("const a = f(\n\nb);\n\nif (a) {\n\ng();\n\n}\n\nelse {\n\nh();\n}\n")]
    [InlineData("const a = 'not closed\n\nconst b = `nor this\n\nconst c = 1;\n")]
    [InlineData("return\n\nf()\n\ng()")]
    [InlineData("\n\n")]
    [InlineData("")]
    public void Declarations_read_apart_have_the_fingerprint_of_the_whole(string code)
    {
        var header = new FileHeader("Test", "1.2.3", "generate_test", "{}", FileHeader.WebStandards);
        Assert.Contains($"Body: xxh128 {CodeLayout.Fingerprint(code)}\n", header.Above(code), StringComparison.Ordinal);
        Assert.Equal(header.Above(code), header.Above(code));
    }

    [Fact]
    public void Brackets_without_end_take_no_time() =>
        Assert.Equal(32, CodeLayout.Fingerprint(string.Concat(Enumerable.Repeat("(a?[{`${", 50_000))).Length);

    [Fact]
    public void An_accepted_edit_is_read_back_with_what_stands_above()
    {
        var content = Catalog.All[0].TryEmit(System.Text.Json.JsonElement.Parse("{}"), "1.2.3", out var emission, out _) ? emission.Files[0].Content : "";
        var file = OwnedFile.Read($"// Copyright\n'use client';\n{content}// mine\n")!;
        var accepted = OwnedFile.Read(file.Above + (file.Header with { Accepted = file.Fingerprint, Instance = "payments" }).Above(file.Body, file.Emitted))!;

        Assert.Equal((true, false), (file.IsEdited, file.IsAccepted));
        Assert.Equal((true, true, "payments"), (accepted.IsEdited, accepted.IsAccepted, accepted.Header.Instance));
        Assert.Equal("// Copyright\n'use client';\n", accepted.Above);
        Assert.Null(OwnedFile.Read($"f();\n{content}"));
    }
}
