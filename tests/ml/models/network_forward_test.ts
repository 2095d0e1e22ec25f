import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import { layersOf, startNetwork } from "../../../src/ml/models/network.ts";
import { allocateOutputs, EnsembleForward, FORWARD_ROWS } from "../../../src/ml/models/network_forward.ts";
import { sequenceShape } from "../../../src/ml/models/sequence_shapes.ts";
import { forwardRow } from "./forward_row.ts";

const QUANTILES = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];

Deno.test("an ensemble's outputs of a row are the same bits whatever rows are beside it", () => {
  fc.assert(fc.property(
    fc.record({
      seed: fc.integer({ min: 1, max: 1000 }),
      rows: fc.integer({ min: 1, max: FORWARD_ROWS }),
      inputs: fc.integer({ min: 1, max: 23 }),
      units: fc.integer({ min: 1, max: 9 }),
      members: fc.integer({ min: 1, max: 3 }),
      readsWindows: fc.boolean(),
    }),
    ({ seed, rows, inputs, units, members, readsWindows }) => {
      const random = seededRandom(seed), window = { start: 1, steps: 5, channels: 2 };
      const width = readsWindows ? inputs + 11 : inputs;
      const networks = Array.from({ length: members }, (_, i) => {
        const sequence = readsWindows ? { sequence: { shape: sequenceShape("gru", 3), window } } : {};
        const network = startNetwork({
          ...{ inputs: width, hidden: [units, units], flags: 0, quantiles: QUANTILES, seed: seed + i },
          ...sequence,
        });
        for (const { kernel } of layersOf(network)) kernel.forEach((_, at) => kernel[at] = random.normal());
        return network;
      });
      const forward = new EnsembleForward(networks);
      // Four zeros together are left out of the sums of a single row.
      const values = Float64Array.from({ length: rows * width }, () => random.uniform() < 0.4 ? 0 : random.normal());
      const out = allocateOutputs();
      forward.run(values, rows, out);
      const fewer = allocateOutputs(), untouched = fewer.increments.fill(7).slice();
      new EnsembleForward(networks, { withoutIncrements: true }).run(values, rows, fewer);
      assertEquals(fewer, { logit: out.logit, correction: out.correction, increments: untouched });
      for (let row = 0; row < rows; row++) {
        const increments = new Float64Array(QUANTILES.length);
        const single = forwardRow(forward, values.slice(row * width, (row + 1) * width), increments);
        assertEquals({ logit: out.logit[row], correction: out.correction[row] }, single);
        const at = row * increments.length;
        assertEquals(out.increments.slice(at, at + increments.length), increments);
      }
    },
  ));
});
