import { failureText, readingOf } from "../../core/mod.ts";
import type { Block, KeyFigure, Report, Section, TableBlock } from "../model.ts";
import { formatMinutes, formatNumber, formatPercent, formatSecond, formatSignificant } from "../numbers.ts";
import type { RunFacts } from "./run_facts.ts";
import { gainsOf, toBeat } from "./scores.ts";
import { STORED_FILES, type StoredParts } from "./stored_evaluation.ts";

/** Tags that say what made the run; the rest of MLflow's own tags is noise here. */
const SHOWN_TAGS = ["mlflow.source.git.commit", "mlflow.user", "mlflow.source.name"];

/** The sentence on top: did the evidence hold. */
export function modelVerdict({ run, tags, checks }: RunFacts): Report["verdict"] {
  const { status } = run.info;
  const evidence = tags.get("evidence") === "quick"
    ? "The evidence is of a quick run: enough for a first look, not for a decision."
    : undefined;
  const detail = (text: string | undefined) => {
    const parts = [text, evidence].filter((part) => part !== undefined);
    return parts.length === 0 ? {} : { detail: parts.join(" ") };
  };
  if (status !== "FINISHED") {
    return { tone: "bad", text: `The run is not finished: its status is ${status}`, ...detail(undefined) };
  }
  const verdict = tags.get("verdict");
  const failed = checks.filter(({ passed }) => !passed);
  if (verdict === "passed") {
    const held = checks.length === 0 ? undefined : `All ${checks.length} checks hold.`;
    return { tone: "good", text: "Passed: the evidence meets every limit", ...detail(held) };
  }
  if (verdict === undefined) return { tone: "neutral", text: "The run states no verdict", ...detail(undefined) };
  const reasons = failed.length > 0 ? failed.map(failureText).join("; ") : tags.get("verdict.reasons");
  return {
    tone: "warning",
    text: checks.length === 0
      ? "Not passed: the evidence does not meet every limit"
      : `Not passed: ${failed.length} of ${checks.length} checks do not hold`,
    ...detail(reasons === undefined ? undefined : `${reasons.charAt(0).toUpperCase()}${reasons.slice(1)}.`),
  };
}

const TONES = { "better": "good", "worse": "bad", "undecided": "neutral", "too few days": "neutral" } as const;

/** The tiles under the verdict. */
export function modelFigures(facts: RunFacts): KeyFigure[] {
  const { metrics, params } = facts;
  const rivals = toBeat(facts);
  const rival = gainsOf(facts).find(({ loss, baseline }) => loss === "qlike" && baseline === rivals.get("qlike"));
  const interval = (name: string, digits: number) => {
    const low = metrics.get(`${name}_low`), high = metrics.get(`${name}_high`);
    return low === undefined || high === undefined
      ? undefined
      : `95 %: ${formatNumber(low, digits)} to ${formatNumber(high, digits)}`;
  };
  const tile = (label: string, value: number | undefined, digits: number, note?: string): KeyFigure[] =>
    value === undefined ? [] : [{ label, value: formatNumber(value, digits), ...(note === undefined ? {} : { note }) }];
  const horizon = Number(params.get("horizon_minutes"));
  return [
    ...(params.has("model")
      ? [{
        label: "Model",
        value: params.get("model")!,
        ...(horizon > 0 ? { note: `${formatMinutes(horizon)} ahead` } : {}),
      }]
      : []),
    ...tile("QLIKE", metrics.get("qlike"), 4, "volatility, less is better"),
    ...(rival === undefined ? [] : [{
      label: `QLIKE gain over ${rival.baseline}`,
      value: `${rival.mean > 0 ? "+" : ""}${formatNumber(rival.mean, 4)}`,
      note: `95 %: ${formatNumber(rival.low, 4)} to ${formatNumber(rival.high, 4)}`,
      tone: TONES[readingOf({ ...rival, blocks: metrics.get("test_blocks") ?? Infinity })],
    }]),
    ...tile("AUC", metrics.get("auc"), 4, interval("auc", 4)),
    ...tile("Log-loss", metrics.get("log_loss"), 5, "ln 2 = 0.69315 knows nothing"),
    ...tile("Pinball loss", metrics.get("pinball"), 4, "bps, mean of nine levels"),
    ...(metrics.has("coverage_90")
      ? [{
        label: "Inside the 90 % interval",
        value: formatPercent(metrics.get("coverage_90"), 1),
        ...(interval("coverage_90", 3) === undefined ? {} : { note: interval("coverage_90", 3)! }),
      }]
      : []),
    ...tile("Rows scored", metrics.get("test_rows"), 0, "minutes of the test span"),
  ];
}

/** Where the run comes from, what it was told, and what it had to prove. */
export function runSection(facts: RunFacts): Section {
  const { run, tags, checks } = facts;
  const { info } = run;
  const took = info.endTime === undefined ? undefined : (info.endTime - info.startTime) / 1000;
  const blocks: Block[] = [{
    kind: "facts",
    items: [
      { label: "Run", value: `${info.runName}, ${info.runId}` },
      { label: "Experiment", value: `${facts.experimentName} (${info.experimentId}) at ${facts.trackingUri}` },
      {
        label: "Status",
        value: `${info.status}, started ${formatSecond(info.startTime)}${
          took === undefined ? "" : `, ${formatNumber(took, 1)} s`
        }`,
      },
      ...run.datasetInputs.map(({ dataset, tags }) => ({
        label: "Dataset",
        value: `${dataset.name}, digest ${dataset.digest}${
          tags.map(({ key, value }) => key === "mlflow.data.context" ? `, for ${value}` : "").join("")
        }`,
      })),
      ...run.modelOutputs.map(({ modelId }) => ({ label: "Logged model", value: `models:/${modelId}` })),
      ...SHOWN_TAGS.flatMap((key) => tags.has(key) ? [{ label: tagLabel(key), value: tags.get(key)! }] : []),
    ],
  }];
  if (checks.length > 0) {
    blocks.push({
      kind: "table",
      caption: "Checks of the verdict",
      columns: [{ title: "Check" }, { title: "Result" }, { title: "What was found", wrap: true }],
      rows: checks.map(({ name, passed, reason }) => [name, passed ? "holds" : "does not hold", reason]),
    });
  }
  const absent = absentParts(facts);
  if (absent !== undefined) blocks.push({ kind: "callout", tone: "neutral", text: absent });
  return {
    id: "run",
    title: "Run, data and verdict",
    lead: "What was trained on which data by which code, and whether its evidence meets the limits.",
    blocks,
  };
}

/** What a report has of other runs and not of this one, and why. */
function absentParts({ stored }: RunFacts): string | undefined {
  if (stored.sweep !== undefined) return undefined; // a sweep's parent scores nothing itself
  const names = (Object.keys(STORED_FILES) as (keyof StoredParts)[]).filter((name) =>
    name !== "sweep" && stored[name] === undefined
  );
  const listed = (isDamaged: boolean) =>
    names.filter((name) => stored.damaged.has(name) === isDamaged)
      .map((name) => `${STORED_FILES[name].what} (${STORED_FILES[name].path})`).join("; ");
  const damaged = listed(true), absent = listed(false);
  const sentences = [
    ...(damaged === "" ? [] : [`Left out, as the file is damaged or of another program: ${damaged}.`]),
    ...(absent === "" ? [] : [`Left out, as the run does not keep it: ${absent}.`]),
  ];
  return sentences.length === 0 ? undefined : sentences.join(" ");
}

/** Parameters, tags, and the metrics that no other section shows: the whole record of the run. */
export function recordSection({ params, tags, metrics, curves }: RunFacts, isShown: (key: string) => boolean): Section {
  const ownTags = [...tags].filter(([key]) => !key.startsWith("mlflow.") && !key.startsWith("verdict"));
  const rest = [...metrics].filter(([key]) => !isShown(key) && !curves.has(key));
  const blocks: Block[] = [];
  if (params.size > 0) blocks.push(pairTable("Parameters", params));
  if (ownTags.length > 0) blocks.push(pairTable("Tags", ownTags));
  if (rest.length > 0) {
    const figure = (value: number) => Number.isInteger(value) ? formatNumber(value) : formatSignificant(value, 6);
    blocks.push(pairTable("Other metrics, latest values", rest.map(([key, value]) => [key, figure(value)])));
  }
  if (blocks.length === 0) {
    blocks.push({ kind: "callout", tone: "neutral", text: "The run logged no parameter and no tag." });
  }
  return {
    id: "record",
    title: "Parameters and tags",
    lead: "What the run was told, what made it, and the metrics that the sections before do not show.",
    blocks,
  };
}

function pairTable(caption: string, pairs: Iterable<readonly [string, string]>): TableBlock {
  return {
    kind: "table",
    caption,
    columns: [{ title: "Name" }, { title: "Value", wrap: true }],
    rows: [...pairs].sort(([a], [b]) => a.localeCompare(b)).map(([key, value]) => [key, value]),
  };
}

function tagLabel(key: string): string {
  const names: Readonly<Record<string, string>> = {
    "mlflow.source.git.commit": "Code commit",
    "mlflow.user": "User",
    "mlflow.source.name": "Source",
  };
  return names[key] ?? key;
}
