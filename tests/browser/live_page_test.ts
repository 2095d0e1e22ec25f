import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { NOW_MS } from "../MLOps/server/test_app.ts";
import { browserTest } from "./chromium.ts";
import { servePages, withPage } from "./pages_fixture.ts";

const site = servePages();

/** A run under way with a line, and metrics enough to be found among. */
async function busyRun(): Promise<{ readonly path: string; readonly runId: string }> {
  const experimentId = await site.app.tracker.createExperiment(`live ${crypto.randomUUID()}`);
  const { info } = await site.app.tracker.createRun({ experimentId, runName: "busy", startTime: NOW_MS - 60_000 });
  await site.app.tracker.logBatch(info.runId, {
    metrics: [
      ...Array.from({ length: 20 }, (_, step) => ({ key: "loss", value: 1 / (step + 1), timestamp: 1, step })),
      ...Array.from({ length: 30 }, (_, i) => ({ key: `score.${i}`, value: i, timestamp: 1, step: 0 })),
    ],
    params: Array.from(
      { length: 12 },
      (_, i) => ({ key: `param.${i}`, value: `{"list":[${"1234567890,".repeat(9)}1]}` }),
    ),
  });
  return { path: `${site.origin}/experiments/${experimentId}/runs/${info.runId}`, runId: info.runId };
}

const log = (runId: string, key: string, value: number, step = 0) =>
  site.app.tracker.logBatch(runId, { metrics: [{ key, value, timestamp: 2, step }] });

const isFor = (url: string) => url.includes("/parts?");

/** Requests for parts since the call. */
function partsAsked(page: Page): { count: number } {
  const asked = { count: 0 };
  page.on("request", (request) => {
    if (isFor(request.url())) asked.count++;
  });
  return asked;
}

browserTest("a live page keeps what is typed, folded, focused, selected and scrolled", () =>
  withPage(async (page) => {
    const { path, runId } = await busyRun();
    await page.goto(path);
    const rows = page.locator("#metrics tbody tr:visible");
    await page.locator("#metrics").getByRole("searchbox").fill("score.1");
    assertEquals(await rows.count(), 11);
    await page.locator("#params").getByRole("searchbox").fill("param.1");
    await page.locator("#params details:visible summary").first().click();
    await page.evaluate(`getSelection().selectAllChildren(document.querySelector("#params h2"))`);
    await page.evaluate(`document.querySelector("#metrics .scroll").scrollTop = 40`);
    await page.locator("#metrics").getByRole("link", { name: "score.15" }).focus();
    assertEquals(await page.evaluate("document.activeElement.textContent"), "score.15");
    await page.evaluate("scrollTo(0, 200)");
    const before = await page.evaluate(
      "[String(getSelection()), scrollY, document.querySelector('#metrics .scroll').scrollTop]",
    );
    await log(runId, "score.12", 777);
    await log(runId, "score.100", 888);
    await log(runId, "aaa", 999);
    await page.locator("#metrics").getByText("888").waitFor({ timeout: 12_000 });
    await page.locator("#metrics").getByText("777").waitFor();
    assertEquals(await rows.count(), 12);
    assertEquals(await page.locator("#metrics").getByRole("searchbox").inputValue(), "score.1");
    assertEquals(await page.locator("#params").getByRole("searchbox").inputValue(), "param.1");
    assertEquals(await page.locator("#params details[open]").count(), 1);
    assertEquals(await page.evaluate("document.activeElement.textContent"), "score.15");
    const after = await page.evaluate(
      "[String(getSelection()), scrollY, document.querySelector('#metrics .scroll').scrollTop]",
    );
    assertEquals(after, before);
    await page.locator("#metrics").getByRole("searchbox").fill("");
    assertEquals(await rows.count(), 33);
  }));

browserTest(
  "a live page draws lines further, a first one too, and their tooltips know",
  () =>
    withPage(async (page) => {
      const { path, runId } = await busyRun();
      await page.goto(path);
      await log(runId, "loss", 0.25, 20);
      await log(runId, "aux", 5, 1);
      await page.locator("#charts").getByText("aux").waitFor({ timeout: 12_000 });
      assertEquals(await page.locator("#charts svg").count(), 2);
      for (const [key, text] of [["loss", "step 20loss0.25"], ["aux", "step 1aux5"]]) {
        await page.locator(`#charts [data-key="${key}"] svg`).focus();
        await page.keyboard.press("End");
        assertEquals(await page.locator(".tip").textContent(), text);
      }
      // The picture that is pointed at waits, and comes once it is left.
      await log(runId, "aux", 6, 2);
      await page.waitForTimeout(6_500);
      assertEquals(await page.locator(".tip").textContent(), "step 1aux5");
      await page.keyboard.press("Escape");
      await page.locator('#charts [data-key="aux"] .latest').getByText("6").waitFor({ timeout: 12_000 });
      await page.locator('#charts [data-key="aux"] svg').focus();
      await page.locator('#charts [data-key="aux"] svg[data-chart*="[2,6]"]').waitFor({ timeout: 12_000 });
      await page.locator('#charts [data-key="aux"] svg').focus();
      await page.keyboard.press("End");
      assertEquals(await page.locator(".tip").textContent(), "step 2aux6");
    }),
);

browserTest(
  "a live page asks once at a time, less often where the server is slow, never while hidden",
  () =>
    withPage(async (page) => {
      const { path, runId } = await busyRun();
      let open = 0, most = 0;
      await page.route(/\/parts\?/, async (route) => {
        most = Math.max(most, ++open);
        await new Promise((done) => setTimeout(done, 7_000));
        await route.continue();
        open--;
      });
      await page.goto(path);
      const asked = partsAsked(page);
      await page.waitForTimeout(12_500); // the first answer came
      await page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`); // a second is asked for
      await page.waitForTimeout(1_000);
      await page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
      await page.waitForTimeout(7_000);
      assertEquals([asked.count, most], [2, 1]);
      await page.evaluate(`Object.defineProperty(document, "hidden", { value: true, configurable: true })`);
      await page.unroute(/\/parts\?/);
      await log(runId, "late", 0.321);
      await page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
      await page.waitForTimeout(1_000);
      assertEquals(asked.count, 2);
      await page.evaluate(`delete document.hidden, document.dispatchEvent(new Event("visibilitychange"))`);
      await page.locator("#metrics").getByText("0.321").waitFor({ timeout: 1_500 });
    }),
);

browserTest(
  "a live page names new child runs and files, and the link in focus stays that of its run",
  () =>
    withPage(async (page) => {
      const { path, runId } = await busyRun();
      const { info } = await site.app.tracker.getRun(runId);
      const child = (runName: string, startTime: number) =>
        site.app.tracker.createRun({
          experimentId: info.experimentId,
          runName,
          startTime,
          tags: [{ key: "mlflow.parentRunId", value: runId }],
        });
      await child("first", 1);
      await page.goto(path);
      await page.getByRole("link", { name: "first" }).focus();
      await child("second", 2);
      await site.app.tracker.writeArtifact({ runId }, "a.txt", new Uint8Array(1));
      await page.getByRole("link", { name: "second" }).waitFor({ timeout: 12_000 });
      await page.getByRole("link", { name: "a.txt" }).waitFor();
      assertEquals(await page.evaluate("document.activeElement.textContent"), "first");
      assertEquals(await page.locator("#children tbody a").allTextContents(), ["second", "first"]);
      await page.getByRole("link", { name: "second" }).click();
      await page.getByRole("link", { name: "busy" }).click();
      await page.waitForURL(path);
    }),
);

browserTest("a live page says that more was logged, and that the run has ended", () =>
  withPage(async (page) => {
    const { path, runId } = await busyRun();
    await page.goto(path);
    assertEquals(await page.locator("[data-live-status]").textContent(), "Live");
    await site.app.tracker.logBatch(runId, { params: [{ key: "fresh", value: "1" }] });
    await page.getByText("More was logged").waitFor({ timeout: 12_000 });
    await page.getByRole("link", { name: "Show", exact: true }).click();
    await page.locator("#params").getByText("fresh").waitFor();
    await site.app.tracker.updateRun(runId, { status: "FINISHED", endTime: NOW_MS });
    await page.getByText("The run has ended").waitFor({ timeout: 12_000 });
    await page.locator(".head").getByText("Finished").waitFor();
    const asked = partsAsked(page);
    await page.waitForTimeout(6_000);
    assertEquals(asked.count, 0);
    assert(await page.getByRole("link", { name: "Show", exact: true }).isVisible());
  }));
