import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { readAliasMoves } from "../../../src/MLOps/promotion/mod.ts";
import { fakeGate } from "../promotion/fake_gate.ts";
import { finishedRun } from "../promotion/finished_run.ts";
import { NOW_MS, type StoreKind, type TestApp, testApp } from "../server/test_app.ts";

const ASKED = { alias: "production", by: "ada", why: "better on the newest rows" };

/** A version of a run's model, with no alias. */
async function addVersion({ tracker, registry }: TestApp, metrics: Readonly<Record<string, number>> = {}) {
  const run = await finishedRun(tracker, { metrics });
  const modelId = run.modelOutputs[0]!.modelId;
  await registry.createRegisteredModel("bitcoin-model").catch(() => undefined);
  const { runId } = run.info;
  return await registry.createModelVersion({ name: "bitcoin-model", source: `models:/${modelId}`, modelId, runId });
}

const holderOf = async ({ registry }: TestApp) =>
  (await registry.getVersionByAlias("bitcoin-model", "production"))?.version;

for (const kind of ["memory", "sqlite"] satisfies StoreKind[]) {
  Deno.test(`promotion pages over ${kind} promote a version that passes, and tell who, when and why`, async () => {
    await using app = await testApp(kind, { promotion: fakeGate() });
    const { version } = await addVersion(app);
    const path = `/models/bitcoin-model/versions/${version}`;
    assertStringIncludes((await app.page(path)).text, "Promote to @production");
    const answer = await app.form(`${path}/promote`, ASKED);
    assertEquals([answer.status, answer.headers.get("location")], [303, `${path}#gate`]);
    assertEquals(await holderOf(app), version);
    const moves = readAliasMoves(await app.registry.getRegisteredModel("bitcoin-model"), "production");
    assertEquals(moves, [{ to: version, atMs: NOW_MS, by: "ada", kind: "promotion", why: ASKED.why }]);
    const { text } = await app.page(path);
    for (const part of [">qlike_vs_har_x<", "asked 2026-11-26 12:00:00 UTC by ada", `Reason: ${ASKED.why}`]) {
      assertStringIncludes(text, part);
    }
    assert(!text.includes("Promote to @production"));
    assertEquals(app.failures, []);
  });

  Deno.test(`promotion pages over ${kind} move nothing where a check fails, and show which`, async () => {
    await using app = await testApp(kind, { promotion: fakeGate() });
    const { version: good } = await addVersion(app);
    await app.form(`/models/bitcoin-model/versions/${good}/promote`, ASKED);
    const { version: weak, runId } = await addVersion(app, { qlike_gain_har_x_low: -0.5 });
    const answer = await app.form(`/models/bitcoin-model/versions/${weak}/promote`, ASKED);
    const text = await answer.text();
    assertEquals(answer.status, 422);
    assertStringIncludes(text, "The gate refused: qlike_vs_har_x");
    assertStringIncludes(text, `stays at version ${good}`);
    assertStringIncludes(text, `value="${ASKED.why}"`);
    assertEquals(await holderOf(app), good);
    const report = JSON.parse(new TextDecoder().decode(await app.tracker.readArtifact({ runId }, "gate.json")));
    assertEquals([report.allowed, report.decidedBy, report.reason], [false, "ada", ASKED.why]);
    assertStringIncludes((await app.page(`/models/bitcoin-model/versions/${weak}`)).text, "Refused");
  });

  Deno.test(`promotion pages over ${kind} take an alias back to a version that held it, with a reason`, async () => {
    await using app = await testApp(kind, { promotion: fakeGate() });
    const [first, second, never] = [await addVersion(app), await addVersion(app), await addVersion(app)];
    for (const { version } of [first, second]) {
      await app.form(`/models/bitcoin-model/versions/${version}/promote`, ASKED);
    }
    const { text } = await app.page("/models/bitcoin-model");
    assertStringIncludes(text, `Take @production back to version ${first.version}`);
    const refused = await app.form("/models/bitcoin-model/rollback", { ...ASKED, to: never.version });
    assertEquals([refused.status, await holderOf(app)], [422, second.version]);
    await refused.body?.cancel();
    const answer = await app.form("/models/bitcoin-model/rollback", { ...ASKED, to: first.version, why: "alerts" });
    assertEquals([answer.status, answer.headers.get("location")], [303, "/models/bitcoin-model#history-production"]);
    assertEquals(await holderOf(app), first.version);
    const moves = readAliasMoves(await app.registry.getRegisteredModel("bitcoin-model"), "production");
    assertEquals(moves.at(-1), {
      to: first.version,
      from: second.version,
      atMs: NOW_MS,
      by: "ada",
      kind: "rollback",
      why: "alerts",
    });
  });
}

Deno.test("promotion pages promote a run that has no version yet", async () => {
  await using app = await testApp("sqlite", { promotion: fakeGate() });
  const { info } = await finishedRun(app.tracker);
  const path = `/experiments/${info.experimentId}/runs/${info.runId}`;
  assertStringIncludes((await app.page(path)).text, "ask the gate");
  const answer = await app.form(`${path}/promote`, ASKED);
  assertEquals([answer.status, answer.headers.get("location")], [303, "/models/bitcoin-model/versions/1#gate"]);
});

Deno.test("promotion pages refuse what has no name or reason, files that were not proven, and what cannot be proven", async () => {
  const damaged = () => Promise.reject(new DomainError("model-invalid", "its logged qlike is 1 where they give 2"));
  await using app = await testApp("sqlite", { promotion: fakeGate() });
  await using broken = await testApp("sqlite", { promotion: fakeGate({ proveRun: damaged }) });
  const { version, runId } = await addVersion(app);
  const path = `/models/bitcoin-model/versions/${version}/promote`;
  for (
    const [fields, part] of [[{ ...ASKED, why: " " }, "the reason is missing"], [
      { ...ASKED, by: "" },
      "the name is missing",
    ]] as const
  ) {
    const answer = await app.form(path, fields);
    assertEquals(answer.status, 422);
    assertStringIncludes(await answer.text(), part);
  }
  const foreign = await app.registry.createModelVersion({ name: "bitcoin-model", source: "s3://elsewhere", runId });
  const unproven = await app.form(`/models/bitcoin-model/versions/${foreign.version}/promote`, ASKED);
  assertStringIncludes(await unproven.text(), "its files are those of &#39;s3://elsewhere&#39;");
  assertEquals(await holderOf(app), undefined);
  const other = await addVersion(broken);
  const refused = await broken.form(`/models/bitcoin-model/versions/${other.version}/promote`, ASKED);
  assertEquals([refused.status, await holderOf(broken)], [422, undefined]);
  assertStringIncludes(await refused.text(), "its logged qlike is 1 where they give 2");
  assertEquals([...app.failures, ...broken.failures], []);
});

Deno.test("promotion pages refuse forms of other origins, another service of this machine and programs among them", async () => {
  await using app = await testApp("sqlite", { promotion: fakeGate() });
  const { version } = await addVersion(app);
  const origins: readonly Record<string, string>[] = [
    {},
    { origin: "null" },
    { origin: "http://127.0.0.1:8080" },
    { origin: "https://evil.example" },
    { origin: "http://127.0.0.1:5000", "sec-fetch-site": "same-site" },
  ];
  for (const headers of origins) {
    for (const path of [`/versions/${version}/promote`, "/rollback", "/note", `/versions/${version}/note`]) {
      const answer = await app.form(`/models/bitcoin-model${path}`, { ...ASKED, note: "x", to: "1" }, headers);
      assertEquals(answer.status, 403, `${path} ${JSON.stringify(headers)}`);
      await answer.body?.cancel();
    }
  }
  assertEquals(await holderOf(app), undefined);
  assertEquals((await app.registry.getRegisteredModel("bitcoin-model")).description, "");
});

Deno.test("promotion pages say why where this server cannot promote, and take no form for it", async () => {
  const unavailable = "This server may read its store but not write it.";
  await using app = await testApp("sqlite", { promotion: { unavailable } });
  const { version } = await addVersion(app);
  const path = `/models/bitcoin-model/versions/${version}`;
  const { text } = await app.page(path);
  assertStringIncludes(text, unavailable);
  assert(/<fieldset class="stack"\s+disabled/.test(text));
  const answer = await app.form(`${path}/promote`, ASKED);
  assertEquals([answer.status, await holderOf(app)], [403, undefined]);
});

Deno.test("promotion pages take the name that somebody signed in with, not one typed", async () => {
  await using app = await testApp("sqlite", { promotion: fakeGate() });
  const { version } = await addVersion(app);
  const authorization = `Basic ${btoa("grace:0123456789abcdef")}`;
  const headers = { origin: "http://127.0.0.1:5000", authorization };
  await app.form(`/models/bitcoin-model/versions/${version}/promote`, ASKED, headers);
  const moves = readAliasMoves(await app.registry.getRegisteredModel("bitcoin-model"), "production");
  assertEquals(moves.map(({ by }) => by), ["grace"]);
});

Deno.test("note forms keep the notes of runs, experiments, models and versions as they were typed", async () => {
  await using app = await testApp("sqlite");
  const { version, runId } = await addVersion(app);
  const { info } = await app.tracker.getRun(runId);
  const note = "# Title\r\n\r\n<b>not bold</b>\r\n";
  const pages = {
    [`/experiments/${info.experimentId}`]: `/experiments/${info.experimentId}/note`,
    [`/experiments/${info.experimentId}/runs/${runId}`]: `/experiments/${info.experimentId}/runs/${runId}/note`,
    "/models/bitcoin-model": "/models/bitcoin-model/note",
    [`/models/bitcoin-model/versions/${version}`]: `/models/bitcoin-model/versions/${version}/note`,
  };
  for (const [page, action] of Object.entries(pages)) {
    const answer = await app.form(action, { note });
    assertEquals([answer.status, answer.headers.get("location")], [303, page]);
    const { text } = await app.page(page);
    assertStringIncludes(text, "\n# Title\n\n&lt;b&gt;not bold&lt;/b&gt;\n</textarea>");
    assert(!text.includes("<b>not bold"));
  }
  const run = await app.tracker.getRun(runId);
  assertEquals(run.tags.find(({ key }) => key === "mlflow.note.content")?.value, "# Title\n\n<b>not bold</b>\n");
  await app.form("/models/bitcoin-model/note", { note: "" });
  assertStringIncludes((await app.page("/models/bitcoin-model")).text, "Add notes");
});

Deno.test("note forms refuse to write over what somebody else saved meanwhile, and show both texts", async () => {
  await using app = await testApp("sqlite");
  const { version, runId } = await addVersion(app);
  const { info } = await app.tracker.getRun(runId);
  const pages = [
    `/experiments/${info.experimentId}`,
    `/experiments/${info.experimentId}/runs/${runId}`,
    "/models/bitcoin-model",
    `/models/bitcoin-model/versions/${version}`,
  ];
  const seenBy = (text: string) => /name="seen" value="([^"]+)"/.exec(text)![1]!;
  for (const page of pages) {
    const seen = seenBy((await app.page(page)).text); // ada and grace open the page
    assertEquals((await app.form(`${page}/note`, { seen, note: "by ada" })).status, 303);
    const refused = await app.form(`${page}/note`, { seen, note: "by grace\r\n<b>" });
    const text = await refused.text();
    assertEquals(refused.status, 409);
    assertStringIncludes(text, '<p class="note">by ada</p>');
    assertStringIncludes(text, "\nby grace\n&lt;b&gt;</textarea>");
    assertStringIncludes((await app.page(page)).text, '<p class="note">by ada</p>');
    const both = await app.form(`${page}/note`, { seen: seenBy(text), note: "by both" });
    assertEquals([both.status, both.headers.get("location")], [303, page]);
    assertStringIncludes((await app.page(page)).text, '<p class="note">by both</p>');
    // The same text twice, as by two clicks, is no conflict; two others at once are.
    assertEquals((await app.form(`${page}/note`, { seen, note: "by both" })).status, 303);
    const last = seenBy((await app.page(page)).text);
    const answers = await Promise.all(["a", "b"].map((note) => app.form(`${page}/note`, { seen: last, note })));
    assertEquals(answers.map(({ status }) => status).sort(), [303, 409]);
    for (const answer of answers) await answer.body?.cancel();
  }
  assertEquals(app.failures, []);
});

Deno.test("promotion pages hold the limits of their forms on the server too", async () => {
  await using app = await testApp("sqlite", { promotion: fakeGate() });
  const [first, second] = [await addVersion(app), await addVersion(app)];
  const paths = [`/models/bitcoin-model/versions/${second.version}/promote`, "/models/bitcoin-model/rollback"];
  await app.form(`/models/bitcoin-model/versions/${first.version}/promote`, ASKED);
  const before = await app.registry.getRegisteredModel("bitcoin-model");
  const refusals: readonly (readonly [Record<string, string>, string])[] = [
    [{ by: "a".repeat(101) }, "longer than 100 characters: it has 101"],
    [{ why: "a".repeat(501) }, "longer than 500 characters: it has 501"],
    [{ by: "ada\0" }, "the name holds control characters"],
    [{ why: "one\ntwo" }, "the reason holds control characters"],
    [{ why: "bell\u0007bell" }, "the reason holds control characters"],
    [{ alias: "no blanks" }, "alias"],
    [{ alias: "v1" }, "alias"],
    [{ alias: "" }, "alias"],
    [{ alias: "a".repeat(237) }, "longer than 236 characters: it has 237"],
  ];
  for (const path of paths) {
    for (const [change, part] of refusals) {
      const answer = await app.form(path, { ...ASKED, to: first.version, ...change });
      assertEquals(answer.status, 422, JSON.stringify(change));
      const alert = /role="alert">([^<]*)</.exec(await answer.text())![1]!;
      assertStringIncludes(alert, part);
    }
  }
  assertEquals(await app.registry.getRegisteredModel("bitcoin-model"), before);
  const longest = { ...ASKED, alias: "b".repeat(236), by: "a".repeat(100), why: "ü".repeat(500) };
  assertEquals((await app.form(paths[0]!, longest)).status, 303);
  assertEquals(app.failures, []);
});
