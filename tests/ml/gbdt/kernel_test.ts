import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import { BINS, FEATURE_BYTES, instantiateKernel, MISSING_BIN } from "../../../src/ml/gbdt/training/kernel/kernel.ts";

const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
const kernel = instantiateKernel(memory);
const { buffer } = memory;
/** Addresses that the tests use. */
const AT = {
  indices: 65536,
  left: 131072,
  right: 196608,
  bins: 262144,
  records: 524288,
  histogram: 1 << 20,
  out: 4096,
};

interface Rows {
  readonly rows: number;
  readonly groups: number;
  readonly seed: number;
}

const someRows = fc.record({
  rows: fc.integer({ min: 1, max: 500 }),
  groups: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

/** Fills bins and records at random, and the indices with some of the rows. */
function fill({ rows, groups, seed }: Rows) {
  const random = seededRandom(seed), stride = groups * 8;
  const bins = new Uint8Array(buffer, AT.bins, rows * stride);
  for (let i = 0; i < bins.length; i++) bins[i] = random.integer(BINS);
  const gradients: number[] = [], hessians: number[] = [];
  const words = new BigInt64Array(buffer, AT.records, rows * 2);
  for (let row = 0; row < rows; row++) {
    gradients.push(random.integer(2 ** 31) - 2 ** 30);
    hessians.push(random.integer(2 ** 20));
    words[row * 2] = BigInt(gradients[row]!);
    words[row * 2 + 1] = (BigInt(hessians[row]!) << 24n) + 1n;
  }
  const chosen = Array.from({ length: rows }, (_, row) => row).filter(() => random.uniform() < 0.6);
  new Uint32Array(buffer, AT.indices, rows).set(chosen);
  const bytes = groups * 8 * FEATURE_BYTES;
  new Uint8Array(buffer, AT.histogram, 2 * bytes).fill(0);
  return { bins, stride, chosen, gradients, hessians, bytes, random };
}

function entries(address: number, feature: number) {
  const words = new BigInt64Array(buffer, address + feature * FEATURE_BYTES, BINS * 2);
  return Array.from({ length: BINS }, (_, bin) => {
    const packed = words[bin * 2 + 1]!;
    return { gradient: Number(words[bin * 2]), hessian: Number(packed >> 24n), rows: Number(packed & 0xffffffn) };
  });
}

Deno.test("addRows() sums what a slow loop sums, exactly", { permissions: "none" }, () => {
  fc.assert(
    fc.property(someRows, (shape) => {
      const { bins, stride, chosen, gradients, hessians } = fill(shape);
      kernel.addRows(AT.indices, chosen.length, AT.bins, stride, shape.groups, AT.records, AT.histogram);
      for (let feature = 0; feature < stride; feature++) {
        const slow = Array.from({ length: BINS }, () => ({ gradient: 0, hessian: 0, rows: 0 }));
        for (const row of chosen) {
          const entry = slow[bins[row * stride + feature]!]!;
          entry.gradient += gradients[row]!;
          entry.hessian += hessians[row]!;
          entry.rows++;
        }
        assertEquals(entries(AT.histogram, feature), slow);
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("subtract() leaves the histogram of the other rows", { permissions: "none" }, () => {
  fc.assert(
    fc.property(someRows, (shape) => {
      const { stride, chosen, bytes } = fill(shape);
      const add = (from: number, to: number, histogram: number) =>
        kernel.addRows(AT.indices + from * 4, to - from, AT.bins, stride, shape.groups, AT.records, histogram);
      const middle = chosen.length >> 1;
      add(0, chosen.length, AT.histogram);
      add(0, middle, AT.histogram + bytes);
      kernel.subtract(AT.histogram, AT.histogram + bytes, bytes);
      new Uint8Array(buffer, AT.histogram + bytes, bytes).fill(0);
      add(middle, chosen.length, AT.histogram + bytes);
      assertEquals(entries(AT.histogram, 1), entries(AT.histogram + bytes, 1));
    }),
    { numRuns: 40 },
  );
});

Deno.test(
  "partition() keeps the order on both sides and sends missing values where told",
  { permissions: "none" },
  () => {
    const shape = fc.tuple(someRows, fc.integer({ min: 0, max: 254 }), fc.constantFrom(0, 1));
    fc.assert(
      fc.property(shape, ([rows, bin, missingLeft]) => {
        const { chosen, random } = fill(rows);
        const column = new Uint8Array(buffer, AT.bins, rows.rows);
        for (let row = 0; row < rows.rows; row++) {
          column[row] = random.uniform() < 0.2 ? MISSING_BIN : random.integer(255);
        }
        const toLeft = kernel.partition(AT.indices, chosen.length, AT.bins, bin, missingLeft, AT.left, AT.right);
        const isLeft = (row: number) => column[row] === MISSING_BIN ? missingLeft === 1 : column[row]! <= bin;
        assertEquals([...new Uint32Array(buffer, AT.left, toLeft)], chosen.filter(isLeft));
        const right = [...new Uint32Array(buffer, AT.right, chosen.length - toLeft)];
        assertEquals(right, chosen.filter((row) => !isLeft(row)));
      }),
      { numRuns: 100 },
    );
  },
);

Deno.test("binValues() counts the cuts below each value", { permissions: "none" }, () => {
  const float = fc.float({ noNaN: false });
  fc.assert(fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 254 }), fc.array(float), (given, values) => {
    const cuts = [...new Set(given)].sort((a, b) => a - b);
    new Float32Array(buffer, AT.left, 255).fill(NaN).set(cuts);
    new Float32Array(buffer, AT.right, values.length).set(values);
    kernel.binValues(AT.right, values.length, AT.left, AT.bins, AT.records, 8);
    const slow = values.map((value) => Number.isNaN(value) ? MISSING_BIN : cuts.filter((cut) => cut < value).length);
    assertEquals([...new Uint8Array(buffer, AT.bins, values.length)], slow);
    assertEquals(values.map((_, row) => new Uint8Array(buffer, AT.records)[row * 8]), slow);
  }));
});

Deno.test("the records are the losses' derivatives, rounded", { permissions: "none" }, () => {
  const random = seededRandom(3), rows = 400, scale = 2 ** 20;
  const labels = new Float64Array(buffer, AT.left, rows), scores = new Float64Array(buffer, AT.right, rows);
  for (let row = 0; row < rows; row++) {
    labels[row] = random.integer(2);
    scores[row] = random.normal() * (row < 20 ? 300 : 3);
  }
  const check = (name: string, gradient: (row: number) => number, hessian: (row: number) => number) => {
    const words = new BigInt64Array(buffer, AT.records, rows * 2);
    for (let row = 0; row < rows; row++) {
      const packed = words[row * 2 + 1]!;
      assertAlmostEquals(Number(words[row * 2]), gradient(row) * scale, 0.51, name);
      assertAlmostEquals(Number(packed >> 24n), hessian(row), 0.51, name);
      assertEquals(packed & 0xffffffn, 1n);
    }
  };
  const p = (row: number) => 1 / (1 + Math.exp(-scores[row]!));
  kernel.squaredRecords(AT.left, AT.right, rows, scale, AT.records);
  check("squared", (row) => scores[row]! - labels[row]!, () => 1);
  kernel.logisticRecords(AT.left, AT.right, rows, scale, scale, AT.records);
  check("logistic", (row) => p(row) - labels[row]!, (row) => p(row) * (1 - p(row)) * scale);
  kernel.quantileRecords(AT.left, AT.right, rows, scale, 0.9, AT.records);
  check("quantile", (row) => labels[row]! > scores[row]! ? -0.9 : 0.1, () => 1);
  const largest = kernel.maxResidual(AT.left, AT.right, rows);
  assertEquals(largest, Math.max(...labels.map((label, row) => Math.abs(label - scores[row]!))));
});

Deno.test("findSplit() finds the best of all splits tried one by one", { permissions: "none" }, () => {
  const cases = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    valueBins: fc.integer({ min: 1, max: 255 }),
    missing: fc.constantFrom(0, 0.3),
    l2: fc.constantFrom(0, 2),
    minRows: fc.constantFrom(1, 20),
    monotone: fc.constantFrom(undefined, 1, -1, 0),
  });
  fc.assert(
    fc.property(cases, ({ seed, valueBins, missing, l2, minRows, monotone }) => {
      const random = seededRandom(seed), words = new BigInt64Array(buffer, AT.histogram, BINS * 2).fill(0n);
      const [lower, upper] = [-0.2, 0.3];
      for (let row = 0; row < 300; row++) {
        const bin = random.uniform() < missing ? MISSING_BIN : random.integer(valueBins);
        words[bin * 2]! += BigInt(random.integer(2001) - 1000 + bin);
        words[bin * 2 + 1]! += (BigInt(random.integer(100)) << 24n) + 1n;
      }
      const isBounded = monotone !== undefined;
      const rules = [0.01, 0.02, l2, 1e-3, minRows, monotone ?? 0, lower, upper, Number(isBounded)];
      new Float64Array(buffer, AT.left, 9).set(rules);
      const split = new Float64Array(buffer, AT.out, 5), names = new Int32Array(buffer, AT.out + 40, 5);
      split[0] = 0;
      names[2] = -1;
      kernel.findSplit(AT.histogram, valueBins, 7, AT.left, AT.out);

      const all = entries(AT.histogram, 0);
      const sum = (bins: typeof all) => ({
        g: 0.01 * bins.reduce((total, { gradient }) => total + gradient, 0),
        h: 0.02 * bins.reduce((total, { hessian }) => total + hessian, 0),
        rows: bins.reduce((total, entry) => total + entry.rows, 0),
      });
      const weight = ({ g, h }: { g: number; h: number }) => {
        const free = -g / (h + l2);
        return isBounded ? Math.min(Math.max(free, lower), upper) : free;
      };
      const score = (side: { g: number; h: number }) => -2 * side.g * weight(side) - (side.h + l2) * weight(side) ** 2;
      let best = 0;
      for (const missingLeft of [false, true]) {
        for (let bin = 0; bin < valueBins; bin++) {
          const isLeft = (b: number) => b === MISSING_BIN ? missingLeft : b <= bin;
          const left = sum(all.filter((_, b) => isLeft(b))), right = sum(all.filter((_, b) => !isLeft(b)));
          if (left.rows < minRows || right.rows < minRows || left.h < 1e-3 || right.h < 1e-3) continue;
          if ((monotone ?? 0) * (weight(right) - weight(left)) < 0) continue;
          best = Math.max(best, score(left) + score(right) - score(sum(all)));
        }
      }
      assertAlmostEquals(split[0]!, best, 1e-9 * (1 + best));
      assert(best < 1e-9 || names[2] === 7);
    }),
    { numRuns: 300 },
  );
});
