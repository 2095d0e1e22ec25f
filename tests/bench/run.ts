/**
 * Runs benchmarks: `task bench -- [NAME…] [--json] [--out FILE]`. Prints a table, or `results[…]` as JSON; the exit code is
 * 1 where a figure does not pass.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command of its own
import { parseArgs } from "@std/cli";
import { renderTable } from "../../src/cli/table.ts";
import { nearestWord } from "../../src/core/mod.ts";
import type { Bench, BenchResult } from "./bench.ts";

async function available(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    const bench = /^(\w+)_bench\.ts$/.exec(name)?.[1];
    if (bench !== undefined) found.set(bench, name);
  }
  return new Map([...found].sort());
}

const significant = (value: number) => Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });

function table(results: readonly BenchResult[]): string {
  return renderTable(
    [
      { title: "figure" },
      { title: "value", align: "right" },
      { title: "unit" },
      { title: "target" },
      { title: "peer", align: "right" },
      { title: "of" },
      { title: "passed" },
    ],
    results.map(({ name, value, unit, target, peer, passed }) => [
      name,
      significant(value),
      unit,
      target,
      peer === undefined ? "" : significant(peer.value),
      peer?.name ?? "",
      passed ? "yes" : "NO",
    ]),
  );
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs(args, { json: { type: "boolean" }, out: { type: "string" } });
  const files = await available();
  for (const name of positionals) {
    if (files.has(name)) continue;
    console.error(
      `Unknown benchmark '${name}': ${nearestWord(name, [...files.keys()]) ?? [...files.keys()].join(", ")} can be run`,
    );
    return 2;
  }
  const results: BenchResult[] = [];
  for (const [name, file] of files) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`bench ${name} …`);
    const { bench } = await import(`./${file}`) as { readonly bench: Bench };
    results.push(...await bench.run());
  }
  const report = { measuredAt: new Date().toISOString(), cores: navigator.hardwareConcurrency, results };
  if (typeof values["out"] === "string") {
    await Deno.writeTextFile(values["out"], `${JSON.stringify(report, null, 2)}\n`);
  }
  console.log(values["json"] === true ? JSON.stringify(report) : table(results));
  return results.every(({ passed }) => passed) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
