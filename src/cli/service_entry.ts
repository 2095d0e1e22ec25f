/**
 * `main.ts` for `api` alone. Deno keeps the source of every module that a program can come to load for as long as it
 * runs, and `main.ts` can come to load all commands: 5 MB that a service would hold for months (ADR 26).
 *
 * @module
 */
import { dispatch } from "./dispatch.ts";

if (import.meta.main) {
  Deno.exit(
    await dispatch(Deno.args, {
      api: { summary: "Serve the model at an alias over HTTP", load: () => import("./api.ts") },
    }),
  );
}
