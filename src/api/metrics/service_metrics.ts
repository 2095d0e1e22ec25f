import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { valueCounter, valueGauge } from "./value_metrics.ts";
import type { DataAge } from "../data/data_age.ts";
import type { PredictionLog } from "../log/prediction_log.ts";
import type { RequestLog } from "../log/request_log.ts";
import type { AnsweredRequest } from "../log/log_lines.ts";
import type { ModelHost, SwapReport } from "../model/model_host.ts";

/** What the metrics read when they are asked for. */
export interface MetricSources {
  /** The model that answers. */
  readonly host: Pick<ModelHost, "current">;
  /** Age of the data. */
  readonly data: () => DataAge;
  /** Why the feature store gives no candles, or undefined. */
  readonly dataReason: () => string | undefined;
  /** The prediction log, where there is one. */
  readonly log:
    | Pick<
      PredictionLog,
      "head" | "lost" | "problem" | "bytes" | "waitingBytes" | "waitingRecords" | "failures"
    >
    | undefined;
  /** The log of requests, where there is one. */
  readonly requestLog: Pick<RequestLog, "dropped"> | undefined;
  /** Requests that wait for a place. */
  readonly queued: () => number;
  /** Version of the program. */
  readonly programVersion: string;
}

/** Upper bounds of the latency buckets, in seconds. */
const LATENCY_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** Counters and gauges in Prometheus' text format. */
export class ServiceMetrics {
  readonly #registry = new Registry();
  readonly #duration: Histogram<"method" | "route" | "status">;
  #inFlight = 0;
  readonly #swaps: Counter<"outcome">;
  readonly #refusals: Counter<"reason">;
  readonly #rows: Counter<"route">;
  readonly #rowsOf = new Map<string, { inc(value: number): void }>();
  readonly #bound = new Map<string, { observe(seconds: number): void }>();

  /** Registers all metrics. */
  constructor(sources: MetricSources) {
    const registers = [this.#registry];
    this.#duration = new Histogram({
      name: "bitcoin_ml_http_request_duration_seconds",
      help: "Time from a request's arrival to its answer, by route and status",
      labelNames: ["method", "route", "status"],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#swaps = new Counter({
      name: "bitcoin_ml_model_swaps_total",
      help: "Attempts to change the model, by outcome",
      labelNames: ["outcome"],
      registers,
    });
    this.#refusals = new Counter({
      name: "bitcoin_ml_http_refusals_total",
      help: "Requests turned away by a key or a limit, or whose client went away, by reason",
      labelNames: ["reason"],
      registers,
    });
    this.#rows = new Counter({
      name: "bitcoin_ml_predicted_rows_total",
      help: "Rows answered, by route",
      labelNames: ["route"],
      registers,
    });
    new Gauge({
      name: "bitcoin_ml_build_info",
      help: "Version of the program; always 1",
      labelNames: ["version"],
      registers,
    }).set({ version: sources.programVersion }, 1);
    new Gauge({
      name: "bitcoin_ml_model_info",
      help: "The model that answers; 1, or no sample while there is none",
      labelNames: ["name", "version", "alias", "run_id", "horizon_minutes"],
      registers,
      collect() {
        this.reset();
        const served = sources.host.current?.served;
        if (served === undefined) return;
        const { name, version, alias, runId, horizonMinutes } = served;
        this.set({ name, version, alias: alias ?? "", run_id: runId, horizon_minutes: String(horizonMinutes) }, 1);
      },
    });
    const gauge = (name: string, help: string, value: () => number) => valueGauge(this.#registry, name, help, value);
    const counter = (name: string, help: string, value: () => number) =>
      valueCounter(this.#registry, name, help, value);
    gauge("bitcoin_ml_http_requests_in_flight", "Requests being answered", () => this.#inFlight);
    gauge("bitcoin_ml_http_requests_queued", "Requests that wait for a place", sources.queued);
    gauge(
      "bitcoin_ml_data_age_seconds",
      "Seconds since the newest closed candle; NaN without candles",
      () => sources.data().ageSeconds ?? NaN,
    );
    gauge("bitcoin_ml_data_stale", "1 where the candles are older than configured", () => Number(sources.data().stale));
    gauge(
      "bitcoin_ml_data_readable",
      "1 while the feature store gives candles, however old",
      () => sources.dataReason() === undefined ? 1 : 0,
    );
    const { log, requestLog } = sources;
    if (requestLog !== undefined) {
      counter(
        "bitcoin_ml_request_log_dropped_lines_total",
        "Lines that could not be written",
        () => requestLog.dropped,
      );
    }
    if (log !== undefined) {
      counter("bitcoin_ml_prediction_log_bytes_total", "Bytes written to the prediction log", () => log.bytes);
      gauge("bitcoin_ml_prediction_log_waiting_bytes", "Bytes that wait for the disk", () => log.waitingBytes);
      gauge("bitcoin_ml_prediction_log_waiting_records", "Records that wait to be sealed", () => log.waitingRecords);
      counter("bitcoin_ml_prediction_log_write_failures_total", "Writes that the disk refused", () => log.failures);
      gauge("bitcoin_ml_prediction_log_records", "Records of the prediction log on disk", () => log.head.n);
      counter("bitcoin_ml_prediction_log_lost_records_total", "Records that could not be written", () => log.lost);
      gauge("bitcoin_ml_prediction_log_writable", "1 while the log can be written", () => log.problem ? 0 : 1);
    }
    gauge("process_resident_memory_bytes", "Resident memory", () => Deno.memoryUsage().rss);
    gauge("nodejs_heap_size_used_bytes", "JavaScript heap in use", () => Deno.memoryUsage().heapUsed);
  }

  /** Where further metrics are registered. */
  get registry(): Registry {
    return this.#registry;
  }

  /** Notes that a request came in. */
  begin(): void {
    this.#inFlight++;
  }

  /** Notes its answer. */
  end({ method, route, status, durationMs, refusal }: AnsweredRequest): void {
    this.#inFlight--;
    if (refusal !== null) this.#refusals.inc({ reason: refusal });
    const key = `${method} ${route} ${status}`;
    let bound = this.#bound.get(key);
    if (bound === undefined) {
      bound = this.#duration.labels(method, route, String(status));
      this.#bound.set(key, bound);
    }
    bound.observe(durationMs / 1000);
  }

  /** Notes rows that were answered. */
  predicted(route: string, rows: number): void {
    let bound = this.#rowsOf.get(route);
    if (bound === undefined) {
      bound = this.#rows.labels(route);
      this.#rowsOf.set(route, bound);
    }
    bound.inc(rows);
  }

  /** Notes an attempt to change the model. */
  swapped(report: SwapReport): void {
    this.#swaps.inc({ outcome: report.outcome });
  }

  /** All metrics in Prometheus' text format. */
  async render(): Promise<{ readonly text: string; readonly contentType: string }> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}
