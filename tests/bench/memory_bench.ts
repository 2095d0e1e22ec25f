import type { Bench } from "./bench.ts";

/** What the issue asks for, in bytes, and what runs it. */
const CASES = [
  { name: "gbdt_columns", limit: 900e6, command: ["memory_gbdt.ts", "columns"] },
  { name: "gbdt_stream", limit: 300e6, command: ["memory_gbdt.ts", "stream"] },
  { name: "mlp", limit: 900e6, command: ["memory_mlp.ts"] },
] as const;

/** Largest memory of a process that trains on two years of minutes with 90 features, data included. */
export const bench: Bench = {
  name: "memory",
  run: () =>
    Promise.all(CASES.map(async ({ name, limit, command }) => {
      const value = await printedNumber(command);
      return {
        name: `memory.${name}_2_years_90_features`,
        unit: "MB",
        value: value / 1e6,
        target: `≤ ${limit / 1e6}`,
        passed: value <= limit,
      };
    })),
};

async function printedNumber([file, ...args]: readonly [string, ...string[]]): Promise<number> {
  const path = new URL(file, import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command("deno", { args: ["run", "-q", "-A", path, ...args] })
    .output();
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  return Number(new TextDecoder().decode(stdout));
}
