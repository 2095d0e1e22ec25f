import { DAY_MS } from "../../core/mod.ts";
import { correlogram, densityChart } from "../charts/shape_chart.ts";
import { PALETTE } from "../charts/theme.ts";
import { lineChart } from "../charts/time_chart.ts";
import type { Block, TableBlock } from "../model.ts";
import { formatNumber, formatPercent, formatSignificant, NO_VALUE, plural } from "../numbers.ts";
import { autocorrelation, gridSeries } from "../stats/autocorrelation.ts";
import { calendarProfile } from "../stats/calendar_profile.ts";
import { histogram } from "../stats/histogram.ts";
import { type Moments, moments } from "../stats/moments.ts";
import { normalTwoSidedTail } from "../stats/normal.ts";
import { quantile, sortedFinite } from "../stats/quantiles.ts";
import { alignedReturns, rollingReturnsBps } from "../stats/returns.ts";
import type { IngestionContext, SectionResult } from "./context.ts";
import { emptySection } from "./empty_section.ts";
import { hourBars, weekdayBars } from "./volume.ts";

/** Minutes; those that are no multiple of the candle are left out. */
const HORIZONS = [1, 15, 60] as const;
const SIGMAS = [2, 3, 4, 5, 6] as const;
const LEVELS = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999] as const;
const SHORT_LAGS = 60;
/** In candles: every lag to an hour of minutes, then every quarter of an hour to a day and a half. */
const LONG_LAGS = [
  ...Array.from({ length: SHORT_LAGS }, (_, k) => k + 1),
  ...Array.from({ length: 140 }, (_, k) => 75 + 15 * k),
];
/** Share of a day's returns that must exist for its volatility to be told. */
const MIN_DAY_SHARE = 0.5;
const MINUTES_PER_YEAR = 365 * 1440;

interface ReturnSample {
  readonly minutes: number;
  readonly sorted: Float64Array;
  readonly moments: Moments;
}

/** How returns are spread, whether they remember, and when they are large. */
export function returnsSection(context: IngestionContext): SectionResult {
  const { columns, returnsBps, query, stepMs, stepMinutes } = context;
  const head = {
    id: "returns",
    title: "Returns",
    lead:
      "Log returns in basis points (1 bp = 0.01 %): how far from normal they are, whether they remember, and when " +
      "they are large. A return across a missing candle is left out, never taken for a jump.",
  };
  const horizons = [...new Set([stepMinutes, ...HORIZONS])].filter((minutes) => minutes % stepMinutes === 0);
  const samples = horizons.map((minutes): ReturnSample => {
    const candles = minutes / stepMinutes;
    const rolling = candles === 1 ? returnsBps : rollingReturnsBps(columns, candles, stepMs);
    const values = alignedReturns(columns.openTimeMs, rolling, candles, stepMs);
    return { minutes, sorted: sortedFinite(values), moments: moments(values) };
  });
  if (samples[0]!.moments.count === 0) {
    return emptySection(head, "There are no two neighbouring candles in the range, so there is no return.");
  }
  const memory = measureMemory(context);
  const squares = Float64Array.from(returnsBps, (value) => value * value);
  const profile = calendarProfile(columns.openTimeMs, squares);
  const hourly = (meanSquare: number) => Math.sqrt(meanSquare * 60 / stepMinutes);
  const daily = dailyVolatility(columns.openTimeMs, squares, stepMinutes);
  const blocks: Block[] = [
    {
      kind: "charts",
      caption: "Returns that do not overlap, as density, and the normal density of the same mean and deviation (line)",
      columns: 3,
      height: 120,
      charts: samples.map((sample) => ({
        title: plural(sample.minutes, "minute"),
        spec: returnDensity(sample),
      })),
      note: "The middle of the distribution: four standard deviations to either side; the table of tails has the rest.",
    },
    momentTable(samples),
    quantileTable(samples),
    tailTable(samples),
    ...(memory.returns.some(({ value }) => Number.isFinite(value))
      ? [{
        kind: "charts" as const,
        caption:
          "Autocorrelation of the returns of one candle; the band is where white noise stays with 95 % probability",
        columns: 2,
        height: 125,
        charts: [
          {
            title: "Returns, short lags",
            spec: correlogram(memory.returns, { title: "", band: memory.band }),
          },
          {
            title: "Absolute returns, long lags",
            spec: correlogram(memory.absolute, { title: "", band: memory.band, line: true }),
          },
        ],
      }]
      : []),
    ...(daily.startMs.length < 2 ? [] : [{
      kind: "chart" as const,
      caption: "Realised volatility of each day, per cent a year (365 days)",
      spec: lineChart(daily, daily.annualized, {
        range: query.range,
        title: "% a year",
        zero: true,
        color: PALETTE.accent,
      }),
      height: 125,
    }]),
    {
      kind: "charts",
      caption: "Realised volatility of an hour in basis points, by hour of day and by weekday, UTC",
      columns: 2,
      height: 110,
      charts: [
        { title: "By hour of day", spec: hourBars(profile.byHour.map(hourly)) },
        { title: "By weekday", spec: weekdayBars(profile.byWeekday.map(hourly)) },
      ],
      note: "Root of the mean squared return of one candle, scaled to an hour by the root of time.",
    },
  ];
  return {
    section: { ...head, blocks },
    data: {
      returns: samples.map((sample) => ({
        minutes: sample.minutes,
        ...sample.moments,
        quantilesBps: Object.fromEntries(LEVELS.map((level) => [String(level), quantile(sample.sorted, level)])),
        beyond: Object.fromEntries(SIGMAS.map((sigma) => [String(sigma), beyond(sample, sigma)])),
      })),
      autocorrelation: memory,
      volatilityBpsByHour: profile.byHour.map(hourly),
      volatilityBpsByWeekday: profile.byWeekday.map(hourly),
    },
  };
}

function returnDensity({ sorted, moments: { mean, sd, count } }: ReturnSample) {
  const span = sd > 0 ? 4 * sd : 0;
  const center = count === 0 ? 0 : mean;
  // Few values make few bars, or the picture is a comb.
  const bins = Math.max(5, Math.min(49, Math.ceil(Math.sqrt(count))));
  const counts = histogram(sorted, { min: center - span, max: center + span, bins });
  return densityChart(counts, { title: "basis points", normal: { mean: center, sd } });
}

function momentTable(samples: readonly ReturnSample[]): TableBlock {
  return {
    kind: "table",
    caption: "Shape of the returns, basis points",
    columns: [
      { title: "Horizon" },
      ...["Returns", "Mean", "Deviation", "Skewness", "Excess kurtosis", "Lowest", "Highest", "Per year"].map((
        title,
      ) => ({
        title,
        align: "right" as const,
      })),
    ],
    rows: samples.map(({ minutes, moments: m }) => [
      `${minutes} min`,
      formatNumber(m.count),
      formatSignificant(m.mean, 3),
      formatNumber(m.sd, 2),
      formatNumber(m.skewness, 2),
      formatNumber(m.excessKurtosis, 1),
      formatNumber(m.min, 1),
      formatNumber(m.max, 1),
      formatPercent(m.sd / 1e4 * Math.sqrt(MINUTES_PER_YEAR / minutes), 1),
    ]),
    note:
      "Per year: the deviation scaled by the root of time to 365 days. A normal distribution has skewness 0 and excess kurtosis 0.",
  };
}

function quantileTable(samples: readonly ReturnSample[]): TableBlock {
  return {
    kind: "table",
    caption: "Quantiles of the returns, basis points",
    columns: [
      { title: "Horizon" },
      ...LEVELS.map((level) => ({
        title: `${Number((100 * level).toFixed(2))} %`,
        align: "right" as const,
      })),
    ],
    rows: samples.map(({ minutes, sorted }) => [
      `${minutes} min`,
      ...LEVELS.map((level) => formatNumber(quantile(sorted, level), 1)),
    ]),
  };
}

function tailTable(samples: readonly ReturnSample[]): TableBlock {
  return {
    kind: "table",
    caption:
      "Tails: returns further from the mean than so many standard deviations, counted and as a normal would have",
    columns: [
      { title: "Horizon" },
      ...SIGMAS.flatMap((sigma) => [
        { title: `> ${sigma} sd`, align: "right" as const },
        { title: "normal", align: "right" as const },
      ]),
    ],
    rows: samples.map((sample) => [
      `${sample.minutes} min`,
      ...SIGMAS.flatMap((sigma) => {
        if (!(sample.moments.sd > 0)) return [NO_VALUE, NO_VALUE];
        const expected = sample.moments.count * normalTwoSidedTail(sigma);
        return [
          formatNumber(beyond(sample, sigma)),
          expected >= 10 ? formatNumber(expected) : expected < 0.01 ? "< 0.01" : formatSignificant(expected, 2),
        ];
      }),
    ]),
  };
}

function beyond({ sorted, moments: { mean, sd } }: ReturnSample, sigma: number): number {
  let count = 0;
  for (const value of sorted) if (Math.abs(value - mean) > sigma * sd) count++;
  return count;
}

function measureMemory({ columns: { openTimeMs }, returnsBps, stepMs, stepMinutes }: IngestionContext) {
  const returns = gridSeries(openTimeMs, returnsBps, stepMs);
  const absolute = gridSeries(openTimeMs, Float64Array.from(returnsBps, Math.abs), stepMs);
  const points = (series: typeof returns, lags: readonly number[]) =>
    lags.filter((lag) => lag < series.deviations.length)
      .map((lag) => ({ lag: lag * stepMinutes, value: autocorrelation(series, lag) }));
  return {
    returns: points(returns, LONG_LAGS.slice(0, SHORT_LAGS)),
    absolute: points(absolute, LONG_LAGS),
    band: 1.96 / Math.sqrt(returns.count),
  };
}

function dailyVolatility(openTimeMs: Float64Array, squares: Float64Array, stepMinutes: number) {
  const startMs: number[] = [], sums: number[] = [], counts: number[] = [];
  for (let i = 0; i < squares.length; i++) {
    if (Number.isNaN(squares[i]!)) continue;
    const day = Math.floor(openTimeMs[i]! / DAY_MS) * DAY_MS;
    if (startMs.at(-1) !== day) {
      startMs.push(day);
      sums.push(0);
      counts.push(0);
    }
    sums[sums.length - 1]! += squares[i]!;
    counts[counts.length - 1]!++;
  }
  const kept = startMs.map((_, k) => k).filter((k) => counts[k]! * stepMinutes >= MIN_DAY_SHARE * 1440);
  return {
    stepMs: DAY_MS,
    startMs: kept.map((k) => startMs[k]!),
    annualized: kept.map((k) => 100 * Math.sqrt(sums[k]! / counts[k]! * MINUTES_PER_YEAR / stepMinutes) / 1e4),
  };
}
