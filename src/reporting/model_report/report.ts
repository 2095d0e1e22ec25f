import { SILENT_PROGRESS, type Tracker } from "../../core/mod.ts";
import type { ReportFormat } from "../format.ts";
import type { RenderOptions } from "../ingestion/report.ts";
import type { Report, Section } from "../model.ts";
import { renderReport } from "../render.ts";
import { forecastSection } from "./forecast_section.ts";
import { leakSection } from "./leak_section.ts";
import { moneySection } from "./money_section.ts";
import { partsSection } from "./parts_section.ts";
import { periodsSection } from "./periods_section.ts";
import { readRunFacts } from "./run_facts.ts";
import { modelFigures, modelVerdict, recordSection, runSection } from "./run_section.ts";
import { baselineNames, gainsOf, isShownScore } from "./scores.ts";
import { scoresSection } from "./scores_section.ts";
import { isShownPart } from "./stored_evaluation.ts";
import { trainingSection } from "./training_section.ts";
import { trialsSection } from "./trials_section.ts";

/** What a model report is made of. */
export interface ModelReportInput {
  /** Where the run is. */
  readonly tracker: Tracker;
  /** Id of the run. */
  readonly runId: string;
  /** Folder of all reports; this one goes into `<outDir>/model/<UTC timestamp>/`. */
  readonly outDir: string;
  /** Time of writing, epoch milliseconds: the folder's name and the dates inside. */
  readonly nowMs: number;
  /** Forms to write. @default ["pdf"] */
  readonly formats?: readonly ReportFormat[];
}

/**
 * Writes the report of a run: verdict, scores beside baselines, calibration and coverage, where and when it is worse,
 * the cost of trading, leak checks, what its parts bring, all that was tried, training curves. A run of
 * another program is told as far as it goes. Nothing is ever overwritten.
 *
 * @returns paths of the files written, in the order of `formats`.
 * @throws {DomainError} `not-found` where there is no such run; `input-invalid` where its evaluation files cannot be read.
 */
export async function renderModelReport(
  input: ModelReportInput,
  options: RenderOptions = {},
): Promise<{ readonly files: string[] }> {
  return await renderReport(await modelReport(input, options), input, options);
}

/** The report as plain data. */
export async function modelReport(
  input: Pick<ModelReportInput, "tracker" | "runId" | "nowMs">,
  options: RenderOptions = {},
): Promise<Report> {
  const { progress = SILENT_PROGRESS, signal } = options;
  progress.update({ stage: "report", done: 0, total: 2, unit: "steps", note: "reading the run" });
  const facts = await readRunFacts(input.tracker, input.runId, signal === undefined ? {} : { signal });
  signal?.throwIfAborted();
  progress.update({ stage: "report", done: 1, total: 2, unit: "steps" });
  const baselines = baselineNames(facts), gains = gainsOf(facts), { stored } = facts;
  const sections: (Section | undefined)[] = [
    runSection(facts),
    scoresSection(facts),
    facts.forecasts === undefined ? undefined : forecastSection(facts.forecasts, stored.evaluation),
    stored.evaluation === undefined ? undefined : periodsSection(stored.evaluation, facts.forecasts),
    stored.evaluation === undefined ? undefined : moneySection(stored.evaluation),
    stored.leakChecks === undefined ? undefined : leakSection(stored.leakChecks),
    partsSection(stored.ablation, stored.importance),
    trialsSection(facts),
    trainingSection(facts),
    recordSection(facts, (key) => isShownScore(key, baselines, gains) || isShownPart(key, stored)),
  ];
  progress.update({ stage: "report", done: 2, total: 2, unit: "steps" });
  const { info } = facts.run;
  return {
    kind: "model",
    title: "Model report",
    subtitle: `${info.runName} in ${facts.experimentName}`,
    generatedAtMs: input.nowMs,
    reference: `Run ${info.runId.slice(0, 16)}`,
    verdict: modelVerdict(facts),
    figures: modelFigures(facts),
    sections: sections.filter((section) => section !== undefined),
    data: {
      run: info,
      params: Object.fromEntries(facts.params),
      tags: Object.fromEntries(facts.tags),
      metrics: Object.fromEntries(facts.metrics),
      checks: facts.checks,
      gains,
      curves: Object.fromEntries(facts.curves),
      ...stored,
      tried: facts.tried,
    },
  };
}
