import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  costTable,
  coverageLine,
  gainTable,
  leakSentence,
  scoreTable,
  weakSentence,
} from "../../src/cli/track_tables.ts";
import { readingOf } from "../../src/core/mod.ts";
import { signed, wrapped } from "../../src/cli/track_figures.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import type { LeakCheck } from "../../src/ml/leak_checks/mod.ts";
import { sampleFolds } from "../ml/evaluation/sample_folds.ts";

const pure = { permissions: "none" } as const;
const evaluation = evaluate(sampleFolds({ days: 12, folds: 3, everyMinutes: 5 }), { blockDays: 1, resamples: 200 });
const lineOf = (table: string, start: string) => table.split("\n").find((line) => line.startsWith(start)) ?? "";

Deno.test("scoreTable() marks the best of each column and the baselines to beat", pure, () => {
  const { model, baselines } = evaluation, table = scoreTable("mlp", evaluation);
  const rows = table.split("\n").slice(2, 9);
  assertEquals(rows.map((row) => row.trim().split(" ")[0]), [
    ...["mlp", "har_x", "har_diurnal", "har", "ewma", "contrarian", "climatology"],
  ]);
  assertStringIncludes(lineOf(table, "mlp"), `${model["qlike"]!.toFixed(4)}*`);
  assertStringIncludes(lineOf(table, "  har_x"), `${baselines.har_x!["qlike"]!.toFixed(4)}<`);
  assertMatch(lineOf(table, "  har_x"), new RegExp(`${baselines.har_x!["pinball"]!.toFixed(4)}\\*?<`));
  const log = (name: "contrarian" | "climatology") => baselines[name]!["log_loss"]!;
  const direction = log("contrarian") < log("climatology") ? "contrarian" : "climatology";
  assertMatch(lineOf(table, `  ${direction}`), new RegExp(`${log(direction).toFixed(5)}\\*?<`));
  assertEquals(table.match(/[\d.]+\*?</g)!.length, 3, "one baseline to beat a loss");
  assert(table.split("\n").every((row) => row.length <= 100));
  assertStringIncludes(table, "\nQLIKE is of every 15th minute, its gain of all rows");
});

Deno.test("scoreTable() marks what is shown as equal alike, and what is best as to beat too", pure, () => {
  const best = { ...evaluation.baselines.har_x!, qlike: 0.01 };
  const table = scoreTable("har", {
    ...evaluation,
    model: { ...evaluation.model, qlike: 0.01000001 },
    baselines: { ...evaluation.baselines, har_x: best },
  });
  assertStringIncludes(lineOf(table, "har "), "0.0100*");
  assertStringIncludes(lineOf(table, "  har_x"), "0.0100*<");
});

Deno.test("gainTable() tells each gain with its interval and what it says", pure, () => {
  const table = gainTable(evaluation), qlike = lineOf(table, "QLIKE");
  const { gain } = evaluation.gains.find(({ baseline, loss }) => baseline === "har_x" && loss === "qlike")!;
  assertStringIncludes(qlike, `${signed(gain.mean)} [${signed(gain.low)}, ${signed(gain.high)}]  ${readingOf(gain)}`);
  const { auc } = evaluation.intervals;
  assertStringIncludes(lineOf(table, "AUC"), `[${auc!.low.toFixed(4)}, ${auc!.high.toFixed(4)}]`);
  assert(table.split("\n").every((line) => line.length <= 100));
});

Deno.test("readingOf() is undecided where an interval holds zero", pure, () => {
  const readings = (bounds: readonly (readonly [low: number, high: number])[], blocks: number) =>
    bounds.map(([low, high]) => readingOf({ low, high, blocks }));
  assertEquals(readings([[0.1, 0.2], [-0.2, -0.1]], 20), ["better", "worse"]);
  assertEquals(readings([[-1, 1], [0, 1], [-1, 0]], 20), ["undecided", "undecided", "undecided"]);
  assertEquals(readings([[0.1, 0.2], [-0.2, -0.1]], 19), ["too few days", "too few days"], "as the gate has it");
});

Deno.test("signed() gives what rounds to zero no sign", pure, () => {
  assertEquals([0.00012, -0.00012, 0, -1e-17, 0.00004].map((value) => signed(value)), [
    ...["+0.0001", "-0.0001", "0.0000", "0.0000", "0.0000"],
  ]);
});

Deno.test("costTable() and coverageLine() show the figures of the evaluation", pure, () => {
  const { money, model } = evaluation, sharpe = lineOf(costTable(money), "Sharpe").trim().split(/ {2,}/);
  assertEquals(sharpe[1], money.costCurve[0]!.sharpe.toFixed(2));
  assertEquals(sharpe[5], money.costCurve[20]!.sharpe.toFixed(2));
  assertEquals(sharpe[6], money.breakEvenCostBps.toFixed(2));
  assertStringIncludes(coverageLine(evaluation), `/${(100 * model["coverage_90"]!).toFixed(1)}/`);
  assertStringIncludes(costTable({ ...money, breakEvenCostBps: NaN }), "–");
});

Deno.test("weakSentence() names months and hours by loss, and how many there would be by chance", pure, () => {
  const gain = { loss: "qlike", baseline: "har_x", mean: -0.1, low: -0.2, high: -0.05, blocks: 30, rows: 10 } as const;
  const spots = { looked: 200, expectedByChance: 5 };
  assertStringIncludes(weakSentence({ ...spots, found: [] }), "nowhere (of 200 comparisons");
  assertStringIncludes(weakSentence({ looked: 0, expectedByChance: 0, found: [] }), "not told, as no month or hour");
  const hours = Array.from({ length: 8 }, (_, i) => ({ ...gain, kind: "hour" as const, name: `0${9 - i}` }));
  const text = weakSentence({ ...spots, found: [{ ...gain, kind: "month", name: "2023-05" }, ...hours] });
  assertStringIncludes(text, ": qlike vs har_x in month 2023-05, 8 hours (worst 07, 08, 09) (9 of 200");
  assertStringIncludes(text, "(9 of 200 comparisons by month and hour, 5.0 by chance alone)");
});

Deno.test("leakSentence() counts what holds, and names what fails or was left out", pure, () => {
  const check = (name: LeakCheck["name"], rest: Partial<LeakCheck> = {}): LeakCheck => ({
    ...{ name, figure: "f", passed: true, value: 0, limit: 1, skipped: false, reason: "r" },
    ...rest,
  });
  assertEquals(leakSentence(null), "leak checks: not run");
  const checks = [check("labels"), check("labels"), check("smell", { skipped: true, value: null })];
  assertEquals(leakSentence(checks), "leak checks: all 2 figures hold (labels; not taken: smell)");
  assertEquals(leakSentence([...checks, check("rotation", { passed: false })]), "leak checks: FAILED rotation");
});

Deno.test("wrapped() breaks between words and loses none", pure, () => {
  const text = Array.from({ length: 60 }, (_, i) => "w".repeat(1 + i % 12)).join(" "),
    lines = wrapped(text).split("\n");
  assert(lines.length > 1 && lines.every((line) => line.length <= 100));
  assertEquals(lines.map((line) => line.trim()).join(" "), text);
  assertEquals(wrapped("x".repeat(150)), "x".repeat(150));
});
