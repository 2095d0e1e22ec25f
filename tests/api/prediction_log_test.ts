import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DomainError, type ForecastRecord, type PredictRecord, QUANTILE_LEVELS } from "../../src/core/mod.ts";
import { loadChainKey, readAnchors, verifyLog, writtenInstances } from "../../src/api/mod.ts";
import { AnchorKeeper } from "../../src/api/log/anchors.ts";
import { chainLink, chainStart, unsealLine } from "../../src/api/log/chain.ts";
import { logFiles } from "../../src/api/log/verify_log.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { KEY, lines, MODEL, NOW, openLog, pending } from "./log_fixture.ts";
import { harSpec, modelFiles, registerModel } from "./model_fixture.ts";
import { plainRow, startService } from "./service_fixture.ts";

Deno.test("the service logs forecasts and predictions in records that can be joined and replayed", async () => {
  await using tmp = await tmpDir();
  await using log = await openLog(tmp.path, { instance: "one" });
  const { ask, post } = await startService({ log });
  const forecast = await (await ask("/v1/forecast", { headers: { "x-request-id": "f-1" } })).json();
  const predicted = await (await post("/predict", { features: [plainRow(1), plainRow(2)] }, { "x-request-id": "p-1" }))
    .json();
  await log.flush();
  const [first, second] = (await lines(`${tmp.path}/one`)).map((line) => JSON.parse(line)) as [
    ForecastRecord,
    PredictRecord,
  ];
  assertEquals(first.n, 1);
  assertEquals([first.kind, first.requestId, first.decisionTime, first.horizonMinutes], [
    "forecast",
    "f-1",
    forecast.asOf,
    15,
  ]);
  assertEquals([first.name, first.version, first.runId], ["bitcoin-model", "1", forecast.model.runId]);
  assertEquals([first.exchange, first.symbol], ["binance", "BTC/USDT"]);
  assertEquals([first.probabilityUp, first.volatilityBps], [forecast.probabilityUp, forecast.volatilityBps]);
  assertEquals(first.quantilesBps, Object.values(forecast.quantilesBps));
  const features = floats(first.features);
  assertEquals(features.length, plainRow().length);
  assertEquals([second.n, second.kind, second.requestId, second.rows], [2, "predict", "p-1", 2]);
  const outputs = floats(second.outputs);
  assertEquals(outputs.length, 2 * (2 + QUANTILE_LEVELS.length));
  assertEquals(outputs[11], predicted.predictions[1].probabilityUp);
  assertEquals(outputs[13], predicted.predictions[1].quantilesBps["0.01"]);
  const hash = await crypto.subtle.digest("SHA-256", Float32Array.from([...plainRow(1), ...plainRow(2)]));
  assertEquals(second.featuresSha256, Buffer.from(hash).toString("hex"));
});

Deno.test("the service forecasts each closed minute and each new version once on its own", async () => {
  await using tmp = await tmpDir();
  await using log = await openLog(tmp.path, { instance: "one" });
  const fixture = await startService({ log });
  const stop = new AbortController();
  const watching = fixture.service.watch(stop.signal);
  for (let i = 0; i < 3; i++) await fixture.clock.advance(1000);
  await registerModel(fixture, modelFiles(harSpec({ logit: 3 })));
  for (let i = 0; i < 4; i++) await fixture.clock.advance(1000);
  stop.abort();
  await watching;
  await log.flush();
  const records = (await lines(`${tmp.path}/one`)).map((line) => JSON.parse(line) as ForecastRecord);
  assertEquals(records.map(({ kind, version, requestId }) => [kind, version, requestId]), [
    ["forecast", "1", null],
    ["forecast", "2", null],
  ]);
  assertEquals(records[0]!.decisionTime, records[1]!.decisionTime);
});

Deno.test("a busy PredictionLog writes at 128 KiB, and waits for its flush time with what is less", async () => {
  await using tmp = await tmpDir();
  await using log = await openLog(tmp.path, { instance: "one", flushMs: 60_000 });
  for (let i = 0; i < 2000 && log.waitingBytes < 131_072; i++) log.append(pending(`r${i}`));
  const all = log.waitingRecords, sealed = log.waitingBytes;
  assert(sealed >= 131_072, `${sealed} bytes were sealed`);
  for (let tries = 0; log.head.n === 0 && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals([log.bytes, log.waitingBytes, log.waitingRecords], [sealed, 0, all], "before its flush time");
  log.append(pending("last"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(log.bytes, sealed, "one record waits");
  assertEquals((await verifyLog(tmp.path, { key: KEY, anchors: new Map() })).map(({ problem }) => problem), [null]);
});

Deno.test("PredictionLog writes within its flush time, chains each line, and begins files by day and size", async () => {
  await using tmp = await tmpDir();
  const clock = new ManualClock(NOW);
  {
    await using log = await openLog(tmp.path, { clock, instance: "one", maxFileBytes: 1500 });
    log.append(pending("a"));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assertEquals((await lines(`${tmp.path}/one`)).length, 1, "the timer flushed");
    for (let i = 0; i < 7; i++) {
      log.append(pending(`b${i}`));
      await log.flush();
    }
    await clock.advance(2 * 60_000);
    log.append(pending("next day"));
  }
  const files = await logFiles(`${tmp.path}/one`);
  assert(files.length >= 3 && files.at(-1) === "2024-06-01-1.jsonl", files.join());
  assert(files.slice(0, -1).every((file, i) => file === `2024-05-31-${i + 1}.jsonl`), files.join());
  let link = chainLink(KEY, "0".repeat(64), "one");
  const all = await lines(`${tmp.path}/one`);
  assertEquals(all.length, 9);
  for (const line of all) {
    const sealed = unsealLine(line)!;
    link = chainLink(KEY, link, sealed.text);
    assertEquals(sealed.link, link);
  }
  const [verdict] = await verifyLog(tmp.path, { key: KEY, anchors: new Map() });
  assertEquals([verdict!.records, verdict!.anchored, verdict!.problem], [9, 0, null]);
});

Deno.test("verifyLog() finds an edit, a removal, an insertion, a swap, another key, and a cut behind an anchor", async (t) => {
  await using tmp = await tmpDir();
  await using log = await openLog(tmp.path, { instance: "one" });
  // Batches of 1, 1, 2, 1 and 2 records.
  for (const batch of [["r1"], ["r2"], ["r3", "r4"], ["r5"], ["r6", "r7"]]) {
    for (const id of batch) log.append(pending(id));
    await log.flush();
  }
  const path = `${tmp.path}/one/2024-05-31-1.jsonl`;
  const good = await Deno.readTextFile(path);
  const rows = good.trimEnd().split("\n");
  assertEquals(rows.map((row) => unsealLine(row) !== undefined), [true, true, false, true, true, false, true]);
  const anchors = new Map([["one", [{ n: 5, link: unsealLine(rows[4]!)!.link }]]]);
  const verdictOf = async (text: string, key = KEY) => {
    await Deno.writeTextFile(path, text);
    return (await verifyLog(tmp.path, { key, anchors }))[0]!;
  };
  const whole = (changed: string[]) => `${changed.join("\n")}\n`;
  const sound = await verdictOf(good);
  assertEquals([sound.problem, sound.records, sound.anchored], [null, 7, 5]);
  const edit = (row: string) => row.replace(`"rows":1`, `"rows":2`);
  const cases: readonly [title: string, text: string, part: string][] = [
    ["an edit", whole(rows.with(1, edit(rows[1]!))), "line 2: record 2 was changed"],
    ["an edit within a batch", whole(rows.with(2, edit(rows[2]!))), "line 4: one of the records 3 to 4 was changed"],
    ["a removal", whole(rows.toSpliced(2, 1)), "line 3: record 3 belongs here, but this is 4"],
    ["an insertion", whole(rows.toSpliced(2, 0, rows[1]!)), "line 3: record 3 belongs here, but this is 2"],
    ["a swap", whole([rows[1]!, rows[0]!, ...rows.slice(2)]), "line 1: record 1 belongs"],
    ["a line that is no record", whole(rows.with(0, "{")), "line 1: it is no record"],
    ["a line without a number", whole(rows.with(0, "{}")), "line 1: record 1 belongs"],
    [
      "a seal that was taken off",
      whole(rows.with(1, `${unsealLine(rows[1]!)!.text}}`)),
      "line 4: one of the records 2 to 4",
    ],
    ["a cut before an anchor", whole(rows.slice(0, 4)), "5 records were anchored, but the log ends after 4"],
    ["a torn line before an anchor", rows.slice(0, 5).join("\n").slice(0, -9), "the log ends after 4"],
    ["a batch torn before an anchor", whole(rows.slice(0, 3)), "the log ends after 2"],
  ];
  for (const [title, text, part] of cases) {
    await t.step(title, async () => assertStringIncludes((await verdictOf(text)).problem ?? "sound", part));
  }
  await t.step("another key", async () => {
    const other = new Uint8Array(32);
    assertStringIncludes((await verdictOf(good, other)).problem ?? "sound", "line 1: no record from the first on fits");
    const single = `${rows[0]!}\n`;
    assertStringIncludes(
      (await verdictOf(single, other)).problem ?? "sound",
      "line 1: record 1 was changed, or written",
    );
  });
  await t.step("an edit of the first record is no other key", async () => {
    const { problem } = await verdictOf(whole(rows.with(0, edit(rows[0]!))));
    assertStringIncludes(problem ?? "sound", "line 1: record 1 was changed");
  });
  await t.step("a chain forged with the right key over an anchored record", async () => {
    const forged: string[] = [];
    let link = chainStart(KEY, "one"), batch: string[] = [];
    for (const row of rows) {
      const sealed = unsealLine(row);
      batch.push(edit(sealed?.text ?? row));
      if (sealed === undefined) continue;
      const text = batch.join("\n");
      link = chainLink(KEY, link, text);
      forged.push(`${text},"chain":"${link}"}`);
      batch = [];
    }
    assertStringIncludes(
      (await verdictOf(whole(forged))).problem ?? "sound",
      "record 5 is not the one that was anchored",
    );
  });
  await t.step("what a kill leaves is a torn tail, not a forgery", async () => {
    for (const tail of [rows[5]!.slice(0, 20), `${rows[5]!}\n`, `${rows[5]!}\n${rows[6]!.slice(0, 30)}`]) {
      const verdict = await verdictOf(whole(rows.slice(0, 5)) + tail);
      assertEquals([verdict.problem, verdict.records, verdict.anchored], [null, 5, 5]);
      assertEquals(verdict.tornBytes, tail.trimEnd().length);
    }
  });
  await t.step("a folder that is gone", async () => {
    const gone = await verifyLog(`${tmp.path}/elsewhere`, { key: KEY, anchors });
    assertStringIncludes(gone[0]!.problem ?? "sound", "the folder is gone");
  });
  await Deno.writeTextFile(path, good);
});

/** The lines of a log with its batches chained anew from another start, as a holder of the key could. */
function rechained(rows: readonly string[], start: string): string[] {
  let link = start;
  return rows.map((row) => {
    const { text } = unsealLine(row)!;
    link = chainLink(KEY, link, text);
    return `${text},"chain":"${link}"}`;
  });
}

Deno.test("verifyLog() finds a copy of an instance, under its name's own chain and under an old one without names", async () => {
  await using tmp = await tmpDir();
  for (const [instance, ids] of [["one", ["a", "b", "c"]], ["other", ["d"]]] as const) {
    await using log = await openLog(tmp.path, { instance });
    for (const id of ids) {
      log.append(pending(id));
      await log.flush();
    }
  }
  const file = "2024-05-31-1.jsonl", path = `${tmp.path}/one/${file}`, rows = await lines(`${tmp.path}/one`);
  const problems = async (anchors = new Map<string, readonly { n: number; link: string }[]>()) =>
    (await verifyLog(tmp.path, { key: KEY, anchors })).map(({ instance, problem }) => [instance, problem]);
  assertEquals(await problems(), [["one", null], ["other", null]]);
  await Deno.mkdir(`${tmp.path}/a-copy`);
  const copied = `${tmp.path}/a-copy/${file}`;
  await Deno.copyFile(path, copied);
  assertEquals(await problems(), [
    ["a-copy", `${file}, line 1: record 1 was changed, or written with another key or by another instance`],
    ["one", null],
    ["other", null],
  ]);
  // Logs of before: the chain says nothing of names, so a copy is known by the original beside it.
  const old = rechained(rows, "0".repeat(64)), text = `${old.join("\n")}\n`;
  await Deno.writeTextFile(path, text);
  await Deno.writeTextFile(copied, `${old.slice(0, 2).join("\n")}\n`);
  const anchors = new Map([["one", [{ n: 3, link: unsealLine(old[2]!)!.link }]]]);
  assertEquals(await problems(anchors), [
    ["a-copy", "it is a copy of one, or that is one of it"],
    ["one", null],
    ["other", null],
  ]);
  assertEquals((await problems()).filter(([, problem]) => problem !== null).length, 1, "without anchors too");
  await Deno.remove(`${tmp.path}/a-copy`, { recursive: true });
  assertEquals(await problems(anchors), [["one", null], ["other", null]], "an old log is sound");
});

Deno.test("verifyLog() finds a file that was renamed to a date before its records", async () => {
  await using tmp = await tmpDir();
  {
    await using log = await openLog(tmp.path, { instance: "one" });
    log.append(pending("a"));
  }
  const problemOf = async (name: string) => {
    const [file] = await logFiles(`${tmp.path}/one`);
    await Deno.rename(`${tmp.path}/one/${file}`, `${tmp.path}/one/${name}`);
    return (await verifyLog(tmp.path, { key: KEY, anchors: new Map() }))[0]!.problem;
  };
  assertEquals(
    await problemOf("2024-05-29-1.jsonl"),
    "2024-05-29-1.jsonl: its records are of 2024-05-31 and later, so the file was renamed",
  );
  // A clock that was set back around midnight, and a disk that refused for days, write such names themselves.
  assertEquals(await problemOf("2024-05-30-1.jsonl"), null);
  assertEquals(await problemOf("2024-06-04-1.jsonl"), null);
});

Deno.test("verifyLog() takes a clock that was set back for days as a batch waited for what it is", async () => {
  await using tmp = await tmpDir();
  {
    await using log = await openLog(tmp.path, { instance: "one", clock: new ManualClock(NOW - 3 * 86_400_000) });
    log.append(pending("of before"));
    await log.flush();
    log.append({ ...pending("of now"), atMs: NOW - 3 * 86_400_000 });
  }
  assertEquals(await logFiles(`${tmp.path}/one`), ["2024-05-28-1.jsonl"]);
  const [verdict] = await verifyLog(tmp.path, { key: KEY, anchors: new Map() });
  assertEquals([verdict!.problem, verdict!.records], [null, 2]);
});

Deno.test("AnchorKeeper notes the head as a tag of the version that serves, and readAnchors() finds it", async () => {
  await using tmp = await tmpDir();
  await using log = await openLog(tmp.path, { instance: "one" });
  const fixture = await startService({ log });
  const { registry } = fixture;
  const states: (string | undefined)[] = [];
  const keeper = new AnchorKeeper(
    log,
    (name, version, tag) => registry.setModelVersionTag(name, version, tag),
    (problem) => states.push(problem),
  );
  await keeper.anchor(MODEL);
  assertEquals(await readAnchors(registry), new Map(), "an empty log has no head");
  log.append(pending("a"));
  await log.flush();
  await keeper.anchor(MODEL);
  assertStringIncludes(keeper.problem ?? "", "version=3", "a registry that refuses is told");
  await keeper.anchor(fixture.service.host.current!.served);
  assertEquals([await readAnchors(registry), keeper.problem], [new Map([["one", [log.head]]]), undefined]);
  assertEquals(states.map((problem) => problem !== undefined), [true, false]);
  await registry.deleteModelVersionTag("bitcoin-model", "1", "prediction_log.one");
  await keeper.anchor(fixture.service.host.current!.served);
  assertEquals(await readAnchors(registry), new Map(), "a head that did not move is noted once");
  keeper.forget();
  await keeper.anchor(fixture.service.host.current!.served);
  assertEquals(await readAnchors(registry), new Map([["one", [log.head]]]), "another registry is told of it too");
});

Deno.test("PredictionLog survives a disk that refuses, says so, and records what was lost", async () => {
  await using tmp = await tmpDir();
  const directory = `${tmp.path}/blocked`;
  await using log = await openLog(directory, { instance: "one", maxPendingBytes: 3000 });
  await Deno.remove(directory, { recursive: true });
  await Deno.writeTextFile(directory, "a file where the folder should be");
  const fixture = await startService({ log });
  assertEquals((await fixture.post("/predict", { features: plainRow() })).status, 200, "answers go on");
  await log.flush();
  assertStringIncludes(log.problem ?? "", "Cannot write the prediction log");
  const ready = await (await fixture.ask("/readyz")).json();
  assertEquals(ready.checks.find((check: { name: string }) => check.name === "log").passed, false);
  for (let i = 0; i < 50; i++) {
    log.append(pending(`r${i}`));
    await log.flush();
  }
  assert(log.lost > 30, `${log.lost} lost`);
  assertEquals(log.head.n, 0);
  await Deno.remove(directory);
  await log.flush();
  log.append(pending("after"));
  await log.flush();
  assertEquals(log.problem, undefined);
  const records = (await lines(`${directory}/one`)).map((line) => JSON.parse(line));
  const lost = records.find(({ kind }) => kind === "lost");
  assertEquals(lost.records, log.lost);
  assertEquals(records.at(-1).requestId, "after");
  const [verdict] = await verifyLog(directory, { key: KEY, anchors: new Map() });
  assertEquals([verdict!.problem, verdict!.records], [null, log.head.n]);
});

Deno.test("PredictionLog.open() refuses a place where no log can be, and serves with a problem where the disk fails", async () => {
  await using tmp = await tmpDir();
  await Deno.writeTextFile(`${tmp.path}/file`, "");
  for (const directory of [`${tmp.path}/file`, `${tmp.path}/file/below`]) {
    const error = await assertRejects(() => openLog(directory), DomainError, `'${directory}'`);
    assertEquals([error.code, error.hint], ["config-invalid", "See predictionLog.directory in config/api.json"]);
  }
  const states: (string | undefined)[] = [];
  // A name that is too long stands for a full disk: neither is refused by what was granted or configured.
  await using log = await openLog(tmp.path, {
    instance: "x".repeat(300),
    reporter: { logState: (problem) => states.push(problem), recordsGone() {} },
  });
  assertEquals(states, [log.problem]);
  assertStringIncludes(log.problem ?? "", "Cannot write the prediction log");
});

Deno.test(
  "PredictionLog.open() says how a folder outside of what is granted is granted",
  { permissions: { read: true, write: ["mlruns"] } },
  async () => {
    const denied = await assertRejects(() => openLog("/data/the log"), DomainError, "as it is not granted");
    assertEquals(denied.code, "permission-denied");
    assertStringIncludes(denied.hint ?? "", `task api READ='/data/the log' WRITE='/data/the log'`);
  },
);

Deno.test("PredictionLog leaves no folder where nothing was logged", async () => {
  await using tmp = await tmpDir();
  await (await openLog(tmp.path, { instance: "one" }))[Symbol.asyncDispose]();
  assertEquals(await Array.fromAsync(Deno.readDir(tmp.path)), []);
});

Deno.test("loadChainKey() makes a key once, for its owner alone, and refuses what is none", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/deep/log.key`;
  const key = await loadChainKey(path);
  assertEquals(key.length, 32);
  assertEquals(await loadChainKey(path), key);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.writeTextFile(path, "hello");
  const error = await assertRejects(() => loadChainKey(path), DomainError, "holds no key");
  assertEquals(error.code, "config-invalid");
});

Deno.test("loadChainKey() makes no other key while there are records of the one that is gone", async () => {
  await using tmp = await tmpDir();
  const directory = `${tmp.path}/log`, path = `${tmp.path}/log.key`;
  const load = () => loadChainKey(path, { chained: () => writtenInstances(directory) });
  const key = await load();
  await Deno.mkdir(`${directory}/killed before its first record`, { recursive: true });
  await Deno.rename(path, `${path}.away`);
  await load();
  await Deno.rename(`${path}.away`, path);
  {
    await using log = await openLog(directory, { key, instance: "one" });
    log.append(pending("a"));
  }
  await Deno.rename(path, `${path}.away`);
  const error = await assertRejects(load, DomainError, "the key that chains the prediction log of one");
  assertEquals(error.code, "config-invalid");
  assertStringIncludes(error.hint ?? "", "Put it back from your backup");
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  await Deno.rename(`${path}.away`, path);
  assertEquals(await load(), key);
});

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
