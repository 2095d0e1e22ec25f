import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Dataset } from "../../../src/ml/dataset.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import { everyNthMinute } from "../../../src/ml/labels/mod.ts";
import { fitHar } from "../../../src/ml/models/har.ts";
import { fitVarianceLine, harXDesign } from "../../../src/ml/models/variance_line.ts";
import { fitLearnersLines } from "../../../src/ml/training/plain_lines.ts";
import { sampleDataset } from "../models/sample_models.ts";

const OPTIONS = { everyMinutes: 3, l2: 0.025 };
const flagship = sampleDataset({ minutes: 30 * 1440, engine: flagshipFeatureSet() });

/** Outcomes of these rows turned round and doubled. */
function withOtherOutcomes(dataset: Dataset, rows: Int32Array): Dataset {
  const returnBps = dataset.labels.returnBps.slice(),
    realizedVarianceBps2 = dataset.labels.realizedVarianceBps2.slice();
  for (const row of rows) {
    returnBps[row]! *= -2;
    realizedVarianceBps2[row]! *= 4;
  }
  return { ...dataset, labels: { ...dataset.labels, returnBps, realizedVarianceBps2 } };
}

Deno.test("fitLearnersLines() learns beside lines of the training rows, and serves those of the whole training span", () => {
  const { dataset, split } = flagship, { validation, trainingSpan } = split;
  const { lines } = fitLearnersLines(dataset, split, OPTIONS);
  const { lines: other } = fitLearnersLines(withOtherOutcomes(dataset, validation), split, OPTIONS);
  const weights = (of: typeof lines.direction) => of.line!.weights;
  assertEquals([other.har, weights(other.direction)], [lines.har, weights(lines.direction)]);
  assertNotEquals(other.served.har, lines.served.har);
  assertNotEquals(weights(other.served.direction), weights(lines.served.direction));
  assertEquals(lines.served.direction.line!.share, lines.direction.line!.share);
  const third = everyNthMinute(trainingSpan, dataset.features.decisionTimeMs, { minutes: 3 });
  assertEquals(lines.served.har, fitVarianceLine(dataset.features, dataset.labels, third, harXDesign(15)));
});

Deno.test("fitLearnersLines() reads no outcome after the training span", () => {
  const { dataset, split } = flagship,
    given = ({ har, direction, served }: ReturnType<typeof fit>) => [har, direction, served];
  const fit = (of: Dataset) => fitLearnersLines(of, split, OPTIONS).lines;
  assertEquals(given(fit(withOtherOutcomes(dataset, split.test))), given(fit(dataset)));
});

Deno.test("fitLearnersLines() keeps log-HAR and the cells where the features lack the clock, or nothing is asked", () => {
  const base = sampleDataset(), { features, labels } = base.dataset;
  const { lines, inputs } = fitLearnersLines(base.dataset, base.split, OPTIONS);
  assertEquals(inputs, undefined);
  assertEquals(lines.har, fitHar(features, labels, base.split.train));
  assertEquals(lines.served, { har: lines.har, direction: lines.direction });
  assert(!("line" in lines.direction));
  assertEquals(fitLearnersLines(flagship.dataset, flagship.split, undefined).inputs, undefined);
});

Deno.test("fitLearnersLines() fits no logistic line to a handful of labels, but HAR-X", () => {
  const { dataset, split } = flagship, few = { ...split, train: split.train.slice(-749 * 15) };
  const { lines } = fitLearnersLines(dataset, few, OPTIONS);
  assert(!("line" in lines.direction) && lines.logistic === undefined);
  assert(lines.har.hourLevels !== undefined);
  const enough = { ...split, train: split.train.slice(-750 * 15) };
  assert("line" in fitLearnersLines(dataset, enough, OPTIONS).lines.direction);
});
