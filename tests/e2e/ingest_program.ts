import { ROOT } from "./start_words.ts";

/** The bundled sample. */
export const SAMPLE = `${ROOT}/feature_store/sample`;

/** Two years of daily archives, where the machine has them. */
export function largeMirror(): string | undefined {
  const folder = `${ROOT}/../shared/data`;
  try {
    Deno.statSync(`${folder}/spot/daily/klines/BTCUSDT/1m`);
    return Deno.realPathSync(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** How `ingest` is run in a folder of its own. */
export interface IngestOptions {
  /** Folders it may read besides its own. */
  readonly read?: readonly string[];
  /** Environment of the process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folders it may write besides its own. */
  readonly write?: readonly string[];
  /** Hosts in place of the set's. */
  readonly net?: readonly string[];
}

/** The object of `ingest --json`, as far as tests look into it. */
export interface IngestAnswer {
  readonly range?: { readonly start: string; readonly end: string };
  readonly rows?: {
    readonly expected: number;
    readonly present: number;
    readonly added: number;
    readonly revised: number;
  };
  readonly gaps?: readonly {
    readonly start: string;
    readonly end: string;
    readonly minutes: number;
    readonly cause: string;
  }[];
  readonly files?: Readonly<Record<string, number>>;
  readonly requests?: { readonly count: number; readonly weight: number; readonly retries: number };
  readonly datasetDigest?: string;
  readonly report?: string | null;
  readonly seconds?: number;
  readonly series?: readonly Readonly<Record<string, unknown>>[];
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | null };
  readonly plan?: unknown;
  readonly verify?: unknown;
  readonly exports?: unknown;
}

/** Starts `ingest` in `folder` under its own permission set, whose relative paths lie there. */
export function startIngest(folder: string, args: readonly string[], options: IngestOptions = {}): Deno.ChildProcess {
  const { read = [], write = [], env = {}, net } = options;
  return new Deno.Command("deno", {
    args: [
      "run",
      "-q",
      "--no-prompt",
      `--config=${ROOT}/deno.json`,
      "-P=ingest",
      `--allow-read=${[folder, ...read, ...write].join(",")}`,
      `--allow-write=${[`${folder}/feature_store`, `${folder}/reports`, ...write].join(",")}`,
      ...(net === undefined ? [] : [`--allow-net=${net.join(",")}`]),
      `${ROOT}/main.ts`,
      "ingest",
      ...args,
    ],
    cwd: folder,
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs `ingest --json` to its end. */
export async function runIngest(
  folder: string,
  args: readonly string[],
  options: IngestOptions = {},
): Promise<{ readonly code: number; readonly json: IngestAnswer; readonly stderr: string }> {
  return await finish(startIngest(folder, ["--json", ...args], options));
}

/** Waits for a process started with `--json` and reads what it printed. */
export async function finish(
  process: Deno.ChildProcess,
): Promise<{ readonly code: number; readonly json: IngestAnswer; readonly stderr: string }> {
  const { code, stdout, stderr } = await process.output();
  const text = new TextDecoder().decode(stdout);
  const complaint = new TextDecoder().decode(stderr);
  if (text.trim() === "") return { code, json: {}, stderr: complaint };
  // Exactly one object: JSON.parse refuses anything after it.
  return { code, json: JSON.parse(text) as IngestAnswer, stderr: complaint };
}
