import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { inventName } from "../../../src/MLOps/rules/invented_name.ts";
import { cutTo, isLongerThan, normalizePath, pythonJson } from "../../../src/MLOps/rules/text.ts";

Deno.test("normalizePath() gives what Python's posixpath.normpath gives", { permissions: "none" }, () => {
  // Left: as Python 3.11 prints it.
  const known: readonly (readonly [string, string])[] = [
    [".", ""],
    [".", "."],
    ["/", "/"],
    ["//", "//"],
    ["/", "///"],
    ["//a", "//a"],
    ["/a", "///a"],
    ["a/b", "a//b"],
    ["a/b", "a/./b"],
    ["b", "a/../b"],
    ["../b", "../b"],
    ["..", "a/../.."],
    ["../..", "../.."],
    ["/b", "/../b"],
    ["a", "a/"],
    ["...", "..."],
    [" ", " "],
  ];
  for (const [expected, path] of known) assertEquals(normalizePath(path), expected, JSON.stringify(path));
});

Deno.test("cutTo() counts characters, not UTF-16 units, and never splits one", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 30 }), fc.nat(30), (text, limit) => {
    const characters = [...text];
    assertEquals(isLongerThan(text, limit), characters.length > limit);
    assertEquals(cutTo(text, limit), characters.slice(0, limit).join(""));
  }));
});

Deno.test("inventName() is an adjective, an animal and a number in 20 characters", { permissions: "none" }, () => {
  for (let i = 0; i < 500; i++) {
    const name = inventName();
    assertMatch(name, /^[a-z]+-[a-z]+-\d{1,4}$/);
    assert(name.length <= 20, name);
  }
});

Deno.test("pythonJson() writes what Python's json.dumps writes", { permissions: "none" }, () => {
  // As Python 3.11 prints it.
  assertEquals(pythonJson([{ name: 'a "b"', version: 1 }, {}]), String.raw`[{"name": "a \"b\"", "version": 1}, {}]`);
  assertEquals(
    pythonJson(["ü😀\x7f\n", null, true]),
    String.raw`["\u00fc\ud83d\ude00` + "\x7f" + String.raw`\n", null, true]`,
  );
});
