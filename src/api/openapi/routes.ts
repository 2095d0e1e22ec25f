import type { KeyScope } from "../access/api_keys.ts";

/** A route as the OpenAPI document and the router see it. */
export interface RouteSpec {
  /** HTTP method. */
  readonly method: "get" | "post";
  /** Path. */
  readonly path: string;
  /** Heading under which it is shown. */
  readonly tag: "Forecasts" | "Operation" | "Models" | "MLflow" | "Documentation";
  /** What a key must be good for, where keys are asked for; null where anybody may ask. */
  readonly scope: KeyScope | null;
  /** Whether it is there to watch the service: never turned away for load, nor counted against a key's rate. */
  readonly isProbe: boolean;
  /** One line. */
  readonly summary: string;
  /** More, where there is more to say. */
  readonly description?: string;
  /** Name of the request's schema. */
  readonly body?: string;
  /** Whether rows may come as CSV too. */
  readonly takesCsv?: boolean;
  /** Whether the body may be left out. */
  readonly bodyOptional?: boolean;
  /** Name of the schema of problems. @default Problem */
  readonly problemSchema?: string;
  /** Query parameters. */
  readonly query?: readonly { readonly name: string; readonly description: string; readonly example: number }[];
  /** Answers by status: name of the schema, or a media type of plain text. */
  readonly answers: Readonly<
    Record<number, { readonly schema?: string; readonly media?: string; readonly says: string }>
  >;
}

const problem = (says: string, schema = "Problem") => ({ schema, says });

const POST_PROBLEMS = (schema = "Problem") => ({
  408: problem("The body comes too slowly", schema),
  499: problem(
    "The connection broke off before the body was whole; seen in logs and metrics more than by clients",
    schema,
  ),
  400: problem("The body is empty or no JSON", schema),
  413: problem("The body is too large or has too many rows", schema),
  415: problem("The content type is none that the route takes, or the body has a content encoding", schema),
  422: problem("The body has the wrong shape or values; every wrong field is named", schema),
});

/** What a route may answer before it looks at what is asked. */
function refusals({ scope, isProbe, problemSchema }: RouteSpec): RouteSpec["answers"] {
  const problem = (says: string) => ({ schema: problemSchema ?? "Problem", says });
  return {
    ...(scope === null ? {} : {
      401: problem("Keys are asked for, and none that is taken is shown"),
      403: problem(`The key lacks the scope '${scope}'`),
    }),
    ...(scope === null || isProbe
      ? {}
      : { 429: problem("The key asks too often; Retry-After says when it may again") }),
    ...(isProbe ? {} : { 503: problem("There is too much to do; ask again after Retry-After") }),
  };
}

/** Both answers of a status that a route may give for a reason of its own as well. */
function joined(route: RouteSpec): RouteSpec {
  const answers = { ...route.answers };
  for (const [status, general] of Object.entries(refusals(route))) {
    const own = answers[Number(status)];
    answers[Number(status)] = own === undefined ? general : { ...own, says: `${own.says}; or: ${general.says}` };
  }
  return { ...route, answers };
}

const noModel = (schema = "Problem") => ({ 503: problem("No model is loaded; the detail says why", schema) });

const OWN_ROUTES: readonly RouteSpec[] = [
  {
    method: "post",
    path: "/predict",
    scope: "predict",
    isProbe: false,
    tag: "Forecasts",
    summary: "Forecasts for rows of features in the model's order",
    description:
      "The order is that of `features` at /v1/models. Numbers are float32 inside; `null` stands for a missing " +
      "value and is allowed only where the model says so.",
    body: "PredictRequest",
    takesCsv: true,
    answers: { 200: { schema: "PredictResponse", says: "One forecast a row" }, ...POST_PROBLEMS(), ...noModel() },
  },
  {
    method: "post",
    path: "/v1/predict",
    scope: "predict",
    isProbe: false,
    tag: "Forecasts",
    summary: "Forecasts for rows of features by name",
    body: "NamedPredictRequest",
    takesCsv: true,
    answers: { 200: { schema: "PredictResponse", says: "One forecast a row" }, ...POST_PROBLEMS(), ...noModel() },
  },
  {
    method: "get",
    path: "/v1/forecast",
    scope: "predict",
    isProbe: false,
    tag: "Forecasts",
    summary: "A forecast from the newest closed candles in the feature store",
    query: [{
      name: "horizon",
      description: "Minutes ahead; the loaded model's where left out",
      example: 15,
    }],
    answers: {
      200: { schema: "ForecastResponse", says: "The forecast, as of when, and how old the candles are" },
      404: problem("No model of this horizon is loaded"),
      422: problem("The query is wrong"),
      503: problem("No model is loaded, or there are no candles fresh enough"),
    },
  },
  {
    method: "get",
    path: "/v1/models",
    scope: "predict",
    isProbe: false,
    tag: "Models",
    summary: "What is loaded, and what the alias points to",
    answers: { 200: { schema: "Models", says: "The models" } },
  },
  {
    method: "post",
    path: "/v1/models/reload",
    scope: "admin",
    isProbe: false,
    tag: "Models",
    summary: "Look now whether the alias moved",
    description: "Without keys only from this machine, and not from a page of another origin.",
    body: "ReloadRequest",
    bodyOptional: true,
    answers: {
      200: { schema: "Models", says: "The models after it" },
      503: problem("The registry did not answer in time; the reload goes on"),
      403: problem("Without keys: the request comes from another machine or another origin"),
      ...POST_PROBLEMS(),
    },
  },
  {
    method: "get",
    path: "/health",
    scope: null,
    isProbe: true,
    tag: "Operation",
    summary: "The model and the data behind the answers",
    answers: {
      200: { schema: "Health", says: "A model is loaded" },
      503: { schema: "Health", says: "No model is loaded, with the reasons" },
    },
  },
  {
    method: "get",
    path: "/livez",
    scope: null,
    isProbe: true,
    tag: "Operation",
    summary: "Whether the process answers",
    answers: { 200: { schema: "Liveness", says: "It does" } },
  },
  {
    method: "get",
    path: "/readyz",
    scope: null,
    isProbe: true,
    tag: "Operation",
    summary: "Whether the model is warm, the data fresh and the log writable",
    answers: {
      200: { schema: "Readiness", says: "All is well" },
      503: { schema: "Readiness", says: "Something is not" },
    },
  },
  {
    method: "get",
    path: "/metrics",
    scope: "admin",
    isProbe: true,
    tag: "Operation",
    summary: "Metrics in Prometheus' text format",
    answers: { 200: { media: "text/plain", says: "The metrics" } },
  },
  {
    method: "post",
    path: "/invocations",
    scope: "predict",
    isProbe: false,
    tag: "MLflow",
    summary: "MLflow's scoring protocol",
    body: "InvocationsRequest",
    takesCsv: true,
    problemSchema: "InvocationsProblem",
    answers: {
      200: { schema: "InvocationsResponse", says: "The model's tensors by name" },
      ...POST_PROBLEMS("InvocationsProblem"),
      ...noModel("InvocationsProblem"),
    },
  },
  {
    method: "get",
    path: "/ping",
    scope: null,
    isProbe: true,
    tag: "MLflow",
    summary: "Whether a model can score",
    answers: { 200: { media: "text/plain", says: "It can; the body is an empty line" }, ...noModel() },
  },
  {
    method: "get",
    path: "/version",
    scope: null,
    isProbe: true,
    tag: "MLflow",
    summary: "Version of the program",
    answers: { 200: { media: "text/plain", says: "The version" } },
  },
  {
    method: "get",
    path: "/openapi.json",
    scope: null,
    isProbe: false,
    tag: "Documentation",
    summary: "This document",
    answers: { 200: { media: "application/json", says: "OpenAPI 3.1" } },
  },
  {
    method: "get",
    path: "/docs",
    scope: null,
    isProbe: false,
    tag: "Documentation",
    summary: "A page to read",
    answers: { 200: { media: "text/html", says: "The page" } },
  },
];

/** Every route of the service, with what keys and limits may answer. */
export const ROUTES: readonly RouteSpec[] = OWN_ROUTES.map(joined);
