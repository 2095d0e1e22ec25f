import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { QUANTILE_KEYS } from "../../src/core/mod.ts";
import { defaultFeatureEngine } from "../../src/ml/mod.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { harSpec } from "./model_fixture.ts";
import { PATIENT_LIMITS, plainRow, startService } from "./service_fixture.ts";

const NAMES = defaultFeatureEngine().names;

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly field?: string; readonly message: string }[];
  readonly requestId: string;
}

Deno.test("POST /predict answers a row with the model's own numbers", async () => {
  const { post } = await startService();
  const response = await post("/predict", { features: plainRow() }, { "x-request-id": "mine-1" });
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("x-request-id"), "mine-1");
  assertEquals(response.headers.get("content-type"), "application/json; charset=utf-8");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  const body = await response.json();
  const expected = new SpecForecastModel(harSpec()).predict(Float32Array.from(plainRow()), 1);
  assertEquals(body, {
    predictions: [{
      probabilityUp: expected.probabilityUp[0],
      volatilityBps: expected.volatilityBps[0],
      quantilesBps: Object.fromEntries(QUANTILE_KEYS.map((key, k) => [key, expected.quantilesBps[k]])),
    }],
    model: { name: "bitcoin-model", version: "1", alias: "production", runId: body.model.runId, horizonMinutes: 15 },
    requestId: "mine-1",
  });
  assertMatch(body.model.runId, /^[0-9a-f]{32}$/);
});

Deno.test("POST /predict answers a batch row by row, and the same as by name", async () => {
  const { post } = await startService();
  const rows = [plainRow(1), plainRow(2), plainRow(3)];
  const batch = await (await post("/predict", { features: rows })).json();
  assertEquals(batch.predictions.length, 3);
  for (const [i, row] of rows.entries()) {
    const single = await (await post("/predict", { features: row })).json();
    assertEquals(batch.predictions[i], single.predictions[0]);
  }
  const named = rows.map((row) =>
    Object.fromEntries([...NAMES.entries()].reverse().map(([j, name]) => [name, row[j]]))
  );
  assertEquals((await (await post("/v1/predict", { instances: named })).json()).predictions, batch.predictions);
  assert(batch.predictions[0].volatilityBps !== batch.predictions[1].volatilityBps, "the rows must matter");
});

Deno.test("POST /predict takes null for nullable features alone", async () => {
  const { post } = await startService();
  const nullable = NAMES.indexOf("rv_1440"), required = NAMES.indexOf("return_1");
  const row = plainRow();
  const good = await post("/predict", { features: row.with(nullable, null as unknown as number) });
  assertEquals(good.status, 200);
  assert(Number.isFinite((await good.json()).predictions[0].volatilityBps));
  const bad = await post("/predict", { features: row.with(required, null as unknown as number) });
  assertEquals(bad.status, 422);
  const problem: Problem = await bad.json();
  assertEquals(problem.errors, [
    { pointer: `/features/${required}`, field: "return_1", message: "must be a finite number: it is null" },
  ]);
});

Deno.test("the last of two equal JSON keys counts", async () => {
  const { post } = await startService();
  const row = JSON.stringify(plainRow());
  assertEquals((await post("/predict", `{"features":"no","features":${row}}`)).status, 200);
  assertEquals((await post("/predict", `{"features":${row},"features":"no"}`)).status, 422);
});

Deno.test("wrong bodies get the status, the problem and the field that they deserve", async (t) => {
  const { post, ask, failures } = await startService({
    config: { limits: { ...PATIENT_LIMITS, maxBodyBytes: 4096, maxRows: 3 } },
  });
  const row = JSON.stringify(plainRow());
  const width = NAMES.length;
  const named = Object.fromEntries(NAMES.map((name) => [name, 1]));
  const cases: readonly [title: string, path: string, body: unknown, status: number, pointer: string, part: string][] =
    [
      ["no JSON", "/predict", "{", 400, "", "no JSON"],
      ["an empty body", "/predict", "", 400, "", "empty"],
      ["blanks", "/predict", "  \n", 400, "", "empty"],
      ["NaN", "/predict", `{"features":[NaN]}`, 400, "", "no JSON"],
      ["a bare list", "/predict", row, 422, "", "an array"],
      ["null", "/predict", "null", 422, "", "null"],
      ["a missing member", "/predict", {}, 422, "/features", "is missing"],
      ["an unknown member", "/predict", `{"features":${row},"horizon":15}`, 422, "/horizon", "no known member"],
      ["__proto__", "/predict", `{"features":${row},"__proto__":{}}`, 422, "/__proto__", "no known member"],
      ["a string", "/predict", { features: "1,2" }, 422, "/features", "a string"],
      ["an object", "/predict", { features: { 0: 1 } }, 422, "/features", "an object"],
      ["an empty row", "/predict", { features: [] }, 422, "/features", "it has 0"],
      ["an empty batch's row", "/predict", { features: [[]] }, 422, "/features/0", "it has 0"],
      ["one value too few", "/predict", { features: plainRow().slice(1) }, 422, "/features", `'week_cos' is the first`],
      [
        "one value too many",
        "/predict",
        { features: [...plainRow(), 1] },
        422,
        "/features",
        `must have ${width} values`,
      ],
      ["a longer row", "/predict", { features: [plainRow(), [...plainRow(), 1]] }, 422, "/features/1", "values"],
      ["1e999", "/predict", `{"features":${row.replace("1.3", "1e999")}}`, 422, "/features/3", "float32"],
      ["-1e999", "/predict", `{"features":${row.replace("1.3", "-1e999")}}`, 422, "/features/3", "float32"],
      ["past float32", "/predict", `{"features":${row.replace("1.3", "3.5e38")}}`, 422, "/features/3", "float32"],
      [
        "a text number",
        "/predict",
        { features: plainRow().with(2, "1" as unknown as number) },
        422,
        "/features/2",
        "a string",
      ],
      ["a row among numbers", "/predict", { features: [1, [2]] }, 422, "/features", `must have ${width} values`],
      ["a number among rows", "/predict", { features: [plainRow(), 1] }, 422, "/features/1", "must be a row"],
      ["four rows of three", "/predict", { features: [1, 2, 3, 4].map(() => [1]) }, 413, "/features", "at most 3 rows"],
      ["a long body", "/predict", `{"features":[${"1,".repeat(3000)}1]}`, 413, "content-length", "4096"],
      [
        "an unknown feature",
        "/v1/predict",
        { instances: [{ ...named, retrun_1: 1 }] },
        422,
        "/instances/0/retrun_1",
        "did you mean 'return_1'",
      ],
      [
        "a missing feature",
        "/v1/predict",
        { instances: [{ ...named, rv_1440: undefined }] },
        422,
        "/instances/0/rv_1440",
        "is missing",
      ],
      ["a row by order", "/v1/predict", { instances: [plainRow()] }, 422, "/instances/0", "must be an object"],
      ["no rows", "/v1/predict", { instances: [] }, 422, "/instances", "must have a row"],
      ["no array", "/v1/predict", { instances: named }, 422, "/instances", "an object"],
      ["two kinds of input", "/invocations", { inputs: [], instances: [] }, 422, "", "exactly one of"],
      ["a bare list", "/invocations", [1], 422, "", "exactly one of"],
      [
        "a wrong column",
        "/invocations",
        { dataframe_split: { columns: ["x"], data: [[1]] } },
        422,
        "/dataframe_split/columns/0",
        "no feature",
      ],
      [
        "a short row",
        "/invocations",
        { dataframe_split: { columns: NAMES, data: [[1]] } },
        422,
        "/dataframe_split/data/0",
        "it has 1",
      ],
      ["another tensor", "/invocations", { inputs: { x: [] } }, 422, "/inputs", "'features'"],
    ];
  for (const [title, path, body, status, pointer, part] of cases) {
    await t.step(`${path}: ${title} → ${status}`, async () => {
      const response = await post(path, body);
      assertEquals(response.headers.get("content-type"), "application/problem+json; charset=utf-8");
      const problem: Problem = await response.json();
      assertEquals(response.status, status, JSON.stringify(problem));
      assertEquals(problem.status, status);
      assertEquals(problem.requestId, response.headers.get("x-request-id"));
      assert(problem.title !== "" && problem.type.startsWith("/docs#problem-"), JSON.stringify(problem));
      const found = problem.errors.find((error) => error.pointer === pointer);
      assert(found !== undefined, JSON.stringify(problem));
      assertStringIncludes(`${found.message} ${problem.detail}`, part);
    });
  }
  for (
    const type of [undefined, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"]
  ) {
    await t.step(`content type ${type} → 415`, async () => {
      const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
      const response = await ask("/predict", {
        method: "POST",
        body: new TextEncoder().encode(`{"features":${row}}`),
        headers,
      });
      assertEquals(response.status, 415);
      assertEquals((await response.json()).errors[0].pointer, "content-type");
    });
  }
  for (const path of ["/predict", "/v1/predict", "/invocations", "/v1/models/reload"]) {
    // Plain JSON under a header that says it is not: taken as it is, it would be an answer to something else.
    for (
      const [encoding, type] of [["gzip", "application/json"], ["identity, br", "application/json"], ["x", "text/csv"]]
    ) {
      if (path.endsWith("reload") && type === "text/csv") continue;
      await t.step(`${path}: ${type} with content encoding ${encoding} → 415`, async () => {
        const headers = { "content-type": type!, "content-encoding": encoding! };
        const response = await ask(path, { method: "POST", body: "{}", headers });
        const problem: Problem = await response.json();
        assertEquals([response.status, problem.errors[0]?.pointer], [415, "content-encoding"]);
        assertStringIncludes(problem.detail, `'${encoding}'`);
        assertEquals(response.headers.get("accept-encoding"), "identity");
      });
    }
  }
  for (const encoding of ["identity", "Identity", ""]) {
    const taken = await post("/predict", { features: plainRow() }, { "content-encoding": encoding });
    assertEquals([encoding, taken.status], [encoding, 200]);
  }
  assertEquals(
    (await post("/predict", { features: plainRow() }, { "content-type": "Application/JSON;charset=UTF-8" })).status,
    200,
  );
  assertEquals(failures, []);
});

Deno.test("a forecast that overflows is refused, not answered with null", async () => {
  const { post } = await startService();
  const row = plainRow().map((value, j) => NAMES[j]!.startsWith("rv_") ? 3e38 : value);
  const single = await post("/predict", { features: row });
  assertEquals(single.status, 200, "large but finite is fine");
  const spec = harSpec();
  const steep = {
    ...spec,
    heads: { ...spec.heads, volatility: { ...spec.heads.volatility, coefficients: [9, 9, 9] } },
  };
  const { modelFiles } = await import("./model_fixture.ts");
  const overflowing = await startService({ files: modelFiles(steep as typeof spec) });
  const response = await overflowing.post("/predict", { features: [plainRow(), row] });
  assertEquals(response.status, 422);
  assertEquals((await response.json()).errors[0].pointer, "/features/1");
});

Deno.test("rows as CSV give what they give as JSON, in any order of columns, and each wrong cell is named", async () => {
  const { post } = await startService();
  const asCsv = (path: string, lines: readonly string[]) =>
    post(path, lines.join("\r\n"), { "content-type": "text/csv" });
  const rows = [plainRow(1), plainRow(2).with(NAMES.indexOf("rv_1440"), null as unknown as number)];
  const expected = (await (await post("/predict", { features: rows })).json()).predictions;
  const order = NAMES.map((_, j) => j).reverse();
  const lines = [order.map((j) => `"${NAMES[j]}"`).join(), ...rows.map((row) => order.map((j) => row[j]).join())];
  for (const path of ["/predict", "/v1/predict"]) {
    assertEquals((await (await asCsv(path, lines)).json()).predictions, expected);
  }
  assertEquals((await asCsv("/invocations", lines)).status, 200);
  const bad = [lines[0]!, lines[1]!, lines[2]!.replace(/^[^,]*/, "NaN"), "1,2"];
  const problem: Problem = await (await asCsv("/predict", bad)).json();
  assertEquals(problem.status, 422);
  assertEquals(problem.errors.map(({ pointer }) => pointer), [`/1/${NAMES.at(-1)}`, "/2"]);
  for (const [text, status] of [["", 400], [lines[0]!, 422], ["a,b\n1,2", 422]] as const) {
    assertEquals((await asCsv("/predict", [text])).status, status);
  }
});

Deno.test("MLflow's four kinds of input give the same tensors", async () => {
  const { post } = await startService();
  const rows = [plainRow(1), plainRow(2)];
  const records = rows.map((row) => Object.fromEntries(row.map((value, j) => [NAMES[j], value])));
  const order = NAMES.map((_, j) => j).reverse();
  const bodies = [
    { inputs: rows },
    { inputs: { features: rows } },
    { instances: rows },
    { instances: rows.map((features) => ({ features })) },
    { instances: records, params: { any: 1 } },
    { dataframe_records: records },
    { dataframe_split: { columns: NAMES, data: rows, index: [0, 1] } },
    { dataframe_split: { columns: order.map((j) => NAMES[j]), data: rows.map((row) => order.map((j) => row[j])) } },
  ];
  const { predictions } = await (await post("/predict", { features: rows })).json();
  for (const body of bodies) {
    const response = await post("/invocations", body);
    assertEquals(response.status, 200, JSON.stringify(body).slice(0, 80));
    const answer = await response.json();
    assertEquals(answer.predictions.quantilesBps[1].length, 9);
    assertAlmostEquals(answer.predictions.probabilityUp[0][0], predictions[0].probabilityUp, 0);
    assertEquals(
      answer.predictions.volatilityBps,
      predictions.map((row: { volatilityBps: number }) => [row.volatilityBps]),
    );
  }
  const bad = order.map((j) => rows[0]![j] as number | string).with(2, "x");
  const split = { dataframe_split: { columns: order.map((j) => NAMES[j]), data: [bad] } };
  const [wrong] = (await (await post("/invocations", split)).json()).errors;
  assertEquals([wrong.pointer, wrong.field], ["/dataframe_split/data/0/2", NAMES[order[2]!]]);
  const refused = await (await post("/invocations", { inputs: [[1]] })).json();
  assertEquals([refused.error_code, refused.status, typeof refused.message], [
    "INVALID_PARAMETER_VALUE",
    422,
    "string",
  ]);
});

Deno.test("POST /invocations reads the NaN that Python writes as a missing value, and nothing else as one", async () => {
  const { post } = await startService();
  const at = NAMES.indexOf("rv_1440"), required = NAMES.indexOf("return_1");
  const body = (place: number, text: string) =>
    JSON.stringify({ inputs: [plainRow().with(place, 77_777)] }).replace("77777", text);
  const missing = await (await post("/invocations", body(at, "NaN"))).json();
  assertEquals(missing, await (await post("/invocations", body(at, "null"))).json());
  for (const [place, text] of [[required, "NaN"], [at, "Infinity"], [at, "-Infinity"], [at, `"NaN"`]] as const) {
    const response = await post("/invocations", body(place, text));
    assertEquals([text, response.status], [text, 422]);
    assertEquals((await response.json()).errors[0].pointer, `/inputs/0/${place}`);
  }
  assertEquals((await post("/invocations", body(at, "nan"))).status, 400);
  const named = `{"dataframe_records":[{"NaN":NaN}]}`;
  assertEquals((await (await post("/invocations", named)).json()).errors[0].pointer, "/dataframe_records/0/NaN");
  for (
    const nasty of [
      `{"NaN":NaN,"${'\\"'.repeat(1_000_000)}`,
      `NaN"${"\\".repeat(999_999)}`,
      `NaN${'"'.repeat(1_000_001)}`,
    ]
  ) {
    const from = performance.now();
    assertEquals((await post("/invocations", nasty)).status, 400);
    assert(performance.now() - from < 1000, `${performance.now() - from} ms`);
  }
});
