import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import { writeFeatureMoves } from "../../../src/ml/gbdt/training/feature_moves.ts";
import {
  BINS,
  CHUNK_BINS,
  FEATURE_BYTES,
  instantiateKernel,
  MISSING_BIN,
} from "../../../src/ml/gbdt/training/kernel/kernel.ts";

const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
const kernel = instantiateKernel(memory);
const { buffer } = memory;
/** Addresses that the tests use. */
const AT = {
  out: 4096,
  moves: 8192,
  indices: 65536,
  right: 131072,
  left: 196608,
  gradients: 229376,
  hessians: 245760,
  bins: 262144,
  room: 524288,
  histogram: 1 << 20,
};

interface Rows {
  readonly rows: number;
  readonly chunks: number;
  readonly share: number;
  readonly hasHessians: boolean;
  readonly seed: number;
}

const someRows = fc.record({
  rows: fc.integer({ min: 1, max: 1500 }),
  chunks: fc.integer({ min: 1, max: 5 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  hasHessians: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

/** Fills bins, gradients and hessians at random, the indices with some of the rows, and picks some of the features. */
function fill({ rows, chunks, share, hasHessians, seed }: Rows) {
  const random = seededRandom(seed), stride = chunks * CHUNK_BINS;
  const bins = new Uint8Array(buffer, AT.bins, rows * stride);
  for (let i = 0; i < bins.length; i++) bins[i] = random.integer(BINS);
  const gradients = new Int32Array(buffer, AT.gradients, rows), hessians = new Int32Array(buffer, AT.hessians, rows);
  for (let row = 0; row < rows; row++) {
    gradients[row] = random.integer(2 ** 31) - 2 ** 30;
    hessians[row] = hasHessians ? random.integer(2 ** 20) : 1;
  }
  const chosen = Array.from({ length: rows }, (_, row) => row).filter(() => random.uniform() < 0.6);
  new Uint32Array(buffer, AT.indices, rows).set(chosen);
  const features = Uint32Array.from({ length: stride }, (_, feature) => feature).filter(() =>
    random.uniform() <= share
  );
  const bytes = features.length * FEATURE_BYTES;
  const moves = writeFeatureMoves(features, buffer, AT.moves);
  const addRows = (from: number, to: number, histogram: number) => {
    kernel.clear(histogram, features.length);
    kernel.addRows(
      ...[AT.indices + from * 4, to - from, AT.bins, stride, AT.moves, moves, features.length] as const,
      ...[AT.gradients, hasHessians ? AT.hessians : 0, AT.room, histogram] as const,
    );
  };
  return { bins, stride, chosen, gradients, hessians, features, bytes, random, addRows };
}

function entries(address: number, feature: number) {
  const words = new BigInt64Array(buffer, address + feature * FEATURE_BYTES, BINS * 2);
  return Array.from({ length: BINS }, (_, bin) => {
    const packed = words[bin * 2 + 1]!;
    return { gradient: Number(words[bin * 2]), hessian: Number(packed >> 24n), rows: Number(packed & 0xffffffn) };
  });
}

Deno.test("addRows() sums what a slow loop sums, exactly, of whichever features", { permissions: "none" }, () => {
  fc.assert(
    fc.property(someRows, (shape) => {
      const { bins, stride, chosen, gradients, hessians, features, addRows } = fill(shape);
      addRows(0, chosen.length, AT.histogram);
      features.forEach((feature, place) => {
        const slow = Array.from({ length: BINS }, () => ({ gradient: 0, hessian: 0, rows: 0 }));
        for (const row of chosen) {
          const entry = slow[bins[row * stride + feature]!]!;
          entry.gradient += gradients[row]!;
          entry.hessian += hessians[row]!;
          entry.rows++;
        }
        assertEquals(entries(AT.histogram, place), slow);
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("merge() sums the threads' histograms, and leaves the sibling's of the parent's", {
  permissions: "none",
}, () => {
  fc.assert(
    fc.property(someRows, (shape) => {
      const { chosen, bytes, addRows, features } = fill(shape), last = features.length - 1;
      fc.pre(last >= 0);
      const third = Math.floor(chosen.length / 3), parent = AT.histogram, parts = parent + bytes, smaller = AT.room;
      addRows(0, chosen.length, parent);
      addRows(0, third, parts);
      addRows(third, 2 * third, parts + bytes);
      kernel.merge(parts, bytes, 2, smaller, parent, FEATURE_BYTES);
      const merged = entries(smaller, 0), sibling = entries(parent, 0);
      addRows(0, 2 * third, parts);
      addRows(2 * third, chosen.length, parts + bytes);
      assertEquals(merged, entries(parts, 0));
      assertEquals(sibling, entries(parts + bytes, 0));
      const before = entries(parent, 0);
      kernel.merge(parts + bytes, bytes, 1, smaller, 0, FEATURE_BYTES);
      assertEquals([entries(smaller, 0), entries(parent, 0)], [sibling, before]);
    }),
    { numRuns: 40 },
  );
});

Deno.test(
  "partition() keeps the order on both sides and sends missing values where told",
  { permissions: "none" },
  () => {
    const shape = fc.tuple(
      someRows,
      fc.integer({ min: 0, max: 254 }),
      fc.constantFrom(0, 1),
      fc.constantFrom(1, CHUNK_BINS),
    );
    fc.assert(
      fc.property(shape, ([rows, bin, missingLeft, stride]) => {
        const { chosen, random } = fill(rows);
        const column = new Uint8Array(buffer, AT.bins, rows.rows * stride),
          binOf = (row: number) => column[row * stride]!;
        for (let at = 0; at < column.length; at++) {
          column[at] = random.uniform() < 0.2 ? MISSING_BIN : random.integer(255);
        }
        const toLeft = kernel.partition(AT.indices, chosen.length, AT.bins, stride, bin, missingLeft, AT.right);
        const isLeft = (row: number) => binOf(row) === MISSING_BIN ? missingLeft === 1 : binOf(row) <= bin;
        const lefts = chosen.filter(isLeft), rights = chosen.filter((row) => !isLeft(row));
        assertEquals([...new Uint32Array(buffer, AT.indices, chosen.length)], [...lefts, ...rights]);
        assertEquals(toLeft, lefts.length);
      }),
      { numRuns: 100 },
    );
  },
);

Deno.test("addToScores() adds to the scores of the given rows alone", { permissions: "none" }, () => {
  const scores = new Float64Array(buffer, AT.room, 6).fill(1);
  new Uint32Array(buffer, AT.indices, 3).set([4, 0, 5]);
  kernel.addToScores(AT.indices, 3, 0.25, AT.room);
  assertEquals([...scores], [1.25, 1, 1, 1, 1.25, 1.25]);
});

Deno.test("binValues() counts the cuts below each value", { permissions: "none" }, () => {
  const float = fc.float({ noNaN: false });
  fc.assert(fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 254 }), fc.array(float), (given, values) => {
    const cuts = [...new Set(given)].sort((a, b) => a - b);
    new Float32Array(buffer, AT.left, 255).fill(NaN).set(cuts);
    new Float32Array(buffer, AT.right, values.length).set(values);
    kernel.binValues(AT.right, values.length, AT.left, AT.bins, AT.room, 8);
    const slow = values.map((value) => Number.isNaN(value) ? MISSING_BIN : cuts.filter((cut) => cut < value).length);
    assertEquals([...new Uint8Array(buffer, AT.bins, values.length)], slow);
    assertEquals(values.map((_, row) => new Uint8Array(buffer, AT.room)[row * 8]), slow);
  }));
});

Deno.test("gradients and hessians are the losses' derivatives, rounded", { permissions: "none" }, () => {
  const random = seededRandom(3), rows = 401, scale = 2 ** 20;
  const labels = new Float64Array(buffer, AT.left, rows), scores = new Float64Array(buffer, AT.right, rows);
  for (let row = 0; row < rows; row++) {
    labels[row] = random.integer(2);
    scores[row] = random.normal() * (row < 20 ? 300 : 3);
  }
  const gradients = new Int32Array(buffer, AT.gradients, rows), hessians = new Int32Array(buffer, AT.hessians, rows);
  const check = (name: string, gradient: (row: number) => number) =>
    gradients.forEach((value, row) => assertAlmostEquals(value, gradient(row) * scale, 0.51, name));
  const p = (row: number) => 1 / (1 + Math.exp(-scores[row]!));
  kernel.squaredGradients(AT.left, AT.right, rows, scale, AT.gradients);
  check("squared", (row) => scores[row]! - labels[row]!);
  kernel.logisticGradients(AT.left, AT.right, rows, scale, scale, AT.gradients, AT.hessians);
  check("logistic", (row) => p(row) - labels[row]!);
  hessians.forEach((value, row) => assertAlmostEquals(value, p(row) * (1 - p(row)) * scale, 0.51));
  kernel.quantileGradients(AT.left, AT.right, rows, scale, 0.9, AT.gradients);
  check("quantile", (row) => labels[row]! > scores[row]! ? -0.9 : 0.1);
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
      kernel.sum(AT.histogram, AT.indices);
      kernel.findSplit(AT.histogram, AT.indices, valueBins, 7, AT.left, AT.out);

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
