import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { MODEL_CONFIG_SCHEMA } from "../../../src/config/model_config.ts";
import { DomainError } from "../../../src/core/mod.ts";
import { crossEntropy } from "../../../src/ml/logistic_functions.ts";
import { Scaler } from "../../../src/ml/models/scaler.ts";
import { fitLinear } from "../../../src/ml/training/fit_linear.ts";
import { fitPlainLines, movedRows } from "../../../src/ml/training/plain_lines.ts";
import { sampleDataset } from "../models/sample_models.ts";

const OPTIONS = { ...MODEL_CONFIG_SCHEMA.parse({}).linear, everyMinutes: 1 };
const { dataset, split } = sampleDataset({ minutes: 43_200 });
const fit = fitLinear(dataset, split, OPTIONS);
const lines = fitPlainLines(dataset, split);

/** Inputs of rows, as the networks have them. */
function inputsOf(rows: Int32Array): Float64Array[] {
  const scaler = new Scaler(fit.model.spec.scaler!, dataset.nullable);
  return Array.from(rows, (row) => {
    const inputs = new Float64Array(scaler.width);
    scaler.write((feature) => dataset.features.columns[feature]![row]!, inputs, 0);
    return inputs;
  });
}

const PENALTY = OPTIONS.l2.direction * dataset.labels.horizonMinutes;

Deno.test("fitLinear(): no other direction line has less penalised cross entropy on the training span", () => {
  const rows = movedRows(dataset, split.trainingSpan), inputs = inputsOf(rows);
  const spread = inputs[0]!.map((_, j) => {
    const mean = inputs.reduce((sum, row) => sum + row[j]!, 0) / rows.length;
    return inputs.reduce((sum, row) => sum + (row[j]! - mean) ** 2, 0) / rows.length;
  });
  const loss = (weights: ArrayLike<number>, intercept: number) => {
    let sum = 0;
    rows.forEach((row, i) => {
      const line = inputs[i]!.reduce((total, value, j) => total + value * weights[j]!, intercept);
      sum += crossEntropy(dataset.labels.returnBps[row]! > 0 ? 1 : 0, line);
    });
    return sum / rows.length +
      spread.reduce((total, each, j) => total + PENALTY / 2 * each * weights[j]! ** 2, 0);
  };
  const { intercept, coefficients } = fit.lines.direction!, best = loss(coefficients, intercept);
  for (let j = 0; j < coefficients.length; j += 5) {
    for (const step of [-0.01, 0.01]) {
      assert(loss(coefficients.with(j, coefficients[j]! + step), intercept) >= best, fit.inputNames[j]);
    }
  }
  assert(loss(coefficients, intercept + 0.01) > best && loss(coefficients, intercept - 0.01) > best);
});

Deno.test("fitLinear(): the forecast before calibration lies between cells and line, and on HAR with a shrunk line", () => {
  const rows = split.test.slice(0, 20), inputs = inputsOf(rows);
  const { heads, calibration } = fit.model.spec, { direction, volatility } = heads;
  assert(direction.kind === "line" && volatility.kind === "har-linear");
  const dot = (weights: readonly number[], i: number) => inputs[i]!.reduce((s, value, j) => s + value * weights[j]!, 0);
  const { probabilityUp, volatilityBps } = fit.model.predictColumns(dataset.features.columns, rows);
  const { share, intercept, weights } = direction.line;
  const cells = lines.logits(rows), floors = lines.logVarianceResiduals(rows);
  rows.forEach((row, i) => {
    const logit = (1 - share) * cells[i]! + share * (intercept + dot(weights, i));
    const p = 1 / (1 + Math.exp(-(calibration.logit.intercept + calibration.logit.slope * logit)));
    assertAlmostEquals(probabilityUp[i]!, p, 1e-6);
    const har = Math.log(dataset.labels.realizedVarianceBps2[row]!) - floors[i]!;
    const level = volatility.level!;
    const correction = Math.max(-1, Math.min(1, dot(volatility.weights, i)));
    assertAlmostEquals(2 * Math.log(volatilityBps[i]!), har + level + volatility.shrink * correction, 1e-5);
  });
});

Deno.test("fitLinear() names its inputs, flags of what is missing in training last", () => {
  const { inputNames, lines: { direction } } = fit, names = dataset.features.names;
  assertEquals(inputNames.slice(0, names.length), names);
  const isMissing = (_: string, j: number) =>
    split.train.some((row) => Number.isNaN(dataset.features.columns[j]![row]!));
  assertEquals(inputNames.slice(names.length), names.filter(isMissing).map((name) => `${name} is missing`));
  assert(inputNames.length > names.length);
  for (const name of direction!.unidentified) {
    assertEquals(direction!.coefficients[inputNames.indexOf(name)], 0);
  }
});

Deno.test("fitLinear() refuses what cannot be learnt from, by name", () => {
  const columns = dataset.features.columns.map((column) => column.slice());
  columns[2]!.fill(7);
  const constant = { ...dataset, features: { ...dataset.features, columns } };
  const error = assertThrows(() => fitLinear(constant, split, OPTIONS), DomainError, "is 7 in every row");
  assertEquals(error.code, "input-invalid");
  const few = { ...split, train: split.train.slice(0, 30) };
  assertThrows(() => fitLinear(dataset, few, OPTIONS), DomainError);
});
