import { assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { fitGbdt, fitGbdtHere, type GbdtTask } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import { fitGbdtStream, type GbdtStream } from "../../../src/ml/gbdt/training/fit_gbdt_stream.ts";
import type { GbdtRows } from "../../../src/ml/gbdt/training/gbdt_rows.ts";
import { featureNames, syntheticRows } from "./rows.ts";

/** The rows in batches of uneven sizes, all in the same memory. */
function streamOf({ columns, labels }: GbdtRows, sizes: readonly number[]): GbdtStream {
  return {
    rows: labels.length,
    async *batches() {
      const room = columns.map(() => new Float32Array(Math.max(...sizes)));
      for (let start = 0, batch = 0; start < labels.length; batch++) {
        const end = Math.min(start + sizes[batch % sizes.length]!, labels.length);
        columns.forEach((column, feature) => room[feature]!.set(column.subarray(start, end)));
        await Promise.resolve();
        yield { columns: room.map((values) => values.subarray(0, end - start)), labels: labels.subarray(start, end) };
        start = end;
      }
    },
  };
}

const task = (rows: number, options: GbdtTask["options"]): GbdtTask & { readonly validation: GbdtRows } => {
  const labels = options.loss.kind === "logistic" ? "classes" : "real";
  return {
    featureNames: featureNames(20),
    train: syntheticRows(rows, { features: 20, labels }),
    validation: syntheticRows(5000, { features: 20, labels, seed: 2 }),
    options,
  };
};

const shared = ({ columns, labels }: GbdtRows): GbdtRows => ({
  columns: columns.map((column) => {
    const copy = new Float32Array(new SharedArrayBuffer(column.byteLength));
    copy.set(column);
    return copy;
  }),
  labels,
});

for (const loss of [{ kind: "squared" }, { kind: "logistic" }, { kind: "quantile", level: 0.9 }] as const) {
  Deno.test(`fitGbdtStream() of the ${loss.kind} loss gives the bits of columns in memory`, async () => {
    // More rows than the sample on which cuts are chosen has.
    const job = task(230_000, { loss, trees: 4, rowFraction: 0.8, columnFraction: 0.6 });
    const here = fitGbdtHere(job);
    const train = streamOf(job.train, [20_001, 1, 0, 7]), validation = streamOf(job.validation, [1234]);
    for (const keepBinColumns of [false, true]) {
      const streamed = await fitGbdtStream({ ...job, train, validation }, { workers: 2, keepBinColumns });
      assertEquals(streamed.model, here.model);
      assertEquals(streamed.validationLosses, here.validationLosses);
    }
  });
}

Deno.test("shared columns, which Workers bin, give the same bits as others", async () => {
  const job = task(30_000, { loss: { kind: "squared" }, trees: 4 });
  const inWorkers = { ...job, train: shared(job.train), validation: shared(job.validation) };
  const [here, there] = [await fitGbdt(job, { workers: 2 }), await fitGbdt(inWorkers, { workers: 2 })];
  assertEquals(there.model, here.model);
  assertEquals(there.validationLosses, here.validationLosses);
});

Deno.test("fitGbdtStream() refuses rows by their place in the stream", async () => {
  const { validation: _, ...job } = task(1000, { loss: { kind: "squared" }, trees: 1 }), rows = job.train;
  const stream = streamOf(rows, [300]);
  const broken = { ...rows, labels: Float32Array.from(rows.labels).fill(NaN, 700, 701) };
  const short = { columns: rows.columns.slice(1), labels: rows.labels };
  const cases: readonly [string, GbdtStream][] = [
    ["training label 700 is NaN", streamOf(broken, [300])],
    ["there are 19 training columns for 20 features", streamOf(short, [300])],
    ["the training batches have 1000 rows where 1001 were announced", { ...stream, rows: 1001 }],
    ["the training batches have at least 900 rows where 800 were announced", { ...stream, rows: 800 }],
    ["there are 5 training rows where a leaf must have 20", { ...stream, rows: 5 }],
  ];
  for (const [message, train] of cases) {
    await assertRejects(() => fitGbdtStream({ ...job, train }), DomainError, message);
  }
  const oneClass = streamOf({ ...rows, labels: new Float32Array(1000) }, [300]);
  const options = { loss: { kind: "logistic" } } as const;
  await assertRejects(() => fitGbdtStream({ ...job, options, train: oneClass }), DomainError, "one class only");
});

Deno.test("an abort ends the reading of a stream", async () => {
  const job = task(1000, { loss: { kind: "squared" }, trees: 1 }), controller = new AbortController();
  const train: GbdtStream = {
    rows: 1000,
    async *batches() {
      for await (const batch of streamOf(job.train, [300]).batches()) {
        yield batch;
        controller.abort(new Error("enough"));
      }
    },
  };
  const { validation: _, ...rest } = job;
  await assertRejects(() => fitGbdtStream({ ...rest, train }, { signal: controller.signal }), Error, "enough");
});
