import { DomainError, type ForecastColumns, MINUTE_MS, toIso } from "../../core/mod.ts";
import { checkOutputs, forecastMembers } from "../answer.ts";
import type { Challenger } from "../challenger/challenger.ts";
import type { ChallengerModel } from "../challenger/ports.ts";
import type { LiveRow } from "../data/live_features.ts";
import { featuresFor, missingFeatures } from "../data/model_row.ts";
import type { Exchange, Handler } from "../http/exchange.ts";
import type { FieldError } from "../http/problem.ts";
import { jsonTextResponse } from "../http/respond.ts";
import { invalid } from "../input/row_shape.ts";
import type { LoadedModel } from "../model/model_host.ts";
import { currentAge, describeAge, requireModel, type RouteContext } from "./context.ts";

/** `GET /v1/forecast?horizon=`: a forecast from the newest closed candles in the store. */
export function forecastRoute(context: RouteContext): Handler {
  return async (exchange) => {
    const horizon = readHorizon(exchange);
    const loaded = requireModel(context);
    if (horizon !== undefined && horizon !== loaded.served.horizonMinutes) {
      throw new DomainError("not-found", `Cannot forecast ${horizon} minutes ahead as no such model is loaded`, {
        hint: `The loaded model forecasts ${loaded.served.horizonMinutes} minutes; serve another with --model-uri`,
      });
    }
    await lookBriefly(context);
    const row = requireRow(context);
    const asked = context.challenger?.canaryFor(exchange);
    const canary = asked === undefined ? undefined : await askCanary(context.challenger!, asked, row);
    const forecast = canary ?? championForecast(loaded, row), { by, features, outputs } = forecast;
    const json = forecastJson(context, row, forecast, exchange.requestId);
    context.log?.append({
      kind: "forecast",
      atMs: context.clock.nowMs(),
      requestId: exchange.requestId,
      model: by.served,
      role: canary === undefined ? undefined : "canary",
      featureSetDigest: by.info.featureSetDigest,
      series: context.config.series,
      decisionTimeMs: row.decisionTimeMs,
      features,
      outputs,
    });
    return jsonTextResponse(json, exchange.requestId);
  };
}

const LATE = new Error("The look at the store goes on");

/**
 * Waits for a look at the store, but not long: one that another process holds would let requests pile up until all
 * routes are shed. What is answered then says its age.
 */
async function lookBriefly({ live, looks }: RouteContext): Promise<void> {
  try {
    await looks.watch(live.refresh(), () => LATE);
  } catch (error) {
    if (error !== LATE) throw error;
  }
}

function readHorizon(exchange: Exchange): number | undefined {
  const { url } = exchange.request;
  const mark = url.indexOf("?");
  if (mark < 0) return undefined;
  const query = new URLSearchParams(url.slice(mark + 1));
  const errors: FieldError[] = [...new Set(query.keys())].filter((name) => name !== "horizon").map((name) => ({
    pointer: name.slice(0, 100),
    message: "is no known parameter; 'horizon' is",
  }));
  const given = query.getAll("horizon");
  const minutes = Number(given[0]);
  if (given.length > 1) errors.push({ pointer: "horizon", message: "must be given once" });
  else if (given.length === 1 && !(/^\d{1,4}$/.test(given[0]!) && minutes > 0)) {
    errors.push({ pointer: "horizon", message: "must be a whole number of minutes, such as 15" });
  }
  if (errors.length > 0) throw invalid("Cannot read the query", errors);
  return given.length === 0 ? undefined : minutes;
}

function requireRow(context: RouteContext): LiveRow {
  const { row, reason } = context.live;
  if (row === undefined) {
    throw new DomainError("data-stale", `Cannot forecast as there is no candle: ${reason ?? "the store is empty"}`, {
      hint: "Bring candles in with: task ingest",
    });
  }
  const limit = context.config.data.refuseAfterSeconds;
  const age = currentAge(context);
  if (limit !== null && age.ageSeconds !== null && age.ageSeconds > limit) {
    throw new DomainError(
      "data-stale",
      `Cannot forecast as ${describeAge(context, age.ageSeconds, limit)}`,
      { hint: "Bring newer candles in with: task ingest" },
    );
  }
  return row;
}

/** A forecast, who made it and from what. */
interface RowForecast {
  readonly by: Pick<LoadedModel, "served" | "servedJson" | "info">;
  readonly features: Float32Array<ArrayBuffer>;
  readonly outputs: ForecastColumns;
}

function championForecast(loaded: LoadedModel, row: LiveRow): RowForecast {
  const features = featuresFor(loaded, row), missing = missingFeatures(loaded, features);
  if (missing.length > 0) {
    throw new DomainError(
      "data-stale",
      `Cannot forecast at ${toIso(row.decisionTimeMs)} as candles are missing before it: ${missing.join(", ")}`,
      { hint: "Fill the gap with: task ingest" },
    );
  }
  const outputs = loaded.model.predict(features, 1);
  checkOutputs(outputs, () => "");
  return { by: loaded, features, outputs };
}

/** The challenger's forecast, from the features that it reads; undefined where the champion is to answer. */
async function askCanary(
  challenger: Challenger,
  loaded: LoadedModel<ChallengerModel>,
  row: LiveRow,
): Promise<RowForecast | undefined> {
  const features = featuresFor(loaded, row);
  if (missingFeatures(loaded, features).length > 0) return undefined;
  const answer = await challenger.answer(loaded, features, 1);
  return answer === undefined ? undefined : { by: loaded, features, outputs: answer.outputs };
}

function forecastJson(
  context: RouteContext,
  { candle, decisionTimeMs }: LiveRow,
  { by, outputs }: RowForecast,
  requestId: string,
): string {
  const { horizonMinutes } = by.served;
  return `{"asOf":"${toIso(decisionTimeMs)}","horizonMinutes":${horizonMinutes},"endsAt":"${
    toIso(decisionTimeMs + horizonMinutes * MINUTE_MS)
  }",${forecastMembers(outputs, 0)},"candle":{"openTime":"${toIso(candle.openTimeMs)}","closeTime":"${
    toIso(candle.closeTimeMs)
  }","open":${candle.open},"high":${candle.high},"low":${candle.low},"close":${candle.close},"volume":${candle.volume}},"data":${
    JSON.stringify(currentAge(context))
  },"model":${by.servedJson},"requestId":"${requestId}"}`;
}
