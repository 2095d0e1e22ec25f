import type { Hono } from "@hono/hono";
import { isDomainError, type Metric } from "../../../core/mod.ts";
import { MAX_COMPARED, parseCompareQuery } from "../compare_query.ts";
import { chartHistories, historyOf, steppedKeys } from "../histories.ts";
import { comparePage } from "../pages/compare_page.ts";
import type { ComparedRun } from "../parts/compare_tables.ts";
import { metricPage, parseChartView } from "../pages/metric_page.ts";
import { runPage, runPartsFragment } from "../pages/run_page.ts";
import { seenMark } from "../parts/run_parts.ts";
import { urls } from "../urls.ts";
import { fragmentResponse, type PageDeps, pageResponse, parametersOf } from "./context.ts";
import { askOf } from "./promotion_routes.ts";
import { linesOf, runStateOf } from "./run_state.ts";

/** Registers the pages of a run and the comparison of several. */
export function runPageRoutes(app: Hono, deps: PageDeps): void {
  const { tracker } = deps;

  app.get("/runs/:run", async (context) => {
    const { info } = await tracker.getRun(context.req.param("run"));
    return context.redirect(urls.run(info.experimentId, info.runId));
  });

  app.get("/experiments/:id/runs/:run", async (context) => {
    const run = await tracker.getRun(context.req.param("run"));
    const { runId, experimentId } = run.info;
    if (experimentId !== context.req.param("id")) return context.redirect(urls.run(experimentId, runId));
    const [state, lines] = await Promise.all([runStateOf(deps, run), linesOf(deps, run)]);
    return pageResponse(runPage(state, lines, askOf(context, deps)));
  });

  app.get("/experiments/:id/runs/:run/parts", async (context) => {
    const run = await tracker.getRun(context.req.param("run"));
    const state = await runStateOf(deps, run);
    const isSeen = parametersOf(context).get("seen") === seenMark(state);
    return fragmentResponse(runPartsFragment(state, isSeen ? undefined : await linesOf(deps, run)));
  });

  app.get("/experiments/:id/runs/:run/metric", async (context) => {
    const parameters = parametersOf(context);
    const key = parameters.get("key") ?? "";
    const run = await tracker.getRun(context.req.param("run"));
    const { runId, experimentId } = run.info;
    if (key === "") return context.redirect(urls.run(experimentId, runId));
    const [experiment, history] = await Promise.all([
      tracker.getExperiment(experimentId),
      historyOf(tracker, runId, key),
    ]);
    return pageResponse(metricPage({ experiment, run, key, history, view: parseChartView(parameters) }));
  });

  app.get("/compare", async (context) => {
    const query = parseCompareQuery(parametersOf(context));
    const unknown: string[] = [];
    const runs: ComparedRun[] = [];
    for (const runId of query.runIds.slice(0, MAX_COMPARED)) {
      try {
        const run = await tracker.getRun(runId);
        runs.push({ run, experiment: await tracker.getExperiment(run.info.experimentId) });
      } catch (error) {
        if (!isDomainError(error, "not-found", "input-invalid")) throw error;
        unknown.push(runId);
      }
    }
    const chartable = steppedKeys(runs.map(({ run }) => run));
    const charted = chartable.find((key) => key === query.metric) ?? mostTelling(runs, chartable);
    const histories: readonly (readonly Metric[])[] = charted === undefined
      ? []
      : await chartHistories(tracker, runs.map(({ run }) => ({ runId: run.info.runId, key: charted })));
    return pageResponse(comparePage({
      runs,
      unknown,
      beyond: Math.max(0, query.runIds.length - MAX_COMPARED),
      chartable,
      charted,
      histories,
      query: { ...query, runIds: runs.map(({ run }) => run.info.runId) },
    }));
  });
}

/** The metric worth a first look: the one with most steps over all runs, a loss among equals. */
function mostTelling(runs: readonly ComparedRun[], keys: readonly string[]): string | undefined {
  const steps = (key: string) =>
    runs.reduce((sum, { run }) => sum + (run.metrics.find((metric) => metric.key === key)?.step ?? 0), 0);
  const isLoss = (key: string) => Number(/loss/i.test(key));
  return keys.toSorted((a, b) => steps(b) - steps(a) || isLoss(b) - isLoss(a))[0];
}
