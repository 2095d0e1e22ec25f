import {
  DAY_MS,
  type ModelRegistry,
  scoreNotes,
  type SeriesId,
  type TimeRange,
  toIso,
  type Warning,
} from "../core/mod.ts";
import type { CandleFeed, MinuteForecast } from "../api/mod.ts";
import { loadModelConfig } from "../config/model_config.ts";
import { FULL_DAYS_NEEDED, joinGroup, type LoggedForecast } from "../monitoring/mod.ts";
import type { CommandResult } from "./command.ts";
import { liveScoring } from "./monitor_scoring.ts";
import { figure } from "./monitor_text.ts";
import { registeredVersions } from "./monitor_versions.ts";
import { liveBaselines, yardstickDeps } from "./monitor_yardstick.ts";
import { renderTable } from "./table.ts";
import { wrapped } from "./track_figures.ts";

/** A replay that is over. */
export interface Replayed {
  readonly forecasts: readonly MinuteForecast[];
  readonly range: TimeRange;
  /** What was asked for, where the store has only a part of it. */
  readonly cutFrom: TimeRange | undefined;
  readonly series: SeriesId;
  /** All candles, those after the range too. */
  readonly store: CandleFeed;
  readonly registry: ModelRegistry;
  readonly logDirectory: string;
  /** Where it listened; undefined where it did not. */
  readonly url: string | undefined;
}

/** What the forecasts were worth, beside baselines on the same rows, as `monitor` scores live ones. */
export async function summarizeReplay(replayed: Replayed, signal: AbortSignal): Promise<CommandResult> {
  const { forecasts, range, series, store, registry, logDirectory, url } = replayed;
  const cut = cutWarnings(replayed);
  const from = toIso(range.startMs), to = toIso(range.endMs);
  const [first] = forecasts;
  const common = { from, to, log: logDirectory, ...(url === undefined ? {} : { url }) };
  if (first === undefined) {
    return {
      json: { ...common, forecasts: 0, model: null, metrics: {} },
      text: `No forecast could be made from ${from} to ${to}: candles are missing before each minute`,
      warnings: cut,
      exitCode: 1,
    };
  }
  const { model } = first, group = { ...model, series, forecasts: forecasts.map(asLogged) };
  const versions = registeredVersions(registry), known = await versions.version(model.name, model.version);
  const scoring = await liveScoring();
  const { joined, learnt, isEvidence, baselines, lacking } = await store.read(async (reader) => {
    const unseen = await joinGroup(group, known?.learntUntilMs ?? -Infinity, { store: reader, scoring });
    const { learnt } = unseen, isEvidence = learnt === 0 || unseen.outcomes.length > 0;
    // Better than nothing to look at, as long as it is called what it is.
    const found = isEvidence ? unseen : await joinGroup(group, -Infinity, { store: reader, scoring });
    const { split } = (await loadModelConfig()).evaluation;
    const measured = await liveBaselines(
      { ...group, decisionTimeMs: found.outcomes.decisionTimeMs },
      yardstickDeps({ store: reader, modelOf: versions.modelOf, split }, signal),
    );
    return { joined: found, learnt, isEvidence, ...measured };
  });
  const { outcomes, pending, unjoinable } = joined, times = outcomes.decisionTimeMs;
  const intervals = times.length > 0 && times.at(-1)! - times[0]! >= FULL_DAYS_NEEDED * DAY_MS;
  const metrics = times.length === 0 ? {} : scoring.metrics(outcomes, joined.forecasts, baselines, { intervals });
  const notes = scoreNotes(metrics, model.horizonMinutes);
  const trained = `${learnt} of ${forecasts.length} forecasts lie where version ${model.version} was trained`;
  const warnings: Warning[] = [
    ...cut,
    ...(learnt === 0 ? [] : [{
      code: "replay-in-sample",
      message: isEvidence ? `${trained}; they are not scored` : `${trained}: these scores are no evidence of skill`,
    }]),
    ...lacking.map((message) => ({ code: "replay-not-measured", message: `Version ${model.version}: ${message}` })),
  ];
  return {
    json: {
      ...common,
      model,
      forecasts: forecasts.length,
      inSample: learnt,
      isEvidence,
      scored: times.length,
      pending,
      unjoinable,
      metrics,
      notes,
    },
    text: [
      `${model.name} version ${model.version}, ${model.horizonMinutes} minutes ahead, ${from} to ${to}`,
      `${forecasts.length} forecasts, ${times.length} scored, ${pending} pending, ${unjoinable} unjoinable`,
      ...(times.length === 0 ? [] : ["", tableOf(metrics, intervals), ...notes.map((note) => wrapped(note))]),
    ].join("\n"),
    warnings,
    next: [`task api -- --replay ${from}/${to} --stay    ask it, as of the end of the range`],
  };
}

/** That a range reaches past the store, which a shorter replay would not show. */
function cutWarnings({ cutFrom, range }: Replayed): Warning[] {
  if (cutFrom === undefined) return [];
  const asked = `${toIso(cutFrom.startMs)} to ${toIso(cutFrom.endMs)}`;
  const message = `${asked} was asked for; the store has candles for ${toIso(range.startMs)} to ${
    toIso(range.endMs)
  } of it. Bring the others in with: task ingest`;
  return [{ code: "replay-cut", message }];
}

/** A forecast as the log would give it back; its features are not needed for scores. */
function asLogged({ model, series, outputs, ...rest }: MinuteForecast): LoggedForecast {
  return {
    ...rest,
    ...model,
    ...series,
    probabilityUp: outputs.probabilityUp[0]!,
    volatilityBps: outputs.volatilityBps[0]!,
    quantilesBps: Array.from(outputs.quantilesBps),
  };
}

/** Each loss beside the plain method that is hardest to beat in it. */
const ROWS = [
  { title: "QLIKE of volatility", metric: "qlike", digits: 4, baseline: "har_x", called: "HAR-X" },
  { title: "log-loss of direction", metric: "log_loss", digits: 4, baseline: "climatology", called: "a constant" },
  { title: "pinball of quantiles, bps", metric: "pinball", digits: 3, baseline: "har_x", called: "HAR-X" },
] as const;

function tableOf(metrics: Readonly<Record<string, number>>, intervals: boolean): string {
  return renderTable(
    [
      { title: "score" },
      { title: "model", align: "right" },
      { title: "plain", align: "right" },
      { title: "of" },
      { title: "gain", align: "right" },
      { title: "95 % interval" },
    ],
    [
      ...ROWS.map(({ title, metric, digits, baseline, called }) => {
        const of = (name: string) => figure(metrics[name], digits), gain = `${metric}_gain_${baseline}`;
        const interval = intervals ? `${of(`${gain}_low`)} to ${of(`${gain}_high`)}` : "under five days";
        return [title, of(metric), of(`baseline_${baseline}_${metric}`), called, of(gain), interval];
      }),
      ["coverage of 90 %", figure(metrics["coverage_90"], 3), "", "", "", ""],
    ],
  );
}
