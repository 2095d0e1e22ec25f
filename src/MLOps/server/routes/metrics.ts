import type { Tracker } from "../../../core/mod.ts";
import { invalidParameter, SEE_DOCS } from "../fields.ts";
import { message, metricMessage } from "../messages.ts";
import { sampleHistories, wholeHistory } from "../metric_history.ts";
import type { RestRouter } from "../rest.ts";

const MAX_HISTORY = 50_000;
const MAX_BULK = 25_000;
const MAX_BULK_RUNS = 100;
const MAX_SAMPLE = 2_500;

/** Registers the routes of metric histories (reference 4.2). */
export function metricRoutes(rest: RestRouter, tracker: Tracker): void {
  rest.on("GET", "metrics/get-history", async (fields) => {
    const runId = fields.requiredRunId();
    const key = fields.requiredString("metric_key");
    const maxResults = fields.integer("max_results");
    const pageToken = fields.string("page_token");
    if (maxResults === undefined && !pageToken) {
      const history = await wholeHistory(tracker, runId, key);
      return message({ metrics: history.map((metric) => metricMessage(metric)) });
    }
    if (maxResults !== undefined && maxResults < 1) {
      throw invalidParameter(
        `Invalid value ${maxResults} for parameter 'max_results' supplied. It must be a positive integer.`,
      );
    }
    const page = await tracker.metricHistory(runId, key, {
      maxResults: Math.min(maxResults ?? MAX_HISTORY, MAX_HISTORY),
      ...(pageToken ? { pageToken } : {}),
    });
    return message({
      metrics: page.items.map((metric) => metricMessage(metric)),
      next_page_token: page.nextPageToken,
    });
  });

  rest.on("GET", "metrics/get-history-bulk-interval", async (fields) => {
    const runIds = fields.strings("run_ids");
    if (runIds.length === 0) throw fields.missing("run_ids");
    if (runIds.length > MAX_BULK_RUNS) {
      throw invalidParameter(
        `GetMetricHistoryBulkInterval request must specify at most ${MAX_BULK_RUNS} run_ids. ` +
          `Received ${runIds.length} run_ids. ${SEE_DOCS}`,
      );
    }
    const key = fields.requiredString("metric_key");
    const maxResults = fields.integer("max_results") ?? MAX_SAMPLE;
    if (maxResults < 1 || maxResults > MAX_SAMPLE) {
      throw invalidParameter(`max_results must be between 1 and ${MAX_SAMPLE}. ${SEE_DOCS}`);
    }
    const startStep = fields.integer("start_step");
    const endStep = fields.integer("end_step");
    if ((startStep === undefined) !== (endStep === undefined)) {
      throw invalidParameter("If either start step or end step are specified, both must be specified.");
    }
    if (startStep !== undefined && endStep !== undefined && startStep > endStep) {
      throw invalidParameter(
        `end_step must be greater than start_step. Found start_step=${startStep} and end_step=${endStep}.`,
      );
    }
    const histories = await Promise.all(runIds.map(async (runId) => ({
      runId,
      points: await wholeHistory(tracker, runId, key),
    })));
    const sample = sampleHistories(histories, {
      maxResults,
      ...(startStep === undefined ? {} : { startStep }),
      ...(endStep === undefined ? {} : { endStep }),
    });
    return message({ metrics: sample.map(({ runId, metric }) => metricMessage(metric, runId)) });
  });

  rest.on("GET", "metrics/get-history-bulk", async (fields) => {
    const runIds = fields.strings("run_id").toSorted();
    if (runIds.length === 0) {
      throw invalidParameter("GetMetricHistoryBulk request must specify at least one run_id.");
    }
    if (runIds.length > MAX_BULK_RUNS) {
      throw invalidParameter(
        `GetMetricHistoryBulk request cannot specify more than ${MAX_BULK_RUNS} run_ids. ` +
          `Received ${runIds.length} run_ids.`,
      );
    }
    const key = fields.string("metric_key");
    if (key === undefined) throw invalidParameter("GetMetricHistoryBulk request must specify a metric_key.");
    const maxResults = Math.min(fields.integer("max_results") ?? MAX_BULK, MAX_BULK);
    const metrics = [];
    for (const runId of runIds) {
      if (metrics.length >= maxResults) break;
      const { items } = await tracker.metricHistory(runId, key, { maxResults: maxResults - metrics.length });
      metrics.push(...items.map((metric) => metricMessage(metric, runId)));
    }
    return message({ metrics });
  }, { ajaxOnly: true });
}
