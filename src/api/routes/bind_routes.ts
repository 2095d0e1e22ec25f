import { ROUTES } from "../openapi/routes.ts";
import { docsRoute, openApiRoute } from "./docs.ts";
import { forecastRoute } from "./forecast.ts";
import { healthRoute, livenessRoute, metricsRoute, pingRoute, readinessRoute, versionRoute } from "./health.ts";
import { modelsRoute, reloadRoute } from "./models.ts";
import { invocationsRoute, namedPredictRoute, predictRoute } from "./predict.ts";
import type { Handler } from "../http/exchange.ts";
import { mlflowProblemResponse } from "../http/mlflow_problem.ts";
import type { BoundRoute } from "../router.ts";
import type { RouteContext } from "./context.ts";

/** Every route of the document with what answers it. */
export function bindRoutes(context: RouteContext): BoundRoute[] {
  const handlers: Readonly<Record<string, Handler>> = {
    "/predict": predictRoute(context),
    "/v1/predict": namedPredictRoute(context),
    "/v1/forecast": forecastRoute(context),
    "/v1/models": modelsRoute(context),
    "/v1/models/reload": reloadRoute(context),
    "/health": healthRoute(context),
    "/livez": livenessRoute(),
    "/readyz": readinessRoute(context),
    "/metrics": metricsRoute(context),
    "/invocations": invocationsRoute(context),
    "/ping": pingRoute(context),
    "/version": versionRoute(context),
    "/openapi.json": openApiRoute(context),
    "/docs": docsRoute(context),
  };
  return ROUTES.map(({ method, path, scope, isProbe, problemSchema }) => ({
    ...{ method, path, scope, isProbe },
    handler: handlers[path]!,
    problem: problemSchema === undefined ? undefined : mlflowProblemResponse,
  }));
}
