import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assignSettings, settingPaths } from "../../src/config/assign_settings.ts";
import { loadModelConfig, MODEL_CONFIG_SCHEMA } from "../../src/config/model_config.ts";
import { loadSweepConfig, sweepConfigJsonSchema } from "../../src/config/sweep_config.ts";
import { DomainError } from "../../src/core/mod.ts";
import { planSweep, sweepBase } from "../../src/ml/sweeps/plan_sweep.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const base = await loadModelConfig();

Deno.test("config/schemas/sweep.schema.json is the schema that the program checks by", async () => {
  const stored = JSON.parse(await Deno.readTextFile("config/schemas/sweep.schema.json"));
  assertEquals(stored, JSON.parse(JSON.stringify(sweepConfigJsonSchema())));
});

Deno.test("every sweep that comes with the program can be run, and names its schema", async () => {
  const counts: Record<string, number> = {};
  for await (const { name } of Deno.readDir("config/sweeps")) {
    const path = `config/sweeps/${name}`;
    assertEquals(JSON.parse(await Deno.readTextFile(path)).$schema, "../schemas/sweep.schema.json");
    const sweep = await loadSweepConfig(path);
    counts[name] = planSweep(sweep, sweepBase(sweep, base, path), path).trials.length;
  }
  assertEquals(counts, { "mlp_halving.json": 27, "mlp_random.json": 16, "seeds.json": 8 });
});

Deno.test("loadSweepConfig() names what is wrong with a file, key and value", async () => {
  await using folder = await tmpDir();
  const path = `${folder.path}/sweep.json`;
  const refused: [string, string][] = [
    ["{", "no JSON"],
    [`{"kind": "grid"}`, "'space'"],
    [`{"kind": "grid", "space": {}}`, "must have a setting to vary"],
    [`{"kind": "grid", "space": {"seed": []}}`, "'space.seed'"],
    [`{"kind": "grid", "spaces": {"seed": [1]}}`, "'spaces'"],
    [`{"kind": "bayes", "space": {"seed": [1]}}`, "'kind'"],
    [`{"kind": "grid", "trials": 4, "space": {"seed": [1]}}`, "must be left out of a grid"],
    [`{"kind": "random", "space": {"seed": [1]}}`, "'trials'"],
    [`{"kind": "random", "trials": 0, "space": {"seed": [1]}}`, "'trials'"],
    [`{"kind": "random", "trials": 5000, "space": {"seed": [1]}}`, "'trials'"],
    [`{"kind": "halving", "trials": 4, "space": {"seed": [1]}}`, "'budget'"],
    [`{"kind": "random", "trials": 4, "budget": {"min": 1, "max": 3}, "space": {"seed": [1]}}`, "'budget'"],
    [`{"kind": "halving", "trials": 4, "budget": {"min": 3, "max": 3}, "space": {"seed": [1]}}`, "its min below"],
    [`{"kind": "random", "trials": 4, "space": {"mlp.learningRate": {"low": 2, "high": 1}}}`, "its low below its high"],
    [`{"kind": "random", "trials": 4, "space": {"a": {"low": 0, "high": 1, "log": true}}}`, "its low above 0"],
    [`{"kind": "random", "trials": 4, "space": {"a": {"low": 0.5, "high": 2, "integer": true}}}`, "whole numbers"],
    [`{"kind": "random", "trials": 4, "space": {"a": {"lo": 0.5, "high": 2}}}`, "a range {"],
    [`{"kind": "grid", "space": {"mlp": [{"epochs": 3}]}}`, "must not be an object"],
  ];
  for (const [text, part] of refused) {
    await Deno.writeTextFile(path, text);
    const error = await assertRejects(() => loadSweepConfig(path), DomainError, part);
    assertEquals([error.code, error.message.includes(path)], ["config-invalid", true], text);
  }
  await Deno.writeTextFile(path, `{"kind": "grid", "spac": {"seed": [1]}}`);
  const misspelt = await assertRejects(() => loadSweepConfig(path), DomainError);
  assertEquals(misspelt.hint, "Did you mean 'space'?");
  const missing = await assertRejects(() => loadSweepConfig(`${folder.path}/none.json`), DomainError, "does not exist");
  assertEquals(missing.hint?.includes("--sweep FILE"), true);
});

Deno.test("planSweep() refuses a sweep by path and value before any trial is run", () => {
  const plan = (sweep: Record<string, unknown>) => () => {
    const config = { kind: "grid", seed: 1, objective: "loss", base: {}, ...sweep } as Parameters<typeof planSweep>[0];
    return planSweep(config, sweepBase(config, base, "s.json"), "s.json");
  };
  const halving = { kind: "halving", trials: 3 };
  const range = (low: number, high: number) => ({ low, high, log: false, integer: true });
  const refused: [Record<string, unknown>, string, string?][] = [
    [{ space: { "mlp.learnRate": [0.1] } }, "'mlp.learnRate' in 's.json'", "Did you mean 'mlp.learningRate'?"],
    [{ space: { learningRate: [0.1] } }, "'learningRate'", "Did you mean 'mlp.learningRate'?"],
    [
      { space: { "mlp.schedule": ["cosine"] } },
      "a group",
      "Name one of them: mlp.schedule.kind, mlp.schedule.warmUpSteps",
    ],
    [{ space: { "__proto__.x": [1] } }, "Unknown setting"],
    [{ space: { "mlp.learningRate": [0.01, 5] } }, "'mlp.learningRate' in 's.json'"],
    [{ space: { "mlp.learningRate": [0.01, 5] } }, "current value is 5"],
    [{ space: { "mlp.epochs": ["many"] } }, `current value is "many"`],
    [{ kind: "random", trials: 2, space: { "mlp.hidden": [[64]], "mlp.patience": range(0, 4) } }, "current value is 0"],
    [{ space: { "mlp.patience": range(1, 4) } }, "'space.mlp.patience' is a range"],
    [{ space: { "horizonMinutes": [15, 60] } }, "Cannot vary 'horizonMinutes'"],
    [{ space: { "evaluation.split.testShare": [0.2, 0.3] } }, "Cannot vary 'evaluation.split.testShare'"],
    [
      { kind: "random", trials: 2, space: { "mlp.batchSize": { ...range(512, 4096), integer: false } } },
      "Cannot draw fractions for 'mlp.batchSize' in 's.json'",
      'Add "integer": true to its range from 512 to 4096',
    ],
    [
      { ...halving, budget: { key: "minimumDays", min: 10, max: 30, factor: 3 }, space: { seed: [1, 2, 3] } },
      "Cannot vary 'minimumDays'",
      "Set it for all trials in base, and run a sweep for each value",
    ],
    [{ base: { "mlp.epoch": 3 }, space: { seed: [1] } }, "'mlp.epoch'", "Did you mean 'mlp.epochs'?"],
    [{
      space: {
        seed: Array.from({ length: 40 }, (_, i) => i + 1),
        "mlp.batchSize": Array.from({ length: 26 }, (_, i) => i + 1),
      },
    }, "1040 combinations"],
    [
      { ...halving, budget: { key: "mlp.epochs", min: 1, max: 9, factor: 3 }, space: { "mlp.epochs": [1, 2, 3] } },
      "in its space too",
    ],
    [
      { ...halving, budget: { key: "mlp.epoch", min: 1, max: 9, factor: 3 }, space: { seed: [1, 2, 3] } },
      "'mlp.epoch'",
    ],
    [
      {
        kind: "grid",
        space: {
          "mlp.lossWeights.direction": [0, 1],
          "mlp.lossWeights.volatility": [0],
          "mlp.lossWeights.quantiles": [0],
        },
      },
      "must not all be 0",
    ],
  ];
  for (const [sweep, part, hint] of refused) {
    const error = assertThrows(plan(sweep), DomainError, part);
    assertEquals(error.code, "config-invalid", part);
    if (hint !== undefined) assertEquals(error.hint, hint);
  }
});

Deno.test("planSweep() draws fractions between whole numbers where the setting takes them", () => {
  const sweep = {
    ...{ kind: "random", trials: 3, seed: 1, objective: "loss", base: {} } as const,
    space: { "mlp.weightDecay": { low: 0, high: 2, log: false, integer: false } },
  };
  const { trials } = planSweep(sweep, base, "s.json");
  assertEquals(trials.map(({ config }) => Number.isInteger(config.mlp.weightDecay)), [false, false, false]);
});

Deno.test("planSweep() gives each trial all its settings, in the order of the draw", () => {
  const sweep = {
    ...{ kind: "grid", seed: 1, objective: "loss" } as const,
    base: { "mlp.epochs": 3 },
    space: { "mlp.hidden": [[8], [8, 4]], seed: [1, 2] },
  };
  const { trials, rungs } = planSweep(sweep, sweepBase(sweep, base, "s.json"), "s.json");
  assertEquals(trials.map(({ number, config }) => [number, config.mlp.hidden, config.seed, config.mlp.epochs]), [
    [1, [8], 1, 3],
    [2, [8], 2, 3],
    [3, [8, 4], 1, 3],
    [4, [8, 4], 2, 3],
  ]);
  assertEquals(rungs, [{ trials: 4, budget: undefined }]);
  assertEquals(base.mlp.epochs, 6, "the configuration itself stays as it is");
});

Deno.test("planSweep() refuses to vary, or to spend a budget on, what no family of its trials reads", () => {
  const plan = (sweep: Record<string, unknown>, family?: string) => {
    const config = { kind: "grid", seed: 1, objective: "loss", base: {}, ...sweep } as Parameters<typeof planSweep>[0];
    return planSweep(config, sweepBase(config, base, "s.json", family), "s.json");
  };
  const refuse = (sweep: Record<string, unknown>, part: string, family?: string) => {
    const error = assertThrows(() => plan(sweep, family), DomainError, part);
    assertEquals(error.code, "config-invalid");
  };
  const rates = { "mlp.learningRate": [0.001, 0.01] };
  const of = (...model: string[]) => ({ model });
  refuse(
    { base: { model: "linear" }, space: rates },
    "Cannot vary 'mlp.learningRate' in 's.json' as its trials are of the family linear, which does not read it: " +
      "linear reads 'linear.*'",
  );
  refuse({ space: rates }, "har reads shared settings alone", "har");
  refuse({ space: { "sequence.units": [8, 16] } }, "mlp reads 'mlp.*'");
  refuse({ space: { ...of("gbdt", "tcn"), ...rates } }, "gbdt reads 'gbdt.*', tcn reads 'sequence.*'");
  refuse(
    { space: { ...of("mlp", "tcn"), seed: [1, 2] } },
    "Cannot compare the trials of 's.json' as their families read different feature sets: mlp reads 'flagship', " +
      "tcn reads 'base'",
  );
  for (const model of ["pyramid", "tcn", "gru"]) {
    assertEquals(plan({ base: { model }, space: { "sequence.units": [8, 16] } }).trials.length, 2);
  }
  assertEquals(plan({ base: { model: "linear" }, space: rates }, "mlp").trials.length, 2, "--model goes before base");
  assertEquals(plan({ space: { ...of("gbdt", "mlp"), ...rates } }).trials.length, 4);
  assertEquals(plan({ base: { model: "har" }, space: { seed: [1, 2] } }).trials.length, 2, "all share it");

  const budget = (key: string) => ({ kind: "halving", trials: 2, budget: { key, min: 1, max: 4, factor: 2 } });
  refuse(
    { ...budget("mlp.epochs"), base: { model: "gbdt" }, space: { "gbdt.maxLeaves": [7, 15] } },
    "Cannot spend the budget of 's.json' on 'mlp.epochs' as its trials are of the family gbdt",
  );
  refuse({ ...budget("mlp.epochs"), space: of("mlp", "har") }, "of the family har, which");
  assertEquals(plan({ ...budget("trainingDays"), space: of("mlp", "har") }).trials.length, 2);
});

Deno.test("planSweep() varies and sets what a record holds, by its key", () => {
  const sweep = {
    ...{ kind: "grid", seed: 1, objective: "loss" } as const,
    base: { model: "gbdt", "gbdt.monotone.volatility.volume_z_5": 1 },
    space: { "gbdt.monotone.direction.volume_z_5": [null, 1, -1] },
  };
  const { trials } = planSweep(sweep, sweepBase(sweep, base, "s.json"), "s.json");
  assertEquals(trials.map(({ config }) => config.gbdt.monotone), [
    { direction: {}, volatility: { volume_z_5: 1 } },
    { direction: { volume_z_5: 1 }, volatility: { volume_z_5: 1 } },
    { direction: { volume_z_5: -1 }, volatility: { volume_z_5: 1 } },
  ]);
  const refuse = (path: string, value: unknown, part: string) =>
    assertThrows(
      () => assignSettings(base, { [path]: value }, { path: "s.json", schema: MODEL_CONFIG_SCHEMA }),
      DomainError,
      part,
    );
  refuse("gbdt.monotone.direction.volume_z_5", 2, "'gbdt.monotone.direction.volume_z_5' in 's.json'");
  refuse("gbdt.monotone.direction.__proto__", 1, "Unknown setting");
  refuse("gbdt.monotone.direction.", 1, "Unknown setting");
  refuse("gbdt.trees.more", 1, "Unknown setting");
});

Deno.test("settingPaths() are the paths of config/model.json, each of which can be assigned its own value", () => {
  const paths = settingPaths(MODEL_CONFIG_SCHEMA);
  const valueAt = (path: string) =>
    path.split(".").reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], base);
  assertEquals(
    assignSettings(base, Object.fromEntries(paths.map((path) => [path, valueAt(path)])), {
      path: "m.json",
      schema: MODEL_CONFIG_SCHEMA,
    }),
    base,
  );
  assertEquals(paths.includes("mlp.schedule.kind") && !paths.includes("mlp"), true);
});
