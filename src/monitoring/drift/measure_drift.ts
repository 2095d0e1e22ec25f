import { type ForecastColumns, QUANTILE_LEVELS } from "../../core/mod.ts";
import type { ForecastGroup } from "../join.ts";
import type { KnownVersion, TrainingRows } from "../ports.ts";
import type { LoggedForecast } from "../read_log.ts";
import { driftDistances } from "./drift_bands.ts";
import { histogramLimit, populationStability } from "./population_stability.ts";
import { trainingWindows } from "./training_windows.ts";

/** How far a feature, or a forecast, has moved from the training rows. */
export interface FeatureDrift {
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What is compared: what the model was given, or what it answered. */
  readonly kind: "feature" | "forecast";
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

/** Forecasts that are watched, and their value in a row of columns. */
const FORECASTS: readonly (readonly [name: string, at: (columns: ForecastColumns, row: number) => number])[] = [
  ["probability_up", ({ probabilityUp }, row) => probabilityUp[row]!],
  ["volatility_bps", ({ volatilityBps }, row) => volatilityBps[row]!],
  ["width_90_bps", ({ quantilesBps }, row) => {
    const at = row * QUANTILE_LEVELS.length;
    return quantilesBps[at + 7]! - quantilesBps[at + 1]!;
  }],
];

const DAY_ROWS = 1440;

/** What drift is measured by. */
export interface DriftReference {
  /** Order and shapes of the features; undefined where the version is gone. */
  readonly known: KnownVersion | undefined;
  /** Rows that it learnt from. */
  readonly training: TrainingRows | undefined;
  /** Features that follow the calendar alone. */
  readonly isCalendar: (feature: string) => boolean;
}

/** Drift of features and forecasts of a group, furthest beyond its limit first. */
export async function measureDrift(
  group: ForecastGroup,
  live: readonly LoggedForecast[],
  { known, training, isCalendar }: DriftReference,
): Promise<FeatureDrift[]> {
  if (known === undefined || live.length === 0) return [];
  const { name, version } = group;
  const banded = training === undefined ? [] : await againstWindows(live, known, training, isCalendar);
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

async function againstWindows(
  live: readonly LoggedForecast[],
  { featureNames }: KnownVersion,
  training: TrainingRows,
  isCalendar: (feature: string) => boolean,
): Promise<OwnDrift[]> {
  const liveMs = Float64Array.from(live, ({ decisionTimeMs }) => decisionTimeMs);
  const windows = trainingWindows(liveMs, training.decisionTimeMs);
  if (windows === undefined) return [];
  const rows = Int32Array.from(new Set([...windows.reference, ...windows.windows.flatMap((each) => [...each])])).sort();
  const forecasts = await training.forecasts(rows), placeOf = new Map(Array.from(rows, (row, place) => [row, place]));
  const features = training.featureNames.flatMap((feature, place) => {
    const column = featureNames.indexOf(feature);
    if (column < 0 || isCalendar(feature)) return [];
    return [{
      kind: "feature" as const,
      feature,
      live: (row: number) => live[row]!.features[column] ?? NaN,
      training: (row: number) => training.featureAt(place, row),
    }];
  });
  const answers = FORECASTS.map(([feature, at]) => ({
    kind: "forecast" as const,
    feature,
    live: (row: number) => at(columnsOfOne(live[row]!), 0),
    training: (row: number) => at(forecasts, placeOf.get(row)!),
  }));
  const columns = [...features, ...answers];
  const distances = driftDistances(columns, windows, { liveMs, trainingMs: training.decisionTimeMs });
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

function columnsOfOne({ probabilityUp, volatilityBps, quantilesBps }: LoggedForecast): ForecastColumns {
  return {
    length: 1,
    probabilityUp: Float32Array.of(probabilityUp),
    volatilityBps: Float32Array.of(volatilityBps),
    quantilesBps: Float32Array.from(quantilesBps),
  };
}

/** How far the worse of the two lies beyond its limit, as a share of it. */
function excess({ psi, limit, wasserstein, wassersteinLimit }: FeatureDrift): number {
  return Math.max(psi / limit, (wasserstein ?? 0) / (wassersteinLimit ?? 1));
}
