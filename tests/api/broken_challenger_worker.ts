/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A challenger's Worker that goes wrong in the way that its address says. */
import { loadForecastModel } from "../../src/ml/models/load_forecast_model.ts";
import type { ChallengerRequest } from "../../src/cli/challenger_protocol.ts";

const way = new URL(import.meta.url).search.slice(1);

self.onmessage = async ({ data }: MessageEvent<ChallengerRequest>) => {
  if (way === "stall") return;
  if (data.kind === "load") {
    const { info } = await loadForecastModel(data.files);
    self.postMessage({ id: data.id, info });
  } else if (way === "spin") { for (;;); }
  else {setTimeout(() => {
      throw new Error("the Worker dies");
    });}
};
