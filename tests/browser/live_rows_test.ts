import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { NOW_MS } from "../MLOps/server/test_app.ts";
import { browserTest } from "./chromium.ts";
import { layoutShift } from "./layout_shift.ts";
import { servePages, withPage } from "./pages_fixture.ts";

const site = servePages();

/** An experiment of its own: one run under way, thirty that ended. */
async function training(): Promise<{ readonly path: string; readonly experimentId: string; readonly runId: string }> {
  const { tracker } = site.app;
  const experimentId = await tracker.createExperiment(`training ${crypto.randomUUID()}`);
  const metric = (value: number) => ({ metrics: [{ key: "loss", value, timestamp: 1, step: 0 }] });
  for (let k = 30; k > 0; k--) {
    const { info } = await tracker.createRun({ experimentId, runName: `old ${k}`, startTime: NOW_MS - k * 60_000 });
    await tracker.logBatch(info.runId, metric(0.5 + k / 100));
    await tracker.updateRun(info.runId, { status: "FINISHED", endTime: NOW_MS });
  }
  const { info } = await tracker.createRun({ experimentId, runName: "busy", startTime: NOW_MS });
  await tracker.logBatch(info.runId, metric(0.9));
  return { path: `${site.origin}/experiments/${experimentId}`, experimentId, runId: info.runId };
}

const log = (runId: string, value: number, key = "loss") =>
  site.app.tracker.logBatch(runId, { metrics: [{ key, value, timestamp: 2, step: 1 }] });

/** Requests for rows since the call. */
function rowsAsked(page: Page): { count: number } {
  const asked = { count: 0 };
  page.on("request", (request) => {
    if (request.url().includes("/rows?")) asked.count++;
  });
  return asked;
}

browserTest("rows follow a run under way; focus, ticks, scroll and layout stay", () =>
  withPage(async (page) => {
    const { path, runId } = await training();
    await page.goto(path);
    const busy = page.locator(`tr[data-run="${runId}"]`);
    await page.getByLabel("Pick run busy").check();
    await page.getByLabel("Pick run old 7", { exact: true }).check();
    await busy.getByRole("link").focus();
    await page.evaluate("scrollTo(0, 300)");
    await log(runId, 0.123);
    await busy.getByText("0.12300").waitFor({ timeout: 8_000 });
    assertEquals(await page.evaluate("document.activeElement.textContent"), "busy");
    assertEquals(await page.evaluate("scrollY"), 300);
    assertEquals(await page.locator("tbody input:checked").count(), 2);
    assertEquals(await page.locator("[data-compare-button]").textContent(), "Compare 2 runs");
    assertEquals(await layoutShift(page), []);
    await site.app.tracker.updateRun(runId, { status: "FINISHED", endTime: NOW_MS + 1 });
    await busy.getByText("Finished").waitFor({ timeout: 8_000 });
    assertEquals(await page.evaluate("document.activeElement.textContent"), "busy");
    assertEquals(await layoutShift(page), []);
    assertEquals(await page.locator("[data-live-status]").textContent(), "No run is under way");
    const asked = rowsAsked(page);
    await page.waitForTimeout(3_500);
    assertEquals(asked.count, 0);
  }));

browserTest("rows that would move are told beside a link, in the order asked for", () =>
  withPage(async (page) => {
    const { path, experimentId, runId } = await training();
    await page.goto(path);
    const rows = () => page.locator("tbody tr").count();
    assertEquals(await rows(), 31);
    const { info } = await site.app.tracker.createRun({ experimentId, runName: "newer", startTime: NOW_MS + 1 });
    await log(info.runId, 0.4);
    await page.getByText("1 new run").waitFor({ timeout: 8_000 });
    assertEquals(await rows(), 31);
    assertEquals(await layoutShift(page), []);
    await page.getByRole("link", { name: "Show", exact: true }).click();
    await page.getByRole("link", { name: "newer" }).waitFor();
    assertEquals(await rows(), 32);

    await page.goto(`${path}?order=metrics.loss&dir=asc`);
    await log(runId, 0.01);
    await page.getByText("The order has changed").waitFor({ timeout: 8_000 });
    await page.getByRole("link", { name: "Show", exact: true }).click();
    await page.waitForLoadState();
    assertStringIncludes((await page.locator("tbody tr").first().textContent())!, "busy");

    await log(runId, 0.2, "auc");
    await page.getByText("New columns").waitFor({ timeout: 8_000 });
  }));

browserTest(
  "rows are not asked for while the page is hidden, and at once when it is back",
  () =>
    withPage(async (page) => {
      const { path, runId } = await training();
      await page.goto(path);
      await page.evaluate(`Object.defineProperty(document, "hidden", { value: true, configurable: true })`);
      await page.waitForTimeout(3_200); // the round that was due stops here
      const asked = rowsAsked(page);
      await log(runId, 0.321);
      await page.waitForTimeout(3_500);
      assertEquals(asked.count, 0);
      await page.evaluate(`delete document.hidden, document.dispatchEvent(new Event("visibilitychange"))`);
      await page.getByText("0.32100").waitFor({ timeout: 1_500 });
      assert(asked.count >= 1);
    }),
);

browserTest(
  "rows of ended runs are never asked for, and text that is selected stays selected",
  () =>
    withPage(async (page) => {
      const { path, runId } = await training();
      await page.goto(path);
      await page.evaluate(`getSelection().selectAllChildren(document.querySelector("tbody tr td.number"))`);
      const before = await page.evaluate("String(getSelection())");
      await log(runId, 0.777);
      await page.waitForTimeout(4_000);
      assertEquals(await page.evaluate("String(getSelection())"), before);
      await page.evaluate("getSelection().removeAllRanges()");
      await page.getByText("0.77700").waitFor({ timeout: 8_000 });
      await site.app.tracker.updateRun(runId, { status: "FINISHED", endTime: NOW_MS });
      await page.goto(path);
      const asked = rowsAsked(page);
      await page.waitForTimeout(3_500);
      assertEquals([asked.count, await page.locator(".live").count()], [0, 0]);
    }),
);
