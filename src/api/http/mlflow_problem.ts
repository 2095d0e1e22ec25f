import { toProblem } from "./problem.ts";
import { problemResponse } from "./respond.ts";

/** Codes of `mlflow.exceptions` by HTTP status; what is wrong with the values has a code of its own. */
const MLFLOW_CODES: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  422: "INVALID_PARAMETER_VALUE",
  429: "REQUEST_LIMIT_EXCEEDED",
  500: "INTERNAL_ERROR",
  503: "TEMPORARILY_UNAVAILABLE",
};

/** Problem details with the two members beside them that MLflow's clients read. */
export function mlflowProblemResponse(error: unknown, requestId: string): Response {
  const { status, detail } = toProblem(error, requestId);
  return problemResponse(error, requestId, { error_code: MLFLOW_CODES[status] ?? "BAD_REQUEST", message: detail });
}
