import { dirname } from "node:path";
import { DomainError, quoted, type Warning } from "../core/mod.ts";
import type { ImportSummary } from "../MLOps/file_store/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { renderTable } from "./table.ts";

const DEFAULT_SOURCE = "mlruns";
/** Folders named in a warning; all are in the object of `--json`. */
const NAMED_SKIPPED = 3;

/** `import-mlruns`: an old file store of MLflow into the database. */
export const command: Command = {
  summary: "Bring an old MLflow file store (mlruns) into the database",
  options: {
    source: {
      type: "string",
      value: "DIR",
      isPath: true,
      description: `Folder of the file store, as it is left (default ${DEFAULT_SOURCE})`,
    },
    target: {
      type: "string",
      value: "URI",
      description: "Database (default MLFLOW_TRACKING_URI, else sqlite:///mlruns/mlflow.db)",
    },
    "moved-from": {
      type: "string",
      value: "DIR",
      description: "Where the store was before it was moved: artifact locations there become those here",
    },
    "dry-run": { type: "boolean", description: "Read and check all of it, and write nothing" },
  },
  examples: [
    { line: "task import-mlruns -- --dry-run", does: "what is in mlruns/, and whether all of it can be taken" },
    { line: "task import-mlruns", does: "mlruns/ into the database in it: all, or nothing where a file is bad" },
    {
      line: "task import-mlruns READ=/old/mlruns -- --source /old/mlruns",
      does: "a store elsewhere, with the permission for its folder",
    },
  ],
  run,
};

async function run(context: CommandContext): Promise<CommandResult> {
  const [{ DEFAULT_TRACKING_URI }, { importFileStore }, { sqlitePath }] = await Promise.all([
    import("../MLOps/open.ts"),
    import("../MLOps/file_store/mod.ts"),
    import("../MLOps/sqlite/database.ts"),
  ]);
  const target = context.options.string("target") ?? context.env("MLFLOW_TRACKING_URI") ?? DEFAULT_TRACKING_URI;
  if (!target.startsWith("sqlite:")) {
    throw new DomainError("usage", `Cannot import into '${target}' as it is no database on this machine`, {
      hint: `Import where the server's database is, with --target ${DEFAULT_TRACKING_URI}`,
    });
  }
  const movedFrom = context.options.string("moved-from");
  const summary = await importFileStore(context.options.string("source") ?? DEFAULT_SOURCE, target, {
    dryRun: context.options.boolean("dry-run"),
    ...(movedFrom === undefined ? {} : { movedFrom }),
    signal: context.signal,
    progress: context.progress,
    nowMs: context.clock.nowMs(),
  });
  return {
    json: { ...summary },
    text: describe(summary),
    warnings: warningsOf(summary),
    next: [summary.dryRun ? importLine(context, sqlitePath) : uiLine(context, sqlitePath)],
  };
}

/** The same import without `--dry-run`. */
function importLine(context: CommandContext, pathOf: (uri: string) => string): string {
  return taskLine("import-mlruns", context, pathOf, ["source", "moved-from", "target"]);
}

/** How to look at what was imported, the artifacts of a store elsewhere among it. */
function uiLine(context: CommandContext, pathOf: (uri: string) => string): string {
  return taskLine("mlflow-ui", context, pathOf, [["target", "backend-store-uri"], ["source", "artifact-folders"]]);
}

/** A task with what this import was given, under the other command's names, and with the grants for its folders. */
function taskLine(
  task: string,
  { options }: CommandContext,
  pathOf: (uri: string) => string,
  names: readonly (string | readonly [own: string, theirs: string])[],
): string {
  const source = options.string("source"), target = options.string("target");
  const grants = [
    ...(source === undefined ? [] : [`READ=${quoted(source)}`]),
    ...(target === undefined ? [] : [`WRITE=${quoted(dirname(pathOf(target)))}`]),
  ];
  const words = names.flatMap((name) => {
    const [own, theirs] = typeof name === "string" ? [name, name] : name;
    const value = options.string(own);
    return value === undefined ? [] : [`--${theirs} ${quoted(value)}`];
  });
  return ["task", task, ...grants, ...(words.length === 0 ? [] : ["--", ...words])].join(" ");
}

function describe({ source, target, dryRun, imported, relativeLocations, movedLocations }: ImportSummary): string {
  const words: Readonly<Record<keyof ImportSummary["imported"], string>> = {
    experiments: "experiments",
    runs: "runs",
    metrics: "metric values",
    params: "parameters",
    tags: "tags",
    datasets: "datasets",
    inputs: "inputs",
    outputs: "outputs",
    loggedModels: "logged models",
    loggedModelMetrics: "their metric values",
    registeredModels: "registered models",
    modelVersions: "versions",
    aliases: "aliases",
  };
  const rows = Object.entries(words).map((
    [key, word],
  ) => [word, imported[key as keyof typeof words].toLocaleString("en-US")]);
  return [
    renderTable([{ title: dryRun ? "would be imported" : "imported" }, { title: "count", align: "right" }], rows),
    "",
    dryRun ? `Nothing was written to ${target}.` : `${source} is now in ${target}.`,
    `Artifacts stay where they are: keep ${source}.`,
    ...(relativeLocations === 0 ? [] : [
      `${
        counted(relativeLocations, "artifact location was", "artifact locations were")
      } relative, and taken from the ` +
      "folder above.",
    ]),
    ...(movedLocations === 0 ? [] : [
      `${counted(movedLocations, "artifact location names", "artifact locations name")} the store's new place now.`,
    ]),
  ].join("\n");
}

function warningsOf(summary: ImportSummary): Warning[] {
  const { skipped, tracesLeftOut, metricLinesLeftOut, repeatedMetricLines, locationsElsewhere, keptDefault } = summary;
  const { incompleteRuns, firstLocationElsewhere } = summary;
  const warnings: Warning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  if (skipped.length > 0) {
    const named = skipped.slice(0, NAMED_SKIPPED).map(({ path, why }) => `'${path}', as ${why}`).join("; ");
    const more = skipped.length > NAMED_SKIPPED ? "; all of them are in the object of --json" : "";
    warn("left-out", `${counted(skipped.length, "entry was", "entries were")} left out: ${named}${more}`);
  }
  if (incompleteRuns > 0) {
    warn(
      "runs-incomplete",
      `${
        counted(incompleteRuns, "run lacks", "runs lack")
      } metrics/, params/ or artifacts/, for which MLflow lists it ` +
        "but cannot open it: imported all the same, with what is there",
    );
  }
  if (tracesLeftOut > 0) {
    warn("traces-left-out", `${counted(tracesLeftOut, "trace was", "traces were")} left out: they are not imported`);
  }
  if (metricLinesLeftOut > 0) {
    warn(
      "model-metrics-left-out",
      `${counted(metricLinesLeftOut, "metric line", "metric lines")} of logged models left out: a database holds ` +
        "neither NaN there, nor values of runs that are gone, nor two values at one time and step",
    );
  }
  if (repeatedMetricLines > 0) {
    warn(
      "metric-lines-repeated",
      `${counted(repeatedMetricLines, "metric line", "metric lines")} said again what another had said`,
    );
  }
  if (locationsElsewhere > 0) {
    warn(
      "artifacts-elsewhere",
      `${counted(locationsElsewhere, "artifact location lies", "artifact locations lie")} outside the store and stay ` +
        `as they are, such as '${firstLocationElsewhere}'; where the store was moved, say from where with --moved-from DIR`,
    );
  }
  if (keptDefault) {
    warn("default-kept", "The database's own experiment 0 was in use: it keeps its name and gets the runs as well");
  }
  return warnings;
}

function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
