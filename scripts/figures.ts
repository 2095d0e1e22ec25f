/**
 * Writes the figures of README and docs from the results files: `deno task figures`, with `--check` to change nothing and
 * exit 1 where a page differs. A block stands between `<!-- figures:NAME -->` and `<!-- /figures -->`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command of its own
import {
  renderBench,
  renderCleanRuns,
  renderDemo,
  renderFamilies,
  renderFaults,
  renderFloors,
  renderLeaks,
  renderTwoYears,
} from "./figure_blocks.ts";

const BLOCK = /<!-- figures:([a-z_]+) -->\n[\s\S]*?<!-- \/figures -->/g;
const PAGES = [
  "README.md",
  "docs/ingestion.md",
  "docs/architecture.md",
  "docs/operations.md",
  "docs/evaluation.md",
  "docs/training.md",
];

/** Renderers of the blocks, each from one results file. */
const BLOCKS: Readonly<Record<string, { readonly file: string; readonly render: (results: string) => string }>> = {
  bench: { file: "docs/results/bench.json", render: (results) => renderBench(results) },
  bench_api: { file: "docs/results/api.json", render: (results) => renderBench(results) },
  bench_kernels: { file: "docs/results/bench.json", render: (results) => renderBench(results, ["kernels"]) },
  bench_training: {
    file: "docs/results/bench.json",
    render: (results) =>
      renderBench(results, ["mlp", "gbdt", "memory", "pyramid", "tcn", "gru", "sweep", "forward", "track"]),
  },
  ingest_faults: { file: "docs/results/ingest_faults.json", render: (results) => renderFaults(results) },
  api_faults: { file: "docs/results/api_faults.json", render: (results) => renderFaults(results, "the service") },
  demo: { file: "docs/results/demo.txt", render: renderDemo },
  families: { file: "docs/results/two_years.json", render: renderFamilies },
  floors: { file: "docs/results/two_years.json", render: renderFloors },
  leaks: { file: "docs/results/leaks.json", render: renderLeaks },
  leaks_clean: { file: "docs/results/leaks.json", render: renderCleanRuns },
  two_years: { file: "docs/results/two_years.json", render: renderTwoYears },
};

/** The page with every block written anew. @throws {RangeError} on a block that no renderer makes. */
export async function withFigures(page: string): Promise<string> {
  const parts: string[] = [];
  let offset = 0;
  for (const match of page.matchAll(BLOCK)) {
    const name = match[1]!;
    const block = BLOCKS[name];
    if (block === undefined) throw new RangeError(`Unknown figures '${name}': ${Object.keys(BLOCKS).join(", ")} exist`);
    const results = block.render(await Deno.readTextFile(block.file));
    parts.push(
      page.slice(offset, match.index),
      `<!-- figures:${name} -->\n\n${results}\n\n<!-- /figures -->`,
    );
    offset = match.index + match[0].length;
  }
  return [...parts, page.slice(offset)].join("");
}

async function main(check: boolean): Promise<number> {
  let stale = 0;
  for (const path of PAGES) {
    const before = await Deno.readTextFile(path);
    const after = await withFigures(before);
    if (after === before) continue;
    stale++;
    if (!check) await Deno.writeTextFile(path, after);
    console.error(`${path} ${check ? "differs from the results: run 'deno task figures'" : "is written"}`);
  }
  return check && stale > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args.includes("--check")));
