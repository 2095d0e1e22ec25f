/**
 * Tries the walls of the permission set it runs under: `deno run -q -P=<command> tests/e2e/probe.ts`. Prints one JSON
 * array; `walls_test.ts` runs it under every command's set.
 *
 * @module
 */
import { probeDuckDb } from "../../src/cli/runtime.ts";
import { probeWalls } from "../../src/cli/wall_probe.ts";

// deno-lint-ignore no-console -- the test reads it
console.log(JSON.stringify(await probeWalls(probeDuckDb)));
