import { type Bench, median, secondsOf } from "./bench.ts";

const RUNS = 9;
const TARGET_MS = 150;

/** How long `--help` takes as a user meets it, beside an empty Deno program. */
export const bench: Bench = {
  name: "start",
  async run() {
    const empty = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      const helpMs: number[] = [], emptyMs: number[] = [];
      for (let i = 0; i < RUNS; i++) {
        helpMs.push(1000 * await secondsOf("deno", ["run", "-q", "--no-prompt", "-P=doctor", "main.ts", "--help"]));
        emptyMs.push(1000 * await secondsOf("deno", ["run", "-q", "--no-config", empty]));
      }
      const value = median(helpMs), peer = median(emptyMs);
      return [{
        name: "start.help",
        unit: "ms",
        value,
        peer: { name: "an empty Deno program", value: peer },
        target: `≤ ${TARGET_MS}`,
        passed: value - peer <= TARGET_MS && value <= 2 * TARGET_MS,
      }];
    } finally {
      await Deno.remove(empty);
    }
  },
};
