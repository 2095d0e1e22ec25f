import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withAliasMove } from "../../../src/MLOps/promotion/mod.ts";
import { NOW_MS, overStores, type StoreKind, type TestApp, testApp } from "../server/test_app.ts";

/** Texts that would break out of markup, attributes, scripts or queries if anything were left unescaped. */
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&lt;{{7*7}}`;

async function seeded(app: TestApp, name = "exp"): Promise<{ experimentId: string; runIds: string[] }> {
  const { tracker } = app;
  const experimentId = await tracker.createExperiment(name);
  const runIds: string[] = [];
  for (let k = 0; k < 3; k++) {
    const { info } = await tracker.createRun({ experimentId, runName: `run ${k}`, startTime: NOW_MS - k * 3_600_000 });
    await tracker.logBatch(info.runId, {
      metrics: [
        ...Array.from(
          { length: 20 },
          (_, step) => ({ key: "loss", value: 1 / (step + 1 + k), timestamp: 1_000 + step, step }),
        ),
        { key: "score", value: 0.5 + k / 10, timestamp: 5, step: 0 },
      ],
      params: [{ key: "rate", value: String(k) }, { key: "same", value: "yes" }],
      tags: [{ key: "team", value: "core" }],
    });
    await tracker.updateRun(info.runId, { status: "FINISHED", endTime: NOW_MS - k * 3_600_000 + 65_000 });
    runIds.push(info.runId);
  }
  return { experimentId, runIds };
}

async function pageText(app: TestApp, path: string, status = 200): Promise<string> {
  const page = await app.page(path);
  assertEquals(page.status, status, `${path} answered ${page.status}: ${page.text.slice(0, 500)}`);
  return page.text;
}

for (const kind of ["memory", "sqlite"] satisfies StoreKind[]) {
  Deno.test(`pages over ${kind} lead from the experiments to a run and its metric`, async () => {
    await using app = await testApp(kind);
    const { experimentId, runIds } = await seeded(app);
    const home = await pageText(app, "/");
    assertStringIncludes(home, `href="/experiments/${experimentId}"`);
    assertStringIncludes(home, `href="/experiments/${experimentId}/runs/${runIds[0]}"`);
    const table = await pageText(app, `/experiments/${experimentId}`);
    for (const runId of runIds) assertStringIncludes(table, `href="/experiments/${experimentId}/runs/${runId}"`);
    const run = await pageText(app, `/experiments/${experimentId}/runs/${runIds[0]}`);
    assertStringIncludes(run, `/metric?key=loss`);
    assertMatch(run, /<svg class="chart/);
    assertStringIncludes(run, "1 min 5 s");
    const metric = await pageText(app, `/experiments/${experimentId}/runs/${runIds[0]}/metric?key=loss&y=log&x=time`);
    assertStringIncludes(metric, "20");
    assertStringIncludes(metric, "seconds since the first observation");
    assertEquals(app.failures, []);
  });

  Deno.test(`pages over ${kind} filter, order and page the runs`, async () => {
    await using app = await testApp(kind);
    const { experimentId } = await seeded(app);
    const names = (text: string) => [...text.matchAll(/aria-label="Pick run ([^"]+)"/g)].map(([, name]) => name);
    const url = `/experiments/${experimentId}`;
    assertEquals(names(await pageText(app, url)), ["run 0", "run 1", "run 2"]);
    assertEquals(names(await pageText(app, `${url}?order=metrics.score`)), ["run 2", "run 1", "run 0"]);
    assertEquals(names(await pageText(app, `${url}?order=attributes.run_name&dir=asc`)), ["run 0", "run 1", "run 2"]);
    const filter = encodeURIComponent("params.rate = '1' AND metrics.loss < 1");
    const filtered = await pageText(app, `${url}?filter=${filter}`);
    assertEquals(names(filtered), ["run 1"]);
    assertStringIncludes(filtered, 'value="params.rate = &#39;1&#39; AND metrics.loss &lt; 1"');
    const refused = await pageText(app, `${url}?filter=metrics.loss+~+1`);
    assertStringIncludes(refused, "Invalid comparator");
    assertStringIncludes(refused, 'aria-invalid="true"');
    assertEquals(names(refused), []);
    await pageText(app, `${url}?page=not-a-token`);
    assertStringIncludes(await pageText(app, `${url}?filter=params.rate+%3D+%279%27`), "No run matches.");
  });

  Deno.test(`pages over ${kind} go on from page to page and back`, async () => {
    await using app = await testApp(kind);
    const experimentId = await app.tracker.createExperiment("many");
    for (let k = 0; k < 60; k++) await app.tracker.createRun({ experimentId, runName: `n${k}`, startTime: k + 1 });
    const first = await pageText(app, `/experiments/${experimentId}?size=25`);
    assertStringIncludes(first, "1–25 of the runs");
    assert(!first.includes('rel="prev"'));
    const link = (text: string, rel: string) =>
      new RegExp(`href="([^"]+)"[^>]*rel="${rel}"`).exec(text)![1]!.replaceAll("&amp;", "&");
    const second = await pageText(app, link(first, "next"));
    assertStringIncludes(second, "26–50 of the runs");
    const third = await pageText(app, link(second, "next"));
    assertStringIncludes(third, "51–60 of the runs");
    assert(!third.includes('rel="next"'));
    assertStringIncludes(await pageText(app, link(third, "prev")), "26–50 of the runs");
  });

  Deno.test(`pages over ${kind} compare runs, and can leave out what is the same`, async () => {
    await using app = await testApp(kind);
    const { runIds } = await seeded(app);
    const query = runIds.map((id) => `run=${id}`).join("&");
    const all = await pageText(app, `/compare?${query}`);
    assertStringIncludes(all, "Compare 3 runs");
    assertEquals([...all.matchAll(/class="line c\d"/g)].length, 6); // three lines, in a wide and a narrow picture
    const hasRow = (text: string, key: string) =>
      text.includes(`<th scope="row" class="sticky" title="${key}">${key}</th>`);
    assert(hasRow(all, "same"));
    const different = await pageText(app, `/compare?${query}&diff=1`);
    assert(!hasRow(different, "same") && hasRow(different, "rate"));
    const unknown = await pageText(app, `/compare?run=${runIds[0]}&run=nobody`);
    assertStringIncludes(unknown, "No such run: nobody");
    assertStringIncludes(await pageText(app, "/compare"), "Pick two or more runs");
    const others = Array.from({ length: 22 }, (_, i) => `run=none${i}`).join("&");
    assertStringIncludes(await pageText(app, `/compare?${query}&${others}`), "5 more runs were asked for");
  });

  Deno.test(`pages over ${kind} show models, versions, aliases and the gate's evidence`, async () => {
    await using app = await testApp(kind);
    const { tracker, registry } = app;
    assertStringIncludes(await pageText(app, "/models"), "No model is registered yet");
    const { runIds, experimentId } = await seeded(app);
    const model = await tracker.createLoggedModel({ experimentId, name: "lm", sourceRunId: runIds[0]! });
    await tracker.logOutputs(runIds[0]!, [{ modelId: model.modelId, step: 0 }]);
    await tracker.writeArtifact({ modelId: model.modelId }, "MLmodel", new TextEncoder().encode("flavors: {}"));
    await tracker.finalizeLoggedModel(model.modelId, "READY");
    const before = await pageText(app, `/experiments/${experimentId}/runs/${runIds[0]}`);
    assertStringIncludes(before, `task register -- --run-id ${runIds[0]}`);
    await registry.createRegisteredModel("bitcoin-model");
    const source = `models:/${model.modelId}`;
    const made = { name: "bitcoin-model", source, modelId: model.modelId, runId: runIds[0]! };
    const judged = [{ key: "gate.passed", value: "true" }, { key: "evidence", value: "quick" }];
    await registry.createModelVersion({ ...made, tags: judged });
    assertStringIncludes(await pageText(app, "/models"), "Quick evidence");
    await registry.createModelVersion(made);
    await registry.setAlias("bitcoin-model", "production", "1");
    assertStringIncludes(await pageText(app, "/models"), "@production");
    const page = await pageText(app, "/models/bitcoin-model");
    assert(page.indexOf("Version 2") < page.indexOf(">Version 1<", page.indexOf("<tbody>")));
    assertStringIncludes(page, "Passed");
    assertEquals(page.split("Quick evidence").length, 2, "said of the one version that it is true of");
    const untold = await pageText(app, "/models/bitcoin-model/versions/1");
    assertStringIncludes(untold, "gate.passed");
    const report = {
      name: "bitcoin-model",
      checks: [{ name: "qlike_vs_har", passed: false, value: 0.1, rule: "> 0.2" }],
    };
    await tracker.writeArtifact({ runId: runIds[0]! }, "gate.json", new TextEncoder().encode(JSON.stringify(report)));
    const version = await pageText(app, "/models/bitcoin-model/versions/1");
    assertStringIncludes(version, ">qlike_vs_har<");
    assertStringIncludes(version, "0 of 1 checks");
    assertStringIncludes(version, "Quick evidence");
    assertStringIncludes(version, "models:/bitcoin-model@production");
    assertStringIncludes(version, ">MLmodel<");
    const logged = await pageText(app, `/logged-models/${model.modelId}`);
    assertStringIncludes(logged, ">MLmodel<");
    assertStringIncludes(await pageText(app, `/experiments/${experimentId}/models`), `/logged-models/${model.modelId}`);
    const file = await pageText(app, "/models/bitcoin-model/versions/1/artifacts?path=MLmodel");
    assertStringIncludes(file, "flavors: {}");
    const run = await pageText(app, `/experiments/${experimentId}/runs/${runIds[0]}`);
    assertStringIncludes(run, "/models/bitcoin-model/versions/1");
    assert(!run.includes("task register"));
  });

  Deno.test(`pages over ${kind} escape whatever a client logs`, async () => {
    await using app = await testApp(kind);
    const { tracker, registry } = app;
    const experimentId = await tracker.createExperiment(HOSTILE, { tags: [{ key: "note", value: HOSTILE }] });
    await tracker.setExperimentTag(experimentId, { key: "mlflow.note.content", value: HOSTILE });
    const { info } = await tracker.createRun({
      experimentId,
      runName: HOSTILE,
      userId: HOSTILE,
      tags: [
        { key: "mlflow.note.content", value: HOSTILE },
        { key: "mlflow.source.name", value: HOSTILE },
        { key: "mlflow.source.git.commit", value: HOSTILE },
        { key: "mlflow.parentRunId", value: HOSTILE },
        { key: "json", value: JSON.stringify({ a: [HOSTILE, HOSTILE] }) },
      ],
    });
    await tracker.logBatch(info.runId, {
      metrics: [0, 1].map((step) => ({ key: "m", value: step, timestamp: 1, step })),
      params: [{ key: "p", value: HOSTILE }, { key: "long", value: HOSTILE.repeat(10) }],
    });
    await tracker.logInputs(info.runId, {
      datasets: [{
        dataset: {
          name: HOSTILE,
          digest: "d",
          sourceType: HOSTILE.slice(0, 30),
          source: HOSTILE,
          schema: HOSTILE,
          profile: HOSTILE,
        },
        tags: [{ key: "mlflow.data.context", value: HOSTILE }],
      }],
    });
    const fileName = HOSTILE.replaceAll("/", "∕");
    await tracker.writeArtifact(
      { runId: info.runId },
      `${fileName}.csv`,
      new TextEncoder().encode(`a,${HOSTILE}\n1,2`),
    );
    await tracker.writeArtifact({ runId: info.runId }, `${fileName}.json`, new TextEncoder().encode(HOSTILE));
    const gate = { name: HOSTILE, checks: [{ name: HOSTILE, passed: true, rule: HOSTILE, note: HOSTILE }] };
    const name = fileName.replaceAll(":", "");
    const report = new TextEncoder().encode(JSON.stringify({ ...gate, name }));
    await tracker.writeArtifact({ runId: info.runId }, "gate.json", report);
    await registry.createRegisteredModel(name, { description: HOSTILE, tags: [{ key: "t", value: HOSTILE }] });
    const source = "s3://bucket/model";
    await registry.createModelVersion({
      name,
      source,
      runId: info.runId,
      description: HOSTILE,
      tags: [{ key: "gate.x", value: HOSTILE }],
    });
    const other = await tracker.createRun({ experimentId, runName: "other" });
    const enc = encodeURIComponent;
    const run = `/experiments/${experimentId}/runs/${info.runId}`;
    const paths = [
      "/",
      `/?q=${enc(HOSTILE)}`,
      `/experiments/${experimentId}`,
      `/experiments/${experimentId}?filter=${enc(HOSTILE)}&col=${enc(`metrics.${HOSTILE}`)}&order=${
        enc(`params.${HOSTILE}`)
      }&page=${enc(HOSTILE)}`,
      `/experiments/${experimentId}/models`,
      run,
      `${run}/metric?key=m`,
      `${run}/metric?key=${enc(HOSTILE)}`,
      `${run}/artifacts`,
      `${run}/artifacts?path=${enc(`${fileName}.csv`)}`,
      `${run}/artifacts?path=${enc(`${fileName}.json`)}`,
      `/compare?run=${info.runId}&run=${other.info.runId}&run=${enc(HOSTILE)}&metric=${enc(HOSTILE)}`,
      "/models",
      `/models?q=${enc(HOSTILE)}`,
      `/models/${enc(name)}`,
      `/models/${enc(name)}/versions/1`,
      `/models/${enc(HOSTILE)}`,
      `/nowhere/${enc(HOSTILE)}`,
    ];
    for (const path of paths) {
      const page = await app.page(path);
      assert(page.status < 500, `${path}: ${page.status}`);
      if (path === run) assertStringIncludes(page.text, "&lt;script&gt;alert(1)&lt;/script&gt;");
      const html = page.text.replaceAll(/<script src="\/assets\/app\.js\?v=[0-9a-f]+" defer><\/script>/g, "");
      assert(!/<script|<img src=x|onerror='/i.test(html), `${path} lets markup through`);
      assert(!/&amp;amp;lt;/.test(html), `${path} escapes twice`);
    }
    assertEquals(app.failures, []);
  });
}

Deno.test("pages load nothing from elsewhere and may run no script but ours", async () => {
  await using app = await testApp("memory");
  const { experimentId, runIds } = await seeded(app);
  for (
    const path of ["/", `/experiments/${experimentId}`, `/experiments/${experimentId}/runs/${runIds[0]}`, "/nowhere"]
  ) {
    const { text, headers } = await app.page(path);
    const policy = headers.get("content-security-policy")!;
    assertStringIncludes(policy, "default-src 'none'");
    assertStringIncludes(policy, "script-src 'self'");
    assert(!policy.includes("unsafe"));
    for (const [, target] of text.matchAll(/(?:src|href|action)="([^"]*)"/g)) assertMatch(target!, /^[/#](?!\/)/);
    assert(!/ on[a-z]+=|style="|javascript:/i.test(text), path);
  }
});

Deno.test("pages serve their own style and script, kept by the browser until they change", async () => {
  await using app = await testApp("memory");
  const { text } = await app.page("/");
  for (const name of ["style.css", "app.js", "icon.svg"]) {
    const url = new RegExp(`"(/assets/${name.replace(".", "\\.")}\\?v=[0-9a-f]+)"`).exec(text)![1]!;
    const asset = await app.page(url);
    assertEquals(asset.status, 200);
    assertStringIncludes(asset.headers.get("cache-control")!, "immutable");
    assert(asset.text.length > 100);
  }
});

Deno.test("pages can be found by keyboard and screen reader", async () => {
  await using app = await testApp("memory");
  const { experimentId, runIds } = await seeded(app);
  for (
    const path of ["/", `/experiments/${experimentId}`, `/experiments/${experimentId}/runs/${runIds[0]}`, "/models"]
  ) {
    const { text } = await app.page(path);
    assertStringIncludes(text, '<a class="skip" href="#main">');
    assertStringIncludes(text, '<html lang="en">');
    assertEquals(text.match(/<h1[ >]/g)?.length, 1);
    for (const [table] of text.matchAll(/<table[\s\S]*?<\/table>/g)) assertStringIncludes(table, "<caption");
    for (const [input] of text.matchAll(/<input(?![^>]*type="hidden")[^>]*>/g)) {
      const before = text.slice(0, text.indexOf(input));
      const isLabelled = input.includes("aria-label") || before.lastIndexOf("<label") > before.lastIndexOf("</label>");
      assert(isLabelled, `${path}: ${input}`);
    }
  }
});

Deno.test("pages say 404 for what is not there, as a page; machines get JSON", async () => {
  await using app = await testApp("sqlite");
  for (
    const path of [
      "/experiments/99",
      `/experiments/0/runs/${"f".repeat(32)}`,
      "/models/none",
      "/logged-models/m-x",
      "/nowhere",
    ]
  ) {
    assertStringIncludes(await pageText(app, path, 404), "<h1>Not found</h1>");
  }
  assertEquals(
    (await app.ask("GET", `/get-artifact?run_id=${"f".repeat(32)}&path=x`)).json["error_code"],
    "RESOURCE_DOES_NOT_EXIST",
  );
  const moved = await app.app.request("http://127.0.0.1:5000/experiments");
  assertEquals([moved.status, moved.headers.get("location")], [302, "/"]);
});

Deno.test("pages send a run that was asked for under another experiment, or none, to its own address", async () => {
  await using app = await testApp("memory");
  const { experimentId, runIds } = await seeded(app);
  for (const path of [`/runs/${runIds[0]}`, `/experiments/0/runs/${runIds[0]}`]) {
    const moved = await app.app.request(`http://127.0.0.1:5000${path}`);
    assertEquals([moved.status, moved.headers.get("location")], [
      302,
      `/experiments/${experimentId}/runs/${runIds[0]}`,
    ]);
  }
});

Deno.test("pages show a run whose files may not be served all the same, with the reason", async () => {
  await using app = await testApp("sqlite");
  const id = await app.tracker.createExperiment("elsewhere", { artifactLocation: "/etc/x" });
  const { info } = await app.tracker.createRun({ experimentId: id, runName: "far" });
  const text = await pageText(app, `/experiments/${id}/runs/${info.runId}`);
  assertStringIncludes(text, "lies outside of the folders that this server serves");
  await pageText(app, `/experiments/${id}/runs/${info.runId}/artifacts`, 403);
});

/** Address of the parts of a run's page, as the page has it. */
const partsOf = (text: string) => /data-run-parts="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");

overStores("gives the parts of a run's page that changed, as long as the run is under way", async (app) => {
  const params = Array.from({ length: 100 }, (_, i) => ({ key: `p${i}`, value: "x".repeat(3_000) }));
  const { info } = await app.tracker.createRun({ experimentId: "0", runName: "busy", startTime: NOW_MS - 1_000 });
  await app.tracker.logBatch(info.runId, { params });
  const url = `/experiments/0/runs/${info.runId}`;
  const page = await app.page(url);
  assert(page.text.length > 300_000);
  const still = await app.page(partsOf(page.text)!);
  assertStringIncludes(still.text, "Running for");
  assert(still.text.length < 4_000 && !still.text.includes("<html"), String(still.text.length));
  const metrics = [0, 1].map((step) => ({ key: "loss", value: 1, timestamp: 1, step }));
  await app.tracker.logBatch(info.runId, { metrics, tags: [{ key: "new", value: "tag" }] });
  const fresh = await app.page(partsOf(page.text)!);
  for (const part of ["title", "facts", "scores", "charts", "metrics", "children", "artifacts", "models"]) {
    assertStringIncludes(fresh.text, `data-part="${part}"`);
  }
  assert(fresh.text.length < 20_000, String(fresh.text.length));
  const rest = (text: string) => /data-rest="([^"]*)"/.exec(text)![1];
  assert(rest(fresh.text) !== rest(page.text));
  assert(!(await app.page(partsOf(fresh.text)!)).text.includes('data-part="metrics"'));
  await app.tracker.updateRun(info.runId, { status: "FINISHED", endTime: NOW_MS });
  assertEquals(partsOf((await app.page(partsOf(fresh.text)!)).text), undefined);
  assertEquals(partsOf((await app.page(url)).text), undefined);
});

overStores(
  "gives the rows of runs alone as long as one is under way, and says when columns are others",
  async (app) => {
    const { info } = await app.tracker.createRun({ experimentId: "0", runName: "busy", startTime: NOW_MS - 1_000 });
    const source = /<tbody\s+data-live="([^"]+)"/.exec((await app.page("/experiments/0")).text)![1]!.replaceAll(
      "&amp;",
      "&",
    );
    const rows = await app.page(source);
    assertEquals(rows.status, 200);
    assertMatch(rows.text, /^<table>\s*<tbody\s+data-live=/);
    assertStringIncludes(rows.text, `data-run="${info.runId}"`);
    assert(!rows.text.includes("<html") && !rows.text.includes("data-stale"));
    await app.tracker.logBatch(info.runId, { metrics: [{ key: "loss", value: 1, timestamp: 1, step: 0 }] });
    assertStringIncludes((await app.page(source)).text, "data-stale");
    await app.tracker.updateRun(info.runId, { status: "FINISHED", endTime: NOW_MS });
    assert(!(await app.page(source)).text.includes("data-live"));
    assert(!(await app.page("/experiments/0")).text.includes("data-live"));
  },
);

overStores("shows who moved an alias, when and why, and its history not as a tag", async (app) => {
  const { registry } = app;
  await registry.createRegisteredModel("moved", { tags: [{ key: "owner", value: "quant" }] });
  const { info } = await app.tracker.createRun({ experimentId: "0" });
  await registry.createModelVersion({ name: "moved", source: `runs:/${info.runId}/model`, runId: info.runId });
  const move = { to: "1", atMs: Date.UTC(2026, 10, 26), by: "<ada>", kind: "forced", why: "a & b" } as const;
  await registry.moveAlias("moved", "production", {
    from: undefined,
    to: "1",
    tag: (model) => withAliasMove(model, "production", move),
  });
  const { text } = await app.page("/models/moved");
  assertStringIncludes(text, "History of @production");
  for (const part of ["2026-11-26 00:00:00 UTC", "&lt;ada&gt;", "forced", "a &amp; b", "owner"]) {
    assertStringIncludes(text, part);
  }
  assert(!text.includes("alias.production.history"));
});

overStores("names the runs that are part of another, and the run that one is part of", async (app) => {
  const { tracker } = app;
  const experimentId = await tracker.createExperiment("sweep");
  const parent = await tracker.createRun({ experimentId, runName: "sweep", startTime: 1 });
  const child = (name: string, parentId: string, startTime: number) =>
    tracker.createRun({
      experimentId,
      runName: name,
      startTime,
      tags: [{ key: "mlflow.parentRunId", value: parentId }],
    });
  const url = (runId: string) => `/experiments/${experimentId}/runs/${runId}`;
  assert(!(await pageText(app, url(parent.info.runId))).includes("Child runs"));
  const first = await child("trial <0>", parent.info.runId, 2);
  await tracker.updateRun(first.info.runId, { status: "FAILED", endTime: 65_002 });
  const page = await pageText(app, url(parent.info.runId));
  const section = /<section class="card" id="children"[\s\S]*?<\/section>/.exec(page)![0];
  for (const part of [`href="${url(first.info.runId)}"`, "trial &lt;0&gt;", "Failed", "1 min 5 s"]) {
    assertStringIncludes(section, part);
  }
  assertMatch(
    await pageText(app, url(first.info.runId)),
    new RegExp(`Part of</dt>\\s*<dd><a href="${url(parent.info.runId)}"`),
  );
  for (let k = 0; k < 105; k++) await child(`trial ${k}`, parent.info.runId, 3 + k);
  const many = await pageText(app, url(parent.info.runId));
  assertStringIncludes(many, "The newest 100.");
  assert(many.includes(">trial 104</a>") && !many.includes("trial &lt;0&gt;"));
  const link = /href="([^"]+)">All child runs/.exec(many)![1]!.replaceAll("&amp;", "&");
  const table = await pageText(app, `${link}&size=250`);
  assertEquals(table.match(/data-run=/g)!.length, 106);
  const orphan = await child("orphan", "f".repeat(32), 1);
  const alone = await pageText(app, url(orphan.info.runId));
  assertMatch(alone, /Part of<\/dt>\s*<dd>f{32}</);
});

overStores("shows a stand-in for every name that nobody could see, so that its link can be clicked", async (app) => {
  const { tracker, registry } = app;
  const experimentId = await tracker.createExperiment(" ");
  const { info } = await tracker.createRun({ experimentId, runName: "\u00a0\u200b" });
  const other = await tracker.createRun({
    experimentId,
    runName: " ",
    tags: [{ key: "mlflow.parentRunId", value: info.runId }],
  });
  for (const { runId } of [info, other.info]) {
    await tracker.logBatch(runId, {
      metrics: [0, 1].map((step) => ({ key: " ", value: step, timestamp: 1, step })),
      params: [{ key: " ", value: runId }],
      tags: [{ key: " ", value: " " }],
    });
  }
  await tracker.writeArtifact({ runId: info.runId }, " /\u200b.txt", new TextEncoder().encode("x"));
  const logged = await tracker.createLoggedModel({ experimentId, name: "\u200b", sourceRunId: info.runId });
  await tracker.logOutputs(info.runId, [{ modelId: logged.modelId, step: 0 }]);
  await registry.createRegisteredModel("\u200b");
  await registry.createModelVersion({ name: "\u200b", source: "s3://x", runId: info.runId });
  const run = `/experiments/${experimentId}/runs/${info.runId}`;
  for (
    const path of [
      "/",
      `/experiments/${experimentId}`,
      `/experiments/${experimentId}/models`,
      run,
      `/experiments/${experimentId}/runs/${other.info.runId}`,
      `${run}/metric?key=+`,
      `${run}/artifacts?path=+`,
      `/compare?run=${info.runId}&run=${other.info.runId}`,
      `/logged-models/${logged.modelId}`,
      "/models",
      "/models/%E2%80%8B",
      "/models/%E2%80%8B/versions/1",
    ]
  ) {
    const text = await pageText(app, path);
    for (const [whole, tag, content] of text.matchAll(/<(a|h1|h2|option|title)\b[^>]*>([\s\S]*?)<\/\1>/g)) {
      const shown = content!.replaceAll(/<[^>]*>/g, "").replaceAll(/[\s\u200b]/g, "");
      assert(shown !== "", `${path}: an empty ${tag}: ${whole}`);
    }
    assert(!/<th scope="row"[^>]*>\s*<\/th>/.test(text), path);
  }
});
