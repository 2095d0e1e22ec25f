import { Counter, Gauge, type Registry } from "prom-client";
import type { ModelHost } from "../model/model_host.ts";
import { valueCounter, valueGauge } from "./value_metrics.ts";
import { type PredictionTally, TALLIED_OUTPUTS, TALLY_SOURCES } from "./prediction_tally.ts";

const LEVELS = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

/** How an output is called in a metric, and what it is. */
const OUTPUT_NAMES = {
  probabilityUp: ["bitcoin_ml_prediction_probability_up", "Quantiles of P(up)"],
  volatilityBps: ["bitcoin_ml_prediction_volatility_bps", "Quantiles of the forecast volatility in basis points"],
} as const;

/** Registers what is known of the rows that were forecast. */
export function registerPredictionMetrics(
  registry: Registry,
  { tally, host }: { readonly tally: PredictionTally; readonly host: Pick<ModelHost, "current"> },
): void {
  const registers = [registry];
  new Counter({
    name: "bitcoin_ml_feature_out_of_range_total",
    help: "Rows whose feature lay outside of its range in the training rows, by side and by where the rows came from",
    labelNames: ["feature", "side", "source"],
    registers,
    collect() {
      this.reset();
      for (const source of TALLY_SOURCES) {
        for (const [feature, { below, above }] of tally.outOfRange(source)) {
          this.inc({ feature, side: "below", source }, below);
          this.inc({ feature, side: "above", source }, above);
        }
      }
    },
  });
  for (const output of TALLIED_OUTPUTS) {
    const [name, help] = OUTPUT_NAMES[output];
    new Gauge({
      name,
      help: `${help}: of the service's own last 1,440 minutes, and of the last 4,096 rows that clients brought`,
      labelNames: ["source", "quantile"],
      registers,
      collect() {
        this.reset();
        for (const source of TALLY_SOURCES) {
          const values = tally.quantiles(source, output, LEVELS);
          values.forEach((value, i) => this.set({ source, quantile: String(LEVELS[i]) }, value));
        }
      },
    });
  }
  valueGauge(
    registry,
    "bitcoin_ml_feature_ranges",
    "Features of the model that answers whose range in training is known; models logged before it was kept have none",
    () => host.current?.info.featureRanges.min.filter((value) => !Number.isNaN(value)).length ?? 0,
  );
  valueCounter(
    registry,
    "bitcoin_ml_untallied_rows_total",
    "Rows that were answered but not looked at for ranges and quantiles, as too many waited",
    () => tally.skipped,
  );
}
