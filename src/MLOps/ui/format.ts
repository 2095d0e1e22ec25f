const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A metric's value, short enough for a table: six significant digits. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  const size = Math.abs(value);
  // SQLite stores hold infinities as the largest double.
  if (size >= Number.MAX_VALUE) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  if (Number.isInteger(value) && size < 1e9) return withMinus(value.toLocaleString("en-US"));
  if (size >= 1e9 || size < 1e-4) return withMinus(value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e"));
  return withMinus(String(Number(value.toPrecision(6))));
}

/**
 * Numbers that stand under or beside each other, with the same decimals so that they line up: five significant digits
 * of the largest. One that would vanish so keeps its own digits.
 */
export function formatAligned(values: readonly (number | undefined)[]): readonly (string | undefined)[] {
  const sizes = values.filter((value) => value !== undefined && Number.isFinite(value) && value !== 0)
    .map((value) => Math.abs(value!));
  const largest = Math.max(...sizes);
  const areCounts = values.every((value) => value === undefined || !Number.isFinite(value) || Number.isInteger(value));
  const isPlain = sizes.length > 0 && !areCounts && largest < 1e9 && largest >= 1e-4;
  const decimals = isPlain ? Math.min(9, Math.max(2, 4 - Math.floor(Math.log10(largest)))) : 0;
  // Made once: a formatter costs more than a column of a thousand figures.
  const fixed = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return values.map((value) => {
    if (value === undefined) return undefined;
    const vanishes = value !== 0 && Math.abs(value) < 10 ** (1 - decimals);
    if (!isPlain || !Number.isFinite(value) || vanishes) return formatNumber(value);
    return withMinus(fixed.format(value));
  });
}

/** A change, signed, in three significant digits. */
export function formatChange(change: number): string {
  const text = formatNumber(Number(change.toPrecision(3)));
  return change > 0 ? `+${text}` : text;
}

/** An interval, its ends in three significant digits. */
export function formatInterval([low, high]: readonly [low: number, high: number]): string {
  const short = (value: number) => formatNumber(Number(value.toPrecision(3)));
  return `[${short(low)}, ${short(high)}]`;
}

/** A number with the decimals that tell neighbouring ticks apart. */
export function formatTick(value: number, step: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e7 || size < 1e-5)) {
    return withMinus(value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e"));
  }
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  if (size >= 1e4) {
    const [divisor, unit] = size >= 1e6 ? [1e6, "M"] : [1e3, "k"];
    return withMinus(`${Number((value / divisor).toPrecision(6))}${unit}`);
  }
  return withMinus(value.toFixed(decimals));
}

/** A length of time in its two largest units: `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return "–";
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const pairs = [[DAY_MS, "d", HOUR_MS, "h"], [HOUR_MS, "h", MINUTE_MS, "min"], [
    MINUTE_MS,
    "min",
    SECOND_MS,
    "s",
  ]] as const;
  const [large, largeUnit, small, smallUnit] = pairs.find(([unit]) => ms >= unit) ?? pairs[2];
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeUnit}${rest === 0 ? "" : ` ${rest} ${smallUnit}`}`;
}

/** How long ago, in one unit: `5 min ago`. */
export function formatAgo(ms: number, nowMs: number): string {
  const age = nowMs - ms;
  if (age < 0) return "in the future";
  if (age < MINUTE_MS) return "just now";
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`;
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`;
  const days = Math.floor(age / DAY_MS);
  if (days < 60) return days === 1 ? "yesterday" : `${days} days ago`;
  return days < 730 ? `${Math.floor(days / 30.44)} months ago` : `${Math.floor(days / 365.25)} years ago`;
}

/** A size in bytes: `1.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1_000 ** power).toPrecision(3))} ${units[power - 1]}`;
}

/** `2026-11-26 07:34:17` of an instant, in UTC. */
export function formatInstant(ms: number): string {
  return isInstant(ms) ? new Date(ms).toISOString().slice(0, 19).replace("T", " ") : "–";
}

/** Whether a `Date` can hold the instant; clients may log any integer. */
export function isInstant(ms: number): boolean {
  return Math.abs(ms) <= 8.64e15;
}

/** A true minus sign lines up with digits. */
function withMinus(text: string): string {
  return text.replace(/^-/, "−").replace("e-", "e−");
}
