import { assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import {
  loadModelConfig,
  MODEL_CONFIG_PATH,
  MODEL_CONFIG_SCHEMA,
  modelConfigJsonSchema,
} from "../../src/config/model_config.ts";

async function withFile(text: string, check: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, text);
    await check(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("config/schemas/model.schema.json is the schema that the program checks by", async () => {
  const stored = JSON.parse(await Deno.readTextFile("config/schemas/model.schema.json"));
  assertEquals(stored, JSON.parse(JSON.stringify(modelConfigJsonSchema())));
});

Deno.test("config/model.json holds the defaults, each of them", async () => {
  assertEquals(await loadModelConfig(), MODEL_CONFIG_SCHEMA.parse({}));
  const { $schema, ...stored } = JSON.parse(await Deno.readTextFile(MODEL_CONFIG_PATH));
  assertEquals($schema, "./schemas/model.schema.json");
  assertEquals(stored, JSON.parse(JSON.stringify(MODEL_CONFIG_SCHEMA.parse({}))));
});

Deno.test("loadModelConfig() refuses unknown keys and wrong values by name", async () => {
  const refused = [
    [`{"mlp": {"epoch": 3}}`, "'mlp.epoch'"],
    [`{"horizonMinutes": 7}`, "horizonMinutes"],
    [`{"evaluation": {"split": {"kind": "random"}}}`, "evaluation.split.kind"],
    [`{"evaluation": {"holdout": {"start": "2023-02-30"}}}`, "evaluation.holdout.start"],
    [`{"mlp": {"learningRate": 0}}`, "mlp.learningRate"],
    [`{"mlp": {"learningRate": 5}}`, "mlp.learningRate"],
    [`{"mlp": {"clipNorm": 1e-25}}`, "mlp.clipNorm"],
    [`{"mlp": {"lossWeights": {"direction": 1e-320}}}`, "mlp.lossWeights.direction"],
    [`{"mlp": {"lossWeights": {"direction": -1}}}`, "mlp.lossWeights.direction"],
    [`{"mlp": {"lossWeights": {"direction": 0, "volatility": 0, "quantiles": 0}}}`, "mlp.lossWeights"],
    [`{"seed": 0}`, "seed"],
    [`{"mlp": {"hidden": []}}`, "mlp.hidden"],
  ] as const;
  for (const [text, part] of refused) {
    await withFile(text, async (path) => {
      const error = await assertRejects(() => loadModelConfig(path), DomainError, part);
      assertEquals(error.code, "config-invalid");
    });
  }
  await withFile(`{"mlp": {"epoch": 3}}`, async (path) => {
    const error = await assertRejects(() => loadModelConfig(path), DomainError);
    assertEquals(error.hint, "Did you mean 'epochs'?");
  });
});
