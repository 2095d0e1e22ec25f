import type { FeatureDrift, MonitorFindings } from "../monitoring/mod.ts";
import { rankedBars } from "../reporting/charts/ranked_chart.ts";
import type { Block, Section } from "../reporting/mod.ts";
import { figure } from "./monitor_text.ts";

/** Columns that are drawn; the table has all. */
const DRAWN = 20;

/** Features and forecasts against the training rows. */
export function driftSection({ drift }: MonitorFindings): Section[] {
  if (drift.length === 0) return [];
  const versions = [...Map.groupBy(drift, ({ name, version }) => `${name} version ${version}`)];
  return [{
    id: "drift",
    title: "Features and forecasts against the training rows",
    lead:
      "A limit is what windows of the training rows show: as long as the live rows and at their minutes of the day, with room for the number of columns. So neither few rows, nor their hours, nor that neighbours are alike counts as drift.",
    blocks: versions.flatMap(([title, own]) => [...barsOf(title, own), tableOf(title, own)]),
  }];
}

function barsOf(title: string, drift: readonly FeatureDrift[]): Block[] {
  const shown = drift.slice(0, DRAWN);
  return [{
    kind: "charts",
    caption: `${title}: furthest from the training rows, as a share of the limit`,
    columns: 2,
    height: 40 + 9 * shown.length,
    charts: [
      {
        title: "Population stability index",
        spec: rankedBars(shown.map(({ feature, psi, limit }) => ({ name: feature, value: psi / limit })), {
          xTitle: "index / limit",
        }),
      },
      {
        title: "Wasserstein distance",
        spec: rankedBars(
          shown.map(({ feature, wasserstein, wassersteinLimit }) => ({
            name: feature,
            value: (wasserstein ?? 0) / (wassersteinLimit ?? 1),
          })),
          { xTitle: "distance / limit" },
        ),
      },
    ],
    note: "Above 1 it counts as moved.",
  }];
}

function tableOf(title: string, drift: readonly FeatureDrift[]): Block {
  const [{ rows, windows }] = drift as [FeatureDrift];
  return {
    kind: "table",
    caption: `${title}: all columns`,
    columns: [
      { title: "Column" },
      { title: "Kind" },
      { title: "PSI", align: "right" },
      { title: "Limit", align: "right" },
      { title: "Wasserstein, sd", align: "right" },
      { title: "Limit", align: "right" },
      { title: "Moved" },
    ],
    rows: drift.map((each) => [
      each.feature,
      each.kind,
      figure(each.psi, 3),
      figure(each.limit, 3),
      figure(each.wasserstein, 3),
      figure(each.wassersteinLimit, 3),
      each.drifted ? "yes" : "",
    ]),
    note: windows === 0
      ? `${rows} rows, against stored histograms alone: the training rows cannot be computed again.`
      : `${rows} of the newest live rows, against ${windows} windows of the training rows.`,
  };
}
