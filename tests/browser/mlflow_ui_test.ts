import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { NOW_MS, type TestApp, testApp } from "../MLOps/server/test_app.ts";
import { browser, browserTest, closeBrowser } from "./chromium.ts";

const HOSTILE = `"><script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;

let app: TestApp, server: Deno.HttpServer<Deno.NetAddr>, origin: string, experimentId: string;
const runIds: string[] = [];

Deno.test.beforeAll(async () => {
  app = await testApp("sqlite");
  server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => app.app.fetch(request));
  origin = `http://127.0.0.1:${server.addr.port}`;
  await seed();
});
Deno.test.afterAll(async () => {
  await closeBrowser();
  await server.shutdown();
  await app[Symbol.asyncDispose]();
});

async function seed(): Promise<void> {
  const { tracker, registry } = app;
  experimentId = await tracker.createExperiment("btcusdt-15m");
  for (let k = 0; k < 4; k++) {
    const { info } = await tracker.createRun({ experimentId, runName: `run ${k}`, startTime: NOW_MS - k * 60_000 });
    await tracker.logBatch(info.runId, {
      metrics: [
        ...Array.from(
          { length: 50 },
          (_, step) => ({ key: "loss", value: (1 + k) / (step + 1), timestamp: step, step }),
        ),
        ...Array.from({ length: 12 }, (_, i) => ({ key: `score.${i}`, value: i + k / 10, timestamp: 1, step: 0 })),
      ],
      params: Array.from({ length: 12 }, (_, i) => ({ key: `param.${i}`, value: String(i === 0 ? k : i) })),
      tags: [{ key: "hostile", value: HOSTILE }],
    });
    if (k < 3) await tracker.updateRun(info.runId, { status: "FINISHED", endTime: NOW_MS });
    runIds.push(info.runId);
  }
  const text = (content: string) => new TextEncoder().encode(content);
  await tracker.writeArtifact({ runId: runIds[0]! }, "evaluation/verdict.json", text('{"passed":true}'));
  await tracker.writeArtifact({ runId: runIds[0]! }, "evaluation/rows.csv", text("a,b\n1,2\n"));
  await tracker.writeArtifact({ runId: runIds[0]! }, "evil.html", text(HOSTILE));
  const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>';
  await tracker.writeArtifact({ runId: runIds[0]! }, "figure.svg", text(picture));
  const model = await tracker.createLoggedModel({ experimentId, name: "model", sourceRunId: runIds[0]! });
  await registry.createRegisteredModel("bitcoin-model", { description: HOSTILE });
  await registry.createModelVersion({
    name: "bitcoin-model",
    source: `models:/${model.modelId}`,
    modelId: model.modelId,
    runId: runIds[0]!,
    tags: [{ key: "gate.passed", value: "true" }],
  });
  await registry.setAlias("bitcoin-model", "production", "1");
}

/** All pages that hold something. */
function paths(): readonly string[] {
  const run = `/experiments/${experimentId}/runs/${runIds[0]}`;
  return [
    "/",
    `/experiments/${experimentId}`,
    `/experiments/${experimentId}?filter=nonsense`,
    `/experiments/${experimentId}/models`,
    run,
    `${run}/metric?key=loss`,
    `${run}/artifacts`,
    `${run}/artifacts?path=evaluation/verdict.json`,
    `${run}/artifacts?path=evaluation/rows.csv`,
    `${run}/artifacts?path=figure.svg`,
    `${run}/artifacts?path=evil.html`,
    `/compare?run=${runIds[0]}&run=${runIds[1]}&run=${runIds[2]}`,
    "/models",
    "/models/bitcoin-model",
    "/models/bitcoin-model/versions/1",
  ];
}

/** Opens a page, and fails at its end if the browser complained or something came from elsewhere. */
async function withPage(
  run: (page: Page, context: BrowserContext) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await (await browser()).newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(origin)) complaints.push(`asked for ${request.url()}`);
    });
    await run(page, context);
    assertEquals(complaints, []);
  } finally {
    await context.close();
  }
}

browserTest(
  "every page loads without a complaint, in light and dark, wide and on a phone, and fits its width",
  async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
        await withPage(async (page) => {
          for (const path of paths()) {
            await page.goto(origin + path);
            const overflow = await page.evaluate(
              "document.documentElement.scrollWidth - document.documentElement.clientWidth",
            );
            assertEquals(overflow, 0, `${path} is too wide at ${viewport.width}`);
            assert(await page.title() !== "owned", path);
          }
        }, { colorScheme, viewport });
      }
    }
  },
);

browserTest("text stands out from its background in light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await withPage(async (page) => {
      for (const path of paths()) {
        await page.goto(origin + path);
        const faint = await page.evaluate(CONTRAST) as string[];
        assertEquals(faint, [], `${path} in ${colorScheme}`);
      }
    }, { colorScheme });
  }
});

browserTest("runs are picked, counted and compared with a chart of all", () =>
  withPage(async (page) => {
    await page.goto(`${origin}/experiments/${experimentId}`);
    const button = page.locator("[data-compare-button]");
    assert(await button.isDisabled());
    await page.getByLabel("Pick run run 0").check();
    assert(await button.isDisabled());
    await page.getByLabel("Pick run run 2").check();
    assertEquals(await button.textContent(), "Compare 2 runs");
    await button.click();
    await page.waitForURL(/\/compare\?/);
    assertEquals(await page.locator("h1").textContent(), "Compare 2 runs");
    assertEquals(await page.locator("svg.wide .line").count(), 2);
    assert(await page.locator("svg.wide").isVisible());
    assert(!await page.locator("svg.narrow").isVisible());
    await page.getByRole("button", { name: "Show differences only" }).click();
    assertEquals(await page.locator("#params tbody tr").count(), 1);
  }));

browserTest("headings order the table, the filter narrows it, columns are chosen", () =>
  withPage(async (page) => {
    await page.goto(`${origin}/experiments/${experimentId}`);
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
    await page.goto(`${origin}/experiments/${experimentId}?filter=metrics.loss+~+1`);
    assertStringIncludes((await page.getByRole("alert").textContent())!, "Invalid clause(s)");
    assertEquals(await page.getByLabel("Filter", { exact: true }).getAttribute("aria-invalid"), "true");
  }));

browserTest("rows are found among many as one types", () =>
  withPage(async (page) => {
    await page.goto(`${origin}/experiments/${experimentId}/runs/${runIds[0]}`);
    const rows = page.locator("#params tbody tr:visible");
    assertEquals(await rows.count(), 12);
    await page.locator("#params").getByRole("searchbox").fill("param.7");
    assertEquals(await rows.count(), 1);
  }));

browserTest("a chart tells its values under the pointer and by arrow keys", () =>
  withPage(async (page) => {
    await page.goto(`${origin}/experiments/${experimentId}/runs/${runIds[0]}/metric?key=loss`);
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
    await page.goto(origin);
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
    const run = `/experiments/${experimentId}/runs/${runIds[0]}`;
    const moves: Readonly<Record<string, string>> = {
      [`/#/experiments/${experimentId}`]: `/experiments/${experimentId}`,
      [`/#/experiments/${experimentId}/runs/${runIds[0]}`]: run,
      [`/#/experiments/${experimentId}/runs/${runIds[0]}/artifacts/evaluation/rows.csv`]:
        `${run}/artifacts?path=evaluation%2Frows.csv`,
      [`/#/compare-runs?runs=${encodeURIComponent(JSON.stringify(runIds.slice(0, 2)))}&experiments=["1"]`]:
        `/compare?run=${runIds[0]}&run=${runIds[1]}`,
      "/#/models/bitcoin-model": "/models/bitcoin-model",
      "/#/models/bitcoin-model/versions/1": "/models/bitcoin-model/versions/1",
    };
    for (const [from, to] of Object.entries(moves)) {
      await page.goto("about:blank");
      await page.goto(origin + from);
      await page.waitForURL(origin + to, { timeout: 5_000 });
    }
  }));

browserTest("a run under way shows what is logged while one looks", () =>
  withPage(async (page) => {
    await page.goto(`${origin}/experiments/${experimentId}/runs/${runIds[3]}`);
    assertStringIncludes((await page.locator(".head").textContent())!, "Running");
    await app.tracker.logBatch(runIds[3]!, { metrics: [{ key: "fresh", value: 42, timestamp: 1, step: 0 }] });
    await page.locator("#metrics").getByText("fresh").waitFor({ timeout: 12_000 });
    await app.tracker.updateRun(runIds[3]!, { status: "FINISHED", endTime: NOW_MS });
    await page.locator(".head").getByText("Finished").waitFor({ timeout: 12_000 });
    await app.tracker.updateRun(runIds[3]!, { status: "RUNNING" });
  }));

browserTest("pages can be read and used without scripts", () =>
  withPage(async (page) => {
    await page.goto(`${origin}/experiments/${experimentId}`);
    await page.getByLabel("Pick run run 0").check();
    await page.getByLabel("Pick run run 1").check();
    await page.getByRole("button", { name: "Compare selected" }).click();
    assertEquals(await page.locator("h1").textContent(), "Compare 2 runs");
    await page.locator("select[name=metric]").selectOption("loss");
    await page.getByRole("button", { name: "Draw" }).click();
    assertEquals(await page.locator("svg.wide .line").count(), 2);
    assertEquals(await page.locator("button.copy:visible, .find:visible").count(), 0);
  }, { javaScriptEnabled: false }));

browserTest("an artifact's HTML is shown as text and never runs", () =>
  withPage(async (page) => {
    await page.goto(`${origin}/experiments/${experimentId}/runs/${runIds[0]}/artifacts?path=evil.html`);
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
