import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { lineChart } from "../../../src/MLOps/ui/chart/line_chart.ts";
import { linearScale, logScale } from "../../../src/MLOps/ui/chart/scale.ts";
import { type Point, thinOut } from "../../../src/MLOps/ui/chart/thin_out.ts";

const finite = fc.double({ noNaN: true, min: -1.7e308, max: 1.7e308 });

Deno.test("linearScale() puts ticks at round values inside the axis", () => {
  const scale = linearScale(0.0123, 0.987, { pixels: [0, 100], ticks: 5 });
  assertEquals(scale.ticks.map((tick) => Number(tick.toFixed(6))), [0.2, 0.4, 0.6, 0.8]);
  const steps = linearScale(0, 3, { pixels: [0, 100], ticks: 10, integer: true });
  assertEquals(steps.ticks, [0, 1, 2, 3]);
});

Deno.test("linearScale() moves its ends out to round values where it is nice", () => {
  const scale = linearScale(0.11, 0.93, { pixels: [0, 100], ticks: 5, nice: true });
  assertAlmostEquals(scale.min, 0, 1e-12);
  assertAlmostEquals(scale.max, 1, 1e-12);
});

Deno.test("linearScale() maps every pair of finite ends to finite pixels with few ticks", () => {
  fc.assert(
    fc.property(finite, finite, fc.boolean(), (a, b, nice) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)];
      const scale = linearScale(min, max, { pixels: [10, 400], ticks: 5, nice });
      assert(scale.ticks.length <= 50);
      assert(Number.isFinite(scale.at(min)) && Number.isFinite(scale.at(max)), `${min}…${max}`);
      for (const tick of scale.ticks) assert(Number.isFinite(scale.at(tick)));
    }),
    {
      examples: [[0, 0, true], [5e-324, 5e-324, false], [-1e300, 1e300, true], [-1e308, 1e308, true], [
        1.7e308,
        1.7e308,
        true,
      ], [1, 1 + Number.EPSILON, true]],
    },
  );
});

Deno.test("logScale() has ticks at 1, 2, 5 times powers of ten and ends at the ends", () => {
  const scale = logScale(0.3, 20, { pixels: [100, 0], ticks: 5 });
  assertEquals(scale.ticks.map((tick) => Number(tick.toPrecision(3))), [0.5, 1, 2, 5, 10, 20]);
  assertAlmostEquals(scale.at(0.3), 100, 1e-9);
  assertAlmostEquals(scale.at(20), 0, 1e-9);
  const wide = logScale(1e-12, 1e12, { pixels: [0, 1], ticks: 5 });
  assert(wide.ticks.length <= 7, String(wide.ticks.length));
});

Deno.test("thinOut() keeps ends, highest and lowest points of a long line", () => {
  const points: Point[] = Array.from({ length: 10_000 }, (_, i) => [i, Math.sin(i / 500)]);
  points[7_123] = [7_123, 50];
  points[2_222] = [2_222, -50];
  const kept = thinOut(points, 400, ([, y]) => y);
  assert(kept.length <= 400);
  assertEquals(kept[0], points[0]!);
  assertEquals(kept.at(-1), points.at(-1)!);
  assert(kept.some(([, y]) => y === 50) && kept.some(([, y]) => y === -50));
});

Deno.test("thinOut() gives a part of the points in their order", () => {
  const line = fc.array(fc.double(), { maxLength: 300 }).map((ys) => ys.map((y, i): Point => [i, y]));
  fc.assert(fc.property(line, fc.integer({ min: 4, max: 100 }), (points, limit) => {
    const kept = thinOut(points, limit, ([, y]) => y);
    assert(kept.length <= Math.max(points.length <= limit ? points.length : 0, limit));
    for (let i = 1; i < kept.length; i++) assert(kept[i]![0] > kept[i - 1]![0]);
  }));
});

Deno.test("lineChart() leaves a gap where a value is not finite", () => {
  const points: Point[] = [[0, 1], [1, 2], [2, NaN], [3, 1], [4, Number.MAX_VALUE], [5, 2], [6, 3]];
  const svg = String(lineChart([{ label: "m", color: 0, points }], { title: "m", xLabel: "step" }));
  const path = /<path d="([^"]*)"/.exec(svg)![1]!;
  assertEquals(path.match(/M/g)!.length, 3);
  assertEquals(path.match(/L/g)!.length, 2);
  assertStringIncludes(svg, "[2,null]".replaceAll('"', "&quot;"));
});

Deno.test("lineChart() says so where nothing can be drawn", () => {
  const nothing = lineChart([{ label: "m", color: 0, points: [[0, NaN]] }], { title: "m", xLabel: "step" });
  assertStringIncludes(String(nothing), "No finite values");
  const negative = lineChart([{ label: "m", color: 0, points: [[0, -1]] }], { title: "m", xLabel: "s", logY: true });
  assertStringIncludes(String(negative), "No positive finite values");
});

Deno.test("lineChart() tells in words what it shows, and escapes labels", () => {
  const svg = String(lineChart([{ label: '<b>"x"', color: 3, points: [[0, 0.5], [9, 0.25]] }], {
    title: '"><script>',
    xLabel: "step",
  }));
  assertStringIncludes(svg, "from 0.5 to 0.25");
  assert(!svg.includes("<script>") && !svg.includes("<b>"));
  assertStringIncludes(svg, 'class="line c3"');
});

Deno.test("lineChart() draws any finite values without NaN in the picture", () => {
  const point = fc.tuple(fc.integer(), fc.double());
  fc.assert(fc.property(fc.array(point, { maxLength: 20 }), fc.boolean(), (points, logY) => {
    const sorted = points.toSorted((a, b) => a[0] - b[0]);
    const svg = String(lineChart([{ label: "m", color: 0, points: sorted }], { title: "m", xLabel: "step", logY }));
    const drawn = svg.replace(/data-chart="[^"]*"/, "").replace(/aria-label="[^"]*"/, "");
    assert(!/NaN|Infinity|undefined/.test(drawn), drawn);
  }));
});

Deno.test("lineChart() draws values whose distance is beyond the largest double", () => {
  const points: Point[] = [[0, 0], [1, 1e308], [2, -1e308], [3, 5]];
  for (const logY of [false, true]) {
    const svg = String(lineChart([{ label: "m", color: 0, points }], { title: "m", xLabel: "step", logY }));
    assertEquals(svg.includes("not shown"), logY);
    if (logY) continue;
    const [, ...ys] = /<path d="M\S+ (\S+)L\S+ (\S+)L\S+ (\S+)L\S+ (\S+)"/.exec(svg)!.map(Number);
    assertEquals(ys, [98, 10, 186, 98]); // the middle, the top, the bottom
  }
});

Deno.test("lineChart() says how many points it leaves out, and keeps their room on the x axis", () => {
  const points: Point[] = [[0, 1], [10, 2], [90, NaN], [100, Infinity]];
  const svg = String(lineChart([{ label: "m", color: 0, points }], { title: "m", xLabel: "step" }));
  assertStringIncludes(svg, "2 points are not shown, as they are not finite");
  assertStringIncludes(svg, ">100</text>");
  const log = lineChart([{ label: "m", color: 0, points: [[0, -1], [1, 5e-324], [2, 1e308]] }], {
    title: "m",
    xLabel: "step",
    logY: true,
  });
  assertStringIncludes(String(log), "1 point is not shown, as it is not finite or not positive");
});
