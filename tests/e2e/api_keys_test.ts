import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commandSets } from "../../src/cli/walls.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { capture } from "./capture.ts";
import { ROOT } from "./start_words.ts";

/** Runs the program in a folder with a command's own lists, which in a set stand for the project's folder. */
async function run(folder: string, set: string, args: readonly string[], env: Record<string, string> = {}) {
  const { read, write } = (await commandSets())[set]!;
  const words = ["run", "-q", "--no-prompt", `--config=${ROOT}/deno.json`, `-P=${set}`, `--allow-read=${read}`];
  return await capture([...words, `--allow-write=${write}`, `${ROOT}/main.ts`, ...args], folder, env);
}

async function folderWithConfig() {
  const tmp = await tmpDir();
  await Deno.mkdir(`${tmp.path}/config`);
  return tmp;
}

Deno.test("api keys create shows a token once; list and the file have none; revoke is for good", async () => {
  await using tmp = await folderWithConfig();
  const created = await run(tmp.path, "api-keys", ["api", "keys", "create", "--id", "dash"]);
  assertEquals(created.code, 0, created.stderr);
  assertMatch(created.stdout, /^bml_[A-Za-z0-9_-]{43}\n$/);
  const json = await run(tmp.path, "api-keys", ["api-keys", "create", "--json", "--scope", "admin", "--unlimited"]);
  const { token, key, file } = JSON.parse(json.stdout);
  assertEquals([key.scopes, key.rate, key.revokedAt, file], [["admin"], null, null, "config/api_keys.json"]);
  const stored = await Deno.readTextFile(`${tmp.path}/config/api_keys.json`);
  const listed = await run(tmp.path, "api-keys", ["api", "keys", "list"]);
  for (const text of [stored, listed.stdout]) {
    assertStringIncludes(text, "dash");
    assert(!text.includes(token) && !text.includes(created.stdout.trim()), "a token is shown again");
  }
  assertStringIncludes((await run(tmp.path, "api-keys", ["api-keys", "revoke", "dash"])).stdout, "is revoked");
  assertStringIncludes((await run(tmp.path, "api-keys", ["api-keys", "revoke", "dash"])).stdout, "already");
  const { keys } = JSON.parse((await run(tmp.path, "api-keys", ["api-keys", "list", "--json"])).stdout);
  assertEquals(keys.map((key: { revokedAt: string | null }) => key.revokedAt === null), [false, true]);
  assertEquals(Object.keys(keys[0]).includes("sha256"), false);
});

Deno.test("api keys create shows where the settings have the service, on a route that the key is good for", async () => {
  await using tmp = await folderWithConfig();
  const tls = { cert: "c", key: "k" };
  const cases: readonly [config: unknown, args: readonly string[], example: string][] = [
    [undefined, [], "http://127.0.0.1:8000/v1/forecast"],
    [{ port: 8551 }, [], "http://127.0.0.1:8551/v1/forecast"],
    [{ port: 8551 }, ["--scope", "admin"], "http://127.0.0.1:8551/metrics"],
    [{ host: "::1", port: 0, tls }, ["--scope", "predict,admin"], "https://[::1]:PORT/v1/forecast"],
    [{ host: "0.0.0.0" }, [], "http://127.0.0.1:8000/v1/forecast"],
    [{ host: "0.0.0.0", port: 8443, tls }, [], "https://NAME:8443/v1/forecast"],
  ];
  for (const [config, args, example] of cases) {
    if (config !== undefined) await Deno.writeTextFile(`${tmp.path}/config/api.json`, JSON.stringify(config));
    const { code, stderr } = await run(tmp.path, "api-keys", ["api-keys", "create", ...args]);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, `curl -H 'authorization: Bearer TOKEN' ${example}\n`);
  }
  const before = await Deno.readTextFile(`${tmp.path}/config/api_keys.json`);
  await Deno.writeTextFile(`${tmp.path}/config/api.json`, `{"prot": 1}`);
  assertEquals((await run(tmp.path, "api-keys", ["api-keys", "create"])).code, 3);
  assertEquals(await Deno.readTextFile(`${tmp.path}/config/api_keys.json`), before, "a key was made, its token lost");
});

Deno.test("api keys ends with the code of what is wrong", async (t) => {
  await using tmp = await folderWithConfig();
  assertEquals((await run(tmp.path, "api-keys", ["api-keys", "create", "--id", "a"])).code, 0);
  const cases: readonly [title: string, args: readonly string[], code: number, part: string][] = [
    ["no word", [], 2, "create, list, revoke"],
    ["another word", ["delete"], 2, "create, list, revoke"],
    ["no id", ["revoke"], 2, "one key"],
    ["no such id", ["revoke", "b"], 6, "none of this id"],
    ["an id that is taken", ["create", "--id", "a"], 2, "one of this id"],
    ["an id that is none", ["create", "--id", "A/b"], 2, "--id"],
    ["a scope that is none", ["create", "--scope", "root"], 2, "predict, admin"],
    ["no rate", ["create", "--rate", "0"], 2, "--unlimited"],
    ["two rates", ["create", "--rate", "1", "--unlimited"], 2, "exclude"],
    ["a scope of no new key", ["list", "--scope", "admin"], 2, "--scope"],
    ["a rate of no new key", ["revoke", "a", "--rate", "5"], 2, "--rate"],
  ];
  for (const [title, args, code, part] of cases) {
    await t.step(title, async () => {
      const result = await run(tmp.path, "api-keys", ["api-keys", ...args]);
      assertEquals(result.code, code, result.stderr);
      assertStringIncludes(result.stderr, part);
    });
  }
  await t.step("under the set of the service, which may not write keys", async () => {
    const result = await run(tmp.path, "api", ["api", "keys", "create"]);
    assertEquals(result.code, 3, result.stderr);
    assertStringIncludes(result.stderr, "task api-keys");
  });
  await t.step("a file elsewhere that is not granted", async () => {
    const result = await run(tmp.path, "api-keys", ["api-keys", "create"], { API_KEYS_FILE: `${tmp.path}/x/keys` });
    assertEquals(result.code, 3, result.stderr);
    assertStringIncludes(result.stderr, `WRITE=${tmp.path}/x`);
  });
});

Deno.test("no set but that of api-keys may write the keys", async () => {
  for (const [name, { write = [] }] of Object.entries(await commandSets())) {
    assertEquals(write.some((path) => /^config\b/.test(path)), name === "api-keys", name);
  }
});
