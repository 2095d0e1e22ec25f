import { failureText, minutesAhead, noDirectionClaim, toIsoDay } from "../core/mod.ts";
import type { ExperimentResult, ExperimentSettings } from "../ml/experiment/mod.ts";
import { bestEpochs, startsKept } from "../ml/training/protocol.ts";
import type { Verdict } from "../ml/evaluation/verdict.ts";
import { count, wrapped } from "./track_figures.ts";
import { costTable, coverageLine, gainTable, leakSentence, scoreTable, weakSentence } from "./track_tables.ts";

/** What {@linkcode trackSummary} shows. */
export interface TrackSummary {
  readonly settings: ExperimentSettings;
  readonly result: Pick<
    ExperimentResult,
    "evaluation" | "verdict" | "split" | "training" | "details" | "leakChecks"
  >;
  readonly runId: string;
  readonly experimentName: string;
  readonly trackingUri: string;
  readonly seconds: number;
}

/**
 * The result of `track` for a person: the model beside the baselines, its gain over those it must keep up with, what trading on it would
 * have cost, where it is worse, whether it leaks, and one sentence. No line is longer than 100 characters, but for names of
 * the user's own.
 */
export function trackSummary(summary: TrackSummary): string {
  const { settings, result: { evaluation, verdict, split, training, details, leakChecks } } = summary;
  const days = (span: { readonly startMs: number; readonly endMs: number }) =>
    `${toIsoDay(span.startMs)} to ${toIsoDay(span.endMs - 1)}`;
  const kept = startsKept(training, settings.family), claim = noDirectionClaim(settings.horizonMinutes);
  return [
    `${settings.family}, ${minutesAhead(settings.horizonMinutes)}, ${settings.series.symbol}${
      settings.quick ? ", quick: a first look" : ""
    }`,
    `scored on ${days(split.test)} (${count(split.test.rows)} rows) in ${split.folds} ${
      split.folds === 1 ? "step" : "steps"
    }, each by a model of the days before it`,
    `to be served: trained on ${days(split.train)} (${count(split.train.rows)} rows), chosen on ${
      days(split.validation)
    }`,
    ...(training.length === 0 ? [] : [`best epoch ${bestEpochs(training)}`]),
    ...(kept === undefined ? [] : [kept]),
    ...(details === undefined ? [] : [wrapped(details.sentence)]),
    "",
    scoreTable(settings.family, evaluation),
    "",
    gainTable(evaluation),
    coverageLine(evaluation),
    ...(claim === undefined ? [] : [wrapped(`${claim}.`)]),
    "",
    costTable(evaluation.money),
    "",
    wrapped(weakSentence(evaluation.weakSpots)),
    wrapped(leakSentence(leakChecks)),
    "",
    wrapped(verdictSentence(verdict)),
    "",
    `run ${summary.runId} in '${summary.experimentName}' at ${summary.trackingUri}, ${summary.seconds.toFixed(1)} s`,
  ].join("\n");
}

function verdictSentence({ passed, checks }: Verdict): string {
  if (!passed) {
    return `Verdict: not passed, as ${checks.filter((check) => !check.passed).map(failureText).join("; ")}.`;
  }
  const rivals = (isWanted: (limit: unknown) => boolean) => {
    const names = checks.flatMap(({ name, limit }) => isWanted(limit) ? name.split("_vs_").slice(1) : []);
    return [...new Set(names)].join(" and ");
  };
  const beaten = rivals((limit) => limit === 0), matched = rivals((limit) => limit !== 0);
  return `Verdict: passed. ${beaten === "" ? "No" : `Better than ${beaten}, and no`} worse than ${matched}.`;
}
