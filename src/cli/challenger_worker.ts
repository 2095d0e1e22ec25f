/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Module Worker that holds one challenger: it proves and builds the model of the files that it is sent, then answers rows.
 * It may read nothing.
 *
 * @module
 */
import type { ForecastModel } from "../core/mod.ts";
import { isDomainError } from "../core/mod.ts";
import { loadWarm } from "../api/model/warm.ts";
import { loadForecastModel } from "../ml/models/load_forecast_model.ts";
import type { ChallengerReply, ChallengerRequest } from "./challenger_protocol.ts";

const load = loadWarm(loadForecastModel);
let model: ForecastModel | undefined;

self.onmessage = async ({ data }: MessageEvent<ChallengerRequest>) => {
  try {
    if (data.kind === "load") {
      model = await load(data.files);
      reply({ id: data.id, info: model.info });
    } else {
      reply({ id: data.id, outputs: model!.predict(data.rows, data.count) });
    }
  } catch (error) {
    const { message } = error as Error;
    reply({ id: data.id, failure: { message, isInvalid: isDomainError(error, "model-invalid") } });
  }
};

function reply(message: ChallengerReply): void {
  self.postMessage(message);
}
