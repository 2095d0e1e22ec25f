import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { parseDelimited, preview, previewKind } from "../../../src/MLOps/ui/parts/preview.ts";

const shown = (path: string, text: string, size = new TextEncoder().encode(text).length) =>
  String(preview({ path, size, head: new TextEncoder().encode(text), downloadUrl: "/d", inlineUrl: "/i" }));

Deno.test("parseDelimited() reads quoted fields with separators, quotes and line ends in them", () => {
  const text = 'a,"b, c","say ""hi"""\r\n1,"two\nlines",\n\nlast,x,y';
  assertEquals(parseDelimited(text, ",", 10), [
    ["a", "b, c", 'say "hi"'],
    ["1", "two\nlines", ""],
    ["last", "x", "y"],
  ]);
  assertEquals(parseDelimited("a\tb\n", "\t", 10), [["a", "b"]]);
});

Deno.test("parseDelimited() gives back what was written, however nasty", () => {
  const rows = fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(rows, (rows) => {
    const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n");
    assertEquals(parseDelimited(text, ",", 100), rows);
  }));
});

Deno.test("previewKind() shows HTML as its source and never runs it", () => {
  assertEquals(
    ["a.html", "MLmodel", "x.json", "x.csv", "x.png", "x.svg", "x.pdf", "x.bin", "requirements.txt", "no_ending"].map(
      previewKind,
    ),
    ["text", "text", "json", "table", "image", "image", "pdf", "none", "text", "none"],
  );
});

Deno.test("preview() lays JSON out, leaves damaged JSON as it is and escapes both", () => {
  assertStringIncludes(shown("a.json", '{"a":["<b>"]}'), "{\n  &quot;a&quot;: [\n    &quot;&lt;b&gt;&quot;\n  ]\n}");
  assertStringIncludes(shown("a.json", '{"a": <script>'), "{&quot;a&quot;: &lt;script&gt;");
});

Deno.test("preview() says how much of a large text it shows", () => {
  assertStringIncludes(shown("log.txt", "start", 5_000_000), "The first 5 B of 5 MB.");
});

Deno.test("preview() drops the half line at the end of a cut table", () => {
  const page = shown("rows.csv", "a,b\n1,2\n3,", 1_000);
  assertStringIncludes(page, "<td>2</td>");
  assert(!page.includes("<td>3</td>"));
});
