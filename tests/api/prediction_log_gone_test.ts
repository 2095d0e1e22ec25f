import { assertEquals, assertStringIncludes } from "@std/assert";
import type { LostRecord } from "../../src/core/mod.ts";
import { type PredictionLog, verifyLog } from "../../src/api/mod.ts";
import { AnchorKeeper } from "../../src/api/log/anchors.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { KEY, lines, MODEL, NOW, openLog, pending } from "./log_fixture.ts";
import { plainRow, startService } from "./service_fixture.ts";

/** What the log told of. */
function recorder() {
  const states: (string | undefined)[] = [], gone: { readonly records: number; readonly reason: string }[] = [];
  return {
    states,
    gone,
    reporter: {
      logState: (problem: string | undefined) => void states.push(problem),
      recordsGone: (records: number, reason: string) => void gone.push({ records, reason }),
    },
  };
}

async function write(log: PredictionLog, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    log.append(pending(id));
    await log.flush();
  }
}

async function kinds(folder: string): Promise<string[]> {
  return (await lines(folder)).map((line) => JSON.parse(line)).map(({ kind, requestId }) => requestId ?? kind);
}

async function problemOf(directory: string): Promise<string | null> {
  return (await verifyLog(directory, { key: KEY, anchors: new Map() }))[0]!.problem;
}

Deno.test("PredictionLog tells of a folder that was moved away, goes on, and is whole once it is put back", async () => {
  await using tmp = await tmpDir();
  const directory = `${tmp.path}/log`, away = `${tmp.path}/away`, clock = new ManualClock(NOW), told = recorder();
  await using log = await openLog(directory, { clock, instance: "one", reporter: told.reporter });
  await write(log, "a", "b", "c");
  await Deno.rename(directory, away);
  await clock.advance(1000);
  await write(log, "d", "e");
  assertEquals([log.lost, log.problem, log.head.n], [3, undefined, 6]);
  assertEquals(told.states, []);
  assertEquals(told.gone.map(({ records }) => records), [3]);
  assertStringIncludes(told.gone[0]!.reason, "was removed or moved away; records 1 to 3 were there");
  assertEquals(await kinds(`${directory}/one`), ["lost", "d", "e"]);
  const [hole] = (await lines(`${directory}/one`)).map((line) => JSON.parse(line) as LostRecord);
  assertEquals([hole!.n, hole!.records, hole!.reason], [4, 3, told.gone[0]!.reason]);
  assertStringIncludes(await problemOf(directory) ?? "sound", "record 1 belongs here, but this is 4");
  for await (const { name } of Deno.readDir(`${away}/one`)) {
    await Deno.rename(`${away}/one/${name}`, `${directory}/one/${name}`);
  }
  assertEquals(await problemOf(directory), null);
  await clock.advance(1000);
  await write(log, "f");
  assertEquals([log.lost, told.gone.length], [3, 1], "nothing is told twice");
});

Deno.test("PredictionLog tells of a file that was removed, replaced or cut, and counts what was in it alone", async (t) => {
  const harms: readonly [title: string, harm: (path: string) => Promise<void>, word: string][] = [
    ["removed", (path) => Deno.remove(path), "was removed or moved away"],
    ["replaced", async (path) => {
      await Deno.copyFile(path, `${path}.copy`);
      await Deno.rename(`${path}.copy`, path);
    }, "was replaced by another"],
    ["cut", (path) => Deno.truncate(path, 0), "was cut"],
  ];
  for (const [title, harm, word] of harms) {
    await t.step(title, async () => {
      await using tmp = await tmpDir();
      const clock = new ManualClock(NOW), told = recorder();
      await using log = await openLog(tmp.path, { clock, instance: "one", reporter: told.reporter });
      await write(log, "a", "b");
      await clock.advance(2 * 60_000);
      await write(log, "next day", "c", "d");
      await harm(`${tmp.path}/one/2024-06-01-1.jsonl`);
      await clock.advance(999);
      await write(log, "too soon");
      assertEquals(log.lost, 0, "one look a second");
      await clock.advance(1);
      await write(log, "e");
      assertEquals(log.lost, 4);
      assertStringIncludes(told.gone[0]!.reason, `${word}; records 3 to 6 were there`);
      assertEquals((await kinds(`${tmp.path}/one`)).slice(-2), ["lost", "e"]);
    });
  }
});

Deno.test("PredictionLog fails /readyz while a folder that is gone cannot be made, and loses no further record", async () => {
  await using tmp = await tmpDir();
  const directory = `${tmp.path}/log`, clock = new ManualClock(NOW), told = recorder();
  await using log = await openLog(directory, { clock, instance: "one", reporter: told.reporter });
  const { ask, post } = await startService({ log });
  const readyOfLog = async () => {
    const { checks } = await (await ask("/readyz")).json();
    return checks.find(({ name }: { name: string }) => name === "log");
  };
  await write(log, "a");
  await Deno.remove(directory, { recursive: true });
  await Deno.writeTextFile(directory, "a file in its place");
  await clock.advance(1000);
  assertEquals((await post("/predict", { features: plainRow() }, { "x-request-id": "p" })).status, 200);
  await log.flush();
  assertEquals((await readyOfLog()).passed, false);
  assertStringIncludes((await readyOfLog()).reason, "Cannot write the prediction log");
  assertEquals([log.lost, log.failures, told.states.length], [1, 1, 1]);
  await Deno.remove(directory);
  await log.flush();
  assertEquals([(await readyOfLog()).passed, told.states.at(-1)], [true, undefined]);
  assertEquals(await kinds(`${directory}/one`), ["lost", "p"]);
});

Deno.test("AnchorKeeper looks for the file before it notes a head, also where nothing is written", async () => {
  await using tmp = await tmpDir();
  const told = recorder();
  await using log = await openLog(tmp.path, { instance: "one", reporter: told.reporter });
  await write(log, "a", "b");
  await Deno.remove(`${tmp.path}/one`, { recursive: true });
  const noted: string[] = [];
  const keeper = new AnchorKeeper(log, (_name, _version, { value }) => Promise.resolve(void noted.push(value)));
  await keeper.anchor(MODEL);
  assertEquals(told.gone.map(({ records }) => records), [2]);
  assertEquals(noted, [`3 ${log.head.link}`]);
  assertEquals(await kinds(`${tmp.path}/one`), ["lost"]);
});
