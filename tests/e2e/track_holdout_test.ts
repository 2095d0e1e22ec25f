import { assertEquals, assertStringIncludes } from "@std/assert";
import { folderWithSample, runIn } from "./track_folder.ts";

Deno.test("track keeps out of a sealed holdout, opens it once, and again only for a reason", async () => {
  await using folder = await folderWithSample(["--no-features"]);
  await Deno.mkdir(`${folder.path}/config`);
  await Deno.writeTextFile(
    `${folder.path}/config/sealed.json`,
    JSON.stringify({ evaluation: { holdout: { start: "2023-04-20" } } }),
  );
  const track = (...args: readonly string[]) =>
    runIn(folder.path, "track", [
      ...["--json", "--quick", "--model", "climatology", "--check-leaks", "--config", "config/sealed.json"],
      ...args,
    ]);
  const codes = (warnings: readonly { code: string }[]) => warnings.map(({ code }) => code);
  const clipped = await track();
  assertEquals([clipped.code, codes(clipped.json.warnings)], [0, ["holdout-sealed"]], clipped.stderr);
  const refused = async (code: number, errorCode: string, part: string, ...args: readonly string[]) => {
    const { code: actual, json } = await track(...args);
    assertEquals([actual, json.error?.code], [code, errorCode], args.join(" "));
    assertStringIncludes(`${json.error.message} ${json.error.hint}`, part);
  };
  await refused(3, "input-invalid", "sealed from 2023-04-20", "--until", "2023-04-25");
  await refused(2, "usage", "--open-holdout", "--force");

  const opened = await track("--open-holdout");
  assertEquals([opened.code, codes(opened.json.warnings)], [0, ["holdout-opened"]], opened.stderr);
  await refused(7, "gate-refused", "as it was opened before", "--open-holdout");
  await refused(2, "usage", "--reason", "--open-holdout", "--force");
  assertEquals((await track("--open-holdout", "--force", "--reason", "a fault in the first look")).code, 0);
});
