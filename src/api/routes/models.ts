import { DomainError, toIso } from "../../core/mod.ts";
import { readJsonBody } from "../http/body.ts";
import { type Exchange, type Handler, isFromLoopback, isLoopbackHost, urlOf } from "../http/exchange.ts";
import { type FieldError, MAX_FIELD_ERRORS, RequestError } from "../http/problem.ts";
import { jsonResponse } from "../http/respond.ts";
import { invalid, isObject, kindOf, pointerToken } from "../input/row_shape.ts";
import type { LoadedModel } from "../model/model_host.ts";
import type { RouteContext } from "./context.ts";

/** `GET /v1/models`: what is loaded, and what the alias points to. */
export function modelsRoute(context: RouteContext): Handler {
  return ({ requestId }) => jsonResponse(describeModels(context), requestId);
}

/** `POST /v1/models/reload`: looks now whether the alias moved. Without keys only from this machine, not a foreign page. */
export function reloadRoute(context: RouteContext): Handler {
  return async (exchange) => {
    // With keys, who shows one of the scope is no foreign page: a browser adds none by itself.
    if (context.keys?.isOn !== true) checkOrigin(exchange);
    const body = await readJsonBody(exchange.request, {
      maxBytes: context.config.limits.maxBodyBytes,
      deadlines: context.deadlines,
      optional: true,
    });
    checkEmpty(body);
    const { answers, config, host } = context;
    await answers.watch(host.check({ force: true }), () => tooLate(config.limits.answerSeconds));
    return jsonResponse(describeModels(context), exchange.requestId);
  };
}

function tooLate(seconds: number): DomainError {
  return new DomainError("tracking-unavailable", `Cannot say what became of the reload within ${seconds} s`, {
    hint: "It goes on; ask /v1/models later",
  });
}

function describeModels(context: RouteContext) {
  const { host } = context;
  return {
    uri: host.reference.uri,
    serving: host.current === undefined ? null : describe(host.current),
    previous: host.previous === undefined ? null : describe(host.previous),
    target: host.target === undefined
      ? null
      : { name: host.target.name, version: host.target.version, runId: host.target.runId },
    swap: host.swap ?? null,
    registry: { reachable: host.registryError === undefined, reason: host.registryError?.message ?? null },
  };
}

function describe({ served, info, digest, loadedAtMs, shape }: LoadedModel) {
  return {
    ...served,
    family: info.family,
    digest,
    loadedAt: toIso(loadedAtMs),
    featureSetDigest: info.featureSetDigest,
    features: shape.names.map((name, j) => ({ name, nullable: shape.nullable[j] === 1 })),
  };
}

function checkOrigin({ request, info }: Exchange): void {
  if (!isFromLoopback(info)) {
    throw new RequestError("forbidden", "Cannot reload for another machine as this service has no keys");
  }
  const origin = request.headers.get("origin");
  // A page of another site can name itself in Origin or, by DNS rebinding, in Host: both must be this machine.
  const { host, origin: own } = urlOf(request);
  if (!isLoopbackHost(host.replace(/:\d+$/, "")) || (origin !== null && origin !== own)) {
    throw new RequestError("forbidden", "Cannot reload for a page of another origin", {
      errors: [{ pointer: "origin", message: "must be absent or this service's own" }],
    });
  }
}

function checkEmpty(body: unknown): void {
  if (!isObject(body)) {
    throw invalid("Cannot reload as the body is no object", [
      { pointer: "", message: `must be absent or an empty object: it is ${kindOf(body)}` },
    ]);
  }
  const errors: FieldError[] = Object.keys(body).slice(0, MAX_FIELD_ERRORS).map((key) => ({
    pointer: `/${pointerToken(key)}`,
    message: "is no known member; reload takes none",
  }));
  if (errors.length > 0) throw invalid("Cannot reload as the body has members", errors);
}
