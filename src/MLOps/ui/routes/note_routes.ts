import type { Context, Hono } from "@hono/hono";
import { NOTE_TAG } from "../parts/notes.ts";
import { urls } from "../urls.ts";
import type { PageDeps } from "./context.ts";
import { formText, readForm } from "./form.ts";

/** Registers what takes the notes of runs and experiments, and the descriptions of models and versions. */
export function noteRoutes(app: Hono, { tracker, registry }: PageDeps): void {
  const noteOf = async (context: Context) => formText(await readForm(context.req.raw), "note");
  /** 303: the browser asks for the page anew, and reloading it does not send the form again. */
  const backTo = (context: Context, url: string) => context.redirect(url, 303);

  app.post("/experiments/:id/note", async (context) => {
    const value = await noteOf(context);
    const { experimentId } = await tracker.getExperiment(context.req.param("id"));
    await tracker.setExperimentTag(experimentId, { key: NOTE_TAG, value });
    return backTo(context, urls.experiment(experimentId));
  });
  app.post("/experiments/:id/runs/:run/note", async (context) => {
    const value = await noteOf(context);
    const { runId, experimentId } = (await tracker.getRun(context.req.param("run"))).info;
    await tracker.logBatch(runId, { tags: [{ key: NOTE_TAG, value }] });
    return backTo(context, urls.run(experimentId, runId));
  });
  app.post("/models/:name/note", async (context) => {
    const description = await noteOf(context);
    const { name } = await registry.updateRegisteredModel(context.req.param("name"), description);
    return backTo(context, urls.model(name));
  });
  app.post("/models/:name/versions/:version/note", async (context) => {
    const description = await noteOf(context);
    const { name, version } = await registry.updateModelVersion(
      context.req.param("name"),
      context.req.param("version"),
      description,
    );
    return backTo(context, urls.version(name, version));
  });
}
