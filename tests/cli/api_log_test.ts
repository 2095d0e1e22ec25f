import { assertEquals } from "@std/assert";
import { SILENT_PROGRESS } from "../../src/core/mod.ts";
import { RequestLog } from "../../src/api/mod.ts";
import { reporterOf } from "../../src/cli/api_log.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

Deno.test("reporterOf() tells a swap as info, and one that is refused or comes with a warning as warning", async () => {
  let text = "";
  const told: string[] = [];
  const sink = {
    write: (bytes: Uint8Array) => Promise.resolve(void (text += new TextDecoder().decode(bytes))),
    close() {},
  };
  const log = new RequestLog({ sink, format: "json", level: "error", sampleShare: 1, clock: new ManualClock(0) });
  const progress = { ...SILENT_PROGRESS, log: (message: string) => told.push(message) };
  const reporter = reporterOf({ progress }, { log, isJsonOnStderr: false, isFile: true });
  const at = "2026-01-02T03:04:05Z";
  reporter.swapped({ version: "1", outcome: "loaded", reason: null, warning: null, at });
  reporter.swapped({ version: "2", outcome: "loaded", reason: null, warning: "It forecasts 60 minutes ahead", at });
  reporter.swapped({ version: "3", outcome: "refused", reason: "damaged", warning: null, at });
  await log[Symbol.asyncDispose]();
  const events = text.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ level, warning }) => [level, warning]), [
    ["info", null],
    ["warning", "It forecasts 60 minutes ahead"],
    ["warning", null],
  ]);
  assertEquals(told, [
    "Version 1 is loaded",
    "Version 2 is loaded. It forecasts 60 minutes ahead",
    "Version 3 is refused: damaged",
  ]);
});
