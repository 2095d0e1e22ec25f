import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import { RestTracker } from "../../src/MLOps/rest/rest_tracker.ts";
import { mlflowUiArgs, startMlflowUi } from "./mlflow_ui_server.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mlflow-ui-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function command(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command("deno", { args: [...args], stdout: "piped", stderr: "piped" })
    .output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("mlflow-ui prints its address once it answers, and nothing else", () =>
  withFolder(async (folder) => {
    const ui = await startMlflowUi({ folder });
    assertMatch(ui.announced, /^http:\/\/127\.0\.0\.1:\d+$/);
    const health = await fetch(`${ui.url}/health`);
    assertEquals([health.status, await health.text()], [200, "OK"]);
    const page = await fetch(ui.url);
    assertStringIncludes(await page.text(), "<h1>Experiments</h1>");
    const { code, stdout, stderr } = await ui.stop("SIGTERM");
    assertEquals([code, stdout, stderr], [143, `${ui.announced}\n`, ""]);
  }));

Deno.test("mlflow-ui --json prints exactly one object, and Ctrl-C ends it with 130", () =>
  withFolder(async (folder) => {
    const ui = await startMlflowUi({ folder, args: ["--json"] });
    assertEquals(JSON.parse(ui.announced), { url: ui.url, backendStoreUri: `sqlite:///${folder}/mlflow.db` });
    const { code, stdout } = await ui.stop("SIGINT");
    assertEquals([code, stdout], [130, `${ui.announced}\n`]);
  }));

Deno.test("mlflow-ui lets a request in flight end before it stops", () =>
  withFolder(async (folder) => {
    const ui = await startMlflowUi({ folder });
    let release = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("first half, "));
        release = () => {
          controller.enqueue(new TextEncoder().encode("second half"));
          controller.close();
        };
      },
    });
    const uploaded = fetch(`${ui.url}/api/2.0/mlflow-artifacts/artifacts/x/y.txt`, { method: "PUT", body });
    // The part file shows that the upload is under way.
    const deadline = performance.now() + 5_000;
    const isUnderWay = () => {
      try {
        return [...Deno.readDirSync(`${folder}/artifacts/x`)].length > 0;
      } catch {
        return false;
      }
    };
    while (!isUnderWay() && performance.now() < deadline) await new Promise((done) => setTimeout(done, 10));
    assert(isUnderWay());
    const stopped = ui.stop("SIGTERM");
    setTimeout(release, 300);
    const answer = await uploaded;
    assertEquals([answer.status, await answer.text()], [200, "{}"]);
    assertEquals((await stopped).code, 143);
    assertEquals(await Deno.readTextFile(`${folder}/artifacts/x/y.txt`), "first half, second half");
  }));

Deno.test("mlflow-ui on a port in use is exit 3 and says what to do", () =>
  withFolder(async (folder) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const plain = await command(mlflowUiArgs(folder, ["--port", String(port)]));
    assertEquals([plain.code, plain.stdout], [3, ""]);
    assertStringIncludes(plain.stderr, `Cannot listen on 127.0.0.1:${port} as the port is in use`);
    assertStringIncludes(plain.stderr, `task mlflow-ui PORT=${port + 1}`);
    const json = await command(mlflowUiArgs(folder, ["--port", String(port), "--json"]));
    assertEquals([json.code, JSON.parse(json.stdout).error.code], [3, "port-in-use"]);
  }));

Deno.test("mlflow-ui on a port or store that was not granted says how to grant it", () =>
  withFolder(async (folder) => {
    const set = ["run", "-q", "--no-prompt", "-P=mlflow-ui"];
    const port = await command([
      ...set,
      `--allow-read=.env,${folder}`,
      `--allow-write=${folder}`,
      "main.ts",
      "mlflow-ui",
      "--port",
      "5999",
      "--backend-store-uri",
      `sqlite:///${folder}/mlflow.db`,
    ]);
    assertEquals(port.code, 3);
    assertStringIncludes(port.stderr, "task mlflow-ui PORT=5999");
    const store = await command([...set, "main.ts", "mlflow-ui", "--backend-store-uri", `sqlite:///${folder}/x.db`]);
    assertEquals([store.code, store.stdout], [3, ""]);
    assertStringIncludes(store.stderr, "permission-denied");
  }));

Deno.test("mlflow-ui refuses options that cannot be", () =>
  withFolder(async (folder) => {
    for (
      const [args, code, part] of [
        [["--port", "70000"], 2, "must be an integer in 0..65535"],
        [["--port", "80.5"], 2, "must be an integer in 0..65535"],
        [["--prt", "1"], 2, "Did you mean '--port'?"],
        [["--backend-store-uri", "redis://x"], 3, "redis://x"],
      ] as const
    ) {
      const result = await command(mlflowUiArgs(folder, args));
      assertEquals([result.code, result.stdout], [code, ""], result.stderr);
      assertStringIncludes(result.stderr, part);
    }
  }));

Deno.test("mlflow-ui refuses climbing paths as they come over the wire, before any URL parser folds them", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/secret.txt`, "the secret");
    await using ui = await startMlflowUi({ folder });
    const { hostname, port } = new URL(ui.url);
    for (
      const path of [
        "/api/2.0/mlflow-artifacts/artifacts/../secret.txt",
        "/api/2.0/mlflow-artifacts/artifacts/%2e%2e/secret.txt",
        "/api/2.0/mlflow-artifacts/artifacts/..%2fsecret.txt",
        "/api/2.0/mlflow-artifacts/artifacts//etc/passwd",
        "/api/2.0/mlflow-artifacts/artifacts/a/../../../../../../etc/passwd",
      ]
    ) {
      using connection = await Deno.connect({ hostname, port: Number(port) });
      const request = `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`;
      await connection.write(new TextEncoder().encode(request));
      const answer = await new Response(connection.readable).text();
      assertMatch(answer, /^HTTP\/1\.1 (400|404) /, `${path}: ${answer}`);
      assert(!answer.includes("the secret") && !answer.includes("root:"), path);
    }
  }));

Deno.test("mlflow-ui takes its own address in MLFLOW_TRACKING_URI for its clients', not for its store", () =>
  withFolder(async (folder) => {
    // The default store is then the one in mlruns/, which is not granted here: it must not be the server itself.
    const { code, stderr } = await new Deno.Command("deno", {
      args: [
        "run",
        "-q",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        `--allow-read=.env,${folder}`,
        `--allow-write=${folder}`,
        "--allow-env=MLFLOW_TRACKING_URI,NO_COLOR",
        "main.ts",
        "mlflow-ui",
        "--port",
        "5998",
      ],
      env: { MLFLOW_TRACKING_URI: "http://localhost:5998" },
      stdout: "null",
      stderr: "piped",
    }).output();
    assertEquals(code, 3);
    assertStringIncludes(new TextDecoder().decode(stderr), "mlruns");
  }));

Deno.test("mlflow-ui answers odd Host headers: 200 where nothing is told, 403 elsewhere, never 5xx", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using ui = await startMlflowUi({ folder });
    const port = Number(new URL(ui.url).port);
    for (const host of ["a b", "x<y", "%zz", "[::1", "localhost:99999", "localhost:abc"]) {
      for (
        const [path, wanted] of [["/health", 200], ["/api/2.0/mlflow/experiments/get?experiment_id=0", 403]] as const
      ) {
        using connection = await Deno.connect({ hostname: "127.0.0.1", port });
        const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        await connection.write(new TextEncoder().encode(request));
        const bytes = new Uint8Array(64);
        const read = await connection.read(bytes);
        const status = Number(new TextDecoder().decode(bytes.subarray(0, read ?? 0)).split(" ")[1]);
        // The server of the runtime refuses some by itself.
        assert(status === wanted || status === 400, `${host} ${path}: ${status}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("mlflow-ui --key-file lets in who has a key, as a token or a password, and names what is wrong with the file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/keys`, "# for the tests\na-key-of-the-tests-1\n");
    await using ui = await startMlflowUi({ folder, args: ["--key-file", `${folder}/keys`] });
    const tracker = (options: ConstructorParameters<typeof RestTracker>[1]) =>
      new RestTracker(ui.url, { attempts: 1, ...options });
    const key = "a-key-of-the-tests-1";
    const shown = [{ kind: "bearer", token: key }, { kind: "basic", username: "me", password: key }] as const;
    for (const credentials of shown) {
      assertEquals((await tracker({ credentials }).getExperiment("0")).name, "Default");
    }
    const refused = await assertRejects(
      () => tracker({ credentials: { kind: "bearer", token: "wrong" } }).getExperiment("0"),
      DomainError,
    );
    assertEquals([refused.code, refused.traits.exit], ["tracking-refused", 4]);
    assertEquals((await fetch(`${ui.url}/`).then(async (page) => [page.status, await page.text()]))[0], 401);
    await Deno.writeTextFile(`${folder}/short`, "short\n");
    for (const name of ["short", "none"]) {
      const { code, stderr } = await new Deno.Command("deno", {
        args: mlflowUiArgs(folder, ["--port", "0", "--key-file", `${folder}/${name}`]),
      }).output();
      assertEquals(code, 3);
      assertStringIncludes(new TextDecoder().decode(stderr), `Cannot take keys from '${folder}/${name}'`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("mlflow-ui serves and writes artifacts in the folders that its options name, and in no other", () =>
  withFolder(async (folder) => {
    const args = ["--default-artifact-root", `file://${folder}/roots`, "--artifact-folders", `${folder}/more`];
    await using ui = await startMlflowUi({ folder, args });
    const api = async (route: string, body: unknown) => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      return await (await fetch(`${ui.url}/api/2.0/mlflow/${route}`, init)).json();
    };
    const places = [undefined, `${folder}/more/own/`, `file://${folder}/more/other`, `${folder}/secret`];
    const seen: unknown[] = [];
    for (const [i, artifact_location] of places.entries()) {
      const { experiment_id } = await api("experiments/create", { name: `e${i}`, artifact_location });
      const { run } = await api("runs/create", { experiment_id });
      const { run_id, artifact_uri } = run.info;
      const put = `${ui.url}/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run_id}&path=notes.txt`;
      const written = await fetch(put, { method: "POST", body: "hello" });
      await written.body?.cancel();
      const read = await fetch(`${ui.url}/get-artifact?run_id=${run_id}&path=notes.txt`);
      const text = await read.text();
      const root = artifact_uri.slice(0, -`/${run_id}/artifacts`.length).replace(folder, "");
      seen.push([root, written.status, read.status, read.ok ? text : JSON.parse(text).error_code]);
    }
    assertEquals(seen, [
      ["file:///roots/1", 200, 200, "hello"],
      ["/more/own", 200, 200, "hello"],
      ["file:///more/other", 200, 200, "hello"],
      ["/secret", 403, 403, "PERMISSION_DENIED"],
    ]);
    await assertRejects(() => Deno.stat(`${folder}/secret`), Deno.errors.NotFound);
  }));
