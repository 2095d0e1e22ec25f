import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseModelCard } from "../../../src/MLOps/ui/model_card.ts";
import { preview } from "../../../src/MLOps/ui/parts/preview.ts";

const CARD = `flavors:
  onnx:
    data: model.onnx
    providers:
      - CPUExecutionProvider
  python_function:
    loader_module: mlflow.onnx
metadata:
  family: <b>mlp</b>
  horizon_minutes: 15
model_size_bytes: 146821
signature:
  inputs: '[{"type":"tensor","tensor-spec":{"dtype":"float32","shape":[-1,27]}}]'
  outputs: '[{"name":"up","type":"tensor","tensor-spec":{"dtype":"float32","shape":[-1,1]}},{"name":"n","type":"long"}]'
utc_time_created: 2026-11-28 09:47:17.619000
`;

Deno.test("parseModelCard() takes what is damaged or foreign for no card", () => {
  for (const text of ["", "a: [", "just text", "flavors: 1", "- 1", "{".repeat(5_000)]) {
    assertEquals(parseModelCard(text), undefined, text.slice(0, 20));
  }
});

Deno.test("parseModelCard() does not unfold aliases without end", () => {
  const bomb = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"];
  for (let i = 1; i < 10; i++) bomb.push(`a${i}: &a${i} [${Array(10).fill(`*a${i - 1}`).join(",")}]`);
  assertEquals(parseModelCard(`${bomb.join("\n")}\nflavors: {x: *a9}`), undefined);
});

Deno.test("preview() shows an MLmodel as a card above its source, escaped", () => {
  const head = new TextEncoder().encode(CARD);
  const state = { path: "model/MLmodel", size: head.byteLength, head, downloadUrl: "/d", inlineUrl: "/i" };
  const text = String(preview(state));
  for (const part of ["python_function", "float32 [-1, 27]", "&lt;b&gt;mlp", '<pre class="source"']) {
    assertStringIncludes(text, part);
  }
  assert(!text.includes("<b>mlp"));
});
