import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { TrackingError } from "../../../src/core/mod.ts";
import { SqliteRegistry } from "../../../src/MLOps/mod.ts";
import { tmpDir } from "../../fakes/tmp_dir.ts";

/** A registry with models of the given names, closed again. */
async function makeRegistry(path: string, ...names: readonly string[]): Promise<void> {
  await using registry = await SqliteRegistry.open(`sqlite:///${path}`);
  for (const name of names) await registry.createRegisteredModel(name);
}

async function remove(path: string): Promise<void> {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) await Deno.remove(file).catch(() => undefined);
}

async function names(registry: SqliteRegistry): Promise<string[]> {
  return (await registry.searchRegisteredModels()).items.map(({ name }) => name).sort();
}

Deno.test("SqliteRegistry reads and writes the file that stands at its path, once it was replaced", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/mlflow.db`, backup = `${tmp.path}/backup.db`;
  let replaced = 0;
  await makeRegistry(path, "old", "older");
  await makeRegistry(backup, "older");
  await using registry = await SqliteRegistry.open(`sqlite:///${path}`, { onReplaced: () => replaced++ });
  assertEquals(await names(registry), ["old", "older"]);
  const before = await registry.changeCounter();
  await remove(path);
  await Deno.rename(backup, path);
  assertNotEquals(await registry.changeCounter(), before);
  assertEquals(await names(registry), ["older"]);
  await registry.createRegisteredModel("new");
  await using other = await SqliteRegistry.open(`sqlite:///${path}`);
  assertEquals(await names(other), ["new", "older"], "writes are in the file that others read");
  assertEquals(replaced, 1);
});

Deno.test("SqliteRegistry refuses while its file is away, empty or damaged, and goes on once it is whole", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/mlflow.db`, away = `${tmp.path}/away.db`;
  await makeRegistry(path, "one");
  let replaced = 0;
  await using registry = await SqliteRegistry.open(`sqlite:///${path}`, { onReplaced: () => replaced++ });
  const before = await registry.changeCounter();
  await Deno.rename(path, away);
  const refused = async (part: string) => await assertRejects(() => registry.changeCounter(), TrackingError, part);
  assertEquals((await refused("was removed or moved away")).code, "tracking-unavailable");
  await assertRejects(() => registry.setRegisteredModelTag("one", { key: "k", value: "v" }), TrackingError);
  await Deno.writeTextFile(path, "");
  assertEquals((await refused("is empty")).code, "store-damaged");
  await Deno.writeTextFile(path, "x".repeat(10_000));
  await refused("the database is damaged");
  await Deno.remove(path);
  await Deno.rename(away, path);
  assertEquals([await registry.changeCounter(), replaced], [before, 0], "the same file is no other one");
  assertEquals(await names(registry), ["one"]);
});

Deno.test("SqliteRegistry takes a half copied file only when it is whole", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/mlflow.db`;
  await makeRegistry(path, "one");
  await makeRegistry(`${tmp.path}/backup.db`, "copy");
  const bytes = await Deno.readFile(`${tmp.path}/backup.db`);
  await using registry = await SqliteRegistry.open(`sqlite:///${path}`);
  await remove(path);
  using file = await Deno.open(path, { createNew: true, write: true });
  for (let offset = 0; offset < bytes.length; offset += 8192) {
    if (offset > 0) await assertRejects(() => registry.changeCounter(), TrackingError, "damaged");
    await file.write(bytes.subarray(offset, offset + 8192));
  }
  assertEquals(await names(registry), ["copy"]);
});

Deno.test("a replaced database's connection leaves the other one's write-ahead log alone when it is closed", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/mlflow.db`;
  await makeRegistry(path, "old");
  await using registry = await SqliteRegistry.open(`sqlite:///${path}`);
  await registry.createRegisteredModel("in the old log");
  await remove(path);
  await makeRegistry(path, "new");
  // Another process has committed to a log that is not in the file yet.
  using other = new DatabaseSync(path);
  other.prepare("UPDATE registered_models SET description = 'told' WHERE name = 'new'").run();
  const wal = await Deno.stat(`${path}-wal`);
  assert(wal.size > 0);
  assertEquals(await names(registry), ["new"]);
  assertEquals((await Deno.stat(`${path}-wal`)).ino, wal.ino);
  assertEquals((await registry.getRegisteredModel("new")).description, "told");
});
