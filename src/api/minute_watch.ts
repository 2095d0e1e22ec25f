import type { RouteContext } from "./routes/context.ts";
import { firstNonFiniteRow } from "./answer.ts";
import type { PendingRecord } from "./log/records.ts";
import { featuresFor, missingFeatures } from "./data/model_row.ts";
import type { LiveRow } from "./data/live_features.ts";
import type { LoadedModel } from "./model/model_host.ts";

/** A forecast that the service made on its own, as it was logged. */
export type MinuteForecast = Extract<PendingRecord, { readonly kind: "forecast" }>;

/**
 * What the service does by itself when a new closed minute is in the store: it forecasts, so that the record of what was
 * forecast has no holes, and scores the forecasts whose labels the minute closes.
 */
export class MinuteWatch {
  readonly #context: RouteContext;
  #forecast = "";
  #asked = "";
  #scored: LiveRow | undefined;

  /** Nothing was forecast yet. */
  constructor(context: RouteContext) {
    this.#context = context;
  }

  /** Looks at the store; returns the forecast where there was something new. */
  async look(): Promise<MinuteForecast | undefined> {
    const { live, host } = this.#context;
    await live.refresh();
    const { row } = live, { current } = host;
    if (row === undefined) return undefined;
    const forecast = current === undefined ? undefined : this.#forecastMinute(current, row);
    if (current !== undefined) await this.#askChallenger(row);
    this.#score(row);
    return forecast;
  }

  #forecastMinute(loaded: LoadedModel, row: LiveRow): MinuteForecast | undefined {
    const { tally } = this.#context, { served, info, model, digest } = loaded;
    const key = `${served.version} ${digest} ${row.decisionTimeMs}`;
    if (key === this.#forecast) return undefined;
    const features = featuresFor(loaded, row);
    if (missingFeatures(loaded, features).length > 0) return undefined;
    this.#forecast = key;
    const outputs = model.predict(features, 1);
    if (firstNonFiniteRow(outputs) >= 0) return undefined;
    tally.note({ source: "minutes", info, features, outputs });
    return this.#note(loaded, row, { features, outputs });
  }

  async #askChallenger(row: LiveRow): Promise<void> {
    const { challenger } = this.#context, loaded = challenger?.active;
    if (challenger === undefined || loaded === undefined) return;
    const { served, digest } = loaded;
    const key = `${served.version} ${digest} ${row.decisionTimeMs}`;
    if (key === this.#asked) return;
    const features = featuresFor(loaded, row);
    if (missingFeatures(loaded, features).length > 0) return;
    this.#asked = key;
    const outputs = await challenger.minute(features);
    if (outputs === undefined) return;
    this.#note(loaded, row, { features, outputs, role: "shadow" });
  }

  #note(
    { served, info }: Pick<LoadedModel, "served" | "info">,
    { decisionTimeMs }: LiveRow,
    forecast: Pick<MinuteForecast, "features" | "outputs" | "role">,
  ): MinuteForecast {
    const { config, clock, log, skill } = this.#context;
    const record: MinuteForecast = {
      kind: "forecast",
      atMs: clock.nowMs(),
      requestId: null,
      model: served,
      featureSetDigest: info.featureSetDigest,
      series: config.series,
      decisionTimeMs,
      ...forecast,
    };
    log?.append(record);
    skill.forecast(served, decisionTimeMs, forecast.outputs);
    return record;
  }

  #score(row: LiveRow): void {
    if (row === this.#scored) return;
    this.#scored = row;
    const { challenger, host, live, skill } = this.#context;
    if (live.candles !== undefined) {
      const minutes = skill.close(live.candles);
      challenger?.scored(minutes);
    }
    const held = [host.current, host.previous, challenger?.active];
    skill.keep(held.flatMap((loaded) => loaded === undefined ? [] : [loaded.served.version]));
  }
}
