import { assertEquals } from "@std/assert";
import { HORIZONS } from "../../../src/core/mod.ts";
import { networkOptions } from "../../../src/ml/experiment/settings.ts";
import { SETTINGS } from "./small_settings.ts";

Deno.test("networkOptions() skips no row whose label overlaps no other", { permissions: "none" }, () => {
  const { mlp, ...rest } = SETTINGS;
  const strides = (rowStride: number) =>
    HORIZONS.map((horizonMinutes) =>
      networkOptions({ ...rest, horizonMinutes, mlp: { ...mlp, rowStride } }, "mlp").rowStride
    );
  assertEquals(strides(3), [1, 3, 3, 3, 3]);
  assertEquals(strides(1), [1, 1, 1, 1, 1]);
});
