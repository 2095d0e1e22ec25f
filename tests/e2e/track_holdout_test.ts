import { assertEquals, assertStringIncludes } from "@std/assert";
import { folderWithSample, runIn } from "./program_folder.ts";

interface TrackOptions {
  /** @default sealed */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
}

Deno.test("track keeps out of a sealed holdout, opens it once, and again only for a reason", async () => {
  await using folder = await folderWithSample(["--no-features"]);
  await Deno.mkdir(`${folder.path}/config`);
  await Deno.writeTextFile(
    `${folder.path}/config/sealed.json`,
    JSON.stringify({ evaluation: { holdout: { start: "2023-04-20" } } }),
  );
  await Deno.writeTextFile(
    `${folder.path}/config/unsealed.json`,
    JSON.stringify({ evaluation: { holdout: { start: null } } }),
  );
  const track = (args: readonly string[], { config = "sealed", env = {} }: TrackOptions = {}) =>
    runIn(folder.path, "track", [
      ...["--json", "--quick", "--model", "climatology", "--config", `config/${config}.json`],
      ...args,
    ], { env });
  const codes = (warnings: readonly { code: string }[]) => warnings.map(({ code }) => code);
  const clipped = await track(["--check-leaks"]);
  assertEquals([clipped.code, codes(clipped.json.warnings)], [0, ["holdout-sealed"]], clipped.stderr);
  const refused = async (
    code: number,
    errorCode: string,
    part: string,
    args: readonly string[],
    how?: TrackOptions,
  ) => {
    const { code: actual, json } = await track(args, how);
    assertEquals([actual, json.error?.code], [code, errorCode], args.join(" "));
    assertStringIncludes(`${json.error.message} ${json.error.hint}`, part);
  };
  await refused(3, "input-invalid", "sealed from 2023-04-20", ["--until", "2023-04-25"]);
  await refused(2, "usage", "--open-holdout", ["--force"]);
  // None of these looks at anything, and none spends the look.
  await refused(2, "usage", "scores nothing", ["--open-holdout", "--check-leaks"]);
  await refused(3, "input-invalid", "", ["--open-holdout", "--folds", "50"]);

  const opened = await track(["--open-holdout", "--folds", "1"]);
  assertEquals([opened.code, codes(opened.json.warnings)], [0, ["holdout-opened"]], opened.stderr);
  await refused(7, "gate-refused", `by run ${opened.json.runId}`, ["--open-holdout"]);
  const elsewhere = { env: { MLFLOW_TRACKING_URI: "sqlite:///mlruns/other.db" } };
  await refused(7, "gate-refused", "as it was opened before", ["--open-holdout"], elsewhere);
  await refused(2, "usage", "--reason", ["--open-holdout", "--force"]);
  const again = await track(["--open-holdout", "--force", "--reason", "a fault in the first look", "--folds", "1"]);
  assertEquals(
    [again.code, codes(again.json.warnings)],
    [0, ["holdout-opened-before", "holdout-opened"]],
    again.stderr,
  );

  const unsealed = await track(["--check-leaks"], { config: "unsealed" });
  assertEquals([unsealed.code, codes(unsealed.json.warnings)], [0, ["holdout-opened-before"]], unsealed.stderr);
  const before = await track(["--check-leaks", "--until", "2023-04-20"], { config: "unsealed" });
  assertEquals([before.code, codes(before.json.warnings)], [0, []], before.stderr);
});
