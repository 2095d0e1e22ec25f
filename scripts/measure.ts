/**
 * Runs the whole line on two years of real candles and keeps what the commands printed in `docs/results/two_years.json`,
 * from which the figures of README and docs are written: `deno task measure [ARCHIVE_DIR] [line] [FAMILY:MINUTES…]`. With
 * names only these are measured anew, `line` being the default from ingest to register, and the rest of the file stays.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command of its own
import { ENGINE_ENV, ENGINE_FLAGS } from "../src/cli/engine_flags.ts";
import { TreeMemory } from "./tree_memory.ts";

/** What a command printed, and what it took. */
export interface Measured {
  /** Its `--json` object. */
  readonly result: Readonly<Record<string, unknown>>;
  /** Wall seconds of the process. */
  readonly seconds: number;
  /** Largest resident memory of it and all that it has started, megabytes; undefined where the system does not tell. */
  readonly peakMb: number | undefined;
}

/** A family beside the others on the same rows. */
export interface MeasuredFamily {
  readonly family: string;
  readonly horizonMinutes: number;
  readonly seconds: number;
  readonly peakMb: number | undefined;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What is trained beside the default, at its usual settings. */
const FAMILIES: Which = [
  ["mlp", 1],
  ["mlp", 5],
  ["gbdt", 15],
  ["mlp", 60],
  ["mlp", 1440],
];

const RESULTS = "docs/results/two_years.json";
const DEMO = "docs/results/demo.txt";

async function measure(
  command: string,
  args: readonly string[],
  folder: string,
  grants: readonly string[] = [],
): Promise<Measured> {
  console.error(`${command} ${args.join(" ")} …`);
  const root = Deno.cwd();
  const startedMs = performance.now();
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "-q",
      "--no-prompt",
      ENGINE_FLAGS,
      `--config=${root}/deno.json`,
      `-P=${command}`,
      ...grants,
      `${root}/main.ts`,
      command,
      ...args,
      "--json",
    ],
    cwd: folder,
    env: ENGINE_ENV,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await using memory = new TreeMemory(child.pid);
  const { code, stdout } = await child.output();
  const seconds = (performance.now() - startedMs) / 1000;
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${text.slice(0, 500)}`);
  return { result: JSON.parse(text), seconds, peakMb: memory.peakMb };
}

type Which = readonly (readonly [family: string, horizonMinutes: number])[];

async function measureFamilies(
  which: Which,
  track: (family: string, horizonMinutes: number) => Promise<Measured>,
): Promise<MeasuredFamily[]> {
  const families: MeasuredFamily[] = [];
  for (const [family, horizonMinutes] of which) {
    const { result, seconds, peakMb } = await track(family, horizonMinutes);
    families.push({ family, horizonMinutes, seconds, peakMb, metrics: result["metrics"] as Record<string, number> });
  }
  return families;
}

/** Puts what was measured in the place of what the file has of it. */
async function keep(line: Readonly<Record<string, unknown>>, measured: readonly MeasuredFamily[]): Promise<void> {
  const kept = JSON.parse(await Deno.readTextFile(RESULTS)) as { readonly families: readonly MeasuredFamily[] };
  const families = FAMILIES.flatMap(([family, horizonMinutes]) => {
    const isIt = (one: MeasuredFamily) => one.family === family && one.horizonMinutes === horizonMinutes;
    return measured.find(isIt) ?? kept.families.find(isIt) ?? [];
  });
  await Deno.writeTextFile(RESULTS, `${JSON.stringify({ ...kept, ...line, families }, null, 2)}\n`);
}

async function main(archiveDir: string, { withLine, families }: { withLine: boolean; families: Which }): Promise<void> {
  const root = Deno.cwd();
  const archive = await Deno.realPath(archiveDir);
  const folder = await Deno.makeTempDir({ prefix: "bitcoin-ml-measure-" });
  try {
    // The sets' relative paths are those of the project; here everything is made in a folder of its own.
    const stores = ["feature_store", "mlruns", "reports"].map((name) => `${folder}/${name}`).join(",");
    const read =
      `--allow-read=${folder},${archive},${root}/config,${root}/src,${root}/node_modules,${root}/.git,${root}/deno.lock,${root}/deno.json`;
    const grants = [read, `--allow-write=${stores}`];
    const config = (name: string) => ["--config", `${root}/config/${name}.json`];
    const ingest = await measure("ingest", [...config("bitcoin_ingest"), "--archive-dir", archive], folder, grants);
    const again = await measure(
      "ingest",
      [...config("bitcoin_ingest"), "--archive-dir", archive, "--no-report"],
      folder,
      grants,
    );
    const trackFamily = (family: string, horizonMinutes: number) =>
      measure("track", [...config("model"), "--model", family, "--horizon", String(horizonMinutes)], folder, grants);
    if (!withLine) return await keep({}, await measureFamilies(families, trackFamily));
    const track = await measure("track", config("model"), folder, grants);
    const register = await measure(
      "register",
      ["--run-id", String(track.result["runId"]), "--reason", "measured", "--force"],
      folder,
      grants,
    );
    const others = await measureFamilies(families, trackFamily);
    const files = {
      storeBytes: (await Deno.stat(`${folder}/feature_store/bitcoin.duckdb`)).size,
      reportBytes: (await Deno.stat(`${folder}/${String(ingest.result["report"])}`)).size,
    };
    const line = {
      measuredAt: new Date().toISOString(),
      deno: Deno.version.deno,
      cores: navigator.hardwareConcurrency,
      files,
      ingest,
      again,
      track,
      register,
    };
    await keep(JSON.parse(JSON.stringify(line).replaceAll(folder, ".")), others);
    const demo = await new Deno.Command("deno", { args: ["task", "-q", "demo"], stdout: "piped", stderr: "inherit" })
      .output();
    if (demo.code !== 0) throw new Error(`demo ended with ${demo.code}`);
    await Deno.writeFile(DEMO, demo.stdout);
    console.error(`${RESULTS} and ${DEMO} are written; next: deno task figures`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const [archiveDir = "../shared/data", ...names] = Deno.args;
  const known = ["line", ...FAMILIES.map((parts) => parts.join(":"))],
    unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`'${unknown}' is none of ${known.join(", ")}`);
  const isAsked = (name: string) => names.length === 0 || names.includes(name);
  await main(archiveDir, {
    withLine: isAsked("line"),
    families: FAMILIES.filter((parts) => isAsked(parts.join(":"))),
  });
}
