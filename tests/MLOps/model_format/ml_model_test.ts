import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DomainError } from "../../../src/core/mod.ts";
import { decodeMlModel, encodeMlModel, type MlModel } from "../../../src/MLOps/mod.ts";

/** As MLflow 3.17.2 wrote it for a scikit-learn model, with its line breaks inside of quotes. */
const BY_MLFLOW = `
artifact_path: mlflow-artifacts:/0/models/m-034a2843ead146619cedbf2669d3231e/artifacts
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    python_version: 3.11.7
  sklearn:
    code: null
    sklearn_version: 1.9.1
is_signature_from_type_hint: false
mlflow_version: 3.17.2
model_id: m-034a2843ead146619cedbf2669d3231e
model_size_bytes: 10728
model_uuid: m-034a2843ead146619cedbf2669d3231e
prompts: null
run_id: f97c039fbd2147ee8921d087d588f7a0
saved_input_example_info:
  artifact_path: input_example.json
  pandas_orient: split
  serving_input_path: serving_input_example.json
  type: dataframe
signature:
  inputs: '[{"type": "double", "name": "a", "required": true}, {"type": "long", "name":
    "b", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "t", "default": 0.5, "shape": null, "type": "double"}]'
utc_time_created: '2026-11-28 10:14:54.593025'
`;

Deno.test("decodeMlModel() reads what MLflow writes", { permissions: "none" }, () => {
  assertEquals(decodeMlModel(BY_MLFLOW), {
    flavors: {
      python_function: {
        env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
        loader_module: "mlflow.sklearn",
        python_version: "3.11.7",
      },
      sklearn: { code: null, sklearn_version: "1.9.1" },
    },
    signature: {
      inputs: [
        { kind: "column", name: "a", type: "double", required: true },
        { kind: "column", name: "b", type: "long", required: true },
      ],
      outputs: [{ kind: "tensor", dtype: "int64", shape: [-1] }],
      params: [{ name: "t", type: "double", default: 0.5, shape: null }],
    },
    inputExample: { path: "input_example.json", servingPath: "serving_input_example.json", type: "dataframe" },
    modelId: "m-034a2843ead146619cedbf2669d3231e",
    runId: "f97c039fbd2147ee8921d087d588f7a0",
    artifactPath: "mlflow-artifacts:/0/models/m-034a2843ead146619cedbf2669d3231e/artifacts",
    sizeBytes: 10728,
    createdAtMs: Date.parse("2026-11-28T10:14:54.593Z"),
    mlflowVersion: "3.17.2",
  });
});

Deno.test(
  "decodeMlModel() takes a file of flavors alone, and MLflow 2's UUID for an id",
  { permissions: "none" },
  () => {
    assertEquals(decodeMlModel("flavors: {}"), { flavors: {} });
    assertEquals(decodeMlModel("flavors: {}\nmodel_uuid: abc\nsignature: null\nmetadata: null"), {
      flavors: {},
      modelId: "abc",
    });
  },
);

Deno.test("decodeMlModel() names what does not fit", { permissions: "none" }, () => {
  for (
    const [text, reason] of [
      ["", "the input is empty"],
      ["[1]", "it is no mapping"],
      ["run_id: x", "'flavors' does not fit"],
      ["flavors: {onnx: 1}", "'flavors.onnx' does not fit"],
      ["flavors: {}\nsignature: {inputs: '[{'}", "JSON"],
      [`flavors: {}\nsignature: {inputs: '[{"type":"tensor"}]'}`, "'0' does not fit"],
      ["flavors: {a: b: c}", "missed comma"],
    ]
  ) {
    const error = assertThrows(() => decodeMlModel(text!), DomainError, reason!);
    assertEquals(error.code, "model-invalid");
  }
});

const name = fc.string({ unit: "binary" });
/** Zod drops this one, and nothing of MLflow is named so: taken over, it would change what all objects inherit. */
const key = name.filter((text) => text !== "__proto__");
const optionalName = fc.oneof(fc.constant({}), name.map((value) => ({ name: value })));
const shape = fc.array(fc.integer({ min: -1, max: 1000 }), { maxLength: 3 });
const field = fc.oneof(
  fc.tuple(optionalName, name, shape).map(([named, dtype, lengths]) => ({
    kind: "tensor" as const,
    ...named,
    dtype,
    shape: lengths,
  })),
  fc.tuple(optionalName, fc.constantFrom("double", "long", "array"), fc.boolean()).map(([named, type, required]) => ({
    kind: "column" as const,
    ...named,
    type,
    required,
  })),
);
const param = fc.record({
  name,
  type: fc.constantFrom("double", "string"),
  default: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)), name),
  shape: fc.option(shape),
});
const model: fc.Arbitrary<MlModel> = fc.record({
  flavors: fc.dictionary(key, fc.dictionary(key, fc.oneof(name, fc.integer(), fc.boolean(), fc.constant(null)))),
  signature: fc.record({ inputs: fc.array(field), outputs: fc.array(field), params: fc.array(param) }),
  inputExample: fc.record({ path: name, servingPath: name, type: name }),
  modelId: name,
  runId: name,
  artifactPath: name,
  sizeBytes: fc.nat(),
  createdAtMs: fc.nat(2_000_000_000).map((seconds) => seconds * 1000),
  mlflowVersion: name,
  metadata: fc.dictionary(key, name),
}, { requiredKeys: ["flavors"] });

Deno.test("decodeMlModel() gives back what encodeMlModel() wrote, whatever the texts", { permissions: "none" }, () => {
  assertEquals(decodeMlModel("flavors: {__proto__: {a: 1}, onnx: {__proto__: x, b: 2}}"), {
    flavors: { onnx: { b: 2 } },
  });
  fc.assert(fc.property(model, (written) => {
    const read = decodeMlModel(encodeMlModel(written));
    // fast-check makes dictionaries without a prototype.
    assertEquals(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(written)));
  }));
});
