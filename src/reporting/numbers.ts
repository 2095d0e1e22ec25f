import { toIso } from "../core/mod.ts";

/** What stands where a figure does not exist. */
export const NO_VALUE = "–";

/** A number with `digits` decimals, thousands separated and a true minus; `–` where it is not finite. */
export function formatNumber(value: number | undefined, digits = 0): string {
  if (value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const fixed = Math.abs(value).toFixed(digits);
  const [whole, fraction] = fixed.split(".");
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = value < 0 && Number(fixed) !== 0 ? "−" : "";
  return `${sign}${grouped}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** A number with about `digits` significant digits, whatever its size. */
export function formatSignificant(value: number | undefined, digits = 4): string {
  if (value === undefined || !Number.isFinite(value)) return NO_VALUE;
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent < -5 || exponent > 14) {
    const [mantissa, power] = Math.abs(value).toExponential(digits - 1).split("e");
    return `${value < 0 ? "−" : ""}${mantissa}e${power!.replace("+", "").replace("-", "−")}`;
  }
  return formatNumber(value, Math.max(0, digits - 1 - exponent));
}

/** A share of one as per cent. */
export function formatPercent(share: number | undefined, digits = 2): string {
  return share === undefined || !Number.isFinite(share) ? NO_VALUE : `${formatNumber(100 * share, digits)} %`;
}

/** A share of one as per cent with its sign always shown. */
export function formatSignedPercent(share: number | undefined, digits = 2): string {
  const text = formatPercent(share, digits);
  return share !== undefined && share > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/**
 * A share of something whose closeness to the whole matters: as many decimals as are needed so that 100 % means all
 * and 0 % means none.
 */
export function formatCoverage(part: number, whole: number): string {
  if (whole <= 0) return NO_VALUE;
  if (part === whole) return "100 %";
  for (let digits = 2; digits < 8; digits++) {
    const text = (100 * part / whole).toFixed(digits);
    if (Number(text) < 100 && (part === 0 || Number(text) > 0)) return `${text} %`;
  }
  return `${100 * part / whole} %`;
}

/** A large amount in short: `4.31 bn`, `120.5 M`, `9,310`. */
export function formatAmount(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const size = Math.abs(value);
  if (size >= 1e12) return `${formatNumber(value / 1e12, 2)} tn`;
  if (size >= 1e9) return `${formatNumber(value / 1e9, 2)} bn`;
  if (size >= 1e6) return `${formatNumber(value / 1e6, 1)} M`;
  return formatNumber(value, size >= 100 ? 0 : size >= 1 ? 2 : 5);
}

/** A price in the quote currency; small prices keep their digits. */
export function formatPrice(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NO_VALUE;
  return Math.abs(value) >= 1 || value === 0 ? formatNumber(value, 2) : formatSignificant(value, 5);
}

/** `2023-03-24 12:40`, UTC. */
export function formatMinute(ms: number | undefined): string {
  return ms === undefined ? NO_VALUE : toIso(ms).slice(0, 16).replace("T", " ");
}

/** `2023-03-24T12:40:05Z`: an instant to the second. */
export function formatSecond(ms: number): string {
  return toIso(Math.floor(ms / 1000) * 1000);
}

/** A range in words: whole days as days, its last one included; otherwise minutes. */
export function formatRange(range: { readonly startMs: number; readonly endMs: number }): string {
  return `${formatMinute(range.startMs)} to ${formatMinute(range.endMs)} UTC`;
}

/** Minutes in words: `80 min`, `2 h 40 min`, `3 d 4 h`. */
export function formatMinutes(minutes: number): string {
  if (minutes < 120) return `${formatNumber(minutes)} min`;
  const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = Math.floor(minutes % 60);
  if (days > 0) return hours === 0 ? `${formatNumber(days)} d` : `${formatNumber(days)} d ${hours} h`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** `1 gap`, `2 gaps`. */
export function plural(count: number, word: string, many = `${word}s`): string {
  return `${formatNumber(count)} ${count === 1 ? word : many}`;
}
