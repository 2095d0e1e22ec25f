import { INTERVAL_MS, MINUTE_MS } from "../../core/mod.ts";
import type { KeyFigure, Report, Section, TableBlock, Tone } from "../model.ts";
import { formatCoverage, formatMinutes, formatNumber, formatRange, plural } from "../numbers.ts";
import type { ReportedSeries } from "./run.ts";

/** More series than this have their first two sections only: the contents must stay on a page. */
const MOST_WHOLE = 5;
const BRIEF_SECTIONS = 2;
const SEVERITY: readonly Tone[] = ["bad", "warning", "neutral", "good"];

/** The reports of several series as one: a table of all of them, then the sections of each; the verdict is the worst. */
export function combinedReport(
  series: readonly ReportedSeries[],
  parts: readonly Report[],
  generatedAtMs: number,
): Report {
  const names = series.map(({ query }) => `${query.symbol} ${query.interval}`);
  const worst = parts.reduce(
    (at, { verdict }, i) => SEVERITY.indexOf(verdict.tone) < SEVERITY.indexOf(parts[at]!.verdict.tone) ? i : at,
    0,
  );
  const { verdict } = parts[worst]!;
  const ranges = series.map(({ query }) => query.range);
  const range = {
    startMs: Math.min(...ranges.map(({ startMs }) => startMs)),
    endMs: Math.max(...ranges.map(({ endMs }) => endMs)),
  };
  const exchanges = [...new Set(series.map(({ query }) => query.exchange))].join(", ");
  return {
    kind: "ingestion",
    title: "Ingestion report",
    subtitle: `${plural(series.length, "series", "series")} on ${exchanges}: ${names.join(", ")}; ${
      formatRange(range)
    }`,
    generatedAtMs,
    reference: plural(series.length, "series", "series"),
    verdict: {
      tone: verdict.tone,
      text: `${verdict.tone === "good" ? "No series lacks a minute without a cause" : "Not every series is whole"}; ${
        names[worst]
      }: ${verdict.text}`,
      ...(verdict.detail === undefined ? {} : { detail: verdict.detail }),
    },
    figures: figuresOf(series),
    sections: [
      seriesSection(series, parts, names),
      ...parts.flatMap((part, i) => sectionsOf(part, names[i]!, parts.length)),
    ],
    data: { series: parts.map(({ data }) => data) },
  };
}

function figuresOf(series: readonly ReportedSeries[]): KeyFigure[] {
  const sum = (key: "expected" | "present" | "added" | "revised") =>
    series.reduce((total, { run }) => total + run.rows[key], 0);
  return [
    { label: "Series", value: formatNumber(series.length), note: "in one store" },
    {
      label: "Candles stored",
      value: formatNumber(sum("present")),
      note: `of ${formatNumber(sum("expected"))} asked for`,
    },
    { label: "Coverage", value: formatCoverage(sum("present"), sum("expected")), note: "of all series together" },
    { label: "New in this run", value: formatNumber(sum("added")), note: `${formatNumber(sum("revised"))} revised` },
  ];
}

function seriesSection(series: readonly ReportedSeries[], parts: readonly Report[], names: readonly string[]): Section {
  const table: TableBlock = {
    kind: "table",
    caption: "Series of this run",
    columns: [
      { title: "Series" },
      { title: "Candles", align: "right" },
      { title: "Coverage", align: "right" },
      { title: "Missing", align: "right" },
      { title: "Dataset digest" },
      { title: "Verdict", wrap: true },
    ],
    rows: series.map(({ query, run }, i) => {
      const lacking = (run.rows.expected - run.rows.present) * INTERVAL_MS[query.interval] / MINUTE_MS;
      return [
        names[i]!,
        formatNumber(run.rows.present),
        formatCoverage(run.rows.present, run.rows.expected),
        lacking === 0 ? "none" : formatMinutes(lacking),
        run.datasetDigest.slice(0, 12),
        parts[i]!.verdict.text,
      ];
    }),
  };
  return {
    id: "series",
    title: "Series",
    lead: "Each series has its own coverage, gaps and digest; its sections follow in this order.",
    blocks: [table],
  };
}

function sectionsOf(part: Report, name: string, parts: number): Section[] {
  const sections = parts > MOST_WHOLE ? part.sections.slice(0, BRIEF_SECTIONS) : part.sections;
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return sections.map((section) => ({ ...section, id: `${slug}-${section.id}`, title: `${name}: ${section.title}` }));
}
