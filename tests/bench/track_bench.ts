import { folderWithSample, runIn } from "../e2e/program_folder.ts";
import { type Bench, median } from "./bench.ts";

async function secondsOfTrack(folder: string, args: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const { code, stdout, stderr } = await runIn(folder, "track", ["--json", "--quiet", ...args]);
  if (code !== 0) throw new Error(`track ended with ${code}: ${stdout}${stderr}`);
  return (performance.now() - startedMs) / 1000;
}

/** Runs whose median is told: one of them on a busy machine says little. */
const RUNS = 3;

/** `track --quick` as a user runs it: process start to the logged model. Two years: `deno task measure`. */
export const bench: Bench = {
  name: "track",
  async run() {
    const seconds: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      await using sample = await folderWithSample();
      seconds.push(await secondsOfTrack(sample.path, ["--quick"]));
    }
    const value = median(seconds);
    return [{ name: "track.quick_sample", unit: "s", value, target: "≤ 30", passed: value <= 60 }];
  },
};
