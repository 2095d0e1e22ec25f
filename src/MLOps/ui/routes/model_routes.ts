import type { Hono } from "@hono/hono";
import { isDomainError, type ModelVersion, type Run } from "../../../core/mod.ts";
import { earlierHolders } from "../../promotion/mod.ts";
import { readGateReport } from "../gate_report.ts";
import { readModelCard } from "../model_card.ts";
import { loggedModelPage } from "../pages/logged_model_page.ts";
import { modelPage } from "../pages/model_page.ts";
import { modelsPage } from "../pages/models_page.ts";
import { versionPage, type VersionState } from "../pages/version_page.ts";
import {
  likePattern,
  listOrReason,
  type PageDeps,
  pageResponse,
  pageTokens,
  parametersOf,
  tokenOption,
} from "./context.ts";
import { askOf } from "./promotion_routes.ts";

const MODELS_A_PAGE = 50;
const VERSIONS_A_PAGE = 50;

/** Registers the pages of registered models, their versions, and logged models. */
export function modelPageRoutes(app: Hono, deps: PageDeps): void {
  const { tracker, registry, artifacts, clock } = deps;

  app.get("/models", async (context) => {
    const parameters = parametersOf(context);
    const search = parameters.get("q")?.trim() ?? "";
    const tokens = pageTokens(parameters);
    const page = await registry.searchRegisteredModels({
      maxResults: MODELS_A_PAGE,
      ...(search === "" ? {} : { filter: `name ILIKE ${likePattern(search)}` }),
      ...tokenOption(tokens),
    });
    return pageResponse(modelsPage({
      models: page.items,
      search,
      tokens,
      nextToken: page.nextPageToken,
      size: MODELS_A_PAGE,
      nowMs: clock.nowMs(),
    }));
  });

  app.get("/models/:name", async (context) => {
    const model = await registry.getRegisteredModel(context.req.param("name"));
    const tokens = pageTokens(parametersOf(context));
    const page = await registry.searchModelVersions({
      filter: `name LIKE '${model.name.replaceAll("'", "_")}'`,
      orderBy: ["version_number DESC"],
      maxResults: VERSIONS_A_PAGE,
      ...tokenOption(tokens),
    });
    return pageResponse(modelPage({
      model,
      // LIKE also finds names that differ where this one has % or _.
      versions: page.items.filter(({ name }) => name === model.name),
      tokens,
      nextToken: page.nextPageToken,
      size: VERSIONS_A_PAGE,
      earlier: new Map(
        await Promise.all(
          model.aliases.map(async ({ alias }) =>
            [alias, (await earlierHolders(registry, model.name, alias)).earlier] as const
          ),
        ),
      ),
      ask: askOf(context, deps),
      nowMs: clock.nowMs(),
    }));
  });

  app.get("/models/:name/versions/:version", async (context) => {
    const version = await registry.getModelVersion(context.req.param("name"), context.req.param("version"));
    const [origin, files, card] = await Promise.all([
      originOf(deps, version.runId),
      listOrReason(() => artifacts.ofVersion(version)),
      readModelCard(() => artifacts.ofVersion(version)),
    ]);
    const gate = origin === undefined ? undefined : await gateOf(deps, version, origin.run);
    return pageResponse(versionPage({ version, origin, files, gate, card, ask: askOf(context, deps) }));
  });

  app.get("/logged-models/:id", async (context) => {
    const model = await tracker.getLoggedModel(context.req.param("id"));
    const [experiment, files, card] = await Promise.all([
      tracker.getExperiment(model.experimentId),
      listOrReason(() => artifacts.ofLoggedModel(model)),
      readModelCard(() => artifacts.ofLoggedModel(model)),
    ]);
    return pageResponse(loggedModelPage({ model, experiment, files, card }));
  });
}

/** The gate's report on the run, where it was written for this model. */
async function gateOf({ artifacts }: PageDeps, { name }: ModelVersion, run: Run): Promise<VersionState["gate"]> {
  try {
    const report = await readGateReport(artifacts.ofRun(run));
    return report?.name === name ? report : undefined;
  } catch (error) {
    if (isDomainError(error)) return undefined; // the run's files are not served here
    throw error;
  }
}

/** The run that a version was made from, where this store has it. */
async function originOf({ tracker }: PageDeps, runId: string): Promise<VersionState["origin"]> {
  if (runId === "") return undefined;
  try {
    const run = await tracker.getRun(runId);
    return { run, experiment: await tracker.getExperiment(run.info.experimentId) };
  } catch (error) {
    if (isDomainError(error, "not-found", "input-invalid")) return undefined;
    throw error;
  }
}
