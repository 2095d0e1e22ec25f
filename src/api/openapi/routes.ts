/** A route as the OpenAPI document and the router see it. */
export interface RouteSpec {
  /** HTTP method. */
  readonly method: "get" | "post";
  /** Path. */
  readonly path: string;
  /** Heading under which it is shown. */
  readonly tag: "Forecasts" | "Operation" | "Models" | "MLflow" | "Documentation";
  /** One line. */
  readonly summary: string;
  /** More, where there is more to say. */
  readonly description?: string;
  /** Name of the request's schema. */
  readonly body?: string;
  /** Whether the body may be left out. */
  readonly bodyOptional?: boolean;
  /** Query parameters. */
  readonly query?: readonly { readonly name: string; readonly description: string; readonly example: number }[];
  /** Answers by status: name of the schema, or a media type of plain text. */
  readonly answers: Readonly<
    Record<number, { readonly schema?: string; readonly media?: string; readonly says: string }>
  >;
}

const problem = (says: string, schema = "Problem") => ({ schema, says });

const POST_PROBLEMS = (schema = "Problem") => ({
  400: problem("The body is empty or no JSON", schema),
  413: problem("The body is too large or has too many rows", schema),
  415: problem("The content type is not application/json", schema),
  422: problem("The body has the wrong shape or values; every wrong field is named", schema),
});

const NO_MODEL = { 503: problem("No model is loaded; the detail says why") };

/** Every route of the service. */
export const ROUTES: readonly RouteSpec[] = [
  {
    method: "post",
    path: "/predict",
    tag: "Forecasts",
    summary: "Forecasts for rows of features in the model's order",
    description:
      "The order is that of `features` at /v1/models. Numbers are float32 inside; `null` stands for a missing " +
      "value and is allowed only where the model says so.",
    body: "PredictRequest",
    answers: { 200: { schema: "PredictResponse", says: "One forecast a row" }, ...POST_PROBLEMS(), ...NO_MODEL },
  },
  {
    method: "post",
    path: "/v1/predict",
    tag: "Forecasts",
    summary: "Forecasts for rows of features by name",
    body: "NamedPredictRequest",
    answers: { 200: { schema: "PredictResponse", says: "One forecast a row" }, ...POST_PROBLEMS(), ...NO_MODEL },
  },
  {
    method: "get",
    path: "/v1/forecast",
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
    tag: "Models",
    summary: "What is loaded, and what the alias points to",
    answers: { 200: { schema: "Models", says: "The models" } },
  },
  {
    method: "post",
    path: "/v1/models/reload",
    tag: "Models",
    summary: "Look now whether the alias moved",
    description: "Only from this machine, and not from a page of another origin.",
    body: "ReloadRequest",
    bodyOptional: true,
    answers: {
      200: { schema: "Models", says: "The models after it" },
      403: problem("The request comes from another machine or another origin"),
      ...POST_PROBLEMS(),
    },
  },
  {
    method: "get",
    path: "/health",
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
    tag: "Operation",
    summary: "Whether the process answers",
    answers: { 200: { schema: "Liveness", says: "It does" } },
  },
  {
    method: "get",
    path: "/readyz",
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
    tag: "Operation",
    summary: "Metrics in Prometheus' text format",
    answers: { 200: { media: "text/plain", says: "The metrics" } },
  },
  {
    method: "post",
    path: "/invocations",
    tag: "MLflow",
    summary: "MLflow's scoring protocol",
    body: "InvocationsRequest",
    answers: {
      200: { schema: "InvocationsResponse", says: "The model's tensors by name" },
      ...POST_PROBLEMS("InvocationsProblem"),
      ...NO_MODEL,
    },
  },
  {
    method: "get",
    path: "/ping",
    tag: "MLflow",
    summary: "Whether a model can score",
    answers: { 200: { media: "application/json", says: "It can; the body is an empty line" }, ...NO_MODEL },
  },
  {
    method: "get",
    path: "/version",
    tag: "MLflow",
    summary: "Version of the program",
    answers: { 200: { media: "text/plain", says: "The version" } },
  },
  {
    method: "get",
    path: "/openapi.json",
    tag: "Documentation",
    summary: "This document",
    answers: { 200: { media: "application/json", says: "OpenAPI 3.1" } },
  },
  {
    method: "get",
    path: "/docs",
    tag: "Documentation",
    summary: "A page to read",
    answers: { 200: { media: "text/html", says: "The page" } },
  },
];
