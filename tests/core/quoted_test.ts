import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { quoted } from "../../src/core/mod.ts";

Deno.test("quoted() leaves plain words and quotes the others", { permissions: "none" }, () => {
  assertEquals(["/data/a-b_c.1", "a,b=c:d", "my data", "it's", "$HOME", ""].map(quoted), [
    "/data/a-b_c.1",
    "a,b=c:d",
    "'my data'",
    "'it'\\''s'",
    "'$HOME'",
    "''",
  ]);
});

Deno.test("a shell reads back every quoted word", async () => {
  const words = fc.sample(fc.string({ unit: "binary", maxLength: 12 }), { numRuns: 200, seed: 1 })
    .map((word) => word.replaceAll("\0", "")).filter((word) => word.isWellFormed());
  const { stdout } = await new Deno.Command("env", {
    args: ["sh", "-c", `printf '%s\\0' ${words.map(quoted).join(" ")}`],
  }).output();
  assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
});
