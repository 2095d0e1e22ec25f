import { DAY_MS } from "../../core/mod.ts";
import { correlogram, densityChart } from "../charts/shape_chart.ts";
import { PALETTE } from "../charts/theme.ts";
import { lineChart } from "../charts/time_chart.ts";
import type { Block, TableBlock } from "../model.ts";
import { formatNumber, formatPercent, formatSignificant, NO_VALUE } from "../numbers.ts";
import { autocorrelation, minuteSeries } from "../stats/autocorrelation.ts";
import { calendarProfile } from "../stats/calendar_profile.ts";
import { histogram } from "../stats/histogram.ts";
import { type Moments, moments } from "../stats/moments.ts";
import { normalTwoSidedTail } from "../stats/normal.ts";
import { quantile, sortedFinite } from "../stats/quantiles.ts";
import { alignedReturns, rollingReturnsBps } from "../stats/returns.ts";
import type { IngestionContext, SectionResult } from "./context.ts";
import { emptySection } from "./empty_section.ts";
import { hourBars, weekdayBars } from "./volume.ts";

const HORIZONS = [1, 15, 60] as const;
const SIGMAS = [2, 3, 4, 5, 6] as const;
const LEVELS = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999] as const;
const SHORT_LAGS = 60;
/** Every lag to an hour, then every quarter of an hour to a day and a half. */
const LONG_LAGS = [
  ...Array.from({ length: 60 }, (_, k) => k + 1),
  ...Array.from({ length: 140 }, (_, k) => 75 + 15 * k),
];
/** Returns of a day at least for its volatility to be told: half of its minutes. */
const MIN_DAY_RETURNS = 720;
const MINUTES_PER_YEAR = 365 * 1440;

interface ReturnSample {
  readonly minutes: number;
  readonly sorted: Float64Array;
  readonly moments: Moments;
}

/** How returns are spread, whether they remember, and when they are large. */
export function returnsSection(context: IngestionContext): SectionResult {
  const { columns, returnsBps, query } = context;
  const head = {
    id: "returns",
    title: "Returns",
    lead:
      "Log returns in basis points (1 bp = 0.01 %): how far from normal they are, whether they remember, and when " +
      "they are large. A return across a missing minute is left out, never taken for a jump.",
  };
  const samples = HORIZONS.map((minutes): ReturnSample => {
    const rolling = minutes === 1 ? returnsBps : rollingReturnsBps(columns, minutes);
    const values = alignedReturns(columns, rolling, minutes);
    return { minutes, sorted: sortedFinite(values), moments: moments(values) };
  });
  if (samples[0]!.moments.count === 0) {
    return emptySection(head, "There are no two neighbouring minutes in the range, so there is no return.");
  }
  const memory = measureMemory(columns.openTimeMs, returnsBps);
  const squares = Float64Array.from(returnsBps, (value) => value * value);
  const profile = calendarProfile(columns.openTimeMs, squares);
  const hourly = (meanSquare: number) => Math.sqrt(meanSquare * 60);
  const daily = dailyVolatility(columns.openTimeMs, squares);
  const blocks: Block[] = [
    {
      kind: "charts",
      caption: "Returns that do not overlap, as density, and the normal density of the same mean and deviation (line)",
      columns: 3,
      height: 120,
      charts: samples.map((sample) => ({
        title: sample.minutes === 1 ? "1 minute" : `${sample.minutes} minutes`,
        spec: returnDensity(sample),
      })),
      note: "The middle of the distribution: four standard deviations to either side; the table of tails has the rest.",
    },
    momentTable(samples),
    quantileTable(samples),
    tailTable(samples),
    {
      kind: "charts",
      caption: "Autocorrelation of one-minute returns; the band is where white noise stays with 95 % probability",
      columns: 2,
      height: 125,
      charts: [
        {
          title: "Returns, lags to an hour",
          spec: correlogram(memory.returns, { title: "", band: memory.band }),
        },
        {
          title: "Absolute returns, lags to a day and a half",
          spec: correlogram(memory.absolute, { title: "", band: memory.band, line: true }),
        },
      ],
    },
    ...(daily.startMs.length === 0 ? [] : [{
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
      note: "Root of 60 times the mean squared one-minute return.",
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

function measureMemory(openTimeMs: Float64Array, returnsBps: Float64Array) {
  const returns = minuteSeries(openTimeMs, returnsBps);
  const absolute = minuteSeries(openTimeMs, Float64Array.from(returnsBps, Math.abs));
  const at = (series: typeof returns) => (lag: number) => ({ lag, value: autocorrelation(series, lag) });
  return {
    returns: LONG_LAGS.filter((lag) => lag <= SHORT_LAGS).map(at(returns)),
    absolute: LONG_LAGS.filter((lag) => lag < absolute.deviations.length).map(at(absolute)),
    band: 1.96 / Math.sqrt(returns.count),
  };
}

function dailyVolatility(openTimeMs: Float64Array, squares: Float64Array) {
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
  const kept = startMs.map((_, k) => k).filter((k) => counts[k]! >= MIN_DAY_RETURNS);
  return {
    stepMs: DAY_MS,
    startMs: kept.map((k) => startMs[k]!),
    annualized: kept.map((k) => 100 * Math.sqrt(sums[k]! / counts[k]! * MINUTES_PER_YEAR) / 1e4),
  };
}
