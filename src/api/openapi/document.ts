import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { ROUTES, type RouteSpec } from "./routes.ts";
import { ANSWER_SCHEMAS, requestSchemas, type SchemaFeatures } from "./schemas.ts";

/** The OpenAPI 3.1 document, as plain JSON. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

const DESCRIPTION =
  "Forecasts of BTC/USDT returns: direction, volatility and quantiles, from the model at an alias of the " +
  "registry. Errors are problem details (RFC 9457) that name each wrong field. Every answer has an `x-request-id`. " +
  "Where a challenger is tried, the header `x-canary-key` (a word) keeps a client's requests with one version; `model` " +
  "of the answer says which it was, for /invocations `x-model-version`. Where keys are asked for, one is shown as `Authorization: Bearer TOKEN`; `security` names the scope it must have.";

/** What rows look like while no model is loaded. */
const ANY_FEATURES: SchemaFeatures = { names: ["feature"], nullable: [true], maxRows: 4096 };

/** Builds the document for a model's features; while there is none, rows are shown with one feature. */
export function openApiDocument(
  options: { readonly version: string; readonly features?: SchemaFeatures },
): OpenApiDocument {
  const registry = new OpenAPIHono().openAPIRegistry;
  const schemas: Record<string, z.ZodType> = {
    ...requestSchemas(options.features ?? ANY_FEATURES),
    ...ANSWER_SCHEMAS,
  };
  const registered = new Map(
    Object.entries(schemas).map(([name, schema]) => [name, registry.register(name, schema)]),
  );
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.definitions.push(...registry.definitions);
  for (const route of ROUTES) app.openAPIRegistry.registerPath(toRoute(route, (name) => registered.get(name)!));
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Bitcoin ML inference service", version: options.version, description: DESCRIPTION },
    tags: [...new Set(ROUTES.map(({ tag }) => tag))].map((name) => ({ name })),
  });
  return document as unknown as OpenApiDocument;
}

function toRoute(route: RouteSpec, schemaOf: (name: string) => z.ZodType) {
  const responses = Object.fromEntries(
    Object.entries(route.answers).map(([status, { schema, media, says }]) => {
      const type = media ?? (schema?.endsWith("Problem") ? "application/problem+json" : "application/json");
      return [status, { description: says, content: { [type]: { schema: schema ? schemaOf(schema) : z.string() } } }];
    }),
  );
  const query = route.query === undefined ? undefined : z.object(Object.fromEntries(
    route.query.map((
      { name, description, example },
    ) => [name, z.int().min(1).max(9999).optional().meta({ description, example })]),
  ));
  const body = route.body === undefined ? undefined : {
    content: {
      "application/json": { schema: schemaOf(route.body) },
      ...(route.takesCsv === true ? { "text/csv": { schema: schemaOf("RowsAsCsv") } } : {}),
    },
    required: route.bodyOptional !== true,
  };
  return createRoute({
    method: route.method,
    path: route.path,
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    // Either: a service on loopback may ask for no key.
    ...(route.scope === null ? {} : { security: [{}, { key: [route.scope] }] }),
    ...(route.description === undefined ? {} : { description: route.description }),
    request: { ...(query === undefined ? {} : { query }), ...(body === undefined ? {} : { body }) },
    responses,
  });
}

function operationId({ method, path }: RouteSpec): string {
  return method + path.replaceAll(/[/.](\w)/g, (_, letter: string) => letter.toUpperCase());
}
