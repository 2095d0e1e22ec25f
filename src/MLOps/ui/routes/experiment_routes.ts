import type { Hono } from "@hono/hono";
import { isDomainError, messageAndHint, type Page, type Run, type Tracker, type ViewType } from "../../../core/mod.ts";
import { experimentModelsPage, experimentPage } from "../pages/experiment_page.ts";
import { experimentsPage } from "../pages/experiments_page.ts";
import { html } from "../html.ts";
import { runRows } from "../parts/runs_table.ts";
import { orderClause, parseRunsQuery, type RunsQuery } from "../runs_query.ts";
import { urls } from "../urls.ts";
import {
  fragmentResponse,
  likePattern,
  type PageDeps,
  pageResponse,
  pageTokens,
  parametersOf,
  tokenOption,
} from "./context.ts";

const EXPERIMENTS_A_PAGE = 50;
const MODELS_A_PAGE = 50;
const VIEWS: readonly ViewType[] = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];

/** Registers the list of experiments and the pages of one. */
export function experimentPageRoutes(app: Hono, { tracker, clock }: PageDeps): void {
  app.get("/", async (context) => {
    const parameters = parametersOf(context);
    const search = parameters.get("q")?.trim() ?? "";
    const view = VIEWS.find((known) => known === parameters.get("view")) ?? "ACTIVE_ONLY";
    const tokens = pageTokens(parameters);
    const page = await tracker.searchExperiments({
      maxResults: EXPERIMENTS_A_PAGE,
      viewType: view,
      ...(search === "" ? {} : { filter: `name ILIKE ${likePattern(search)}` }),
      ...tokenOption(tokens),
    });
    const rows = await Promise.all(page.items.map(async (experiment) => {
      const { items } = await tracker.searchRuns({ experimentIds: [experiment.experimentId], maxResults: 1 });
      return { experiment, newest: items[0] };
    }));
    return pageResponse(experimentsPage({
      rows,
      search,
      view,
      tokens,
      nextToken: page.nextPageToken,
      size: EXPERIMENTS_A_PAGE,
      storeUri: withoutSecrets(tracker.uri),
      origin: new URL(context.req.url).origin,
      nowMs: clock.nowMs(),
    }));
  });

  app.get("/experiments", (context) => context.redirect(urls.experiments()));

  app.get("/experiments/:id", async (context) => {
    const experiment = await tracker.getExperiment(context.req.param("id"));
    const query = parseRunsQuery(parametersOf(context));
    let found: Page<Run> = { items: [] };
    let filterError: string | undefined;
    try {
      found = await searchOf(tracker, experiment.experimentId, query);
    } catch (error) {
      if (!isDomainError(error, "input-invalid")) throw error;
      filterError = messageAndHint(error);
    }
    return pageResponse(experimentPage({
      experiment,
      query,
      runs: found.items,
      nextToken: found.nextPageToken,
      filterError,
      nowMs: clock.nowMs(),
    }));
  });

  app.get("/experiments/:id/rows", async (context) => {
    const parameters = parametersOf(context);
    const query = parseRunsQuery(parameters), experimentId = context.req.param("id");
    const { items } = await searchOf(tracker, experimentId, query);
    return fragmentResponse(html`<table>${
      runRows({
        experimentId,
        runs: items,
        columns: query.columns ?? [],
        query,
        isAutomatic: parameters.has("auto"),
        nowMs: clock.nowMs(),
      })
    }</table>`);
  });

  app.get("/experiments/:id/models", async (context) => {
    const experiment = await tracker.getExperiment(context.req.param("id"));
    const tokens = pageTokens(parametersOf(context));
    const page = await tracker.searchLoggedModels({
      experimentIds: [experiment.experimentId],
      maxResults: MODELS_A_PAGE,
      ...tokenOption(tokens),
    });
    const at = (next: readonly string[]) => urls.experimentModels(experiment.experimentId, { page: next });
    return pageResponse(experimentModelsPage(experiment, page.items, {
      nowMs: clock.nowMs(),
      offset: tokens.length * MODELS_A_PAGE,
      ...(tokens.length === 0 ? {} : { previous: at(tokens.slice(0, -1)) }),
      ...(page.nextPageToken === undefined ? {} : { next: at([...tokens, page.nextPageToken]) }),
    }));
  });
}

function searchOf(tracker: Tracker, experimentId: string, query: RunsQuery): Promise<Page<Run>> {
  return tracker.searchRuns({
    experimentIds: [experimentId],
    maxResults: query.size,
    orderBy: [orderClause(query)],
    viewType: query.view,
    ...(query.filter === "" ? {} : { filter: query.filter }),
    ...tokenOption(query.tokens),
  });
}

/** A store's address without user and password. */
function withoutSecrets(uri: string): string {
  return uri.replace(/^(https?:\/\/)[^/@]*@/i, "$1");
}
