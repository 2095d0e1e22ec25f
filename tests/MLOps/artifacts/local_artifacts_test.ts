import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TrackingError } from "../../../src/core/mod.ts";
import { artifactPathParts } from "../../../src/MLOps/artifacts/artifact_path.ts";
import {
  linkLocalArtifact,
  listLocalArtifacts,
  readLocalArtifact,
  removeAbandonedUploads,
  removeLocalArtifact,
  writeLocalArtifact,
} from "../../../src/MLOps/artifacts/local_artifacts.ts";
import { appendToUri, ArtifactRoot, resolveLocation } from "../../../src/MLOps/artifacts/location.ts";
import { join } from "../../../src/MLOps/artifacts/paths.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "artifacts-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("artifactPathParts() never lets a path out of its folder", { permissions: { read: true } }, () => {
  const piece = fc.oneof(
    fc.constantFrom("..", ".", "/", "\\", "%2e", "%2f", "%5c", "%252e", "a", "~", "C:", "#", "\0", "....//", " "),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = pieces.join("");
      let parts: string[];
      try {
        parts = artifactPathParts(path);
      } catch (error) {
        assert(error instanceof TrackingError && error.errorCode === "INVALID_PARAMETER_VALUE", String(error));
        return;
      }
      for (const decoded of [parts, parts.map((part) => decodeURIComponentOr(part))]) {
        const target = join("/root/of/artifacts", ...decoded);
        assert(target === "/root/of/artifacts" || target.startsWith("/root/of/artifacts/"), `${path} → ${target}`);
      }
    }),
    { numRuns: 2_000 },
  );
});

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

Deno.test("artifact files do not follow links out of their folder", () =>
  withFolder(async (folder) => {
    const root = `${folder}/root`, outside = `${folder}/outside`;
    await Deno.mkdir(`${root}/inside`, { recursive: true });
    await Deno.mkdir(outside);
    await Deno.writeTextFile(`${outside}/secret`, "s");
    await Deno.symlink(outside, `${root}/leak`);
    await Deno.symlink(`${outside}/secret`, `${root}/file`);
    await Deno.symlink(`${root}/inside`, `${root}/fine`);
    for (const path of ["leak/secret", "leak/new", "file"]) {
      await assertRejects(() => writeLocalArtifact(root, path, Uint8Array.of(1)), TrackingError, "Invalid path");
      await assertRejects(() => readLocalArtifact(root, path), TrackingError, "Invalid path");
    }
    await assertRejects(() => listLocalArtifacts(root, "leak"), TrackingError, "Invalid path");
    assertEquals(await Deno.readTextFile(`${outside}/secret`), "s");
    await writeLocalArtifact(root, "fine/a", Uint8Array.of(1));
    assertEquals(await readLocalArtifact(root, "inside/a"), Uint8Array.of(1));
  }));

Deno.test("writeLocalArtifact() replaces in one step and leaves no half-written file", () =>
  withFolder(async (folder) => {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => writeLocalArtifact(folder, "model.bin", new Uint8Array(50_000).fill(i))),
    );
    const content = await readLocalArtifact(folder, "model.bin");
    assert(content.length === 50_000 && content.every((byte) => byte === content[0]));
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name), ["model.bin"]);
    await Deno.mkdir(`${folder}/taken`);
    await assertRejects(() => writeLocalArtifact(folder, "taken", Uint8Array.of(1)), TrackingError, "in its place");
    await assertRejects(
      () => writeLocalArtifact(folder, "model.bin/x", Uint8Array.of(1)),
      TrackingError,
      "in its place",
    );
    await Deno.writeTextFile(`${folder}/.${crypto.randomUUID()}.partial`, "left behind by a kill");
    assertEquals((await listLocalArtifacts(folder)).map(({ path }) => path), ["model.bin", "taken"]);
  }));

Deno.test(
  "ArtifactRoot.localPath() maps what servers and clients write as locations",
  { permissions: { read: true } },
  () => {
    const root = new ArtifactRoot("/data/artifacts");
    const known: readonly (readonly [string, string])[] = [
      ["/abs/1/r/artifacts", "/abs/1/r/artifacts"],
      ["file:///abs/with%20space/1", "/abs/with space/1"],
      ["mlflow-artifacts:/1/r/artifacts", "/data/artifacts/1/r/artifacts"],
      ["mlflow-artifacts://host:5000/1/r", "/data/artifacts/1/r"],
      ["mlflow-artifacts:", "/data/artifacts"],
      ["http://h:1/api/2.0/mlflow-artifacts/artifacts/1/r", "/data/artifacts/1/r"],
      ["https://h/prefix/api/2.0/mlflow-artifacts/artifacts", "/data/artifacts"],
    ];
    for (const [uri, path] of known) assertEquals(root.localPath(uri), path, uri);
    assertEquals(assertThrows(() => root.localPath("s3://bucket/x"), TrackingError).errorCode, "NOT_IMPLEMENTED");
    assertThrows(() => root.localPath("mlflow-artifacts:/../x"), TrackingError, "Invalid path");
    assertEquals(appendToUri("s3://bucket/a/?v=1", "b", "c"), "s3://bucket/a/b/c?v=1");
    assertEquals(appendToUri("/a/", "b"), "/a/b");
    for (const given of ["s3://bucket/x/", "/data/x/", "file:///a b/%20c/", "file://localhost/x"]) {
      assertEquals(resolveLocation(given), given);
    }
    assertEquals(resolveLocation("./x/y"), `${Deno.cwd()}/x/y`);
    assertThrows(() => resolveLocation("file://other-host/x"), TrackingError, "Invalid file URI");
    assertEquals(resolveLocation("file:x"), `file://${Deno.cwd()}/x`);
  },
);

Deno.test("listLocalArtifacts() shows links that stay inside, and none that could not be fetched", () =>
  withFolder(async (folder) => {
    const root = `${folder}/root`;
    await writeLocalArtifact(root, "a/file.txt", new TextEncoder().encode("x"));
    await Deno.writeTextFile(`${folder}/secret.txt`, "secret");
    const links = [["../a/file.txt", "inside"], [`${folder}/secret.txt`, "out"], ["nowhere", "dangling"], [
      "loop",
      "loop",
    ]];
    for (const [to, name] of links) await Deno.symlink(to!, `${root}/a/${name}`);
    assertEquals((await listLocalArtifacts(root, "a")).map(({ path }) => path), ["a/file.txt", "a/inside"]);
  }));

Deno.test("removeAbandonedUploads() takes what killed uploads left, and nothing that may be under way or is a file", () =>
  withFolder(async (root) => {
    const id = "0f8fad5b-d9cb-469f-a165-70867728950e", other = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    await Deno.mkdir(`${root}/0/run/artifacts`, { recursive: true });
    const names = [
      `0/run/artifacts/.${id}.partial`,
      `0/run/artifacts/.${other}.partial`,
      "x.12345678.partial",
      "model.bin",
    ];
    for (const name of names) await Deno.writeTextFile(`${root}/${name}`, name);
    const nowMs = Date.now();
    await Deno.utime(`${root}/${names[0]}`, new Date(nowMs - 25 * 3_600_000), new Date(nowMs - 25 * 3_600_000));
    assertEquals(await removeAbandonedUploads(root, nowMs), 1);
    const left = await Promise.all(names.map((name) => Deno.stat(`${root}/${name}`).then(() => true, () => false)));
    assertEquals(left, [false, true, true, true]);
    assertEquals((await listLocalArtifacts(root)).map(({ path }) => path), ["0", "model.bin", "x.12345678.partial"]);
    const write = () => writeLocalArtifact(root, `a/.${id}.partial`, new Uint8Array(1));
    await assertRejects(write, TrackingError, "is a name for files under way");
    assertEquals(await removeAbandonedUploads(`${root}/nothing`, nowMs), 0);
  }));

Deno.test("linkLocalArtifact() keeps equal files once, and leaves others and what is not there to be written", () =>
  withFolder(async (folder) => {
    const [first, second] = [`${folder}/first`, `${folder}/second`], bytes = Uint8Array.of(1, 2, 3);
    assertEquals(await linkLocalArtifact(first, second, "a/b.bin", bytes), false, "there is none yet");
    await writeLocalArtifact(first, "a/b.bin", bytes);
    for (const other of [Uint8Array.of(1, 2, 4), Uint8Array.of(1, 2)]) {
      assertEquals(await linkLocalArtifact(first, second, "a/b.bin", other), false);
    }
    assertEquals(await listLocalArtifacts(second), []);
    assertEquals(await linkLocalArtifact(first, second, "a/b.bin", bytes), true);
    const inode = async (root: string) => (await Deno.stat(`${root}/a/b.bin`)).ino;
    assertEquals(await inode(second), await inode(first));
    assertEquals((await Array.fromAsync(Deno.readDir(`${second}/a`))).map(({ name }) => name), ["b.bin"]);
    // Each goes its own way.
    await writeLocalArtifact(second, "a/b.bin", Uint8Array.of(9));
    assertEquals(await readLocalArtifact(first, "a/b.bin"), bytes);
    assertEquals(await linkLocalArtifact(first, second, "a/b.bin", bytes), true);
    await removeLocalArtifact(first, "a");
    assertEquals(await readLocalArtifact(second, "a/b.bin"), bytes);
  }));

Deno.test("linkLocalArtifact() follows no link out of a folder", () =>
  withFolder(async (folder) => {
    const bytes = Uint8Array.of(1), root = `${folder}/root`;
    await Deno.mkdir(root);
    await Deno.writeFile(`${folder}/outside`, bytes);
    await Deno.symlink(`${folder}/outside`, `${root}/x`);
    await assertRejects(() => linkLocalArtifact(root, `${folder}/other`, "x", bytes), TrackingError, "outside");
  }));
