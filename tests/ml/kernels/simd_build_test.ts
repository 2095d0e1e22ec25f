import { assertEquals } from "@std/assert";
import { outdatedSimd } from "../../../scripts/build_simd.ts";
import tensorBytes from "../../../src/ml/kernels/simd/tensor.wasm" with { type: "bytes" };

Deno.test("the committed SIMD modules are what their sources compile to", async () => {
  assertEquals(await outdatedSimd(), []);
});

Deno.test("tensor.wasm brings no data and no imports but the memory, as it runs in the heap of tfjs", () => {
  const module = new WebAssembly.Module(tensorBytes);
  assertEquals(WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`), ["env.memory"]);
  assertEquals(sectionIds(tensorBytes).includes(DATA_SECTION), false);
});

const DATA_SECTION = 11;

/** Ids of the sections of a module, by its binary format. */
function sectionIds(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < bytes.length) {
    ids.push(bytes[at++]!);
    let size = 0, shift = 0, byte: number;
    do {
      byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      shift += 7;
    } while (byte >= 128);
    at += size;
  }
  return ids;
}
