/** Random stores, written by a small writer of our own, read back from the database that they are imported into. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { importFileStore } from "../../../src/MLOps/file_store/mod.ts";
import { storedMetric } from "../../../src/MLOps/sqlite/metrics.ts";
import { SqliteTracker } from "../../../src/MLOps/mod.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";
import { experiment, run, type Tree, writeTree } from "./store_folder.ts";

interface Observation {
  readonly timestamp: number;
  readonly value: number;
  readonly step: number;
}

interface StoreRun {
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, readonly Observation[]>>;
  readonly isDeleted: boolean;
}

const TEXT = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("", "null", "12e45", "a\r\nb\n", "\ufeffx"),
)
  .filter((text) => !text.includes("\0"));
const KEY = fc.array(
  fc.stringMatching(/^[a-zA-Zäß0-9_\-: ][a-zA-Z0-9_\-. ]{0,6}$/).filter((part) => !/^\.+$/.test(part)),
  {
    minLength: 1,
    maxLength: 3,
  },
).map((parts) => parts.join("/"));
const NUMBER = fc.oneof(
  fc.double(),
  fc.constantFrom(0, 1e22, 5e-324, Number.MAX_VALUE, NaN, Infinity, -Infinity),
);
const OBSERVATION: fc.Arbitrary<Observation> = fc.record({
  timestamp: fc.oneof(fc.nat(), fc.constantFrom(1_700_000_000_000, Number.MAX_SAFE_INTEGER)),
  value: NUMBER.map((value) => value === 0 ? 0 : value),
  step: fc.integer({ min: -5, max: 5 }),
});

/** Without keys of which one would be a folder where the other is a file. */
function filesOnly<T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const keys = Object.keys(entries);
  return Object.fromEntries(
    Object.entries(entries).filter(([key]) => !keys.some((other) => other.startsWith(`${key}/`))),
  );
}

const RUN: fc.Arbitrary<StoreRun> = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{32}$/),
  params: fc.dictionary(KEY, TEXT, { maxKeys: 4, noNullPrototype: true }).map(filesOnly),
  tags: fc.dictionary(KEY, TEXT, { maxKeys: 4, noNullPrototype: true }).map(filesOnly),
  metrics: fc.dictionary(KEY, fc.array(OBSERVATION, { minLength: 1, maxLength: 8 }), {
    maxKeys: 4,
    noNullPrototype: true,
  })
    .map(filesOnly),
  isDeleted: fc.boolean(),
});

const STORE = fc.uniqueArray(
  fc.record({
    id: fc.oneof(fc.nat({ max: 99 }).map(String), fc.stringMatching(/^[1-9][0-9]{17}$/)),
    name: fc.stringMatching(/^[a-zäß:'"%# -]{1,20}$/),
    isTrashed: fc.boolean(),
    runs: fc.array(RUN, { maxLength: 3 }),
  }),
  { selector: ({ id }) => id, maxLength: 3 },
).map((experiments) => experiments.map((one, i) => ({ ...one, name: `${one.name}${i}` })))
  .filter((experiments) => {
    const ids = experiments.flatMap(({ runs }) => runs.map(({ id }) => id));
    return new Set(ids).size === ids.length;
  });

/** As Python's `repr`, near enough for a reader. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

function runTree(experimentId: string, { id, params, tags, metrics, isDeleted }: StoreRun): Tree {
  const below = (folder: string, entries: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(entries).map(([key, value]) => [`${folder}/${key}`, value]));
  const lines = Object.fromEntries(
    Object.entries(metrics).map(([key, observations]) => [
      key,
      observations.map(({ timestamp, value, step }) => `${timestamp} ${pythonFloat(value)} ${step}\n`).join(""),
    ]),
  );
  const files = { ...below("params", params), ...below("tags", tags), ...below("metrics", lines) };
  return run(experimentId, id, files, { lifecycle_stage: isDeleted ? "deleted" : "active" });
}

/** Rows of a metric as a database holds them, each once, in the order of a history. */
function rowsOf(observations: readonly Observation[]): string[] {
  return [
    ...new Set(observations.map(({ timestamp, value, step }) => {
      const stored = storedMetric(value);
      return `${timestamp} ${step} ${stored.isNan === 1 ? NaN : stored.value}`;
    })),
  ].sort();
}

Deno.test("importFileStore() gives back whatever a store holds", async () => {
  await fc.assert(
    fc.asyncProperty(STORE, async (experiments) => {
      await using tmp = await tmpDir();
      await Deno.mkdir(`${tmp.path}/mlruns/.trash`, { recursive: true });
      for (const { id, name, isTrashed, runs } of experiments) {
        const tree = Object.assign(experiment(id, { name }), ...runs.map((one) => runTree(id, one)));
        await writeTree(`${tmp.path}/mlruns${isTrashed ? "/.trash" : ""}`, tree);
      }
      const uri = `sqlite:///${tmp.path}/mlflow.db`;
      const { skipped } = await importFileStore(`${tmp.path}/mlruns`, uri);
      assertEquals(skipped, []);
      await using tracker = await SqliteTracker.open(uri);
      for (const { id, name, isTrashed, runs } of experiments) {
        const found = await tracker.getExperiment(id);
        assertEquals([found.name, found.lifecycleStage], [name, isTrashed ? "deleted" : "active"]);
        for (const { id: runId, params, tags, metrics, isDeleted } of runs) {
          const seen = await tracker.getRun(runId);
          assertEquals([seen.info.experimentId, seen.info.lifecycleStage], [id, isDeleted ? "deleted" : "active"]);
          assertEquals(Object.fromEntries(seen.params.map(({ key, value }) => [key, value])), params);
          assertEquals(Object.fromEntries(seen.tags.map(({ key, value }) => [key, value])), tags);
          assertEquals(seen.metrics.map(({ key }) => key).sort(), Object.keys(metrics).sort());
          for (const [key, observations] of Object.entries(metrics)) {
            const { items } = await tracker.metricHistory(runId, key);
            assertEquals(
              items.map(({ timestamp, step, value }) => `${timestamp} ${step} ${value}`).sort(),
              rowsOf(observations),
            );
            const latest = seen.metrics.find((metric) => metric.key === key)!;
            const last = observations.reduce((a, b) => isLater(b, a) ? b : a);
            assertEquals([latest.step, latest.timestamp], [last.step, last.timestamp]);
          }
        }
      }
    }),
    { numRuns: 25 },
  );
});

function isLater(a: Observation, b: Observation): boolean {
  return a.step > b.step || (a.step === b.step && a.timestamp > b.timestamp);
}
