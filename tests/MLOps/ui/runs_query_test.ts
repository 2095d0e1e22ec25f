import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Run } from "../../../src/core/mod.ts";
import { defaultColumns, orderClause, parseRunsQuery, toParameters } from "../../../src/MLOps/ui/runs_query.ts";
import { withQuery } from "../../../src/MLOps/ui/urls.ts";

const parse = (text: string) => parseRunsQuery(new URLSearchParams(text));

Deno.test("parseRunsQuery() orders by start time, newest first, where nothing is asked", () => {
  const query = parse("");
  assertEquals(orderClause(query), "start_time DESC");
  assertEquals([query.filter, query.view, query.size, query.columns, query.tokens], [
    "",
    "ACTIVE_ONLY",
    50,
    undefined,
    [],
  ]);
  assertEquals(toParameters(query).order, undefined);
});

Deno.test("parseRunsQuery() leaves what it cannot use at its default", () => {
  const query = parse("order=attributes.password&size=7&view=NONE&col=evil&col=metrics.a`b&dir=asc");
  assertEquals([orderClause(query), query.size, query.view, query.columns], ["start_time DESC", 50, "ACTIVE_ONLY", []]);
});

Deno.test("orderClause() quotes keys, which may hold spaces", () => {
  assertEquals(orderClause(parse("order=metrics.val+loss&dir=asc")), "metrics.`val loss` ASC");
});

Deno.test("toParameters() and parseRunsQuery() are each other's inverse", () => {
  const key = fc.string({ unit: fc.constantFrom(..."abc /.-_:é"), minLength: 1, maxLength: 12 });
  const column = fc.record({ entity: fc.constantFrom("metrics" as const, "params" as const, "tags" as const), key }, {
    noNullPrototype: true,
  });
  const query = fc.record({
    filter: fc.string().map((text) => text.trim()),
    order: fc.tuple(column, fc.boolean()).map(([column, isDescending]) => ({ ...column, isDescending })),
    columns: fc.option(fc.array(column, { maxLength: 4 }), { nil: undefined }),
    tokens: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
    size: fc.constantFrom(25, 50, 100, 250),
    view: fc.constantFrom("ACTIVE_ONLY" as const, "DELETED_ONLY" as const, "ALL" as const),
  }, { noNullPrototype: true });
  fc.assert(fc.property(query, (query) => {
    const url = new URL(withQuery("http://x/", toParameters(query)));
    // Unpaired surrogates do not survive an address; nothing else is lost.
    if (JSON.stringify(query).includes("\\ud")) return;
    assertEquals(parseRunsQuery(url.searchParams), query);
  }));
});

Deno.test("defaultColumns() prefers shared plain metrics and parameters that tell runs apart", () => {
  const run = (metrics: readonly string[], params: Readonly<Record<string, string>>) =>
    ({
      tags: [],
      metrics: metrics.map((key) => ({ key, value: 1, timestamp: 1, step: 0 })),
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
    }) as unknown as Run;
  const columns = defaultColumns([
    run(["z", "fold.0.z", "only"], { same: "1", model: "a", rate: "1" }),
    run(["z", "fold.0.z"], { same: "1", model: "b" }),
  ]);
  assertEquals(columns.filter(({ entity }) => entity === "metrics").map(({ key }) => key), ["z", "fold.0.z", "only"]);
  assertEquals(columns.filter(({ entity }) => entity === "params").map(({ key }) => key), ["model", "same", "rate"]);
});

Deno.test("defaultColumns() shows the verdict and the scores that count most first", () => {
  const metrics = ["accuracy", "baseline_har_qlike", "brier", "log_loss", "qlike", "zz"];
  const columns = defaultColumns([{
    metrics: metrics.map((key) => ({ key, value: 1, timestamp: 1, step: 0 })),
    params: [{ key: "alpha", value: "1" }, { key: "model", value: "mlp" }],
    tags: [{ key: "verdict", value: "passed" }],
  } as unknown as Run]);
  assertEquals(columns.map(({ key }) => key), [
    "verdict",
    "log_loss",
    "qlike",
    "brier",
    "accuracy",
    "zz",
    "model",
    "alpha",
  ]);
});
