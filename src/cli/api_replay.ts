import {
  DAY_MS,
  DomainError,
  type ModelRegistry,
  type SeriesId,
  type TimeRange,
  toIso,
  type Warning,
} from "../core/mod.ts";
import type { CandleFeed, InferenceService, MinuteForecast, ReplayClock, ReplayFeed } from "../api/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { figure } from "./monitor_text.ts";
import { featureEngines, openCandleFeed } from "./runtime.ts";
import { renderTable } from "./table.ts";

/** A service that lives in the past: what of it differs from one that lives now. */
export interface Past {
  /** Its time. */
  readonly clock: ReplayClock;
  /** Its candles. */
  readonly feed: ReplayFeed;
  /** Folder of its prediction log, never the one that `monitor` reads. */
  readonly logDirectory: string;
  /** Whether it answers requests meanwhile. */
  readonly isListening: boolean;
  /** Lets it live; `url` is where it listens. */
  run(service: InferenceService, registry: ModelRegistry, url: string | undefined): Promise<CommandResult>;
}

/** Reads `--replay` and its companions. @throws {DomainError} `usage`, `not-found` where the store has nothing of it. */
export async function readPast(context: CommandContext): Promise<Past> {
  const { options } = context;
  const speed = options.number("speed"), isStaying = options.boolean("stay");
  if (speed !== undefined && !(speed > 0)) {
    throw new DomainError("usage", `Option '--speed' must be a number above 0: current value is '${speed}'`);
  }
  const [{ parseReplayRange, ReplayClock, ReplayFeed }, { loadApiConfig }, engines, store] = await Promise.all([
    import("../api/mod.ts"),
    import("../config/api_config.ts"),
    featureEngines(),
    openCandleFeed(context),
  ]);
  const config = await loadApiConfig(options.string("config"));
  const series: SeriesId = { ...config.series, interval: "1m" };
  const known = await store.read((reader) => reader.span(series));
  if (known === undefined) {
    throw new DomainError("not-found", `Cannot replay as the feature store has no candles of ${series.symbol}`, {
      hint: "Bring them in with: task ingest",
    });
  }
  const range = parseReplayRange(options.string("replay")!, known);
  const lookbackMinutes = Math.max(...engines.map((engine) => engine.lookbackMinutes));
  const feed = new ReplayFeed(store, { series, lookbackMinutes });
  const clock = new ReplayClock(range.startMs, context.clock);
  await feed.reveal(range.startMs);
  const logDirectory = `${config.predictionLog.directory}_replay`;
  return {
    clock,
    feed,
    logDirectory,
    isListening: isStaying || speed !== undefined,
    async run(service, registry, url) {
      const { replay } = await import("../api/mod.ts");
      const { output, signal, progress } = context;
      output.note(`Replaying ${toIso(range.startMs)} to ${toIso(range.endMs)}${url === undefined ? "" : ` on ${url}`}`);
      const forecasts: MinuteForecast[] = [];
      const onForecast = (forecast: MinuteForecast) => {
        forecasts.push(forecast);
        if (forecasts.length % 1440 === 0) progress.log(`Replayed to ${toIso(forecast.decisionTimeMs)}`);
      };
      await replay({ service, clock, feed, real: context.clock }, { range, speed, signal, onForecast });
      const result = await summarize({ forecasts, range, series, store, registry, logDirectory, url });
      if (!isStaying || signal.aborted) return result;
      output.announce(output.json ? JSON.stringify({ ...result.json, warnings: result.warnings }) : result.text);
      for (const { message } of result.warnings ?? []) output.note(message);
      output.note(`Staying at ${toIso(clock.nowMs())} until stopped`);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      return { ...result, isAnnounced: true };
    },
  };
}

interface Replayed {
  readonly forecasts: readonly MinuteForecast[];
  readonly range: TimeRange;
  readonly series: SeriesId;
  readonly store: CandleFeed;
  readonly registry: ModelRegistry;
  readonly logDirectory: string;
  readonly url: string | undefined;
}

async function summarize(replayed: Replayed): Promise<CommandResult> {
  const { forecasts, range, series, store, registry, logDirectory, url } = replayed;
  const from = toIso(range.startMs), to = toIso(range.endMs);
  const [first] = forecasts;
  const common = { from, to, log: logDirectory, ...(url === undefined ? {} : { url }) };
  if (first === undefined) {
    return {
      json: { ...common, forecasts: 0, model: null, metrics: {} },
      text: `No forecast could be made from ${from} to ${to}: candles are missing before each minute`,
      exitCode: 1,
    };
  }
  const [{ joinGroup }, { liveScoring }] = await Promise.all([
    import("../monitoring/mod.ts"),
    import("./monitor_scoring.ts"),
  ]);
  const { model } = first;
  const scoring = await liveScoring();
  const join = (some: readonly MinuteForecast[]) =>
    store.read((reader) => joinGroup({ ...model, series, forecasts: some.map(asLogged) }, { store: reader, scoring }));
  const after = await afterItsTraining(registry, forecasts);
  const inSample = forecasts.length - after.length;
  let joined = await join(after);
  const isEvidence = inSample === 0 || joined.outcomes.length > 0;
  // Better than nothing to look at, as long as it is called what it is.
  if (!isEvidence) joined = await join(forecasts);
  const { outcomes, candles, pending, unjoinable } = joined;
  const times = outcomes.decisionTimeMs;
  const intervals = times.length > 0 && times.at(-1)! - times[0]! >= FEWEST_DAYS * DAY_MS;
  const metrics = times.length === 0 ? {} : scoring.metrics(outcomes, joined.forecasts, candles!, { intervals });
  const trained = `${inSample} of ${forecasts.length} forecasts lie where version ${model.version} was trained`;
  const warnings: Warning[] = inSample === 0 ? [] : [{
    code: "replay-in-sample",
    message: isEvidence ? `${trained}; they are not scored` : `${trained}: these scores are no evidence of skill`,
  }];
  return {
    json: {
      ...common,
      model,
      forecasts: forecasts.length,
      inSample,
      isEvidence,
      scored: times.length,
      pending,
      unjoinable,
      metrics,
    },
    text: [
      `${model.name} version ${model.version}, ${model.horizonMinutes} minutes ahead, ${from} to ${to}`,
      `${forecasts.length} forecasts, ${times.length} scored, ${pending} pending, ${unjoinable} unjoinable`,
      ...(times.length === 0 ? [] : ["", tableOf(metrics)]),
    ].join("\n"),
    warnings,
    next: [`task api -- --replay ${from}/${to} --stay    ask it, as of the end of the range`],
  };
}

/** Days of decisions below which no interval is shown, as `monitor` has it. */
const FEWEST_DAYS = 5;

/** Forecasts whose decision lies behind every label that the model was trained on. */
async function afterItsTraining(
  registry: Pick<ModelRegistry, "readModelFile">,
  forecasts: readonly MinuteForecast[],
): Promise<readonly MinuteForecast[]> {
  const [{ decodeForecastJson }, { afterTraining }] = await Promise.all([
    import("../ml/models/forecast_json.ts"),
    import("./registered_forecasts.ts"),
  ]);
  const { name, version, horizonMinutes } = forecasts[0]!.model;
  const bytes = await registry.readModelFile(name, version, "forecast.json");
  const { trainingRanges } = decodeForecastJson(new TextDecoder().decode(bytes)).spec;
  const times = Float64Array.from(forecasts, ({ decisionTimeMs }) => decisionTimeMs);
  const [firstMs = Infinity] = afterTraining(times, trainingRanges, horizonMinutes);
  return forecasts.filter(({ decisionTimeMs }) => decisionTimeMs >= firstMs);
}

/** A forecast as the log would give it back; its features are not needed for scores. */
function asLogged({ model, series, outputs, ...rest }: MinuteForecast) {
  return {
    ...rest,
    ...model,
    ...series,
    probabilityUp: outputs.probabilityUp[0]!,
    volatilityBps: outputs.volatilityBps[0]!,
    quantilesBps: Array.from(outputs.quantilesBps),
  };
}

const ROWS = [
  { title: "QLIKE of volatility", metric: "qlike", digits: 4, beside: "ewma", called: "EWMA" },
  { title: "log-loss of direction", metric: "log_loss", digits: 4, beside: "coin", called: "a coin" },
  { title: "pinball of quantiles, bps", metric: "pinball", digits: 3, beside: "", called: "" },
  { title: "coverage of 90 %", metric: "coverage_90", digits: 3, beside: "", called: "" },
] as const;

function tableOf(metrics: Readonly<Record<string, number>>): string {
  const of = (name: string, digits: number) => figure(metrics[name], digits);
  return renderTable(
    [
      { title: "score" },
      { title: "model", align: "right" },
      { title: "plain", align: "right" },
      { title: "of" },
      { title: "gain", align: "right" },
      { title: "95 % interval" },
    ],
    ROWS.map(({ title, metric, digits, beside, called }) => {
      if (beside === "") return [title, of(metric, digits), "", "", "", ""];
      const gain = `${metric}_gain_${beside}`;
      const interval = metrics[`${gain}_low`] === undefined
        ? "under five days"
        : `${of(`${gain}_low`, digits)} to ${of(`${gain}_high`, digits)}`;
      const plain = of(`baseline_${beside}_${metric}`, digits);
      return [title, of(metric, digits), plain, called, of(gain, digits), interval];
    }),
  );
}
