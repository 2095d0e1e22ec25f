import { assert, assertEquals, assertMatch } from "@std/assert";
import { browserTest } from "./chromium.ts";
import { servePages, withPage } from "./pages_fixture.ts";

const site = servePages();
const address = () => `${site.origin}/compare?${site.runIds.map((id) => `run=${id}`).join("&")}`;

browserTest("a scatter chart follows its choices, and its address shows it again", () =>
  withPage(async (page) => {
    await page.goto(address());
    await page.getByLabel("Across").selectOption("params.model");
    await page.waitForURL(/sx=params\.model/);
    await page.getByLabel("Up").selectOption("metrics.score.3");
    await page.waitForURL(/sy=metrics\.score\.3/);
    assertMatch(page.url(), /sx=params\.model.*#scatter$/);
    const picture = page.locator("#scatter svg.wide");
    assertEquals(await picture.locator("circle").count(), 4);
    const texts = await picture.locator(".axis text").allTextContents();
    assert(texts.includes("har") && texts.includes("mlp"), texts.join());
    await page.reload();
    assertEquals(await page.getByLabel("Across").inputValue(), "params.model");
    const name = await page.getByRole("img", { name: "Scatter chart of score.3 against model" }).count();
    assertEquals(name, 1); // the picture for narrow screens is not there for anybody
    await page.locator("#scatter summary").click();
    assertEquals(await page.locator("#scatter tbody tr").count(), 4);
  }));

browserTest("parallel coordinates have the axes chosen", () =>
  withPage(async (page) => {
    await page.goto(`${address()}&axes=1&axis=params.model&axis=metrics.loss`);
    const picture = page.locator("#parallel svg.wide");
    assertEquals(await picture.locator(".label").allTextContents(), ["modelmodel", "lossloss"]); // text and its title
    await page.locator("#parallel .chooser summary").click();
    await page.locator("#parallel").getByLabel("score.5", { exact: true }).check();
    await page.getByRole("button", { name: "Show these axes" }).click();
    await page.waitForURL(/axis=metrics\.score\.5/);
    assertEquals(await picture.locator(".label").count(), 3);
    assertEquals(await picture.locator(".thread").count(), 4);
  }));

browserTest(
  "twenty runs can be told apart, and wide pictures scroll by themselves on a phone",
  () =>
    withPage(async (page) => {
      const experiment = await site.app.tracker.createExperiment("twenty");
      const ids: string[] = [];
      for (let k = 0; k < 20; k++) {
        const { info } = await site.app.tracker.createRun({ experimentId: experiment, runName: `trial ${k}` });
        const metrics = [0, 1, 2].map((step) => ({ key: "loss", value: k + step, timestamp: 1, step }));
        await site.app.tracker.logBatch(info.runId, { metrics, params: [{ key: "seed", value: String(k) }] });
        ids.push(info.runId);
      }
      await page.goto(`${site.origin}/compare?${ids.map((id) => `run=${id}`).join("&")}`);
      const looks = await page.locator("main > .legend .swatch").evaluateAll((swatches) =>
        swatches.map((swatch) => swatch.className)
      );
      assertEquals(new Set(looks).size, 20);
      const overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      assertEquals(overflow, 0);
    }, { viewport: { width: 390, height: 844 } }),
);

browserTest(
  "the tooltip tells a value of every run, though long lines keep other steps each",
  () =>
    withPage(async (page) => {
      const experimentId = await site.app.tracker.createExperiment("noisy");
      const ids: string[] = [];
      let state = 7;
      const noise = () => (state = state * 16_807 % 2_147_483_647) / 2_147_483_647;
      for (let k = 0; k < 8; k++) {
        const { info } = await site.app.tracker.createRun({ experimentId, runName: `noisy ${k}` });
        for (let start = 0; start < 3_000; start += 1_000) {
          await site.app.tracker.logBatch(info.runId, {
            metrics: Array.from(
              { length: 1_000 },
              (_, i) => ({ key: "loss", value: k + noise(), timestamp: 1, step: start + i }),
            ),
          });
        }
        ids.push(info.runId);
      }
      await page.goto(`${site.origin}/compare?${ids.map((id) => `run=${id}`).join("&")}`);
      const chart = page.locator("#chart svg.wide");
      await chart.scrollIntoViewIfNeeded();
      const box = (await chart.boundingBox())!;
      for (const share of [0.3, 0.52, 0.81]) {
        await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
        const rows = await page.locator(".tip div .name").allTextContents();
        assertEquals(rows, Array.from({ length: 8 }, (_, k) => `noisy ${k}`));
        assertEquals(await chart.locator(".cursor circle").count(), 8);
        const head = Number((await page.locator(".tip div").first().textContent())!.replace("step ", ""));
        for (const own of await page.locator(".tip .own").allTextContents()) {
          assert(Math.abs(Number(own.replace("at ", "")) - head) < 20, `${own} beside ${head}`);
        }
      }
    }),
);

browserTest(
  "values whose distance is beyond the largest double have their places in the tooltip too",
  () =>
    withPage(async (page) => {
      const { info } = await site.app.tracker.createRun({ experimentId: site.experimentId, runName: "huge" });
      const values = [0, 1e308, -1e308];
      await site.app.tracker.logBatch(info.runId, {
        metrics: values.map((value, step) => ({ key: "huge", value, timestamp: 1, step })),
      });
      await page.goto(`${site.origin}/experiments/${site.experimentId}/runs/${info.runId}/metric?key=huge`);
      const chart = page.locator("svg.wide");
      await chart.focus();
      for (const [key, text, place] of [["Home", "step 0huge0", 0], ["End", "step 2huge−1e+308", 2]] as const) {
        await page.keyboard.press(key);
        assertEquals(await page.locator(".tip").textContent(), text);
        const dot = await chart.locator(".line circle").nth(place).getAttribute("cy");
        assertEquals(
          Number(await chart.locator(".cursor circle").getAttribute("cy")).toFixed(1),
          Number(dot).toFixed(1),
        );
      }
    }),
);

browserTest("who picks more runs than a page compares is told before and after", () =>
  withPage(async (page) => {
    const experimentId = await site.app.tracker.createExperiment("many");
    for (let k = 0; k < 25; k++) await site.app.tracker.createRun({ experimentId, runName: `m${k}`, startTime: k + 1 });
    await page.goto(`${site.origin}/experiments/${experimentId}`);
    await page.getByLabel("Pick all runs of this page").check();
    const hint = page.locator("[data-compare-hint]");
    assertEquals(await hint.textContent(), "A page compares 20 runs: the last 5 of the 25 picked are left out.");
    assert(await hint.isVisible());
    await page.getByRole("button", { name: "Compare 20 runs" }).click();
    await page.getByRole("heading", { name: "Compare 20 runs" }).waitFor();
    await page.getByText("5 more runs were asked for: a page compares 20.").waitFor();
  }));
