/** The scores of a run beside those that pandas, scikit-learn and numpy compute from its two Parquet files. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { evaluationMetrics } from "../../src/ml/evaluation/evaluation_metrics.ts";
import type { GroupScores } from "../../src/ml/evaluation/group_scores.ts";
import { encodeBaselines, encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { sampleFolds } from "../ml/evaluation/sample_folds.ts";
import { interopTest, runPython } from "./python.ts";

interface Answer {
  readonly metrics: Readonly<Record<string, number>>;
  readonly tables: Readonly<
    Record<"hours" | "months" | "years" | "folds", Readonly<Record<string, Readonly<Record<string, number>>>>>
  >;
}

/** Figures that Python has no part in: intervals, tests and what follows from turnover. */
const OURS_ALONE = /_(low|high|detectable|p)$|^(test_|ece_20|break_even|round_trips|sharpe_cost_(5|10|20))/;

interopTest("every level, gain and table of an evaluation is what Python computes from the two files", async () => {
  const scored = sampleFolds({ days: 36, folds: 3, everyMinutes: 5 });
  const tried = { count: 12, sharpes: [0.04, -0.11, 0.2] };
  const evaluation = evaluate(scored, { blockDays: 1, resamples: 50, tried }), metrics = evaluationMetrics(evaluation);
  await using folder = await tmpDir();
  const [predictions, baselines] = [`${folder.path}/predictions.parquet`, `${folder.path}/baselines.parquet`];
  await Deno.writeFile(predictions, encodePredictions(scored));
  await Deno.writeFile(baselines, encodeBaselines(scored));
  const program = { file: "tests/interop/evaluation_scores.py" };
  const answer = await runPython<Answer>(program, [predictions, baselines, JSON.stringify(tried)]);

  assertEquals(Object.keys(metrics).filter((name) => !(name in answer.metrics) && !OURS_ALONE.test(name)), []);
  assert(Object.keys(answer.metrics).length > 70);
  for (const [name, theirs] of Object.entries(answer.metrics)) {
    // Its logistic line stops a little before the optimum.
    assertAlmostEquals(metrics[name]!, theirs, name.startsWith("calibration") ? 1e-4 : 1e-6, name);
  }
  const compare = (ours: readonly GroupScores[], theirs: Answer["tables"]["hours"]) => {
    assertEquals(ours.map(({ name }) => name), Object.keys(theirs).sort());
    for (const { name, rows, scores, gains } of ours) {
      const { rows: count, gain, ...levels } = theirs[name]!;
      assertEquals(rows, count, name);
      for (const [score, value] of Object.entries(levels)) {
        assertAlmostEquals(scores[score]!, value, 1e-6, `${name} ${score}`);
      }
      assertAlmostEquals(gains.find(({ loss }) => loss === "qlike")!.mean, gain!, 1e-6, name);
    }
  };
  compare(evaluation.hours, answer.tables.hours);
  compare(evaluation.months, answer.tables.months);
  compare(evaluation.years, answer.tables.years);
  compare(evaluation.folds, answer.tables.folds);
});
