import { toIsoDay } from "../core/mod.ts";
import type { ExperimentResult, ExperimentSettings } from "../ml/experiment/mod.ts";
import { bestEpochs, startsKept } from "../ml/training/protocol.ts";
import { renderTable } from "./table.ts";

/** What {@linkcode trackSummary} shows. */
export interface TrackSummary {
  readonly settings: ExperimentSettings;
  readonly result: Pick<ExperimentResult, "evaluation" | "verdict" | "split" | "training" | "details">;
  readonly runId: string;
  readonly experimentName: string;
  readonly trackingUri: string;
  readonly seconds: number;
}

const NONE = "–";

/** The result of `track` for a person: the model beside the baselines, with intervals, and one sentence. */
export function trackSummary(summary: TrackSummary): string {
  const { settings, result: { evaluation, verdict, split, training, details } } = summary;
  const { model, baselines, gains, intervals } = evaluation;
  const gainOver = (baseline: string) => {
    const gain = gains.find((entry) => entry.baseline === baseline && entry.loss === "qlike")?.gain;
    return gain === undefined ? NONE : `${signed(gain.mean)} [${signed(gain.low)}, ${signed(gain.high)}]`;
  };
  const row = (name: string, scores: Readonly<Record<string, number>>, gain: string) => [
    name,
    fixed(scores["qlike"], 4),
    gain,
    fixed(scores["log_loss"], 5),
    fixed(scores["auc"], 4),
    fixed(scores["pinball"], 4),
    fixed(scores["coverage_90"], 3),
  ];
  const table = renderTable([
    { title: "model" },
    { title: "QLIKE", align: "right" },
    { title: "QLIKE gain over it [95 %]", align: "right" },
    { title: "log-loss", align: "right" },
    { title: "AUC", align: "right" },
    { title: "pinball bps", align: "right" },
    { title: "in 90 %", align: "right" },
  ], [
    row(settings.family, model, ""),
    ...(["har_x", "har", "ewma", "climatology", "contrarian"] as const).flatMap((name) => {
      const scores = baselines[name];
      return scores === undefined ? [] : [row(`  ${name}`, scores, gainOver(name))];
    }),
  ]);
  const days = (span: { readonly startMs: number; readonly endMs: number }) =>
    `${toIsoDay(span.startMs)} to ${toIsoDay(span.endMs - 1)}`;
  const { auc, coverage_90: coverage } = intervals;
  const reasons = verdict.checks.filter(({ passed }) => !passed).map(({ reason }) => reason);
  const kept = startsKept(training);
  return [
    `${settings.family}, ${settings.horizonMinutes} minutes ahead, ${settings.series.symbol}`,
    `scored on ${days(split.test)} (${
      count(split.test.rows)
    } rows) in ${split.folds} steps, each by a model of the days before it`,
    `to be served: trained on ${days(split.train)} (${count(split.train.rows)} rows), chosen on ${
      days(split.validation)
    }`,
    ...(training.length === 0 ? [] : [`best epoch ${bestEpochs(training)}`]),
    ...(kept === undefined ? [] : [kept]),
    ...(details === undefined ? [] : [details.sentence]),
    "",
    table,
    "",
    ...(auc === undefined ? [] : [`AUC ${fixed(auc.mean, 4)} [${fixed(auc.low, 4)}, ${fixed(auc.high, 4)}]`]),
    ...(coverage === undefined
      ? []
      : [`90 % coverage ${fixed(coverage.mean, 3)} [${fixed(coverage.low, 3)}, ${fixed(coverage.high, 3)}]`]),
    "",
    verdict.passed
      ? "Verdict: passed. Better than EWMA and climatology, and no worse than HAR-X and the simple directions."
      : `Verdict: not passed, as ${reasons.join("; ")}.`,
    "",
    `run ${summary.runId} in '${summary.experimentName}' at ${summary.trackingUri}, ${summary.seconds.toFixed(1)} s`,
  ].join("\n");
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? NONE : value.toFixed(digits);
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}

function count(rows: number): string {
  return rows.toLocaleString("en");
}
