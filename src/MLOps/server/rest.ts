import type { Context, Hono } from "@hono/hono";
import { readFields } from "./body.ts";
import type { Fields } from "./fields.ts";
import type { Message } from "./messages.ts";

/** Where MLflow's REST routes are: clients use the first, web pages the second. */
export const REST_BASES = ["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"] as const;

/** What a route does with the fields of a request; the answer becomes JSON. */
export type RestHandler = (fields: Fields, context: Context) => Promise<Message>;

/** How a route reads its request. */
export interface RestOptions {
  /** Most bytes of the body. @default MAX_JSON_BYTES */
  readonly maxBytes?: number;
  /** The error for a larger body. @default BodyTooLargeError */
  readonly tooLarge?: (bytes: number) => Error;
  /** Whether only web pages have the route. @default false */
  readonly ajaxOnly?: boolean;
}

/** Registers MLflow's REST routes, each under both of its bases. */
export class RestRouter {
  readonly #app: Hono;
  readonly #routes: { readonly methods: readonly string[]; readonly pathname: string; pattern?: URLPattern }[] = [];

  /** Registers on `app`. */
  constructor(app: Hono) {
    this.#app = app;
  }

  /** Serves `methods` (`GET|POST`) of `path` by `handler`. */
  on(methods: string, path: string, handler: RestHandler, options: RestOptions = {}): void {
    this.raw(methods, path, async (context) => {
      const fields = await readFields(context.req.raw, options);
      return Response.json(await handler(fields, context));
    }, options);
  }

  /** Serves `methods` of `path` by a handler that reads the request and builds the answer itself. */
  raw(
    methods: string,
    path: string,
    handler: (context: Context) => Promise<Response>,
    options: Pick<RestOptions, "ajaxOnly"> = {},
  ): void {
    for (const base of options.ajaxOnly ? REST_BASES.slice(1) : REST_BASES) {
      this.#app.on(methods.split("|"), `${base}/${path}`, handler);
      this.note(methods, `${base}/${path.replace("{.+}", "(.+)")}`);
    }
  }

  /** Makes {@linkcode methodsOf} know a route that is registered elsewhere. */
  note(methods: string, pathname: string): void {
    this.#routes.push({ methods: methods.split("|"), pathname });
  }

  /** Methods that routes at a path take; none where there is no route. */
  methodsOf(pathname: string): readonly string[] {
    // Compiled when the first request goes astray: most servers never need them.
    const routes = this.#routes.filter((route) =>
      (route.pattern ??= new URLPattern({ pathname: route.pathname })).test({ pathname })
    );
    return [...new Set(routes.flatMap(({ methods }) => methods))];
  }
}
