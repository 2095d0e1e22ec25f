import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RequestError } from "../../src/api/http/problem.ts";
import { readNamedBody } from "../../src/api/input/named_rows.ts";
import { readOrderedBody } from "../../src/api/input/ordered_rows.ts";
import { rowShape } from "../../src/api/input/row_shape.ts";
import { requestSchemas } from "../../src/api/openapi/schemas.ts";
import { plainRow, startService } from "./service_fixture.ts";

const NAMES = ["a", "b/c", "d"], NULLABLE = [false, true, false], MAX_ROWS = 3;
const SHAPE = rowShape({ featureNames: NAMES, nullable: NULLABLE }, { maxRows: MAX_ROWS });
const SCHEMAS = requestSchemas({ names: NAMES, nullable: NULLABLE, maxRows: MAX_ROWS });

const HALFWAY = 2 ** 128 - 2 ** 103;
/** Numbers as JSON can bring them, with those at the edge of float32. */
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1e999, -1e999, 1e39, 3.4028234663852886e38, HALFWAY, HALFWAY - 2 ** 75, -HALFWAY, 5e-324),
);
const value = fc.oneof({ weight: 20, arbitrary: number }, fc.constantFrom(null, true, "1", [], {}));
const row = fc.oneof(
  { weight: 4, arbitrary: fc.array(value, { minLength: 3, maxLength: 3 }) },
  fc.array(value, { maxLength: 5 }),
);
const record = fc.oneof(
  { weight: 4, arbitrary: fc.record({ a: value, "b/c": value, d: value }) },
  fc.record({ a: value, "b/c": value, d: value, e: value }, { requiredKeys: [] }),
);
const isAccepted = (read: () => unknown) => {
  try {
    read();
    return true;
  } catch (error) {
    assert(error instanceof RequestError, String(error));
    assert([413, 422].includes(error.traits.status));
    assert(error.errors.length > 0, "every refusal names a field");
    return false;
  }
};

Deno.test("readOrderedBody() accepts exactly what its schema accepts, and gives finite float32", {
  permissions: { env: true },
}, () => {
  const body = fc.oneof(
    { weight: 8, arbitrary: fc.record({ features: fc.oneof(row, fc.array(row, { maxLength: 5 })) }) },
    fc.record({ features: row, more: value }, { requiredKeys: [] }),
    fc.jsonValue(),
  );
  let accepted = 0;
  fc.assert(
    fc.property(body, (candidate) => {
      const good = isAccepted(() => {
        const { rows, count } = readOrderedBody(candidate, SHAPE);
        assertEquals(rows.length, count * 3);
        rows.forEach((number, i) => assert(Number.isFinite(number) || (Number.isNaN(number) && i % 3 === 1)));
      });
      if (good) accepted++;
      assertEquals(good, SCHEMAS.PredictRequest.safeParse(candidate).success, JSON.stringify(candidate));
    }),
    { numRuns: 3000 },
  );
  assert(accepted > 100, `only ${accepted} bodies were good: the test says little`);
});

Deno.test("readNamedBody() accepts exactly what its schema accepts, and puts each value in its place", {
  permissions: { env: true },
}, () => {
  const body = fc.oneof(
    { weight: 12, arbitrary: fc.record({ instances: fc.array(record, { minLength: 1, maxLength: 4 }) }) },
    fc.record({ instances: fc.array(value), more: value }, { requiredKeys: [] }),
    fc.jsonValue(),
  );
  let accepted = 0;
  fc.assert(
    fc.property(body, (candidate) => {
      const good = isAccepted(() => {
        const { rows } = readNamedBody(candidate, SHAPE);
        const instances = (candidate as { instances: Record<string, number | null>[] }).instances;
        assertEquals(Array.from(rows), instances.flatMap((one) => NAMES.map((name) => Math.fround(one[name] ?? NaN))));
      });
      if (good) accepted++;
      assertEquals(good, SCHEMAS.NamedPredictRequest.safeParse(candidate).success, JSON.stringify(candidate));
    }),
    { numRuns: 5000 },
  );
  assert(accepted > 100, `only ${accepted} bodies were good: the test says little`);
});

Deno.test("no body makes a POST route fail, or answer with a number that is none", async () => {
  const { post, failures } = await startService();
  const good = plainRow();
  const mutated = fc.tuple(fc.nat(good.length - 1), value).map(([j, other]) => (good as unknown[]).with(j, other));
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ features: fc.oneof(mutated, fc.array(mutated, { maxLength: 3 }), fc.jsonValue()) }).map(toText),
    fc.record({ instances: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()) }).map(toText),
    fc.record({ inputs: fc.oneof(fc.array(mutated), fc.jsonValue()) }).map(toText),
    fc.record({ dataframe_split: fc.record({ columns: fc.jsonValue(), data: fc.jsonValue() }, { requiredKeys: [] }) })
      .map(toText),
  );
  const path = fc.constantFrom("/predict", "/v1/predict", "/invocations", "/v1/models/reload");
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(path, body, async (route, text) => {
      const response = await post(route, text);
      statuses.add(response.status);
      assert([200, 400, 413, 422].includes(response.status), `${route} ${response.status} ${text}`);
      const answer = await response.json();
      if (response.status === 200 && answer.predictions !== undefined) {
        assert(!JSON.stringify(answer.predictions).includes("null"), text);
      }
    }),
    { numRuns: 3000 },
  );
  assertEquals(failures, []);
  assert(statuses.has(200) && statuses.has(400) && statuses.has(422), [...statuses].join());
});

/** JSON as a client may write it: numbers past a double's range as 1e999. */
function toText(candidate: unknown): string {
  return JSON.stringify(candidate, (_, part) => typeof part === "number" && !Number.isFinite(part) ? `#${part}` : part)
    .replaceAll(/"#(-?)Infinity"/g, "$11e999").replaceAll('"#NaN"', "null");
}
