/** The SQL search against the one that looks at each run in turn. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { KeyValue, Metric, Tracker } from "../../../src/core/mod.ts";
import { SqliteTracker } from "../../../src/MLOps/mod.ts";
import { MemoryTracker } from "../../fakes/memory_tracker.ts";

const KEYS = ["a", "b", "c d", "e/f"];
const WORDS = ["mlp", "MLP", "har_x", "har%x", "Ärger", "", "100", "it's", "a\nb"];

const metrics = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.oneof(fc.constantFrom(0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity), fc.double({ noNaN: true })),
);
const texts = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...WORDS));
const runs = fc.array(
  fc.record({ metrics, params: texts, tags: texts, name: fc.constantFrom("x", "X1", "y_z") }),
  { minLength: 1, maxLength: 12 },
);

const key = fc.constantFrom(...KEYS).map((name) => `\`${name}\``);
const word = fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom("m%", "%_x", "_", "%", "%Ä%", "%ä%")).map((text) =>
  text.includes("'") ? `"${text}"` : `'${text}'`
);
const clause = fc.oneof(
  fc.tuple(key, fc.constantFrom("=", "!=", "<", "<=", ">", ">="), fc.constantFrom("0", "0.5", "-1", "1e308", "1"))
    .map(([name, comparator, value]) => `metrics.${name} ${comparator} ${value}`),
  fc.tuple(fc.constantFrom("params", "tags"), key, fc.constantFrom("=", "!=", "LIKE", "ILIKE"), word)
    .map(([entity, name, comparator, value]) => `${entity}.${name} ${comparator} ${value}`),
  fc.tuple(fc.constantFrom("params", "tags"), key, fc.constantFrom("IS NULL", "IS NOT NULL"))
    .map(([entity, name, comparator]) => `${entity}.${name} ${comparator}`),
  fc.tuple(fc.constantFrom("=", "!=", "LIKE", "ILIKE"), fc.constantFrom("'x'", "'x%'", "'_'", "'Y_Z'"))
    .map(([comparator, value]) => `run_name ${comparator} ${value}`),
  fc.tuple(fc.constantFrom("=", "!=", "<", ">="), fc.nat(5)).map(([comparator, at]) =>
    `start_time ${comparator} ${at}`
  ),
);
const order = fc.uniqueArray(
  fc.oneof(
    fc.tuple(fc.constantFrom("metrics", "params", "tags"), key).map(([entity, name]) => `${entity}.${name}`),
    fc.constantFrom("start_time", "run_name", "status"),
  ),
  { maxLength: 3 },
).chain((fields) =>
  fc.array(fc.constantFrom("ASC", "DESC"), { minLength: fields.length, maxLength: fields.length })
    .map((directions) => fields.map((field, i) => `${field} ${directions[i]}`))
);

Deno.test("searchRuns() in SQL finds what looking at each run finds, in the same order", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oracle-" });
  try {
    await using sqlite = await SqliteTracker.open(`sqlite:///${folder}/mlflow.db`);
    const memory = new MemoryTracker();
    await fc.assert(
      fc.asyncProperty(runs, fc.array(clause, { maxLength: 3 }), order, fc.integer({ min: 1, max: 13 }), async (
        described,
        clauses,
        orderBy,
        maxResults,
      ) => {
        const name = crypto.randomUUID();
        const stores: readonly Tracker[] = [sqlite, memory];
        const found = await Promise.all(stores.map(async (tracker) => {
          const experimentId = await tracker.createExperiment(name);
          const marks = new Map<string, number>();
          for (const [i, run] of described.entries()) {
            const { info } = await tracker.createRun({ experimentId, runName: run.name, startTime: i });
            marks.set(info.runId, i);
            const pairs = (record: Readonly<Record<string, string>>): KeyValue[] =>
              Object.entries(record).map(([key, value]) => ({ key, value }));
            await tracker.logBatch(info.runId, {
              metrics: Object.entries(run.metrics).map(([key, value]): Metric => ({
                key,
                value: value + 0, // no −0: SQLite keeps it as 0
                timestamp: 1,
                step: 0,
              })),
              params: pairs(run.params),
              tags: pairs(run.tags),
            });
          }
          const ids: number[] = [];
          let pageToken: string | undefined;
          do {
            const page = await tracker.searchRuns({
              experimentIds: [experimentId],
              filter: clauses.join(" AND "),
              orderBy,
              maxResults,
              ...(pageToken === undefined ? {} : { pageToken }),
            });
            ids.push(...page.items.map(({ info }) => marks.get(info.runId)!));
            pageToken = page.nextPageToken;
          } while (pageToken !== undefined);
          return ids;
        }));
        assertEquals(found[0], found[1]);
      }),
      { numRuns: 150 },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
