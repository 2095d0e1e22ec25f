import { type StepLine, stepLines } from "../charts/model_chart.ts";
import type { Section } from "../model.ts";
import type { RunFacts } from "./run_facts.ts";

/** Pictures at most; a run may log a metric for each layer. */
const MAX_CHARTS = 16;
/** Prefixes that tell the same quantity on different rows. */
const SPANS = /^(train|training|validation|valid|val|test|eval)_(?=.)/;

/** Curves of the second network of an average and on. */
const MEMBER = /^member_(\d+)\/(.+)$/;

/** Metrics over steps, those of one quantity in one picture; undefined where nothing was logged twice. */
export function trainingSection({ curves, metrics, stored }: RunFacts): Section | undefined {
  const groups = new Map<string, StepLine[]>();
  const isAverage = [...curves.keys()].some((name) => MEMBER.test(name));
  for (const [key, points] of curves) {
    const [, member = "1", name = key] = MEMBER.exec(key) ?? [];
    // Steps of the walk-forward have charts of their own.
    if (stored.evaluation !== undefined && name.startsWith("fold_")) continue;
    const quantity = `${name.replace(SPANS, "").replaceAll("_", " ")}${isAverage ? `, network ${member}` : ""}`;
    groups.set(quantity, [...groups.get(quantity) ?? [], { name, points }]);
  }
  if (groups.size === 0) return undefined;
  // Pictures of several lines first: they are the losses.
  const ordered = [...groups].sort(([a, x], [b, y]) => y.length - x.length || a.localeCompare(b));
  const best = metrics.get("best_epoch");
  return {
    id: "training",
    title: "Training",
    lead: `Metrics over the steps of training.${
      best === undefined ? "" : ` The weights kept are those of epoch ${best}.`
    }`,
    blocks: [{
      kind: "charts",
      caption: "Training curves",
      columns: 3,
      height: 104,
      charts: ordered.slice(0, MAX_CHARTS).map(([quantity, lines]) => ({
        title: quantity,
        spec: stepLines(lines.slice(0, 6), { axisTitle: best === undefined ? "step" : "epoch" }),
      })),
      ...(ordered.length > MAX_CHARTS
        ? { note: `${ordered.length - MAX_CHARTS} more are in the run; see them with: task mlflow-ui` }
        : {}),
    }],
  };
}
