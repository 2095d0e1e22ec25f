/** One figure of a benchmark. */
export interface BenchResult {
  /** Name of the figure: `ingest.two_years`. */
  readonly name: string;
  /** Unit of `value`: `s`, `ms`, `rows/s`, `bytes/row`. */
  readonly unit: string;
  /** What was measured. */
  readonly value: number;
  /** The same work by something else, or a bare loop, in the same run. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** What the design asks for on an idle machine, in words: `≤ 10`. */
  readonly target: string;
  /** Judged against the peer of the same run; a time without one against twice the target, as machines differ in it. */
  readonly passed: boolean;
}

/** A benchmark; its file is `tests/bench/<name>_bench.ts` and exports it as `bench`. */
export interface Bench {
  /** Name for `task bench -- NAME`. */
  readonly name: string;
  /** Does the work and measures it. */
  run(): Promise<readonly BenchResult[]>;
}

/** Seconds that a command takes as a process of its own; its output is kept from the screen. */
export async function secondsOf(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const startedMs = performance.now();
  const { code, stderr } = await new Deno.Command(command, { args: [...args], env, stdout: "null", stderr: "piped" })
    .output();
  const seconds = (performance.now() - startedMs) / 1000;
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${new TextDecoder().decode(stderr).slice(-500)}`);
  }
  return seconds;
}

/** Middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
