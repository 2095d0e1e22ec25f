import { type CandleColumns, MINUTE_MS, MISSING_COUNT } from "../../../src/core/mod.ts";

/** Value of one feature at one decision time, by its name. */
export type NaiveFeature = (name: string) => number;

/** Feature values of one decision time straight from the definitions, slow and without shared code: the oracle. */
export function naiveFeatures(candles: CandleColumns, decisionTimeMs: number): NaiveFeature {
  const view = new NaiveView(candles, decisionTimeMs);
  return (name) => {
    // Minutes follow '_', the lag of one minute of a window '@', which is of the stem.
    const [, stem, number] = /^(.*?@|.*?(?=_\d+$)|.*)_?(\d+)?$/.exec(name)!;
    const define = DEFINITIONS[stem!] ?? DEFINITIONS[name];
    if (define === undefined) throw new RangeError(`no definition of '${name}'`);
    return define(view, Number(number));
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const need = (minutes: number) => minutes <= 60 ? minutes : minutes / 2;
const square = (value: number) => value * value;

class NaiveView {
  readonly #byMinute = new Map<number, number>();
  /** Minute of the decision; the newest closed candle is that of `now − 1`. */
  readonly now: number;

  constructor(readonly candles: CandleColumns, readonly decisionTimeMs: number) {
    for (let i = 0; i < candles.length; i++) this.#byMinute.set(candles.openTimeMs[i]! / MINUTE_MS, i);
    this.now = decisionTimeMs / MINUTE_MS;
  }

  /** The candle of a closed minute, by its index. */
  at(minute: number): number | undefined {
    return minute < this.now ? this.#byMinute.get(minute) : undefined;
  }

  close(): number {
    return this.candles.close[this.at(this.now - 1)!]!;
  }

  /** One-minute log return of a minute in bps. */
  return(minute: number): number | undefined {
    const a = this.at(minute - 1), b = this.at(minute);
    return a === undefined || b === undefined
      ? undefined
      : 1e4 * Math.log(this.candles.close[b]! / this.candles.close[a]!);
  }

  /** Defined values of the last `minutes`, oldest first. */
  last<T>(minutes: number, valueAt: (minute: number) => T | undefined): T[] {
    return Array.from({ length: minutes }, (_, back) => valueAt(this.now - minutes + back))
      .filter((value) => value !== undefined);
  }

  /** Of values of which there must be enough. */
  of(minutes: number, valueAt: (minute: number) => number | undefined, take: (values: number[]) => number): number {
    const values = this.last(minutes, valueAt);
    return values.length < need(minutes) ? NaN : take(values);
  }

  ofReturns(minutes: number, take: (returns: number[]) => number): number {
    return this.of(minutes, (minute) => this.return(minute), take);
  }

  ofCandles(minutes: number, valueOf: (i: number) => number, take: (values: number[]) => number): number {
    return this.of(minutes, (minute) => {
      const i = this.at(minute), value = i === undefined ? NaN : valueOf(i);
      return Number.isNaN(value) ? undefined : value;
    }, take);
  }

  sigma(): number {
    return this.ofReturns(240, (r) => Math.max(0.1, Math.sqrt(mean(r.map(square)))));
  }
}

type Definition = (view: NaiveView, parameter: number) => number;

const logFloored = (value: number) => Math.log(Math.max(value, 0.01));
const bipower = (view: NaiveView, minutes: number) => {
  const products = view.last(minutes - 1, (minute) => {
    const a = view.return(minute - 1), b = view.return(minute);
    return a === undefined || b === undefined ? undefined : Math.abs(a) * Math.abs(b);
  });
  return products.length < need(minutes) - 1 ? NaN : Math.PI / 2 * mean(products);
};
const tradeCount = ({ candles }: NaiveView) => (i: number) =>
  candles.tradeCount[i] === MISSING_COUNT ? NaN : candles.tradeCount[i]!;

function zScore(view: NaiveView, minutes: number, valueOf: (i: number) => number): number {
  const logs = (span: number, take: (values: number[]) => number) =>
    view.ofCandles(span, (i) => Math.log(1 + valueOf(i)), take);
  const centre = logs(1440, mean);
  const spread = logs(1440, (day) => Math.sqrt(mean(day.map((value) => square(value - centre)))));
  const recent = logs(minutes, mean);
  return Number.isNaN(recent + centre) ? NaN : spread < 1e-5 ? 0 : (recent - centre) / spread;
}

/** Mean over the same minute of the 21 days before; missing where fewer than 11 have it. */
function usual(valueAt: (minute: number) => number | undefined, minute: number): number | undefined {
  const days = Array.from({ length: 21 }, (_, d) => valueAt(minute - (d + 1) * 1440)).filter((v) => v !== undefined);
  return days.length < 11 ? undefined : mean(days);
}

function relative(view: NaiveView, minutes: number, valueAt: (minute: number) => number | undefined): number {
  const now = view.of(minutes, valueAt, mean), level = view.of(minutes, (minute) => usual(valueAt, minute), mean);
  if (Number.isNaN(now + level)) return NaN;
  return level === 0 ? 0 : Math.log(Math.max(now / level, 0.01));
}

const defined = (value: number) => Number.isNaN(value) ? undefined : value;
const candleAt = (view: NaiveView, valueOf: (i: number) => number) => (minute: number) => {
  const i = view.at(minute);
  return i === undefined ? undefined : defined(valueOf(i));
};
const absoluteReturnAt = (view: NaiveView) => (minute: number) => {
  const value = view.return(minute);
  return value === undefined ? undefined : Math.abs(value);
};

/** Newest first, back to the last missing minute or `hours` before the newest one's UTC hour. */
function unbroken(view: NaiveView, hours: number, valueAt: (minute: number) => number | undefined): number[] {
  const first = (Math.floor((view.now - 1) / 60) - hours) * 60, values: number[] = [];
  for (let minute = view.now - 1; minute >= first; minute--) {
    const value = valueAt(minute);
    if (value === undefined) break;
    values.push(value);
  }
  return values;
}

const weighted = (newestFirst: readonly number[], decay: number) =>
  sum(newestFirst.map((value, age) => value * decay ** age)) / sum(newestFirst.map((_, age) => decay ** age));

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  return: (view, minutes) => view.ofReturns(minutes, sum),
  return_z: (view, minutes) => view.ofReturns(minutes, sum) / (view.sigma() * Math.sqrt(minutes)),
  return_lag_z: (view, lag) => (view.return(view.now - 1 - lag) ?? NaN) / view.sigma(),
  rv: (view, minutes) => view.ofReturns(minutes, (r) => mean(r.map(square))),
  downside_share: (view, minutes) =>
    view.ofReturns(minutes, (r) => {
      const all = sum(r.map(square));
      return all === 0 ? 0.5 : sum(r.filter((value) => value < 0).map(square)) / all;
    }),
  log_absolute_variation: (view, minutes) =>
    view.ofReturns(minutes, (r) => logFloored(Math.PI / 2 * square(mean(r.map(Math.abs))))),
  log_bipower: (view, minutes) => logFloored(bipower(view, minutes)),
  jump_share: (view, minutes) => {
    const all = view.ofReturns(minutes, (r) => mean(r.map(square)));
    return all === 0 ? 0 : Math.max(0, 1 - bipower(view, minutes) / all);
  },
  log_parkinson: (view, minutes) =>
    view.ofCandles(
      minutes,
      (i) => square(1e4 * Math.log(view.candles.high[i]! / view.candles.low[i]!)) / (4 * Math.log(2)),
      (values) => logFloored(mean(values)),
    ),
  log_garman_klass: (view, minutes) =>
    view.ofCandles(minutes, (i) => {
      const { open, high, low, close } = view.candles;
      const range = 1e4 * Math.log(high[i]! / low[i]!), body = 1e4 * Math.log(close[i]! / open[i]!);
      return square(range) / 2 - (2 * Math.log(2) - 1) * square(body);
    }, (values) => logFloored(mean(values))),
  taker_imbalance: (view, minutes) => {
    const { volume, takerBuyBaseVolume: bought } = view.candles;
    const all = view.ofCandles(minutes, (i) => volume[i]!, sum);
    const net = view.ofCandles(minutes, (i) => bought[i]! - (volume[i]! - bought[i]!), sum);
    return Number.isNaN(net) ? NaN : all > 0 ? net / all : 0;
  },
  volume_z: (view, minutes) => zScore(view, minutes, (i) => view.candles.volume[i]!),
  trade_count_z: (view, minutes) => zScore(view, minutes, tradeCount(view)),
  volume_relative: (view, minutes) => relative(view, minutes, candleAt(view, (i) => view.candles.volume[i]!)),
  trade_count_relative: (view, minutes) => relative(view, minutes, candleAt(view, tradeCount(view))),
  volatility_relative: (view, minutes) => relative(view, minutes, absoluteReturnAt(view)),
  volatility_ahead: (view, minutes) => {
    const next = (span: number) => {
      const levels = Array.from({ length: span }, (_, k) => usual(absoluteReturnAt(view), view.now + k))
        .filter((level) => level !== undefined);
      return levels.length < need(span) ? NaN : mean(levels);
    };
    const ahead = next(minutes), day = next(1440);
    return Number.isNaN(ahead + day) ? NaN : day === 0 ? 0 : Math.log(Math.max(ahead / day, 0.01));
  },
  vwap_distance_z: (view, minutes) => {
    const base = view.ofCandles(minutes, (i) => view.candles.volume[i]!, sum);
    const quote = view.ofCandles(minutes, (i) => view.candles.quoteVolume[i]!, sum);
    const distance = base === 0 ? 0 : 1e4 * Math.log(view.close() / (quote / base));
    return Number.isNaN(quote) ? NaN : distance / (view.sigma() * Math.sqrt(minutes));
  },
  range_position: (view, minutes) => {
    const low = view.ofCandles(minutes, (i) => view.candles.low[i]!, (values) => Math.min(...values));
    const high = view.ofCandles(minutes, (i) => view.candles.high[i]!, (values) => Math.max(...values));
    return low === high ? 0.5 : (view.close() - low) / (high - low);
  },
  round_distance_z: (view, digits) =>
    1e4 * Math.log(view.close() / Number(view.close().toPrecision(digits))) / (view.sigma() * Math.sqrt(60)),
  rsi: (view, period) => {
    const returns = unbroken(view, Math.ceil(8 * period / 60), (minute) => view.return(minute));
    if (returns.length < period) return NaN;
    const decay = 1 - 1 / period;
    const up = weighted(returns.map((r) => Math.max(r, 0)), decay);
    const down = weighted(returns.map((r) => Math.max(-r, 0)), decay);
    return up + down === 0 ? 50 : 100 * up / (up + down);
  },
  ema_distance_z: (view, span) => {
    const logs = unbroken(
      view,
      Math.ceil(8 * span / 60),
      candleAt(view, (i) => 1e4 * Math.log(view.candles.close[i]!)),
    );
    const distance = logs[0]! - weighted(logs, 1 - 2 / (span + 1));
    return logs.length < span ? NaN : distance / (view.sigma() * Math.sqrt(span));
  },
  "relative_return@": (view, lag) => {
    const scale = view.ofReturns(60, (r) => Math.sqrt(mean(r.map(square))));
    return scale === 0 ? 0 : (view.return(view.now - 1 - lag) ?? NaN) / scale;
  },
  "log_range@": (view, lag) => {
    const { high, low } = view.candles, at = candleAt(view, (i) => Math.log(1 + 1e4 * Math.log(high[i]! / low[i]!)));
    return at(view.now - 1 - lag) ?? NaN;
  },
  "taker_imbalance@": (view, lag) => {
    const { volume, takerBuyBaseVolume: bought } = view.candles;
    const net = candleAt(view, (i) => bought[i]! - (volume[i]! - bought[i]!))(view.now - 1 - lag) ?? NaN;
    return net / (candleAt(view, (i) => volume[i]! || 1)(view.now - 1 - lag) ?? NaN);
  },
  "relative_log_volume@": (view, lag) => {
    const logOf = (i: number) => Math.log(1 + view.candles.volume[i]!);
    return (candleAt(view, logOf)(view.now - 1 - lag) ?? NaN) - view.ofCandles(60, logOf, mean);
  },
  day_sin: (view) => Math.sin(2 * Math.PI * dayPart(view)),
  day_cos: (view) => Math.cos(2 * Math.PI * dayPart(view)),
  week_sin: (view) => Math.sin(2 * Math.PI * (weekday(view) + dayPart(view)) / 7),
  week_cos: (view) => Math.cos(2 * Math.PI * (weekday(view) + dayPart(view)) / 7),
  hour_of_day: (view) => new Date(view.decisionTimeMs).getUTCHours(),
  day_of_week: (view) => weekday(view),
  missing_minutes: (view, minutes) => minutes - view.last(minutes, (minute) => view.at(minute)).length,
  zero_trade_share: (view, minutes) => view.ofCandles(minutes, (i) => view.candles.volume[i] === 0 ? 1 : 0, mean),
};

function dayPart({ decisionTimeMs }: NaiveView): number {
  return decisionTimeMs % 86_400_000 / 86_400_000;
}

function weekday({ decisionTimeMs }: NaiveView): number {
  return (new Date(decisionTimeMs).getUTCDay() + 6) % 7;
}
