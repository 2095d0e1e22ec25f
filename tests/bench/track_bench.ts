import { folderWithSample, runIn } from "../e2e/track_folder.ts";
import type { Bench, BenchResult } from "./bench.ts";

async function seconds(folder: string, args: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const { code, stdout, stderr } = await runIn(folder, "track", ["--json", "--quiet", ...args]);
  if (code !== 0) throw new Error(`track ended with ${code}: ${stdout}${stderr}`);
  return (performance.now() - startedMs) / 1000;
}

/** `track --quick` as a user runs it: process start to the logged model. Two years: `deno task measure`. */
export const bench: Bench = {
  name: "track",
  async run() {
    const results: BenchResult[] = [];
    {
      await using sample = await folderWithSample();
      const quick = await seconds(sample.path, ["--quick"]);
      results.push({ name: "track.quick_sample", unit: "s", value: quick, target: "≤ 30", passed: quick <= 60 });
    }
    return results;
  },
};
