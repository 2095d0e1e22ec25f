import type { Context, Hono } from "@hono/hono";
import {
  DomainError,
  isDomainError,
  type ModelRegistry,
  type ModelVersion,
  oneAtATime,
  type Run,
  type Tracker,
} from "../../../core/mod.ts";
import {
  checkAliasName,
  checkMoveWords,
  type RegisterDeps,
  type RegisterRequest,
  registerRun,
  rollBack,
  selectRun,
} from "../../promotion/mod.ts";
import { parseGateReport } from "../gate_report.ts";
import type { Crumb } from "../layout.ts";
import { gatePage, type GatePageState } from "../pages/gate_page.ts";
import { promoteForm, type PromotionAsk } from "../parts/promotion.ts";
import { urls } from "../urls.ts";
import { type PageDeps, pageResponse } from "./context.ts";
import { formText, readForm } from "./form.ts";
import { servedTracker } from "./served_tracker.ts";
import { signedInAs } from "./signed_in.ts";
import { shownName, shownRunName } from "../parts/names.ts";

/** How pages promote: with what the gate needs, or why they cannot. */
export type PromotionAccess =
  | {
    /** Hands out what `register` works with, over these stores. */
    readonly open: (
      stores: { readonly tracker: Tracker; readonly registry: ModelRegistry },
    ) => RegisterDeps | Promise<RegisterDeps>;
  }
  | {
    /** Why this server cannot promote. */
    readonly unavailable: string;
  };

/** Why promotions are not to be had here; undefined where they are. */
export function promotionBlock({ promotion }: Pick<PageDeps, "promotion">): string | undefined {
  if (promotion === undefined) return "This server was started without the gate.";
  return "unavailable" in promotion ? promotion.unavailable : undefined;
}

/** What a form of promotion or rollback says. */
interface Asked {
  readonly alias: string;
  readonly by: string;
  readonly why: string;
  readonly form: URLSearchParams;
}

/** Failures that are told on the page of the gate; others are failures of the server. */
const TOLD = ["gate-refused", "model-invalid", "not-found", "usage", "input-invalid", "permission-denied"] as const;

/** Registers what promotes a version or a run by the gate of `register`, and what takes an alias back. */
export function promotionRoutes(app: Hono, deps: PageDeps): void {
  const { tracker, registry, artifacts } = deps;
  const open = async (): Promise<RegisterDeps> => {
    const block = promotionBlock(deps);
    const { promotion } = deps;
    if (promotion === undefined || !("open" in promotion)) throw new DomainError("forbidden", block!);
    return await promotion.open({ tracker: servedTracker(tracker, artifacts), registry });
  };
  /** Two promotions at once would each be compared with the same holder. */
  const inTurn = oneAtATime();
  /** The same refusals as the command's: a run that was deleted, or is the parent of others. */
  const runToPromote = async (runId: string): Promise<Run> => (await selectRun(tracker, runId, "")).run;

  /** Asks the gate; where it lets the run pass, the page of the version says so, else the page of the gate says why. */
  const promoteBy = async (
    context: Context,
    subject: Pick<GatePageState, "title" | "crumbs"> & { readonly action: string },
    request: () => Promise<Omit<RegisterRequest, "alias" | "by" | "why">>,
  ): Promise<Response> => {
    const asked = await readAsk(context);
    const again = promoteForm({ ...askOf(context, deps), action: subject.action, alias: asked.alias, asked });
    const refuse = (state: Omit<GatePageState, "title" | "crumbs" | "again">) =>
      pageResponse(gatePage({ ...subject, ...state, again }));
    try {
      requireWords(asked);
      const { alias, by, why } = asked;
      const { decision, holder, promoted } = await inTurn(async () =>
        await registerRun(await open(), { ...await request(), alias, by, why })
      );
      if (promoted !== undefined) {
        return context.redirect(`${urls.version(decision.name, promoted.version.version)}#gate`, 303);
      }
      const { name } = decision;
      return refuse({
        message: `The gate refused: ${
          decision.checks.filter(({ passed }) => !passed).map((one) => one.name).join(", ")
        }`,
        hint: holder === undefined
          ? `Nothing was moved: @${alias} of ${name} stays unset.`
          : `Nothing was moved: @${alias} of ${name} stays at version ${holder.version}.`,
        report: parseGateReport({ name, checks: decision.checks }),
      });
    } catch (error) {
      if (!isDomainError(error, ...TOLD)) throw error;
      return refuse({ message: error.message, hint: error.hint ?? "Nothing was moved." });
    }
  };

  app.post("/models/:name/versions/:version/promote", async (context) => {
    const version = await registry.getModelVersion(context.req.param("name"), context.req.param("version"));
    const url = urls.version(version.name, version.version);
    const crumbs = versionCrumbs(version);
    const subject = {
      title: `${shownName(version.name)} ${version.version} was not promoted`,
      crumbs,
      action: `${url}/promote`,
    };
    return await promoteBy(context, subject, async () => ({
      run: await runToPromote(version.runId),
      name: version.name,
      version,
    }));
  });

  app.post("/experiments/:id/runs/:run/promote", async (context) => {
    const run = await tracker.getRun(context.req.param("run"));
    const url = urls.run(run.info.experimentId, run.info.runId);
    const title = `${shownRunName(run.info)} was not promoted`;
    return await promoteBy(context, { title, crumbs: runCrumbs(run), action: `${url}/promote` }, async () => ({
      run: await runToPromote(run.info.runId),
    }));
  });

  app.post("/models/:name/rollback", async (context) => {
    const { name } = await registry.getRegisteredModel(context.req.param("name"));
    const asked = await readAsk(context);
    const to = formText(asked.form, "to");
    try {
      requireWords(asked);
      await inTurn(async () =>
        await rollBack(await open(), { name, to, alias: asked.alias, by: asked.by, why: asked.why })
      );
      return context.redirect(`${urls.model(name)}#history-${encodeURIComponent(asked.alias)}`, 303);
    } catch (error) {
      if (!isDomainError(error, ...TOLD)) throw error;
      const crumbs = [{ label: "Models", href: urls.models() }, { label: name, href: urls.model(name) }];
      return pageResponse(gatePage({
        title: `@${asked.alias} was not taken back`,
        crumbs: [...crumbs, { label: "Rollback" }],
        message: error.message,
        hint: error.hint ?? "Nothing was moved.",
      }));
    }
  });
}

/** What every form of promotion says, whatever it is about. */
export function askOf(context: Context, deps: PageDeps): Pick<PromotionAsk, "block" | "signedInAs"> {
  return { block: promotionBlock(deps), signedInAs: signedInAs(context.req.raw) };
}

async function readAsk(context: Context): Promise<Asked> {
  const form = await readForm(context.req.raw);
  const text = (name: string) => formText(form, name).trim();
  return {
    alias: text("alias"),
    by: signedInAs(context.req.raw) ?? text("by"),
    why: text("why"),
    form,
  };
}

/** The form's limits hold here too: what sends it need not be a browser. */
function requireWords({ alias, by, why }: Asked): void {
  checkAliasName(alias, undefined);
  checkMoveWords({ by, why });
}

function versionCrumbs({ name, version }: ModelVersion): readonly Crumb[] {
  return [
    { label: "Models", href: urls.models() },
    { label: name, href: urls.model(name) },
    { label: `Version ${version}`, href: urls.version(name, version) },
    { label: "Gate" },
  ];
}

function runCrumbs({ info }: Run): readonly Crumb[] {
  return [
    { label: "Experiments", href: urls.experiments() },
    { label: shownRunName(info), href: urls.run(info.experimentId, info.runId) },
    { label: "Gate" },
  ];
}
