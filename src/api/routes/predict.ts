import { type ForecastColumns, type PredictionRole, QUANTILE_KEYS } from "../../core/mod.ts";
import { checkOutputs, predictionsJson } from "../answer.ts";
import { isCsvRequest, readCsvBody, readJsonBody } from "../http/body.ts";
import type { Exchange, Handler } from "../http/exchange.ts";
import { JSON_TYPE, jsonTextResponse, textResponse } from "../http/respond.ts";
import { readCsvRows } from "../input/csv_rows.ts";
import { readMlflowBody } from "../input/mlflow_rows.ts";
import { readNamedBody } from "../input/named_rows.ts";
import { readOrderedBody } from "../input/ordered_rows.ts";
import type { FeatureRows, RowShape } from "../input/row_shape.ts";
import type { LoadedModel } from "../model/model_host.ts";
import { requireModel, type RouteContext } from "./context.ts";

type BodyReader = (body: unknown, shape: RowShape) => FeatureRows;

async function answer(
  context: RouteContext,
  exchange: Exchange,
  route: string,
  read: BodyReader,
  member: string,
  pythonNumbers = false,
): Promise<{ readonly by: Pick<LoadedModel, "served" | "servedJson">; readonly outputs: ForecastColumns }> {
  const loaded = requireModel(context);
  const { config: { limits }, deadlines } = context;
  const { request } = exchange, isCsv = isCsvRequest(request);
  const options = { maxBytes: limits.maxBodyBytes, deadlines, pythonNumbers, takesCsv: true };
  const { rows, count } = isCsv
    ? readCsvRows(await readCsvBody(request, options), loaded.shape)
    : read(await readJsonBody(request, options), loaded.shape);
  const input = { featureSetDigest: loaded.info.featureSetDigest, rows, count };
  const asked = context.challenger?.canary(exchange, input);
  const canary = asked === undefined ? undefined : await asked;
  const outputs = canary?.outputs ?? loaded.model.predict(rows, count);
  checkOutputs(outputs, (row) => isCsv ? `/${row}` : count === 1 ? `/${member}` : `/${member}/${row}`);
  context.metrics.predicted(route, count);
  context.tally.note({ source: "requests", info: loaded.info, features: rows, outputs });
  const by = canary?.loaded ?? loaded;
  logRows(context, exchange, { by, rows, outputs, role: canary === undefined ? undefined : "canary" });
  if (canary === undefined) {
    context.challenger?.shadow(input, (answer) => {
      logRows(context, exchange, { by: answer.loaded, rows, outputs: answer.outputs, role: "shadow" });
    });
  }
  return { by, outputs };
}

interface AnsweredRows {
  readonly by: Pick<LoadedModel, "served">;
  readonly rows: Float32Array<ArrayBuffer>;
  readonly outputs: ForecastColumns;
  readonly role: PredictionRole | undefined;
}

function logRows(context: RouteContext, { requestId }: Exchange, { by, rows, outputs, role }: AnsweredRows): void {
  context.log?.append({
    kind: "predict",
    atMs: context.clock.nowMs(),
    requestId,
    model: by.served,
    role,
    features: rows,
    outputs,
  });
}

/** `POST /predict`: a row, or an array of rows, in the model's feature order. */
export function predictRoute(context: RouteContext): Handler {
  return async (exchange) => {
    const { by, outputs } = await answer(context, exchange, "/predict", readOrderedBody, "features");
    return jsonTextResponse(predictionsJson(outputs, by.servedJson, exchange.requestId), exchange.requestId);
  };
}

/** `POST /v1/predict`: rows by feature name. */
export function namedPredictRoute(context: RouteContext): Handler {
  return async (exchange) => {
    const { by, outputs } = await answer(context, exchange, "/v1/predict", readNamedBody, "instances");
    return jsonTextResponse(predictionsJson(outputs, by.servedJson, exchange.requestId), exchange.requestId);
  };
}

/** `POST /invocations`: MLflow's scoring protocol; the answer is the model's three tensors by name. */
export function invocationsRoute(context: RouteContext): Handler {
  return async (exchange) => {
    const { by, outputs } = await answer(context, exchange, "/invocations", readMlflowBody, "inputs", true);
    const width = QUANTILE_KEYS.length;
    const columns = (values: Float32Array) => Array.from(values, (value) => [value]);
    const quantilesBps = Array.from(
      { length: outputs.length },
      (_, i) => Array.from(outputs.quantilesBps.subarray(i * width, (i + 1) * width)),
    );
    const predictions = {
      probabilityUp: columns(outputs.probabilityUp),
      volatilityBps: columns(outputs.volatilityBps),
      quantilesBps,
    };
    return textResponse(JSON.stringify({ predictions }), exchange.requestId, {
      contentType: JSON_TYPE,
      // The protocol has no member for it.
      headers: { "x-model-version": by.served.version },
    });
  };
}
