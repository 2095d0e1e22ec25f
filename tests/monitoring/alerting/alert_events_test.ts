import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { alertEvents, type MonitorAlert, type MonitorFindings, type OpenAlert } from "../../../src/monitoring/mod.ts";

const HOUR = 3_600_000;
const alert = (code: MonitorAlert["code"], version = "1"): MonitorAlert => ({
  ...{ code, name: "m", version, message: "it is worse", command: "task track" },
});

/** What a look found of version 1. */
function found(alerts: readonly MonitorAlert[], verdict: "sound" | "insufficient" | "alert" = "alert") {
  const metrics = { qlike_gain_har_x: 0 };
  return { alerts, skill: { "m/1": { name: "m", version: "1", verdict, metrics } } } as unknown as MonitorFindings;
}

/** Looks one after the other; what each told. */
function looks(steps: readonly (readonly [atMs: number, MonitorFindings])[]) {
  let open: readonly OpenAlert[] = [];
  return steps.map(([nowMs, findings]) => {
    const changes = alertEvents(open, findings, { nowMs, repeatMs: 24 * HOUR });
    open = changes.open;
    return changes.events.map(({ status, code, since }) => `${status} ${code} ${since.slice(11, 16)}`);
  });
}

Deno.test("alertEvents() tells an alert once, again after a day, and when it is over", { permissions: "none" }, () => {
  const bad = found([alert("coverage-off")]);
  assertEquals(
    looks([[HOUR, bad], [2 * HOUR, bad], [25 * HOUR, bad], [26 * HOUR, bad], [27 * HOUR, found([], "sound")], [
      28 * HOUR,
      bad,
    ]]),
    [
      ["raised coverage-off 01:00"],
      [],
      ["repeated coverage-off 01:00"],
      [],
      ["resolved coverage-off 01:00"],
      ["raised coverage-off 04:00"],
    ],
  );
});

Deno.test("alertEvents() takes an alert for over only where its version was judged", { permissions: "none" }, () => {
  const bad = found([alert("coverage-off")]), other = { alerts: [], skill: {} } as unknown as MonitorFindings;
  const alone = structuredClone(found([], "sound"));
  Object.assign(alone.skill["m/1"]!, { metrics: { qlike: 0.5 } });
  const steps = [bad, other, found([], "insufficient"), alone, bad].map((each, hour) => [hour * HOUR, each] as const);
  assertEquals(looks(steps), [["raised coverage-off 00:00"], [], [], [], []]);
});

Deno.test("alertEvents() is not silenced by a clock that was set back", { permissions: "none" }, () => {
  const bad = found([alert("coverage-off")]);
  assertEquals(looks([[100 * HOUR, bad], [HOUR, bad], [2 * HOUR, bad]]), [
    ["raised coverage-off 04:00"],
    ["repeated coverage-off 04:00"],
    [],
  ]);
});

Deno.test("alertEvents() opens what is found and nothing twice, whatever was open", { permissions: "none" }, () => {
  const some = fc.uniqueArray(
    fc.constantFrom<MonitorAlert["code"][]>("coverage-off", "volatility-worse", "features-drifted"),
  );
  fc.assert(fc.property(fc.array(some, { maxLength: 8 }), (rounds) => {
    let open: readonly OpenAlert[] = [];
    rounds.forEach((codes, i) => {
      const before = new Set(open.map(({ code }) => code));
      const findings = found(codes.map((code) => alert(code)));
      const changes = alertEvents(open, findings, { nowMs: i * HOUR, repeatMs: 24 * HOUR });
      const told = (status: string) =>
        changes.events.filter((event) => event.status === status).map(({ code }) => code).sort();
      open = changes.open;
      assertEquals(open.map(({ code }) => code).sort(), [...codes].sort());
      assertEquals(told("raised"), codes.filter((code) => !before.has(code)).sort());
      assertEquals(told("resolved"), [...before].filter((code) => !codes.includes(code)).sort());
      assert(told("repeated").length === 0, "less than a day has passed");
    });
  }));
});
