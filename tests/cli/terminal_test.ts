import { assertEquals, assertThrows } from "@std/assert";
import { renderProgress, writeText } from "../../src/cli/terminal.ts";
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
