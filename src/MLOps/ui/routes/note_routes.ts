import type { Context, Hono } from "@hono/hono";
import { oneAtATime } from "../../../core/mod.ts";
import { fingerprint } from "../fingerprint.ts";
import { noteConflictPage } from "../pages/note_conflict_page.ts";
import { NOTE_TAG, type Notes } from "../parts/notes.ts";
import { urls } from "../urls.ts";
import { type PageDeps, pageResponse } from "./context.ts";
import { formText, readForm } from "./form.ts";
import { shownName, shownRunName } from "../parts/names.ts";

/** What notes are about: where they stand, what they say now, and how they are saved. */
interface Owner {
  readonly noun: Notes["noun"];
  readonly label: string;
  readonly url: string;
  readonly text: string;
  readonly save: (text: string) => Promise<unknown>;
}

/** Registers what takes the notes of runs and experiments, and the descriptions of models and versions. */
export function noteRoutes(app: Hono, { tracker, registry }: PageDeps): void {
  const inTurn = oneAtATime();
  const register = (path: string, ownerOf: (context: Context) => Promise<Owner>) => {
    app.post(`${path}/note`, async (context) => {
      const form = await readForm(context.req.raw);
      const draft = formText(form, "note"), seen = form.get("seen");
      // In turn, or two saved at once would both find the text that they have seen.
      return await inTurn(async () => {
        const { noun, label, url, text, save } = await ownerOf(context);
        if (seen !== null && seen !== fingerprint(text) && draft !== text) {
          return pageResponse(noteConflictPage({ noun, text, action: `${url}/note` }, draft, { label, href: url }));
        }
        await save(draft);
        // 303: the browser asks for the page anew, and reloading it does not send the form again.
        return context.redirect(url, 303);
      });
    });
  };

  register("/experiments/:id", async (context) => {
    const { experimentId, name, tags } = await tracker.getExperiment(context.req.param("id")!);
    return {
      noun: "experiment",
      label: name,
      url: urls.experiment(experimentId),
      text: noteIn(tags),
      save: (value) => tracker.setExperimentTag(experimentId, { key: NOTE_TAG, value }),
    };
  });
  register("/experiments/:id/runs/:run", async (context) => {
    const { info, tags } = await tracker.getRun(context.req.param("run")!);
    return {
      noun: "run",
      label: shownRunName(info),
      url: urls.run(info.experimentId, info.runId),
      text: noteIn(tags),
      save: (value) => tracker.logBatch(info.runId, { tags: [{ key: NOTE_TAG, value }] }),
    };
  });
  register("/models/:name", async (context) => {
    const { name, description } = await registry.getRegisteredModel(context.req.param("name")!);
    return {
      noun: "model",
      label: name,
      url: urls.model(name),
      text: description,
      save: (text) => registry.updateRegisteredModel(name, text),
    };
  });
  register("/models/:name/versions/:version", async (context) => {
    const asked = [context.req.param("name")!, context.req.param("version")!] as const;
    const { name, version, description } = await registry.getModelVersion(...asked);
    return {
      noun: "version",
      label: `${shownName(name)} ${version}`,
      url: urls.version(name, version),
      text: description,
      save: (text) => registry.updateModelVersion(name, version, text),
    };
  });
}

function noteIn(tags: readonly { readonly key: string; readonly value: string }[]): string {
  return tags.find(({ key }) => key === NOTE_TAG)?.value ?? "";
}
