/** No page grows wider than its window, however long the names that clients choose; what is too wide scrolls by itself. */
import { assertEquals } from "@std/assert";
import { withAliasMove } from "../../src/MLOps/promotion/mod.ts";
import { NOW_MS } from "../MLOps/server/test_app.ts";
import { browserTest } from "./chromium.ts";
import { servePages, withPage } from "./pages_fixture.ts";

const site = servePages();

/** A name without a place to break at. */
const long = (start: string, length: number) => start.padEnd(length, "Wi");

/** Pages of a store in which every kind of name is as long as it may be. */
async function seed(): Promise<readonly string[]> {
  const { tracker, registry } = site.app;
  const enc = encodeURIComponent;
  const experimentId = await tracker.createExperiment(long("experiment", 500), {
    tags: [{ key: long("tag", 250), value: long("value", 5_000) }],
  });
  const runs: string[] = [];
  const key = (what: string) => long(what, 250);
  for (let k = 0; k < 3; k++) {
    const { info } = await tracker.createRun({
      experimentId,
      runName: long(`run${k}`, 5_000),
      userId: long("user", 250),
      startTime: NOW_MS - k,
      tags: [
        { key: "mlflow.source.name", value: long("source", 5_000) },
        { key: "mlflow.note.content", value: long("note", 5_000) },
        ...(k === 0 ? [] : [{ key: "mlflow.parentRunId", value: runs[0]! }]),
        { key: key("tag"), value: long("value", 5_000) },
        { key: "verdict", value: long("verdict", 250) },
      ],
    });
    runs.push(info.runId);
    await tracker.logBatch(info.runId, {
      metrics: [0, 1, 2].flatMap((step) => [
        { key: key("metric"), value: step + k, timestamp: step, step },
        { key: key("other"), value: 1e308, timestamp: step, step },
      ]),
      params: [{ key: key("param"), value: long(`${k}`, 5_000) }, { key: key("second"), value: long("b", 300) }],
    });
  }
  await tracker.logInputs(runs[0]!, {
    datasets: [{
      dataset: {
        name: long("dataset", 500),
        digest: long("d", 36),
        sourceType: long("s", 36),
        source: long("source", 5_000),
        schema: long("schema", 5_000),
        profile: long("profile", 5_000),
      },
      tags: [{ key: "mlflow.data.context", value: long("context", 250) }],
    }],
  });
  const file = `${long("file", 200)}.csv`;
  const folder = long("folder", 200);
  const text = new TextEncoder().encode(`${long("column", 900)},b\n${long("cell", 900)},2\n`);
  await tracker.writeArtifact({ runId: runs[0]! }, file, text);
  await tracker.writeArtifact({ runId: runs[0]! }, `${folder}/${folder}/${file}`, text);
  await tracker.writeArtifact({ runId: runs[0]! }, "long.json", new TextEncoder().encode(`"${long("j", 5_000)}"`));
  const loggedModel = await tracker.createLoggedModel({
    experimentId,
    name: long("logged", 250),
    sourceRunId: runs[0]!,
    modelType: long("type", 250),
    params: [{ key: key("param"), value: long("value", 250) }],
    tags: [{ key: key("tag"), value: long("value", 250) }],
  });
  await tracker.logOutputs(runs[0]!, [{ modelId: loggedModel.modelId, step: 0 }]);
  const name = long("model", 240);
  await registry.createRegisteredModel(name, { description: long("description", 5_000) });
  for (let k = 1; k <= 2; k++) {
    await registry.createModelVersion({
      name,
      source: `s3://${long("bucket", 400)}`,
      runId: runs[0]!,
      description: long("description", 5_000),
      tags: [{ key: key("tag"), value: long("value", 5_000) }, { key: `gate.${long("check", 200)}`, value: "true" }],
    });
  }
  const aliases = [long("alias", 230), long("beta", 250)];
  for (const alias of aliases) await registry.setAlias(name, alias, "1");
  const by = long("ada", 100), why = long("why", 500);
  for (const [from, to] of [["1", "2"], ["2", "1"]] as const) {
    const move = { to, from, atMs: NOW_MS, kind: "forced", by, why } as const;
    await registry.moveAlias(name, aliases[0]!, { from, to, tag: (model) => withAliasMove(model, aliases[0]!, move) });
  }
  const gate = {
    name,
    checks: [{ name: key("check"), passed: false, value: 1, rule: key("rule"), note: key("note") }],
    decidedBy: by,
    reason: why,
  };
  await tracker.writeArtifact({ runId: runs[0]! }, "gate.json", new TextEncoder().encode(JSON.stringify(gate)));
  const compared = runs.map((id) => `run=${id}`).join("&");
  const run = `/experiments/${experimentId}/runs/${runs[0]}`;
  const column = (entity: string, what: string) => enc(`${entity}.${key(what)}`);
  return [
    "/",
    `/?q=${long("nothing", 3_000)}`,
    `/experiments/${experimentId}`,
    `/experiments/${experimentId}?filter=${long("nonsense", 3_000)}`,
    `/experiments/${experimentId}?chosen=1&col=${column("metrics", "metric")}&col=${column("tags", "tag")}&col=${
      column("params", "param")
    }`,
    `/experiments/${experimentId}/models`,
    run,
    `/experiments/${experimentId}/runs/${runs[1]}`,
    `${run}/metric?key=${key("metric")}`,
    `${run}/artifacts`,
    `${run}/artifacts?path=${enc(file)}`,
    `${run}/artifacts?path=${enc(`${folder}/${folder}/${file}`)}`,
    `${run}/artifacts?path=long.json`,
    `/compare?${compared}&run=${long("unknown", 3_000)}`,
    `/compare?${compared}&metric=${key("other")}&sx=${column("params", "param")}&sy=${
      column("metrics", "metric")
    }&axes=1&axis=${column("params", "param")}&axis=${column("params", "second")}`,
    `/logged-models/${loggedModel.modelId}`,
    `/logged-models/${loggedModel.modelId}/artifacts`,
    "/models",
    `/models?q=${long("nothing", 3_000)}`,
    `/models/${name}`,
    `/models/${name}/versions/1`,
    `/models/${name}/versions/2`,
    `/models/${long("nobody", 240)}`,
    `/nowhere/${long("at-all", 3_000)}`,
  ];
}

let paths: Promise<readonly string[]> | undefined;

for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
  browserTest(
    `names without blanks leave every page as wide as its window of ${viewport.width} px`,
    () =>
      withPage(async (page) => {
        const wide: string[] = [];
        for (const path of await (paths ??= seed())) {
          await page.goto(site.origin + path);
          const heading = (await page.locator("h1").boundingBox())!.height;
          if (heading > 150) wide.push(`${path.slice(0, 80)}: a heading of ${heading} px`);
          for (const isUnfolded of [false, true]) {
            // Menus are folded out one by one, as they lie over the rest.
            if (isUnfolded) {
              await page.evaluate(`for (const part of document.querySelectorAll("details")) part.open = true`);
            }
            const width = await page.evaluate("document.documentElement.scrollWidth") as number;
            if (width > viewport.width) {
              wide.push(
                `${path.slice(0, 80)}${isUnfolded ? ", unfolded" : ""}: ${width} ${await page.evaluate(WIDEST)}`,
              );
            }
          }
        }
        assertEquals(wide, []);
      }, { viewport }),
  );
}

/** The innermost elements that reach beyond the window, for who has to mend it. */
const WIDEST = `[...document.querySelectorAll("body *")].filter((element) => {
  if (element.closest("svg") || element.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let at = element.parentElement; at !== null; at = at.parentElement) {
    if (at !== document.body && at !== document.documentElement && getComputedStyle(at).overflowX !== "visible") return false;
  }
  return true;
}).slice(-4).map((element) => element.tagName + "." + element.className).join(" ")`;
