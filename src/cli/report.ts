import { DomainError, nearestWord } from "../core/mod.ts";
import type { ReportFormat } from "../reporting/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { openFeatureStore, openTracker, reportedFeatureSet } from "./runtime.ts";

const KINDS = ["ingestion", "model"] as const;
type Kind = typeof KINDS[number];

/** As in `src/reporting/format.ts`; written out so that `--help` loads no report code. */
const FORMATS: readonly ReportFormat[] = ["pdf", "html", "json"];

/** `report`: an ingestion or model report from what the stores hold. */
export const command: Command = {
  summary: "Render an ingestion or model report again",
  positionals: "ingestion|model [ID]",
  options: {
    out: { type: "string", value: "DIR", isPath: true, description: "Folder of reports (default: config, reports)" },
    format: {
      type: "string",
      value: FORMATS.join(","),
      description: "Forms to write, separated by commas (default: pdf)",
    },
  },
  examples: [
    { line: "task report -- ingestion", does: "the newest ingest run, as PDF" },
    {
      line: "task report -- ingestion 3f2a9c --format pdf,html",
      does: "a certain ingest run, by the beginning of its id",
    },
    { line: "task report -- model", does: "the newest model run" },
    { line: "task report -- model RUN_ID --format html --json", does: "a certain run, as a page" },
  ],
  async run(context) {
    const [word, id, ...rest] = context.positionals;
    const kind = readKind(word);
    if (rest.length > 0) {
      throw new DomainError("usage", `Cannot report on more than one run: '${rest[0]}' is one word too many`, {
        hint: `Write: report ${kind} [ID]`,
      });
    }
    const formats = readFormats(context.options.string("format"));
    const { loadIngestConfig } = await import("../config/ingest_config.ts");
    const config = await loadIngestConfig(context.options.string("config"));
    const outDir = context.options.string("out") ?? config.reports;
    const files = kind === "ingestion"
      ? await ingestionReport(context, id, { outDir, formats })
      : await modelReport(context, id, { outDir, formats });
    return result(kind, files);
  },
};

interface Target {
  readonly outDir: string;
  readonly formats: readonly ReportFormat[];
}

async function ingestionReport(context: CommandContext, id: string | undefined, target: Target): Promise<string[]> {
  const { clock, progress, signal } = context;
  const { loadIngestConfig } = await import("../config/ingest_config.ts");
  const config = await loadIngestConfig(context.options.string("config"));
  const { renderIngestionReport, storedIngest } = await import("../reporting/mod.ts");
  await using reader = await openFeatureStore(context, { mode: "read", config });
  const { run, query } = await storedIngest(reader, id);
  const engine = await reportedFeatureSet(config);
  const { files } = await renderIngestionReport({
    reader,
    series: [{ query, run }],
    engine,
    nowMs: clock.nowMs(),
    ...target,
  }, {
    progress,
    signal,
  });
  return files;
}

async function modelReport(context: CommandContext, id: string | undefined, target: Target): Promise<string[]> {
  const { clock, progress, signal } = context;
  const { newestRunId, renderModelReport } = await import("../reporting/mod.ts");
  await using tracker = await openTracker(context, { readOnly: true });
  const runId = id === undefined || id === "latest" ? await newestRunId(tracker) : id;
  const { files } = await renderModelReport({ tracker, runId, nowMs: clock.nowMs(), ...target }, { progress, signal });
  return files;
}

function result(kind: Kind, files: readonly string[]): CommandResult {
  return { json: { kind, files }, text: files.join("\n") };
}

function readKind(word: string | undefined): Kind {
  const kind = KINDS.find((each) => each === word);
  if (kind !== undefined) return kind;
  const meant = word === undefined ? undefined : nearestWord(word, KINDS);
  throw new DomainError(
    "usage",
    word === undefined ? "Cannot report as the kind is missing" : `Unknown kind of report '${word}'`,
    { hint: meant === undefined ? `Write one of ${KINDS.join(", ")}` : `Did you mean '${meant}'?` },
  );
}

function readFormats(text: string | undefined): ReportFormat[] {
  const words = (text ?? "pdf").split(",").map((word) => word.trim());
  return words.map((word) => {
    const format = FORMATS.find((each) => each === word);
    if (format !== undefined) return format;
    const meant = nearestWord(word, FORMATS);
    throw new DomainError(
      "usage",
      `Option '--format' must be of ${FORMATS.join(", ")}, separated by commas: current value is '${text}'`,
      meant === undefined ? {} : { hint: `Did you mean '${meant}'?` },
    );
  });
}
