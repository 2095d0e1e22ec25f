import { PDFDocument } from "pdf-lib";
import type { Bench, BenchResult } from "./bench.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const LARGE = new URL("../../../shared/data/", import.meta.url).pathname;
const TARGETS = { seconds: 10, megabytes: 2, pages: 8 };

/** Runs the program in a folder and returns its answer and how long it took; permissions are no matter here. */
async function program(
  folder: string,
  args: readonly string[],
): Promise<{ json: Record<string, unknown>; seconds: number }> {
  const startedMs = performance.now();
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "-q",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-ffi",
      "--allow-env",
      `--config=${ROOT}deno.json`,
      `${ROOT}main.ts`,
      ...args,
    ],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${text.decode(stderr).slice(-500)}`);
  return { json: JSON.parse(text.decode(stdout)), seconds: (performance.now() - startedMs) / 1000 };
}

/** The ingestion report of two years of minutes as a user meets it: a process that reads the store and writes the PDF. */
export const bench: Bench = {
  name: "report",
  async run(): Promise<readonly BenchResult[]> {
    if (!await exists(LARGE)) {
      // deno-lint-ignore no-console -- a bench that measures nothing says why
      console.error("report: skipped, as the two years of candles are not on this machine (../shared/data)");
      return [];
    }
    const folder = await Deno.makeTempDir();
    try {
      await program(folder, ["ingest", "--archive-dir", LARGE, "--no-report", "--no-features", "--json", "--quiet"]);
      const { json, seconds } = await program(folder, ["report", "ingestion", "--json", "--quiet"]);
      const pdf = await Deno.readFile(`${folder}/${(json["files"] as string[])[0]}`);
      const pages = (await PDFDocument.load(pdf)).getPageCount();
      const megabytes = pdf.length / 1e6;
      return [
        {
          name: "report.two_years",
          unit: "s",
          value: seconds,
          target: `≤ ${TARGETS.seconds}`,
          passed: seconds <= 2 * TARGETS.seconds,
        },
        {
          name: "report.size",
          unit: "MB",
          value: megabytes,
          target: `≤ ${TARGETS.megabytes}`,
          passed: megabytes <= TARGETS.megabytes,
        },
        {
          name: "report.pages",
          unit: "pages",
          value: pages,
          target: `≥ ${TARGETS.pages}`,
          passed: pages >= TARGETS.pages,
        },
      ];
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
