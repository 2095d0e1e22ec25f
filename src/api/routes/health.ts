import type { Challenger } from "../challenger/challenger.ts";
import { COMPARED_LOSSES } from "../challenger/skill_watch.ts";
import type { Handler } from "../http/exchange.ts";
import { jsonResponse, textResponse } from "../http/respond.ts";
import { currentAge, describeAge, requireModel, type RouteContext } from "./context.ts";

/** `GET /health`: the model and the data behind the answers; 503 with reasons while there is no model. */
export function healthRoute(context: RouteContext): Handler {
  return ({ requestId }) => {
    const { host } = context;
    const served = host.current?.served;
    const body = {
      status: served === undefined ? "unavailable" : "ok",
      model: served ?? null,
      data: { ...currentAge(context), reason: context.live.reason ?? null },
      swap: host.swap ?? null,
      challenger: context.challenger === undefined ? null : describeChallenger(context.challenger),
      ...(served === undefined ? { reasons: host.reasons } : {}),
    };
    return jsonResponse(body, requestId, served === undefined ? 503 : 200);
  };
}

function describeChallenger({ host, state, share, stopped, skill }: Challenger) {
  const losses = skill === undefined ? [] : COMPARED_LOSSES.map((loss) => ({ loss, ...skill.bounds(loss) }));
  // A bound that says nothing yet is infinite, which JSON cannot say.
  const finite = (value: number) => Number.isFinite(value) ? value : null;
  return {
    state,
    model: host.current?.served ?? null,
    share,
    stopped: stopped ?? null,
    swap: host.swap ?? null,
    lossDifference: losses.map(({ loss, count, mean, low, high }) => ({
      ...{ loss, blocks: count, mean: finite(mean), low: finite(low), high: finite(high) },
    })),
  };
}

/** `GET /livez`: the process answers. */
export function livenessRoute(): Handler {
  return ({ requestId }) => jsonResponse({ status: "alive" }, requestId);
}

/** `GET /readyz`: whether traffic should come here: model warm, data fresh, log writable. */
export function readinessRoute(context: RouteContext): Handler {
  return ({ requestId }) => {
    const age = currentAge(context);
    const { host, live, log, config } = context;
    const staleReason = age.ageSeconds === null
      ? live.reason ?? "there are no candles"
      : describeAge(context, age.ageSeconds, config.data.staleAfterSeconds);
    const checks = [
      check("model", host.current !== undefined, host.reasons.join("; ")),
      // Fresh candles are answered from, but they will not stay fresh: the reason is there before the check fails.
      age.stale ? check("data", false, staleReason) : { name: "data", passed: true, reason: live.reason ?? null },
      check("log", log?.problem === undefined, log?.problem ?? ""),
    ];
    const ready = checks.every(({ passed }) => passed);
    return jsonResponse({ status: ready ? "ready" : "not ready", checks }, requestId, ready ? 200 : 503);
  };
}

function check(name: string, passed: boolean, reason: string) {
  return { name, passed, reason: passed ? null : reason };
}

/** `GET /metrics`: Prometheus' text format. */
export function metricsRoute(context: RouteContext): Handler {
  return async ({ requestId }) => {
    const { text, contentType } = await context.metrics.render();
    return textResponse(text, requestId, { contentType });
  };
}

/** `GET /ping`: MLflow's way to ask whether a model can score. */
export function pingRoute(context: RouteContext): Handler {
  return ({ requestId }) => {
    requireModel(context);
    // MLflow says application/json, which an empty line is not; its clients look at the status alone.
    return textResponse("\n", requestId, { contentType: "text/plain; charset=utf-8" });
  };
}

/** `GET /version`: version of the program, as text. */
export function versionRoute(context: RouteContext): Handler {
  return ({ requestId }) =>
    textResponse(context.programVersion, requestId, { contentType: "text/plain; charset=utf-8" });
}
