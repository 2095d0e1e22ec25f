import type { ForecastModel, LoadForecastModel } from "../../core/mod.ts";

/** Calls with which a new model is warmed, so that its first request meets compiled code. */
const WARM_CALLS = 200;

/** The loader, whose models are warm. */
export function loadWarm(load: LoadForecastModel): LoadForecastModel {
  return async (files) => warmed(await load(files));
}

function warmed(model: ForecastModel): ForecastModel {
  const row = new Float32Array(model.info.featureNames.length);
  for (let i = 0; i < WARM_CALLS; i++) model.predict(row, 1);
  return model;
}
