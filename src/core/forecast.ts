/** Levels of the return quantiles of every forecast, ascending (evaluation section 1). */
export const QUANTILE_LEVELS = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

/** Levels as text, the keys of `quantilesBps` in JSON. */
export const QUANTILE_KEYS: readonly string[] = QUANTILE_LEVELS.map(String);

/** Horizons in minutes for which labels, models and the API exist. */
export const HORIZONS = [1, 5, 15, 60, 1440] as const;

/** One of {@linkcode HORIZONS}. */
export type Horizon = typeof HORIZONS[number];

/** Whether `minutes` is a horizon. */
export function isHorizon(minutes: number): minutes is Horizon {
  return (HORIZONS as readonly number[]).includes(minutes);
}

/** `15 minutes ahead`. */
export function minutesAhead(minutes: number): string {
  return `${minutes} ${minutes === 1 ? "minute" : "minutes"} ahead`;
}

/** Model families that can be logged and served. */
export const MODEL_FAMILIES = [
  "mlp",
  "gbdt",
  "linear",
  "pyramid",
  "tcn",
  "gru",
  "har",
  "contrarian",
  "climatology",
] as const;

/** One of {@linkcode MODEL_FAMILIES}. */
export type ModelFamily = typeof MODEL_FAMILIES[number];

/** Name under which a model of this horizon is registered: `bitcoin-model` for 15, else `bitcoin-model-<k>m`. */
export function registeredModelName(horizonMinutes: number): string {
  return horizonMinutes === 15 ? "bitcoin-model" : `bitcoin-model-${horizonMinutes}m`;
}

/** Minutes ahead that a name of {@linkcode registeredModelName} stands for; undefined for a name of the user's own. */
export function registeredModelHorizon(name: string): number | undefined {
  const minutes = /^bitcoin-model(?:-(\d+)m)?$/.exec(name);
  return minutes === null ? undefined : Number(minutes[1] ?? 15);
}

/** Forecasts of many rows, as columns. */
export interface ForecastColumns {
  /** Number of rows. */
  readonly length: number;
  /** P(return > 0 | return ≠ 0), `[N]`. */
  readonly probabilityUp: Float32Array;
  /** Root of the forecast mean of realised variance, in basis points, `[N]`. */
  readonly volatilityBps: Float32Array;
  /** Return quantiles in basis points, row-major `[N, 9]`, ascending in each row. */
  readonly quantilesBps: Float32Array;
}

/** Columns for `length` forecasts. */
export function allocateForecasts(length: number): ForecastColumns {
  return {
    length,
    probabilityUp: new Float32Array(length),
    volatilityBps: new Float32Array(length),
    quantilesBps: new Float32Array(length * QUANTILE_LEVELS.length),
  };
}
