import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { axisOf, type AxisValue } from "../../../src/MLOps/ui/chart/axis.ts";
import { parallelChart } from "../../../src/MLOps/ui/chart/parallel_chart.ts";
import { scatterChart } from "../../../src/MLOps/ui/chart/scatter_chart.ts";
import { compareParameters, defaultAxes, parseCompareQuery } from "../../../src/MLOps/ui/compare_query.ts";
import { withQuery } from "../../../src/MLOps/ui/urls.ts";
import { runWith } from "../promotion/evidence.ts";

const PIXELS = { pixels: [0, 100], ticks: 5 } as const;

Deno.test("axisOf() takes texts that are figures as figures, and gives words a place each", () => {
  const rates = axisOf(["0.001", "0.01", undefined, "1e-2"], PIXELS);
  assertEquals([rates.isCategorical, rates.at("0.01"), rates.at("1e-2")], [false, 100, 100]);
  const models = axisOf(["mlp", "har", undefined, "mlp"], PIXELS);
  assertEquals([models.isCategorical, models.ticks.map(({ text }) => text)], [true, ["har", "mlp"]]);
  assertEquals([models.at("har"), models.at("mlp"), models.at(undefined)], [25, 75, undefined]);
  const mixed = axisOf(["auto", "0.1"], PIXELS);
  assert(mixed.isCategorical);
});

Deno.test("axisOf() has no place for what is not finite, and none at all without values", () => {
  const axis = axisOf([1, 2, NaN, Infinity, Number.MAX_VALUE], PIXELS);
  assertEquals([NaN, Infinity, Number.MAX_VALUE].map((value) => axis.at(value)), [undefined, undefined, undefined]);
  assertEquals(axisOf([NaN, undefined], PIXELS).ticks, []);
  assertEquals(axisOf([], PIXELS).at(1), undefined);
});

Deno.test("scatterChart() draws the runs that have both values and tells them in words", () => {
  const points = [
    { label: "a", color: 0, x: "0.1", y: 1 },
    { label: "<b>", color: 11, x: "0.2", y: 2 },
    { label: "c", color: 2, x: undefined, y: 3 },
  ];
  const options = { id: "s", xLabel: "rate", yLabel: '"loss"', width: 400, height: 300 };
  const svg = String(scatterChart(points, options));
  assertEquals(svg.match(/<circle/g)?.length, 2);
  for (const part of ["2 of 3 runs. a: 0.1, 1; &lt;b&gt;: 0.2, 2", 'aria-labelledby="s-title"', "c1 again"]) {
    assertStringIncludes(svg, part);
  }
  assert(!svg.includes("<b>"));
  assertStringIncludes(String(scatterChart([points[2]!], options)), "No run has both values");
});

Deno.test("parallelChart() breaks a line where a run has no value", () => {
  const lines = [
    { label: "a", color: 0, values: ["mlp", 1, 2, 3] },
    { label: "b", color: 1, values: ["har", undefined, 4, 5] },
  ];
  const svg = String(parallelChart(lines, { id: "p", axes: ["model", "x", "y", "z"], width: 600, height: 300 }));
  const paths = [...svg.matchAll(/<path d="([^"]*)"/g)].map(([, path]) => path!.replaceAll(/[\d. -]+/g, ""));
  assertEquals(paths, ["MLLL", "MML"]);
  assertStringIncludes(svg, "Axes: model, x, y, z. a: mlp, 1, 2, 3; b: har, –, 4, 5");
});

Deno.test("scatterChart() and parallelChart() draw any values without NaN in the picture", () => {
  const value: fc.Arbitrary<AxisValue> = fc.oneof(fc.double(), fc.string(), fc.constant(undefined));
  fc.assert(fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 12 }), (rows) => {
    const points = rows.map(([x, y], color) => ({ label: "r", color, x, y }));
    const lines = rows.map((values, color) => ({ label: "r", color, values }));
    const size = { width: 400, height: 300 };
    const pictures = [
      scatterChart(points, { id: "s", xLabel: "x", yLabel: "y", ...size }),
      parallelChart(lines, { id: "p", axes: ["x", "y"], ...size }),
    ];
    for (const picture of pictures) {
      const places = [...String(picture).matchAll(/ (?:x\d?|y\d?|cx|cy|d)="([^"]*)"/g)].map(([, text]) => text!);
      for (const place of places) assert(!/NaN|Infinity|undefined|e/.test(place), place);
    }
  }));
});

Deno.test("compareParameters() and parseCompareQuery() are each other's inverse", () => {
  const PLAIN = { noNullPrototype: true } as const;
  const column = fc.record({
    entity: fc.constantFrom("metrics" as const, "params" as const),
    key: fc.stringMatching(/^[\w .]+$/),
  }, PLAIN);
  const query = fc.record({
    runIds: fc.uniqueArray(fc.stringMatching(/^[0-9a-f]{32}$/), { maxLength: 5 }),
    metric: fc.option(fc.stringMatching(/^\w+$/), { nil: undefined }),
    onlyDifferences: fc.boolean(),
    view: fc.record({ axis: fc.constantFrom("step" as const, "time" as const), isLog: fc.boolean() }, PLAIN),
    scatter: fc.record({ x: fc.option(column, { nil: undefined }), y: fc.option(column, { nil: undefined }) }, PLAIN),
    axes: fc.option(fc.array(column, { maxLength: 12 }), { nil: undefined }),
  }, PLAIN);
  fc.assert(fc.property(query, (asked) => {
    const url = withQuery("/compare", compareParameters(asked));
    assertEquals(parseCompareQuery(new URL(url, "http://x").searchParams), asked);
  }));
});

Deno.test("defaultAxes() takes parameters that tell the runs apart, then the weightiest metrics", () => {
  const runs = [{ seed: "1", model: "mlp" }, { seed: "2", model: "har" }].map((params) => runWith({ params }));
  assertEquals(defaultAxes(runs).map(({ key }) => key), ["model", "seed", "log_loss", "qlike", "pinball"]);
});
