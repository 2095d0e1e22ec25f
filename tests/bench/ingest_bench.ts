import { INGEST_CONFIG_SCHEMA } from "../../src/config/ingest_config.ts";
import { largeMirror, SAMPLE } from "../e2e/ingest_program.ts";
import { hasPython } from "../fakes/has_python.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { type Bench, type BenchResult, secondsOf } from "./bench.ts";

const TARGET_SECONDS = 4;
const TARGET_RSS_MB = 400;
const TARGET_BYTES_PER_ROW = 45;
const PEERS = ["MLFLOW_PYTHON"] as const;

interface Run {
  readonly seconds: number;
  readonly rssMb: number | undefined;
  readonly rows: number;
}

/** Two years of daily zips into a new store, verified, parsed, checked; the rerun; size and memory. */
export const bench: Bench = {
  name: "ingest",
  async run() {
    const mirror = largeMirror() ?? SAMPLE;
    const files = [...Deno.readDirSync(`${mirror}/spot/daily/klines/BTCUSDT/1m`)].length;
    await using tmp = await tmpDir();
    const settings = { featureStore: { path: `${tmp.path}/store.duckdb` } } satisfies Parameters<
      typeof INGEST_CONFIG_SCHEMA.parse
    >[0];
    await Deno.writeTextFile(`${tmp.path}/config.json`, JSON.stringify(settings));
    const args = ["--config", `${tmp.path}/config.json`, "--archive-dir", mirror, "--no-features", "--no-report"];
    const first = await measured(tmp.path, mirror, args);
    const { size } = await Deno.stat(`${tmp.path}/store.duckdb`);
    const again = await measured(tmp.path, mirror, args);
    const peer = await python(mirror, `${tmp.path}/peer.duckdb`);
    // Judged on a machine that has the two years; the sample alone is mostly start-up.
    const share = files / 730;
    const results: BenchResult[] = [
      {
        name: `ingest.${files}_zips`,
        unit: "s",
        value: first.seconds,
        ...(peer === undefined ? {} : { peer: { name: "pandas + DuckDB in Python", value: peer } }),
        target: `≤ ${TARGET_SECONDS}`,
        passed: first.seconds <= 2 * TARGET_SECONDS && (peer === undefined || share < 0.5 || first.seconds <= peer),
      },
      {
        name: "ingest.rows",
        unit: "rows/s",
        value: first.rows / first.seconds,
        target: "≥ 100,000",
        passed: share < 0.5 || first.rows / first.seconds >= 50_000,
      },
      { name: "ingest.rerun", unit: "s", value: again.seconds, target: "≤ 1", passed: again.seconds <= 2 },
      {
        name: "ingest.disk",
        unit: "bytes/row",
        value: size / first.rows,
        target: `≤ ${TARGET_BYTES_PER_ROW}`,
        passed: size / first.rows <= (share < 0.5 ? 2 : 1) * TARGET_BYTES_PER_ROW,
      },
    ];
    const half = share < 0.5 ? undefined : await measuredHalf(tmp.path, mirror);
    // Not 1: the collector lets garbage lie while there is room. What is kept does not grow.
    if (half?.rssMb !== undefined && first.rssMb !== undefined) {
      const growth = first.rssMb / half.rssMb;
      results.push({
        name: "ingest.rss_growth, two years over one",
        unit: "ratio",
        value: growth,
        target: "≤ 1.25",
        passed: growth <= 1.25,
      });
    }
    const exported = await measuredExport(tmp.path, mirror, args);
    results.push({
      name: "ingest.export",
      unit: "rows/s",
      value: first.rows / exported.seconds,
      target: "≥ 200,000",
      passed: share < 0.5 || first.rows / exported.seconds >= 100_000,
    });
    if (first.rssMb !== undefined) {
      const passed = first.rssMb <= TARGET_RSS_MB * 1.25;
      results.push({ name: "ingest.rss", unit: "MB", value: first.rssMb, target: `≤ ${TARGET_RSS_MB}`, passed });
    }
    return results;
  },
};

/** One year of the two into a store of its own. */
async function measuredHalf(folder: string, mirror: string): Promise<Run> {
  const config = `${folder}/half.json`;
  await Deno.writeTextFile(config, JSON.stringify({ featureStore: { path: `${folder}/half.duckdb` } }));
  const range = ["--since", "2022-01-01", "--until", "2023-01-01"];
  return await measured(folder, mirror, [
    ...["--config", config, "--archive-dir", mirror, "--no-features", "--no-report"],
    ...range,
  ]);
}

/** The rerun with an export: what it takes beyond the rerun is the export's. */
async function measuredExport(folder: string, mirror: string, args: readonly string[]): Promise<Run> {
  return await measured(folder, mirror, [...args, "--export", `parquet:${folder}/export`]);
}

/** Runs a program and writes the most memory it had resident, in kilobytes, as the last line of stderr. */
const WATCH = [
  "import resource, subprocess, sys",
  "code = subprocess.run(sys.argv[1:]).returncode",
  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)",
  "sys.exit(code)",
].join("\n");

async function measured(folder: string, mirror: string, args: readonly string[]): Promise<Run> {
  const words = [
    "run",
    "-q",
    "--no-prompt",
    "-P=ingest",
    `--allow-read=config,${folder},${mirror}`,
    `--allow-write=${folder}`,
    "main.ts",
    "ingest",
    "--json",
    "--quiet",
    ...args,
  ];
  const watched = await hasPython();
  const startedMs = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(watched ? "python3" : "deno", {
    args: watched ? ["-c", WATCH, "deno", ...words] : words,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const seconds = (performance.now() - startedMs) / 1000;
  const complaint = new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`ingest ended with ${code}: ${complaint.slice(-500)}`);
  const { rows } = JSON.parse(new TextDecoder().decode(stdout)) as { readonly rows: { readonly present: number } };
  const rssMb = watched ? Number(complaint.trim().split("\n").at(-1)) / 1000 : undefined;
  return { seconds, rssMb, rows: rows.present };
}

/** The same zips by pandas and DuckDB, where a Python with both is named. */
async function python(mirror: string, database: string): Promise<number | undefined> {
  const program = PEERS.map((name) => Deno.env.get(name)).find((value) => value !== undefined && value !== "");
  if (program === undefined) return undefined;
  try {
    return await secondsOf(program, ["tests/bench/ingest_peer.py", mirror, database]);
  } catch {
    return undefined; // a Python without pandas or DuckDB is no peer
  }
}
