import { assertEquals, assertStringIncludes } from "@std/assert";
import { tmpDir } from "../fakes/tmp_dir.ts";

async function taskw(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("env", {
    args: ["./taskw", ...args],
    stdout: "piped",
    stderr: "piped",
  })
    .output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("taskw READ=DIR lets a command read a mirror outside the project, and without it the error says so", async () => {
  await using tmp = await tmpDir();
  const folder = `${tmp.path}/spot/daily/klines/BTCUSDT/1m`;
  await Deno.mkdir(folder, { recursive: true });
  const name = "BTCUSDT-1m-2023-02-01.zip";
  await Deno.copyFile(`feature_store/sample/spot/daily/klines/BTCUSDT/1m/${name}`, `${folder}/${name}`);
  const words = ["--archive-dir", tmp.path, "--dry-run", "--json"];
  const granted = await taskw("ingest", `READ=${tmp.path}`, "--", ...words);
  assertEquals(granted.code, 0, granted.stderr);
  assertEquals((JSON.parse(granted.stdout) as { range: unknown }).range, {
    start: "2023-02-01T00:00:00Z",
    end: "2023-02-02T00:00:00Z",
  });
  const refused = await taskw("ingest", "--", ...words);
  assertEquals(refused.code, 3, refused.stderr);
  assertStringIncludes(refused.stdout, `READ=${tmp.path}`);
});

Deno.test("taskw PORT=N reaches the command as grant and option, and exit codes come through", async () => {
  const { code, stdout } = await taskw("api", "PORT=70000");
  assertEquals([code === 0, stdout], [false, ""]);
  const unknown = await taskw("mlflow-ui", "PORT=1", "--", "--hots", "x");
  assertEquals(unknown.code, 2, unknown.stderr);
  assertStringIncludes(unknown.stderr, "Did you mean '--host'?");
});
