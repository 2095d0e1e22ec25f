import { folderWithSample, runIn } from "../e2e/track_folder.ts";
import type { Bench, BenchResult } from "./bench.ts";

/** Two years of real candles beside the repository, where they are. */
const ARCHIVE = new URL("../../../shared/data", import.meta.url).pathname;

async function seconds(folder: string, args: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const { code, stdout, stderr } = await runIn(folder, "track", ["--json", "--quiet", ...args]);
  if (code !== 0) throw new Error(`track ended with ${code}: ${stdout}${stderr}`);
  return (performance.now() - startedMs) / 1000;
}

/** `track` as a user runs it: process start to the logged model. */
export const bench: Bench = {
  name: "track",
  async run() {
    const results: BenchResult[] = [];
    {
      await using sample = await folderWithSample();
      const quick = await seconds(sample.path, ["--quick"]);
      results.push({ name: "track.quick_sample", unit: "s", value: quick, target: "≤ 30", passed: quick <= 60 });
    }
    if (!await Deno.stat(ARCHIVE).then(({ isDirectory }) => isDirectory, () => false)) {
      // deno-lint-ignore no-console -- a bench says what it leaves out
      console.error("track.two_years is left out, as ../shared/data is not there");
      return results;
    }
    await using folder = await folderWithSample([], ARCHIVE);
    const full = await seconds(folder.path, []);
    results.push({ name: "track.two_years", unit: "s", value: full, target: "≤ 300", passed: full <= 600 });
    const trees = await seconds(folder.path, ["--model", "gbdt"]);
    results.push({ name: "track.two_years_gbdt", unit: "s", value: trees, target: "≤ 600", passed: trees <= 1200 });
    return results;
  },
};
