import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import {
  type ApiKey,
  changeKeys,
  newKey,
  readKeys,
  tokenDigest,
  withKey,
  withRevoked,
} from "../../src/api/access/mod.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const AT = "2026-01-02T03:04:05.000Z";
const made = (id: string) => newKey({ id, scopes: ["predict"], rate: 10, createdAt: AT });

Deno.test(
  "newKey() makes tokens of 256 random bits, and keeps their digest alone",
  { permissions: "none" },
  async () => {
    const { key, token } = newKey({ scopes: ["predict", "admin"], rate: null, createdAt: AT });
    assertMatch(token, /^bml_[A-Za-z0-9_-]{43}$/);
    assertMatch(key.id, /^key-[0-9a-f]{8}$/);
    const oracle = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
    assertEquals(key.sha256, Array.from(oracle, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    assertEquals(tokenDigest(token).toString("hex"), key.sha256);
    assert(!JSON.stringify(key).includes(token.slice(4)));
    const tokens = new Set(Array.from({ length: 100 }, () => made("a").token));
    assertEquals(tokens.size, 100);
  },
);

Deno.test("withKey() refuses an id that is taken, withRevoked() one that is not there", { permissions: "none" }, () => {
  const keys = withKey([], made("alpha").key);
  assertThrows(() => withKey(keys, made("alpha").key), DomainError, "one of this id");
  const error = assertThrows(() => withRevoked(keys, "alhpa", AT), DomainError);
  assertEquals([error.code, error.hint], ["not-found", "Did you mean 'alpha'?"]);
  const once = withRevoked(keys, "alpha", AT);
  assertEquals(once[0]!.revokedAt, AT);
  assertEquals(withRevoked(once, "alpha", "2027-01-01T00:00:00.000Z"), once);
});

Deno.test("changeKeys() writes whole files of mode 0600, and none is lost to another writer", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/keys.json`;
  assertEquals(await readKeys(path), undefined);
  // Left by a kill, readable for all.
  await Deno.writeTextFile(`${path}.draft`, "half", { mode: 0o644 });
  await Promise.all(Array.from({ length: 20 }, (_, i) => changeKeys(path, (keys) => withKey(keys, made(`k${i}`).key))));
  const { keys } = (await readKeys(path))!;
  assertEquals(new Set(keys.map(({ id }) => id)).size, 20);
  if (Deno.build.os !== "windows") assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  const before = await Deno.readTextFile(path);
  await assertRejects(
    () => changeKeys(path, (keys) => withRevoked(keys, "nobody", AT)),
    DomainError,
    "none of this id",
  );
  assertEquals(await Deno.readTextFile(path), before);
});

Deno.test("readKeys() refuses what is no file of keys, and says where it is wrong", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/keys.json`;
  const { key } = made("a");
  const wrong: readonly [content: unknown, part: string][] = [
    ["[", "no JSON"],
    ["", "no JSON"],
    [{}, "all of it"],
    [[{ ...key, sha256: "abc" }], "'0.sha256'"],
    [[{ ...key, scopes: [] }], "'0.scopes'"],
    [[{ ...key, scopes: ["root"] }], "'0.scopes.0'"],
    [[{ ...key, rate: 0 }], "'0.rate'"],
    [[{ ...key, id: "../x" }], "'0.id'"],
    [[{ ...key, revokedAt: "yesterday" }], "'0.revokedAt'"],
    [[{ ...key, token: "t" }], "'0'"],
    [[key, { ...made("b").key, id: "a" }], "'1.id'"],
    [[key, { ...key, id: "b" }], "'1.sha256'"],
  ];
  for (const [content, part] of wrong) {
    await Deno.writeTextFile(path, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
    const error = await assertRejects(() => readKeys(path), DomainError);
    assertEquals(error.code, "config-invalid");
    assert(error.message.includes(part), `${error.message} lacks ${part}`);
  }
  const good: readonly ApiKey[] = [key];
  await Deno.writeTextFile(path, JSON.stringify(good));
  assertEquals((await readKeys(path))!.keys, good);
});

Deno.test({
  name: "readKeys() refuses a file that others may use",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using tmp = await tmpDir();
    const path = `${tmp.path}/keys.json`;
    await changeKeys(path, (keys) => withKey(keys, made("a").key));
    for (const mode of [0o640, 0o604, 0o620, 0o777]) {
      await Deno.chmod(path, mode);
      const error = await assertRejects(() => readKeys(path), DomainError, `0${mode.toString(8)}`);
      assertEquals([error.code, error.hint], ["config-invalid", `chmod 600 ${path}`]);
    }
  },
});
