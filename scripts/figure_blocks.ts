import type { Measured, MeasuredFamily } from "./measure.ts";

/** What `scripts/measure.ts` keeps of the two-year line. */
export interface TwoYears {
  /** Cores of the machine. */
  readonly cores: number;
  /** Sizes on disk. */
  readonly files: { readonly storeBytes: number; readonly reportBytes: number };
  /** First ingest, features and report included. */
  readonly ingest: Measured;
  /** The same again. */
  readonly again: Measured;
  /** Default training. */
  readonly track: Measured;
  /** Promotion of that run. */
  readonly register: Measured;
  /** Other families and horizons on the same candles. */
  readonly families: readonly MeasuredFamily[];
}

/** What `task bench -- --out FILE` keeps. */
export interface BenchReport {
  /** Figures, in the order run. */
  readonly results: readonly {
    readonly name: string;
    readonly unit: string;
    readonly value: number;
    readonly peer?: { readonly name: string; readonly value: number };
    readonly target: string;
    readonly passed: boolean;
  }[];
}

const rounded = (value: number) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
const fixed = (value: number | null | undefined, digits: number) => value?.toFixed(digits) ?? "–";

/** A table padded as `deno fmt` pads it, so that a page stays formatted. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, j) =>
    Math.max(3, ...[title, ...rows.map((row) => row[j]!)].map((cell) => cell.length))
  );
  const line = (cells: readonly string[]) => `| ${cells.map((cell, j) => cell.padEnd(widths[j]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** The end of the demo, as it was printed. */
export function renderDemo(results: string): string {
  return `\`\`\`text\n${results.trimEnd()}\n\`\`\``;
}

/** What `scripts/faults.ts` keeps of each fault. */
export interface FaultOutcome {
  /** What goes wrong. */
  readonly fault: string;
  /** What was seen. */
  readonly outcome: string;
}

/** Faults and their outcomes as a table. */
export function renderFaults(results: string, who = "ingest"): string {
  const { outcomes } = JSON.parse(results) as { outcomes: readonly FaultOutcome[] };
  return markdownTable(["what goes wrong", `what ${who} does`], outcomes.map(({ fault, outcome }) => [fault, outcome]));
}

/** The two-year line as two tables: what each step took, and the models beside each other. */
export function renderTwoYears(results: string): string {
  const { ingest, again, track, register, files, cores } = JSON.parse(results) as TwoYears;
  const { rows, gaps } = ingest.result as { rows: { present: number }; gaps: { minutes: number; cause: string }[] };
  const missing = gaps.map(({ minutes, cause }) => `${minutes} minutes missing (${cause})`).join(", ");
  const memory = ({ peakMb }: Measured) => peakMb === undefined ? "" : `, ${rounded(peakMb)} MB at its peak`;
  const { gate } = register.result as { gate: { passed: boolean; checks: { passed: boolean }[] } };
  const steps = markdownTable(["step", `on ${cores} cores`, "result"], [
    [
      "ingest, features, report",
      `${fixed(ingest.seconds, 1)} s${memory(ingest)}`,
      `${rows.present.toLocaleString("en")} candles, ${missing}; ${
        rounded(files.storeBytes / rows.present)
      } bytes a candle with its features`,
    ],
    [
      "the same again",
      `${fixed(again.seconds, 1)} s`,
      `${(again.result as { rows: { added: number } }).rows.added} new, the same digest`,
    ],
    ["track", `${fixed(track.seconds, 1)} s${memory(track)}`, "the table below"],
    [
      "register",
      `${fixed(register.seconds, 1)} s`,
      `gate ${gate.passed ? "passed" : "not passed"}: ${
        gate.checks.filter(({ passed }) => passed).length
      } of ${gate.checks.length} checks`,
    ],
  ]);
  const metrics = track.result["metrics"] as Readonly<Record<string, number>>;
  const models = [
    "",
    "baseline_har_x_",
    "baseline_har_",
    "baseline_ewma_",
    "baseline_climatology_",
    "baseline_contrarian_",
  ];
  const scores = markdownTable(
    ["15 minutes ahead, test spans", "QLIKE", "log-loss", "AUC", "pinball, bps", "in the 90 % band"],
    models.map((prefix) => [
      prefix === "" ? "**network**" : prefix.slice("baseline_".length, -1),
      fixed(metrics[`${prefix}qlike`], 4),
      fixed(metrics[`${prefix}log_loss`], 5),
      fixed(metrics[`${prefix}auc`], 4),
      fixed(metrics[`${prefix}pinball`], 4),
      fixed(metrics[`${prefix}coverage_90`], 3),
    ]),
  );
  return `${steps}\n\n${scores}`;
}

/** Every family on the same rows, and some an hour ahead. */
export function renderFamilies(results: string): string {
  const { track, families = [] } = JSON.parse(results) as Partial<TwoYears> & Pick<TwoYears, "track">;
  const usual = { ...track, family: "mlp", horizonMinutes: 15, metrics: track.result["metrics"] };
  return markdownTable(
    [
      "minutes",
      "`--model`",
      "QLIKE",
      "gain over HAR-X [95 %]",
      "log-loss",
      "AUC",
      "accuracy",
      "over contrarian",
      "pinball, bps",
      "in 90 %",
      "took",
    ],
    [usual as MeasuredFamily, ...families].map(({ family, horizonMinutes, metrics, seconds, peakMb }) => [
      String(horizonMinutes),
      `\`${family}\``,
      fixed(metrics["qlike"], 4),
      interval(metrics, "qlike_gain_har_x"),
      fixed(metrics["log_loss"], 5),
      fixed(metrics["auc"], 4),
      fixed(metrics["accuracy"], 4),
      interval(metrics, "accuracy_gain_contrarian"),
      fixed(metrics["pinball"], 4),
      fixed(metrics["coverage_90"], 3),
      `${fixed(seconds, 0)} s${peakMb === undefined ? "" : `, ${rounded(peakMb)} MB`}`,
    ]),
  );
}

/** What forecasts of the default family were to reach on these steps when they were designed: a bound and its direction. */
const FLOORS: readonly (readonly [
  horizonMinutes: number,
  metric: string,
  title: string,
  side: "≥" | "≤",
  floor: number,
  digits: number,
])[] = [
  [1, "auc", "AUC", "≥", 0.537, 4],
  [5, "auc", "AUC", "≥", 0.538, 4],
  [15, "auc", "AUC", "≥", 0.549, 4],
  [60, "auc", "AUC", "≥", 0.555, 4],
  [15, "accuracy", "accuracy", "≥", 0.536, 4],
  [15, "accuracy_gain_contrarian_low", "accuracy over contrarian, lower bound", "≥", 0, 4],
  [15, "log_loss", "log-loss", "≤", 0.6892, 5],
  [15, "qlike", "QLIKE", "≤", 0.48, 4],
  [60, "qlike", "QLIKE", "≤", 0.438, 4],
  [1440, "qlike", "QLIKE", "≤", 0.33, 4],
  [15, "qlike_gain_har_x_low", "QLIKE gain over HAR-X, lower bound", "≥", 0, 4],
  [15, "pinball", "pinball, bps", "≤", 3.78, 3],
  [60, "pinball", "pinball, bps", "≤", 7.74, 3],
  [15, "coverage_90", "coverage of 90 %", "≥", 0.885, 3],
  [15, "coverage_90", "coverage of 90 %", "≤", 0.915, 3],
  [60, "coverage_90", "coverage of 90 %", "≥", 0.885, 3],
  [60, "coverage_90", "coverage of 90 %", "≤", 0.915, 3],
];

/** Each bound beside what was seen, those that are missed among them. */
export function renderFloors(results: string): string {
  const { track, families = [] } = JSON.parse(results) as Partial<TwoYears> & Pick<TwoYears, "track">;
  const metricsOf = (minutes: number) =>
    minutes === 15
      ? track.result["metrics"] as MeasuredFamily["metrics"]
      : families.find(({ family, horizonMinutes }) => family === "mlp" && horizonMinutes === minutes)?.metrics;
  const verdict = (value: number | undefined, side: "≥" | "≤", floor: number) =>
    value === undefined ? "not measured" : (side === "≥" ? value >= floor : value <= floor) ? "yes" : "**no**";
  const rows = FLOORS.map(([minutes, metric, title, side, floor, digits]) => {
    const value = metricsOf(minutes)?.[metric];
    return [String(minutes), title, `${side} ${floor}`, fixed(value, digits), verdict(value, side, floor)];
  });
  const { seconds, peakMb } = track;
  return markdownTable(["minutes", "of `track` on two years", "asked for", "seen", "reached"], [
    ...rows,
    ["15", "seconds", "≤ 300", fixed(seconds, 0), verdict(seconds, "≤", 300)],
    ["15", "memory at its peak, MB", "≤ 900", fixed(peakMb, 0), verdict(peakMb, "≤", 900)],
  ]);
}

function interval(metrics: Readonly<Record<string, number>>, key: string): string {
  return `${fixed(metrics[key], 3)} [${fixed(metrics[`${key}_low`], 3)}, ${fixed(metrics[`${key}_high`], 3)}]`;
}

/** What a leak would have scored. */
export interface LeakScores {
  readonly auc: number;
  readonly accuracy: number;
  readonly qlike: number;
}

/** What `scripts/leaks.ts` keeps of each planted leak. */
export interface LeakOutcome {
  readonly bug: string;
  /** Checks that fired, in their order. */
  readonly caughtBy: readonly string[];
  /** `linear` at 15 minutes; absent where training refuses the rows. */
  readonly line15?: LeakScores;
  /** `gbdt` at 60 minutes, likewise. */
  readonly trees60?: LeakScores;
}

/** How near to their limits clean runs came. */
export interface CleanRuns {
  readonly data: string;
  readonly horizonMinutes: number;
  readonly folds: number;
  /** One a seed. */
  readonly runs: number;
  /** Figures that passed their limits. */
  readonly fired: number;
  /** Greatest share of its limit that the linear head's AUC on rotated labels took. */
  readonly rotationShare: number;
  /** The same of the family's. */
  readonly familyShare: number;
  /** Least t that a planted signal was found with in the linear head. */
  readonly leastLineT: number | null;
  /** The same of the family's; null where no run could be asked, as it learns too little. */
  readonly leastFamilyT: number | null;
  /** Of `rotation` and `planted`, a run. */
  readonly seconds: number;
}

/** Planted leaks with what they would have scored and who caught them. */
export function renderLeaks(results: string): string {
  const { outcomes } = JSON.parse(results) as { outcomes: readonly LeakOutcome[] };
  return markdownTable(
    ["planted", "caught by", "AUC, 15 min", "accuracy", "QLIKE", "AUC, 60 min", "accuracy", "QLIKE"],
    outcomes.map(({ bug, caughtBy, line15, trees60 }) => [
      bug,
      caughtBy.map((name) => `\`${name}\``).join(", ") || "–",
      ...[line15, trees60].flatMap((scores) => [
        fixed(scores?.auc, 4),
        fixed(scores?.accuracy, 4),
        fixed(scores?.qlike, 3),
      ]),
    ]),
  );
}

/** How far below the limits clean runs stay. */
export function renderCleanRuns(results: string): string {
  const { clean } = JSON.parse(results) as { clean: readonly CleanRuns[] };
  return markdownTable(
    [
      "data",
      "minutes",
      "folds",
      "runs",
      "fired",
      "linear head, of limit",
      "family, of limit",
      "t, linear head",
      "t, family",
    ],
    clean.map(({ data, horizonMinutes, folds, runs, fired, rotationShare, familyShare, leastLineT, leastFamilyT }) => [
      ...[data, String(horizonMinutes), String(folds), String(runs), String(fired)],
      ...[
        fixed(rotationShare, 2),
        fixed(familyShare, 2),
        fixed(leastLineT, 1),
        fixed(leastFamilyT, 1),
      ],
    ]),
  );
}

/** Whether a value keeps a target such as `≤ 150`: a bench passes at up to twice that on a busy machine, a page says so. */
function meets(value: number, target: string): boolean {
  const [, sign, bound] = /^([≤≥]) ([\d.]+)/.exec(target.replaceAll(",", "")) ?? [];
  if (bound === undefined) return true;
  return sign === "≤" ? value <= Number(bound) : value >= Number(bound);
}

/** Benchmarks as a table; of the groups alone that are named. */
export function renderBench(results: string, groups: readonly string[] = []): string {
  const all = (JSON.parse(results) as BenchReport).results;
  const shown = groups.length === 0 ? all : all.filter(({ name }) => groups.includes(name.split(".")[0]!));
  return markdownTable(
    ["figure", "measured", "asked for", "peer in the same run"],
    shown.map(({ name, value, unit, target, peer, passed }) => [
      `\`${name}\``,
      `${rounded(value)} ${unit}${passed && meets(value, target) ? "" : " (missed)"}`,
      target,
      peer === undefined ? "–" : `${peer.name}: ${rounded(peer.value)} ${unit}`,
    ]),
  );
}
