import type { ForecastGroup } from "../join.ts";
import type { KnownVersion, TrainingRows } from "../ports.ts";
import type { PredictedRows } from "../prediction_sample.ts";
import type { LoggedForecast } from "../read_log.ts";
import { driftDistances } from "./drift_bands.ts";
import { histogramLimit, populationStability } from "./population_stability.ts";
import { trainingWindows } from "./training_windows.ts";
import { type DriftKind, watchedForecasts, watchedPredictions, type WatchedRows } from "./watched_columns.ts";

/** How far a feature, or a forecast, has moved from the training rows. */
export interface FeatureDrift {
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What is compared. */
  readonly kind: DriftKind;
  /** Feature; or `probability_up`, `volatility_bps`, `width_90_bps`. */
  readonly feature: string;
  /** `windows`: against windows of the training span of the same hours; `histogram`: against stored bins alone. */
  readonly basis: "windows" | "histogram";
  /** Live rows that were compared. */
  readonly rows: number;
  /** Windows that the limits come from; 0 for a histogram. */
  readonly windows: number;
  /** Population stability index, missing values being one more bin. */
  readonly psi: number;
  /** From here on the index counts as moved. */
  readonly limit: number;
  /** First Wasserstein distance in standard deviations of the training rows; null where it is not known. */
  readonly wasserstein: number | null;
  /** From here on the distance counts as moved. */
  readonly wassersteinLimit: number | null;
  /** Whether either passes its limit. */
  readonly drifted: boolean;
}

const DAY_ROWS = 1440;

/** What drift is measured of, and by. */
export interface DriftReference {
  /** Forecasts of minutes that the version learnt nothing of. */
  readonly live: readonly LoggedForecast[];
  /** A sample of its answers to rows that clients brought. */
  readonly predictions: PredictedRows | undefined;
  /** Order and shapes of the features; undefined where the version is gone. */
  readonly known: KnownVersion | undefined;
  /** Rows that it learnt from. */
  readonly training: TrainingRows | undefined;
  /** Features that follow the calendar alone. */
  readonly isCalendar: (feature: string) => boolean;
}

/** Drift of a version's features, forecasts and answers to given rows, furthest beyond its limit first. */
export async function measureDrift(
  { name, version }: Pick<ForecastGroup, "name" | "version">,
  { live, predictions, known, training, isCalendar }: DriftReference,
): Promise<FeatureDrift[]> {
  if (known === undefined) return [];
  const banded = training === undefined ? [] : [
    ...await againstWindows(watchedForecasts(live, known, training, isCalendar), training),
    ...predictions === undefined ? [] : await againstWindows(watchedPredictions(predictions), training),
  ];
  const seen = new Set(banded.map(({ feature }) => feature));
  // Rows of another width belong to no known feature order.
  const rows = live.filter(({ features }) => features.length === known.featureNames.length);
  const stored = rows.length === 0
    ? []
    : known.shapes.filter(({ feature }) => !isCalendar(feature) && !seen.has(feature))
      .map((shape) => againstHistogram(rows, known, shape));
  return [...banded, ...stored].map((own) => ({ name, version, ...own })).sort((a, b) => excess(b) - excess(a));
}

type OwnDrift = Omit<FeatureDrift, "name" | "version">;

async function againstWindows(watched: WatchedRows, training: TrainingRows): Promise<OwnDrift[]> {
  const windows = trainingWindows(watched.timeMs, training.decisionTimeMs);
  if (windows === undefined) return [];
  const rows = Int32Array.from(new Set([...windows.reference, ...windows.windows.flatMap((each) => [...each])])).sort();
  const forecasts = await training.forecasts(rows), placeOf = new Map(Array.from(rows, (row, place) => [row, place]));
  const columns = watched.columns((row) => [forecasts, placeOf.get(row)!]);
  const distances = driftDistances(columns, windows, { liveMs: watched.timeMs, trainingMs: training.decisionTimeMs });
  return distances.map(({ psi, psiLimit, wasserstein, wassersteinLimit }, i) => ({
    kind: columns[i]!.kind,
    feature: columns[i]!.feature,
    basis: "windows",
    rows: windows.live.length,
    windows: windows.windows.length,
    psi,
    limit: psiLimit,
    wasserstein: Number.isNaN(wasserstein) ? null : wasserstein,
    wassersteinLimit,
    drifted: psi > psiLimit || wasserstein > wassersteinLimit,
  }));
}

function againstHistogram(
  rows: readonly LoggedForecast[],
  { featureNames }: KnownVersion,
  shape: KnownVersion["shapes"][number],
): OwnDrift {
  const column = featureNames.indexOf(shape.feature);
  const psi = populationStability(shape, Float32Array.from(rows, ({ features }) => features[column]!));
  // Nothing tells how long this feature remembers: a day's rows count as one, so that gross moves alone are called drift.
  const limit = histogramLimit(shape, rows.length / DAY_ROWS);
  return {
    kind: "feature",
    feature: shape.feature,
    basis: "histogram",
    rows: rows.length,
    windows: 0,
    psi,
    limit,
    wasserstein: null,
    wassersteinLimit: null,
    drifted: psi > limit,
  };
}

/** How far the worse of the two lies beyond its limit, as a share of it. */
function excess({ psi, limit, wasserstein, wassersteinLimit }: FeatureDrift): number {
  return Math.max(psi / limit, (wasserstein ?? 0) / (wassersteinLimit ?? 1));
}
