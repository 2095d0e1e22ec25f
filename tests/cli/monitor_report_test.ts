import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { monitoringReport } from "../../src/cli/monitor_report.ts";
import { describe, eventLine, nextOf } from "../../src/cli/monitor_text.ts";
import type { Block, Report } from "../../src/reporting/mod.ts";
import { MINUTE_MS } from "../../src/core/mod.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { logForecasts } from "../monitoring/log_fixture.ts";
import { findings, LIVE, MODEL, WALK } from "../monitoring/monitor_fixture.ts";

const holdings = () => Promise.resolve([{ alias: "production", version: "2", fromMs: -Infinity, untilMs: Infinity }]);
/** What was found of two versions, of a week and of its first hour. */
async function look() {
  await using tmp = await tmpDir();
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: LIVE, runId: "run-1" });
  await logForecasts(tmp.path, MODEL, WALK, { fromMs: LIVE, version: "2", scale: 8 });
  return {
    week: await findings(tmp.path, { holdings }),
    hour: await findings(tmp.path, { holdings }, { untilMs: LIVE + 60 * MINUTE_MS }),
  };
}
const { week: WEEK, hour: HOUR } = await look();
const options = { nowMs: LIVE, backtests: new Map([["run-1", { qlike: 0.1234, log_loss: 0.69 }]]) };

const tablesOf = (report: Report) => report.sections.flatMap(({ blocks }) => blocks.filter(isTable));
const isTable = (block: Block) => block.kind === "table";

Deno.test("monitoringReport() has versions, aliases, drift and alerts, in tables whose rows fit their columns", () => {
  const report = monitoringReport(WEEK, options);
  assertEquals(report.sections.map(({ id }) => id), [
    "alerts",
    "version-bitcoin-model-1",
    "version-bitcoin-model-2",
    "aliases",
    "drift",
  ]);
  assertEquals(report.verdict.tone, "bad");
  for (const table of tablesOf(report)) {
    assert(table.kind === "table" && table.rows.every((row) => row.length === table.columns.length), table.kind);
  }
  const [good, , , bad] = tablesOf(report);
  assert(good?.kind === "table" && bad?.kind === "table");
  assertEquals([good.columns.at(-1)?.title, good.rows[0]?.at(-1)], ["Backtest", "0.1234"]);
  assert(bad.columns.every(({ title }) => title !== "Backtest"), "of a version whose run is not known");
  const text = JSON.stringify(report);
  assertStringIncludes(text, "Gains over the baselines, 95 % intervals");
  assertStringIncludes(text, "QLIKE is of every 15th minute, its gain of all rows");
  assertStringIncludes(text, "To act on it: task track -- --horizon 15");
});

Deno.test("monitoringReport() shows no interval and no gain before five full days", () => {
  const report = monitoringReport(HOUR, options), text = JSON.stringify(report.sections);
  assertEquals([report.verdict.tone, report.verdict.text], ["neutral", "There are not yet five full days to judge by"]);
  assert(!text.includes("95 % intervals") && !text.includes('"Alerts"'));
  assert(!text.includes("its gain of all rows"), "where no gain is shown");
  assertStringIncludes(text, "0 of the 5 full days");
  const [scores] = tablesOf(report);
  assert(scores?.kind === "table");
  assertEquals(scores.rows.map((row) => row.slice(2, 4)), Array.from({ length: 6 }, () => ["–", "–"]));
});

Deno.test("describe() and nextOf() name versions, aliases and each command once", () => {
  const text = describe(WEEK);
  for (const part of ["bitcoin-model/1", "bitcoin-model@production", "Volatility is worse than that of har_x"]) {
    assertStringIncludes(text, part);
  }
  assertEquals(nextOf(WEEK), ["task track -- --horizon 15"]);
  const alert = WEEK.alerts.find(({ version }) => version === "2");
  const line = eventLine({ ...alert!, status: "raised", at: "2023-03-17T00:00:00Z", since: "2023-03-17T00:00:00Z" });
  assert(/^2023-03-17T00:00:00Z {2}raised coverage-off bitcoin-model\/2: .*; task track/.test(line), line);
});
