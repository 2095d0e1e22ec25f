import { assert, assertEquals } from "@std/assert";

/** Folders of `src` and what each may import besides itself, `core`, `config`, npm packages and `@std`. */
const INNER = new Set(["core", "std"]);
const FEATURES = new Set([
  "config",
  "data_ingestion_service",
  "feature_store",
  "ml",
  "MLOps",
  "api",
  "monitoring",
  "reporting",
]);

interface Edge {
  readonly from: string;
  readonly to: string;
}

async function sourceFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await sourceFiles(path));
    else if (entry.name.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}

/** Static, dynamic and worker imports of a file's text. */
function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/(?:from\s*|import\s*\(\s*|import\s+|new URL\(\s*)["']([^"'\n]+)["']/g)].map((match) =>
    match[1]!
  );
}

async function edges(): Promise<Edge[]> {
  const found: Edge[] = [];
  for (const file of await sourceFiles("src")) {
    for (const specifier of importsOf(await Deno.readTextFile(file))) {
      const to = specifier.startsWith(".") ? new URL(specifier, `file:///${file}`).pathname.slice(1) : specifier;
      found.push({ from: file, to });
    }
  }
  return found;
}

const folderOf = (path: string) => path.split("/")[1]!;

/** Why an edge is not allowed, or undefined where it is. */
function objection({ from, to }: Edge): string | undefined {
  const here = folderOf(from);
  if (!to.startsWith("src/") && to !== "main.ts") {
    if (here === "core") return `${from}: core has no dependencies, but imports ${to}`;
    return undefined;
  }
  if (to === "main.ts") return `${from}: nothing imports main.ts`;
  const there = folderOf(to);
  if (here === there || here === "cli") return undefined;
  if (here === "core") return `${from}: core imports ${to}`;
  if (there === "cli") return `${from}: only main.ts imports src/cli, but this imports ${to}`;
  if (INNER.has(there) || there === "config") return undefined;
  if (FEATURES.has(here)) return `${from}: feature folders meet only through ports in core, but this imports ${to}`;
  return `${from}: an unknown folder '${here}' imports ${to}`;
}

Deno.test("objection() catches each kind of forbidden import", { permissions: "none" }, () => {
  const refused: Edge[] = [
    { from: "src/core/a.ts", to: "zod" },
    { from: "src/core/a.ts", to: "src/config/load.ts" },
    { from: "src/ml/a.ts", to: "src/feature_store/mod.ts" },
    { from: "src/ml/a.ts", to: "src/cli/runtime.ts" },
    { from: "src/ml/a.ts", to: "main.ts" },
  ];
  for (const edge of refused) assert(objection(edge) !== undefined, `${edge.from} -> ${edge.to} was let through`);
  assertEquals(objection({ from: "src/ml/a.ts", to: "src/core/mod.ts" }), undefined);
  assertEquals(
    importsOf(`import { a } from "./a.ts";\nconst b = await import("../b.ts"); // from "./c.ts"`).slice(0, 2),
    ["./a.ts", "../b.ts"],
  );
});

Deno.test("src imports point inwards: core ← feature folders ← cli ← main.ts", async () => {
  const all = await edges();
  assert(all.length > 50, "the graph is suspiciously small");
  assertEquals(all.map(objection).filter((line) => line !== undefined), []);
});

Deno.test("adapters are built in src/cli/runtime alone: no command imports DuckDB, SQLite, ccxt or tfjs", async () => {
  const natives = ["@duckdb/node-api", "node:sqlite", "ccxt", "@tensorflow/tfjs-core"];
  const found = (await edges()).filter(({ from, to }) => from.startsWith("src/cli/") && natives.includes(to));
  assertEquals(found, []);
});

Deno.test("main.ts loads only the dispatcher and no package before a command is chosen", async () => {
  const seen = new Set<string>();
  const visit = async (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!file.endsWith(".ts") || !file.startsWith("src/") && file !== "main.ts") return;
    const code = (await Deno.readTextFile(file)).replaceAll(/\/\*[\s\S]*?\*\//g, "");
    for (const [, specifier] of code.matchAll(/^(?:import|export)\s[^;]*?from\s*["']([^"']+)["']/gm)) {
      if (specifier!.startsWith(".")) await visit(new URL(specifier!, `file:///${file}`).pathname.slice(1));
      else seen.add(specifier!);
    }
  };
  await visit("main.ts");
  assertEquals([...seen].filter((name) => !name.endsWith(".ts") && !name.startsWith("@std/")), []);
});

Deno.test("training and tfjs are loaded in a Worker alone, never in an isolate that serves", async () => {
  const all = await edges();
  const importers = (file: string) => all.filter(({ to }) => to === file).map(({ from }) => from);
  const trainers = ["src/ml/training/train_here.ts", "src/ml/training/worker.ts"];
  assertEquals(importers("src/ml/training/train_network.ts"), trainers);
  assertEquals(importers(trainers[0]!), ["src/ml/jobs/worker.ts", "src/ml/training/worker.ts"]);
  for (const worker of ["src/ml/jobs/worker.ts", "src/ml/training/worker.ts"]) {
    const from = importers(worker);
    assertEquals(from, [
      worker.replace(/\w+\.ts$/, worker.includes("jobs") ? "run_in_worker.ts" : "train_in_worker.ts"),
    ]);
  }
  const tfjs = all.filter(({ to }) => to.startsWith("@tensorflow/")).map(({ from }) => from);
  for (const from of tfjs) {
    assert(
      /^src\/ml\/(kernels|training\/(sequence_tensors|tensor_engine|tensor_network))/.test(from),
      `${from} loads tfjs`,
    );
  }
});

Deno.test("the leak firewall is pure and is reached through its door: what it fits and reads comes in by ports", async () => {
  const all = await edges(), folder = "src/ml/leak_checks/";
  const out = all.filter(({ from, to }) => from.startsWith(folder) && !to.startsWith(folder)).map(({ to }) => to);
  const outside = out.filter((to) =>
    !/^src\/(core|ml)\//.test(to) || /^src\/ml\/(training|jobs|gbdt|kernels)\//.test(to)
  );
  assertEquals(outside, []);
  const inwards = all.filter(({ from, to }) => !from.startsWith(folder) && to.startsWith(folder));
  assertEquals(inwards.filter(({ to }) => to !== `${folder}mod.ts`), []);
});
