import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { deflatedSharpe } from "../../../src/ml/evaluation/inference/sharpe_tests.ts";
import { moneyScores } from "../../../src/ml/evaluation/money_scores.ts";
import { sampleFolds } from "./sample_folds.ts";

const pure = { permissions: "none" } as const;
const { test, model: { probabilityUp } } = sampleFolds({ days: 12, folds: 2, everyMinutes: 15 });
const moneyOf = (tried: Parameters<typeof moneyScores>[2]) => moneyScores(test, probabilityUp, tried);

Deno.test("moneyScores() deflates by all trials and the variance of the known ratios, its own among them", pure, () => {
  const { gross, trials, deflatedSharpe: deflated } = moneyOf({ count: 9, sharpes: [0.1, -0.2] });
  const own = gross.sharpe, mean = (own + 0.1 - 0.2) / 3;
  const variance = ((own - mean) ** 2 + (0.1 - mean) ** 2 + (-0.2 - mean) ** 2) / 2;
  assertEquals([trials!.count, trials!.known, trials!.sharpes], [9, 3, [0.1, -0.2]]);
  assertAlmostEquals(trials!.sharpeVariance, variance, 1e-15);
  assertEquals(deflated, deflatedSharpe(gross, { count: 9, sharpeVariance: trials!.sharpeVariance }));
  assert(deflated! < moneyOf(null).probabilisticSharpe);
  assert(moneyOf({ count: 90, sharpes: [0.1, -0.2] }).deflatedSharpe! < deflated!);
});

Deno.test("moneyScores() has no deflated ratio where nobody counted, of one run, and of one known ratio", pure, () => {
  assertEquals([moneyOf(null).deflatedSharpe, moneyOf(null).trials], [null, null]);
  const first = moneyOf({ count: 1, sharpes: [] }), alone = moneyOf({ count: 7, sharpes: [] });
  assertEquals([first.deflatedSharpe, alone.deflatedSharpe, alone.trials!.known], [null, null, 1]);
  const undecided = moneyScores(test, probabilityUp.map(() => 0.5), { count: 7, sharpes: [0.1, 0.2] });
  assertEquals(undecided.trials!.known, 2, "a forecast that trades nothing has no ratio of its own");
});
