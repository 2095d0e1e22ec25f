import { assertEquals, assertThrows } from "@std/assert";
import { PaceMeter, renderProgress, writeText } from "../../src/cli/terminal.ts";
import { renderTable } from "../../src/cli/table.ts";

Deno.test("renderProgress() shows share, count, unit and note, with a bar on request", { permissions: "none" }, () => {
  const state = { stage: "ingest", done: 5, total: 10, unit: "files", note: "2023-01-05" };
  assertEquals(renderProgress(state, { bar: false }), "ingest  50% 5/10 files  2023-01-05");
  assertEquals(
    renderProgress(state, { bar: true }),
    `ingest [${"#".repeat(14)}${".".repeat(14)}]  50% 5/10 files  2023-01-05`,
  );
  assertEquals(renderProgress({ stage: "rest", done: 3, unit: "pages" }, { bar: true }), "rest 3 pages");
  assertEquals(renderProgress({ stage: "x", done: 12, total: 10 }, { bar: false }), "x 100% 12/10");
});

Deno.test("renderProgress() tells rate and remaining time", { permissions: "none" }, () => {
  const state = { stage: "archive", done: 100, total: 730, unit: "files", note: "a.zip" };
  const line = (perSecond: number, remainingSeconds: number | undefined) =>
    renderProgress(state, { bar: false, pace: { perSecond, remainingSeconds } });
  assertEquals(line(51.7, 12.1), "archive  13% 100/730 files  52/s, 13 s left  a.zip");
  assertEquals(line(0.512, 100), "archive  13% 100/730 files  0.51/s, 1 min 40 s left  a.zip");
  assertEquals(line(12_345, 7_500), "archive  13% 100/730 files  12,000/s, 2 h 5 min left  a.zip");
  assertEquals(line(3, undefined), "archive  13% 100/730 files  3/s  a.zip");
});

Deno.test("PaceMeter measures each stage from its first report on", { permissions: "none" }, () => {
  const meter = new PaceMeter();
  const at = (stage: string, done: number, ms: number, total = 100) => meter.measure({ stage, done, total }, ms);
  assertEquals(at("a", 10, 0), undefined);
  assertEquals(at("a", 20, 500), undefined, "too soon");
  assertEquals(at("a", 30, 2_000), { perSecond: 10, remainingSeconds: 7 });
  assertEquals(at("a", 100, 4_000), undefined, "at the end nothing remains");
  assertEquals(at("b", 0, 5_000), undefined);
  assertEquals(at("b", 50, 10_000), { perSecond: 10, remainingSeconds: 5 });
  assertEquals(at("b", 0, 11_000), undefined, "a stage that begins again");
  assertEquals(meter.measure({ stage: "b", done: 4 }, 13_000), { perSecond: 2, remainingSeconds: undefined });
});

Deno.test("renderTable() aligns its columns", { permissions: "none" }, () => {
  const text = renderTable([{ title: "model" }, { title: "qlike", align: "right" }], [["har", "0.5"], [
    "climatology",
    "10.25",
  ]]);
  assertEquals(
    text,
    ["model        qlike", "-----------  -----", "har            0.5", "climatology  10.25"].join("\n"),
  );
});

Deno.test("writeText() writes short writes to the end, and lets a reader go away", { permissions: "none" }, () => {
  const written: number[] = [];
  const slow = { writeSync: (bytes: Uint8Array) => written.push(bytes[0]!) && 1 };
  writeText(slow, "abc");
  assertEquals(written, [97, 98, 99]);
  const failing = (error: Error) => ({
    writeSync: () => {
      throw error;
    },
  });
  writeText(failing(new Deno.errors.BrokenPipe("gone")), "abc");
  assertThrows(() => writeText(failing(new Error("disk")), "abc"), Error, "disk");
});
