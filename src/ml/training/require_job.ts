import { DomainError } from "../../core/mod.ts";
import { inputsOf } from "../models/network.ts";
import type { TrainingJob, TrainingOptions, TrainingRows } from "./protocol.ts";

const isCount = (value: number) => Number.isInteger(value) && value >= 1;
const isPositive = (value: number) => value > 0 && value < Infinity;
const isNotNegative = (value: number) => value >= 0 && value < Infinity;

/**
 * Refuses a job whose columns or settings do not fit together: the loops after it read without looking, and would learn
 * from zeros, diverge or never end.
 *
 * @throws {DomainError} `input-invalid` naming the column, `config-invalid` naming the setting.
 */
export function requireJob({ rows, network, correctionBound, options }: TrainingJob): void {
  requireColumns(rows);
  const width = inputsOf(network);
  if (rows.width !== width) {
    throw refusal("input-invalid", `rows have ${rows.width} inputs where the network reads ${width}`);
  }
  requireOptions(options);
  if (!isPositive(correctionBound)) throw wrongOption("correctionBound", "above 0", correctionBound);
}

function requireColumns({ trainRows, validationRows, width, ...columns }: TrainingRows): void {
  for (const [name, count] of Object.entries({ trainRows, validationRows, width })) {
    if (Number.isInteger(count) && count >= 0) continue;
    throw refusal("input-invalid", `'${name}' must be a number of rows or inputs: current value is ${count}`);
  }
  const rows = trainRows + validationRows;
  for (const [name, { length }] of Object.entries(columns)) {
    const expected = name === "inputs" ? rows * width : rows;
    if (length === expected) continue;
    throw refusal("input-invalid", `column '${name}' has ${length} values where ${rows} rows need ${expected}`);
  }
}

function requireOptions(options: TrainingOptions): void {
  for (const name of ["epochs", "batchSize", "patience", "rowStride"] as const) {
    if (!isCount(options[name])) throw wrongOption(name, "a whole number from 1 on", options[name]);
  }
  const { learningRate, weightDecay = 0, clipNorm = null, lossWeights, schedule } = options;
  if (!isPositive(learningRate)) throw wrongOption("learningRate", "above 0", learningRate);
  if (!isNotNegative(weightDecay)) throw wrongOption("weightDecay", "0 or above", weightDecay);
  if (clipNorm !== null && !(clipNorm > 0)) throw wrongOption("clipNorm", "above 0, or null", clipNorm);
  const { warmUpSteps = 0 } = schedule ?? {};
  if (!isNotNegative(warmUpSteps)) throw wrongOption("schedule.warmUpSteps", "0 or above", warmUpSteps);
  for (const [name, weight] of Object.entries(lossWeights)) {
    if (!isNotNegative(weight)) throw wrongOption(`lossWeights.${name}`, "0 or above", weight);
  }
  if (Object.values(lossWeights).every((weight) => weight === 0)) throw wrongOption("lossWeights", "not all 0", 0);
}

function wrongOption(name: string, must: string, value: number): DomainError {
  return refusal("config-invalid", `'${name}' must be ${must}: current value is ${value}`);
}

function refusal(code: "input-invalid" | "config-invalid", reason: string): DomainError {
  return new DomainError(code, `Cannot train as ${reason}`);
}
