import { Hono } from "@hono/hono";
import { DomainError } from "../core/mod.ts";
import { drain } from "./http/body.ts";
import { blame, type ConnectionInfo, type Handler, methodName, urlOf } from "./http/exchange.ts";
import type { AccessRule, Admission } from "./access/admission.ts";
import type { Visit } from "./access/key_ring.ts";
import { MethodNotAllowedError, RefusalError, type RefusalReason } from "./http/problem.ts";
import type { AnsweredRequest } from "./log/log_lines.ts";
import { problemResponse, requestIdOf, withoutBody } from "./http/respond.ts";
import type { RouteSpec } from "./openapi/routes.ts";

/** Who watches the requests. */
export interface RequestObserver {
  /** A request came in. */
  begin(): void;
  /** It was answered. */
  end(answered: AnsweredRequest): void;
  /** A request hit a bug. */
  failed(requestId: string, error: unknown): void;
}

/** What `Deno.serve` calls; without `info` the client counts as being on another machine. */
export type Fetch = (request: Request, info?: ConnectionInfo) => Response | Promise<Response>;

/** A route with what answers it. */
export interface BoundRoute extends Pick<RouteSpec, "method" | "path" | "scope" | "isProbe"> {
  /** Answers it. */
  readonly handler: Handler;
  /** Tells what went wrong. @default problem details */
  readonly problem?: ((error: unknown, requestId: string) => Response) | undefined;
}

/** Routes requests; whatever goes wrong is answered as problem details, 404 and 405 included. */
export function createRouter(routes: readonly BoundRoute[], admission: Admission, observer: RequestObserver): Fetch {
  const app = new Hono<{ Bindings: { readonly info: ConnectionInfo | undefined } }>();
  const watched =
    (route: string, handler: Handler, rule?: AccessRule, problem: BoundRoute["problem"] = problemResponse) =>
    async (request: Request, info: ConnectionInfo | undefined) => {
      const startedAt = performance.now();
      observer.begin();
      const requestId = requestIdOf(request.headers);
      const visit: Visit = { keyId: null };
      let response: Response, isIn = false, waitedMs = 0, refusal: RefusalReason | null = null;
      try {
        if (rule !== undefined) {
          const place = admission.admit(request, rule, startedAt, visit);
          if (place !== undefined) {
            await place;
            waitedMs = performance.now() - startedAt;
          }
          isIn = true;
        }
        response = await handler({ request, requestId, info });
      } catch (thrown) {
        const error = blame(thrown, info);
        if (error instanceof RefusalError) {
          refusal = error.reason;
          // Deno closes a connection whose request was not read to its end, and the answer may be lost with it.
          await drain(request);
        } else if (!(error instanceof DomainError)) observer.failed(requestId, error);
        response = problem(error, requestId);
      }
      if (isIn) admission.leave(rule!);
      observer.end({
        requestId,
        method: methodName(request.method),
        route,
        status: response.status,
        durationMs: performance.now() - startedAt,
        waitedMs,
        keyId: visit.keyId,
        refusal,
      });
      return request.method === "HEAD" ? await withoutBody(response) : response;
    };
  for (const { method, path, handler, problem, ...rule } of routes) {
    const answer = watched(path, handler, rule, problem);
    app.on(method.toUpperCase(), path, (c) => answer(c.req.raw, c.env.info));
  }
  // Not as routes of their own: a path with two handlers would take Hono's slower way for every request.
  const refusals = new Map([...new Set(routes.map(({ path }) => path))].map((path) => {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    const allowed = methods.includes("GET") ? ["HEAD", ...methods] : methods;
    return [
      path,
      watched(path, ({ request }) => {
        throw new MethodNotAllowedError(request.method, path, allowed);
      }),
    ];
  }));
  const unmatched = watched("unmatched", ({ request }) => {
    throw new DomainError("not-found", `There is no route ${urlOf(request).pathname.slice(0, 200)}`, {
      hint: "See /docs for those there are",
    });
  });
  app.notFound((c) => (refusals.get(c.req.path) ?? unmatched)(c.req.raw, c.env.info));
  return (request, info) => app.fetch(request, { info });
}
