import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { browserTest } from "./chromium.ts";
import { servePages, withPage } from "./pages_fixture.ts";

const site = servePages();
const runPage = (i: number) => `${site.origin}/experiments/${site.experimentId}/runs/${site.runIds[i]}`;
const holder = async () => (await site.app.registry.getVersionByAlias("bitcoin-model", "production"))?.version;

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "" : " without scripts";

  browserTest(`notes are written, kept as Markdown and changed${how}`, () =>
    withPage(async (page) => {
      const notes = `# Plan${how}\n- <b>two</b> lines`;
      await page.goto(runPage(1));
      await page.locator(".edit summary").first().click();
      await page.getByLabel("Notes on this run").fill(notes);
      await page.getByRole("button", { name: "Save notes" }).click();
      await page.locator(".note").waitFor();
      assertEquals(page.url(), runPage(1));
      assertEquals(await page.locator(".note").textContent(), notes);
      const { tags } = await site.app.tracker.getRun(site.runIds[1]!);
      assertEquals(tags.find(({ key }) => key === "mlflow.note.content")?.value, notes);
      await page.locator(".edit summary").first().click();
      assertEquals(await page.getByLabel("Notes on this run").inputValue(), notes);
    }, { javaScriptEnabled }));

  browserTest(
    `a version is promoted by the gate, or told why not, and the alias taken back${how}`,
    () =>
      withPage(async (page) => {
        const say = async () => {
          await page.getByLabel("Your name").last().fill("ada");
          await page.getByLabel("Reason").last().fill("a try");
        };
        await page.goto(`${site.origin}/models/bitcoin-model/versions/4`);
        await say();
        await page.getByRole("button", { name: "Promote to @production" }).click();
        await page.getByRole("heading", { name: "bitcoin-model 4 was not promoted" }).waitFor();
        assertStringIncludes((await page.getByRole("alert").textContent())!, "qlike_vs_har_x");
        assertEquals(await page.getByLabel("Reason").inputValue(), "a try");
        assertEquals(await holder(), "2");

        await page.goto(`${site.origin}/models/bitcoin-model/versions/3`);
        await say();
        await page.getByRole("button", { name: "Promote to @production" }).click();
        await page.waitForURL(/versions\/3#gate$/);
        assertEquals(await holder(), "3");
        await page.getByRole("link", { name: "History and way back" }).click();
        await page.locator("#history-production summary").click();
        await page.getByLabel("Back to").selectOption("2");
        await say();
        await page.getByRole("button", { name: "Take @production back" }).click();
        await page.getByRole("cell", { name: "rollback" }).first().waitFor();
        assertEquals(await holder(), "2");
      }, { javaScriptEnabled }),
  );
}

browserTest("a live page leaves what somebody is typing alone", () =>
  withPage(async (page) => {
    await page.goto(runPage(3));
    await page.locator(".edit summary").first().click();
    await page.getByLabel("Notes on this run").fill("half a thought");
    await page.evaluate("document.activeElement.blur()");
    await site.app.tracker.logBatch(site.runIds[3]!, { metrics: [{ key: "late", value: 1, timestamp: 1, step: 0 }] });
    await page.locator("#metrics").getByText("late").waitFor({ timeout: 12_000 });
    assertEquals(await page.getByLabel("Notes on this run").inputValue(), "half a thought");
    assert(await page.getByLabel("Notes on this run").isVisible());
  }));

browserTest(
  "the notes of two people are not written over: the second sees both and goes on",
  () =>
    withPage(async (page) => {
      await page.goto(runPage(2));
      await page.locator(".edit summary").first().click();
      await page.getByLabel("Notes on this run").fill("mine");
      await site.app.tracker.logBatch(site.runIds[2]!, { tags: [{ key: "mlflow.note.content", value: "theirs" }] });
      await page.getByRole("button", { name: "Save notes" }).click();
      await page.getByRole("heading", { name: "Notes were not saved" }).waitFor();
      assertEquals(await page.locator("#stored .note").textContent(), "theirs");
      assertEquals(await page.getByLabel("Notes on this run").inputValue(), "mine");
      await page.getByLabel("Notes on this run").fill("theirs and mine");
      await page.getByRole("button", { name: "Save notes" }).click();
      await page.waitForURL(runPage(2));
      assertEquals(await page.locator(".note").textContent(), "theirs and mine");
    }),
);

browserTest("a form of another origin changes nothing", () =>
  withPage(async (page) => {
    // Another port of this machine, which MLflow's own guard lets through.
    await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () =>
      new Response(
        `<!doctype html><title>x</title><form method="post" action="${site.origin}/models/bitcoin-model/note">
<input name="note" value="taken over"><button>Go</button></form>`,
        { headers: { "content-type": "text/html" } },
      ));
    await page.goto(`http://127.0.0.1:${other.addr.port}/`);
    await page.getByRole("button", { name: "Go" }).click();
    await page.getByText("was not sent by a page of this server").waitFor();
    const { description } = await site.app.registry.getRegisteredModel("bitcoin-model");
    assert(description !== "taken over");
  }));
