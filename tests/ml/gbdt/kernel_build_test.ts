import { assertEquals } from "@std/assert";
import { compileKernel, KERNEL_SOURCES, loadCompiler, sha256Line } from "../../../scripts/build_kernels.ts";

const compiler = await loadCompiler();
if (compiler === undefined) {
  const line = "skipped: kernels are not built again, as the package 'assemblyscript' is not installed\n";
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

for (const kernel of KERNEL_SOURCES) {
  Deno.test(`${kernel.wasm} has the sha256 that is committed beside it`, async () => {
    assertEquals(sha256Line(await Deno.readFile(kernel.wasm), kernel.wasm), await Deno.readTextFile(kernel.sha256));
  });

  const ignore = compiler === undefined && Deno.env.get("CI") !== "true";
  Deno.test({
    name: `compileKernel() builds the committed bytes of ${kernel.source}`,
    ignore,
    fn: async () => assertEquals(await compileKernel(compiler!, kernel), await Deno.readFile(kernel.wasm)),
  });
}
