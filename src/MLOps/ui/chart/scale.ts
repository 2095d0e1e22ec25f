/** Maps values of an axis to pixels, with ticks at round values. */
export interface Scale {
  /** Pixel of a value. */
  at(value: number): number;
  /** Round values inside the axis, ascending. */
  readonly ticks: readonly number[];
  /** Distance of neighbouring ticks, for their text; on a logarithmic axis that of the smallest tick. */
  readonly step: number;
  /** Whether pixels follow the logarithm. */
  readonly isLog: boolean;
  /** Value at the first pixel. */
  readonly min: number;
  /** Value at the last pixel. */
  readonly max: number;
}

/** How an axis is laid out. */
export interface ScaleOptions {
  /** Pixels of the two ends. */
  readonly pixels: readonly [number, number];
  /** About how many ticks. */
  readonly ticks: number;
  /** Whether ticks stand on integers only. @default false */
  readonly integer?: boolean;
  /** Whether the ends move out to round values. @default false */
  readonly nice?: boolean;
}

/** Below it, doubles lose digits and a step would round to nothing. */
const SMALLEST_SPAN = 1e-290;

/** Beyond it the difference of two values could overflow. */
const LARGEST_PLAIN = 1e300;
/** A power of ten, so that round values stay round. */
const SHRINK = 1e-20;

/** Whether an axis has a place for a value. SQLite stores hold infinities as the largest double. */
export function hasPlace(value: number): boolean {
  return Math.abs(value) < Number.MAX_VALUE;
}

/** A linear axis over `[min, max]`, both of which have a place; a single value gets room on both sides. */
export function linearScale(min: number, max: number, options: ScaleOptions): Scale {
  return Math.max(Math.abs(min), Math.abs(max)) > LARGEST_PLAIN
    ? hugeScale(min, max, options)
    : plainScale(min, max, options);
}

/** An axis whose length may be beyond the largest double: laid out many times smaller. */
function hugeScale(min: number, max: number, options: ScaleOptions): Scale {
  const small = plainScale(min * SHRINK, max * SHRINK, options);
  const enlarge = (value: number) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value / SHRINK));
  return {
    at: (value) => small.at(value * SHRINK),
    ticks: small.ticks.map((tick) => tick / SHRINK).filter(Number.isFinite),
    step: enlarge(small.step),
    isLog: false,
    min: enlarge(small.min),
    max: enlarge(small.max),
  };
}

function plainScale(min: number, max: number, options: ScaleOptions): Scale {
  let [low, high] = [min, max];
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Ends that a double can hardly tell apart are one value.
  if (high - low <= size * 1e-14 || high - low < SMALLEST_SPAN) {
    const room = options.integer || size < SMALLEST_SPAN ? 1 : size * 0.1;
    [low, high] = [low - room, high + room];
  }
  const step = roundStep((high - low) / Math.max(1, options.ticks), options.integer ?? false);
  if (options.nice) {
    low = Math.floor(low / step + 1e-9) * step;
    high = Math.ceil(high / step - 1e-9) * step;
  }
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && ticks.length < 50; i++) {
    ticks.push(i * step + 0); // never −0
  }
  const [from, to] = options.pixels;
  const factor = (to - from) / (high - low);
  return { at: (value) => from + (value - low) * factor, ticks, step, isLog: false, min: low, max: high };
}

/** A logarithmic axis over `[min, max]`, both positive, with ticks at 1, 2, 5 times powers of ten. */
export function logScale(min: number, max: number, options: ScaleOptions): Scale {
  const room = min === max ? Math.LOG10E * Math.LN2 : 0;
  const [low, high] = [Math.log10(min) - room, Math.log10(max) + room];
  const decades = Math.max(1, Math.ceil((high - low) / Math.max(1, options.ticks)));
  const multiples = high - low < 1 ? [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9] : high - low < 3 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += multiples.length === 1 ? decades : 1) {
    for (const multiple of multiples) {
      const tick = multiple * 10 ** power;
      if (Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) ticks.push(tick);
    }
  }
  const [from, to] = options.pixels;
  const factor = (to - from) / (high - low);
  return {
    at: (value) => from + (Math.log10(value) - low) * factor,
    ticks,
    step: ticks[0] ?? min,
    isLog: true,
    min: Math.max(Number.MIN_VALUE, 10 ** low),
    max: Math.min(Number.MAX_VALUE, 10 ** high),
  };
}

function roundStep(rough: number, integer: boolean): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const share = rough / power;
  const step = (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10) * power;
  return integer ? Math.max(1, Math.round(step)) : step;
}
