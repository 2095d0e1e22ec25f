import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NOW_MS } from "../MLOps/server/test_app.ts";
import { browserTest } from "./chromium.ts";
import { layoutShift } from "./layout_shift.ts";
import { HOSTILE, servePages, withPage } from "./pages_fixture.ts";

const site = servePages();

browserTest(
  "every page loads without a complaint, in light and dark, wide and on a phone, and fits its width",
  async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
        await withPage(async (page) => {
          for (const path of site.paths()) {
            await page.goto(site.origin + path);
            const overflow = await page.evaluate(
              "document.documentElement.scrollWidth - document.documentElement.clientWidth",
            );
            assertEquals(overflow, 0, `${path} is too wide at ${viewport.width}`);
            assert(await page.title() !== "owned", path);
            assertEquals(await layoutShift(page), [], `${path} moves while it loads`);
          }
        }, { colorScheme, viewport });
      }
    }
  },
);

browserTest("text stands out from its background in light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await withPage(async (page) => {
      for (const path of site.paths()) {
        await page.goto(site.origin + path);
        const faint = await page.evaluate(CONTRAST) as string[];
        assertEquals(faint, [], `${path} in ${colorScheme}`);
      }
    }, { colorScheme });
  }
});

browserTest("runs are picked, counted and compared with a chart of all", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}`);
    const button = page.locator("[data-compare-button]");
    assert(await button.isDisabled());
    await page.getByLabel("Pick run run 0").check();
    assert(await button.isDisabled());
    await page.getByLabel("Pick run run 2").check();
    assertEquals(await button.textContent(), "Compare 2 runs");
    await button.click();
    await page.waitForURL(/\/compare\?/);
    assertEquals(await page.locator("h1").textContent(), "Compare 2 runs");
    assertEquals(await page.locator("#chart svg.wide .line").count(), 2);
    assert(await page.locator("#chart svg.wide").isVisible());
    assert(!await page.locator("#chart svg.narrow").isVisible());
    await page.getByRole("button", { name: "Show differences only" }).click();
    assertEquals(await page.locator("#params tbody tr").count(), 1);
  }));

browserTest("headings order the table, the filter narrows it, columns are chosen", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}`);
    const names = () => page.locator("tbody th a").allTextContents();
    assertEquals(await names(), ["run 0", "run 1", "run 2", "run 3"]);
    await page.locator("thead").getByRole("link", { name: "loss" }).click();
    await page.waitForURL(/order=metrics\.loss/);
    assertEquals(await names(), ["run 3", "run 2", "run 1", "run 0"]);
    assertEquals(await page.locator('th[aria-sort="descending"] a').getAttribute("title"), "metrics.loss");
    await page.getByLabel("Filter", { exact: true }).fill("metrics.loss < 0.05");
    await page.keyboard.press("Enter");
    await page.waitForURL(/filter=/);
    assertEquals(await names(), ["run 1", "run 0"]);
    assertMatch(page.url(), /order=metrics\.loss/);
    await page.locator(".chooser summary").click();
    await page.getByPlaceholder("Find a column").fill("score.11");
    assertEquals(await page.locator(".option:visible").count(), 1);
    await page.locator(".option:visible input").check();
    await page.getByRole("button", { name: "Show these columns" }).click();
    await page.waitForURL(/col=metrics\.score\.11/);
    assertStringIncludes((await page.locator("thead").textContent())!, "score.11");
    assertEquals(await names(), ["run 1", "run 0"]);
  }));

browserTest("a refused filter says why beside the box", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}?filter=metrics.loss+~+1`);
    assertStringIncludes((await page.getByRole("alert").textContent())!, "Invalid comparator '~'");
    assertEquals(await page.getByLabel("Filter", { exact: true }).getAttribute("aria-invalid"), "true");
  }));

browserTest("rows are found among many as one types", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}/runs/${site.runIds[0]}`);
    const rows = page.locator("#params tbody tr:visible");
    assertEquals(await rows.count(), 13);
    await page.locator("#params").getByRole("searchbox").fill("param.7");
    assertEquals(await rows.count(), 1);
  }));

browserTest("a chart tells its values under the pointer and by arrow keys", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}/runs/${site.runIds[0]}/metric?key=loss`);
    const chart = page.locator("svg.wide");
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    assertMatch((await page.locator(".tip").textContent())!, /step 2\dloss0\.0/);
    await page.mouse.move(0, 0);
    assertEquals(await page.locator(".tip").count(), 0);
    await chart.focus();
    await page.keyboard.press("Home");
    assertEquals(await page.locator(".tip").textContent(), "step 0loss1");
    await page.keyboard.press("ArrowRight");
    assertEquals(await page.locator(".tip").textContent(), "step 1loss0.5");
    await page.keyboard.press("Escape");
    assertEquals(await page.locator(".tip").count(), 0);
  }));

browserTest("the keyboard alone reaches the content, a run and back", () =>
  withPage(async (page) => {
    await page.goto(site.origin);
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate("document.activeElement.textContent"), "Skip to content");
    assert(await page.locator(".skip").evaluate((element) => element.getBoundingClientRect().top >= 0));
    await page.keyboard.press("Enter");
    assertEquals(await page.evaluate("document.activeElement.id"), "main");
    const isOn = (text: string) =>
      page.evaluate(`document.activeElement.textContent.trim() === ${JSON.stringify(text)}`);
    for (let i = 0; i < 20 && !await isOn("btcusdt-15m"); i++) await page.keyboard.press("Tab");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assertEquals(outline, "solid");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/experiments\/\d+$/);
    assertEquals(await page.locator("h1").textContent(), "btcusdt-15m");
  }));

browserTest("addresses of MLflow's own pages lead to ours", () =>
  withPage(async (page) => {
    const run = `/experiments/${site.experimentId}/runs/${site.runIds[0]}`;
    const moves: Readonly<Record<string, string>> = {
      [`/#/experiments/${site.experimentId}`]: `/experiments/${site.experimentId}`,
      [`/#/experiments/${site.experimentId}/runs/${site.runIds[0]}`]: run,
      [`/#/experiments/${site.experimentId}/runs/${site.runIds[0]}/artifacts/evaluation/rows.csv`]:
        `${run}/artifacts?path=evaluation%2Frows.csv`,
      [`/#/compare-runs?runs=${encodeURIComponent(JSON.stringify(site.runIds.slice(0, 2)))}&experiments=["1"]`]:
        `/compare?run=${site.runIds[0]}&run=${site.runIds[1]}`,
      "/#/models/bitcoin-model": "/models/bitcoin-model",
      "/#/models/bitcoin-model/versions/1": "/models/bitcoin-model/versions/1",
    };
    for (const [from, to] of Object.entries(moves)) {
      await page.goto("about:blank");
      await page.goto(site.origin + from);
      await page.waitForURL(site.origin + to, { timeout: 5_000 });
    }
  }));

browserTest("a run under way shows what is logged while one looks", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}/runs/${site.runIds[3]}`);
    assertStringIncludes((await page.locator(".head").textContent())!, "Running");
    await site.app.tracker.logBatch(site.runIds[3]!, { metrics: [{ key: "fresh", value: 42, timestamp: 1, step: 0 }] });
    await page.locator("#metrics").getByText("fresh").waitFor({ timeout: 12_000 });
    await site.app.tracker.updateRun(site.runIds[3]!, { status: "FINISHED", endTime: NOW_MS });
    await page.locator(".head").getByText("Finished").waitFor({ timeout: 12_000 });
    await site.app.tracker.updateRun(site.runIds[3]!, { status: "RUNNING" });
  }));

browserTest("pages can be read and used without scripts", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}`);
    await page.getByLabel("Pick run run 0").check();
    await page.getByLabel("Pick run run 1").check();
    await page.getByRole("button", { name: "Compare selected" }).click();
    assertEquals(await page.locator("h1").textContent(), "Compare 2 runs");
    await page.locator("select[name=metric]").selectOption("loss");
    await page.locator("#chart").getByRole("button", { name: "Draw" }).click();
    assertEquals(await page.locator("#chart svg.wide .line").count(), 2);
    assertEquals(await page.locator("button.copy:visible, .find:visible").count(), 0);
  }, { javaScriptEnabled: false }));

browserTest("an artifact's HTML is shown as text and never runs", () =>
  withPage(async (page) => {
    await page.goto(`${site.origin}/experiments/${site.experimentId}/runs/${site.runIds[0]}/artifacts?path=evil.html`);
    assertEquals(await page.locator("pre.source").textContent(), HOSTILE);
    assert(await page.title() !== "owned");
  }));

/** Texts whose contrast to what is behind them is below 4.5:1 (WCAG AA), as `text ratio`. */
const CONTRAST = `(() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const backOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === "" || !element.checkVisibility() || element.closest(".visually-hidden, .skip, :disabled, svg")) continue;
    const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(backOf(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(text.slice(0, 30) + " " + ratio.toFixed(2));
  }
  return faint;
})()`;
