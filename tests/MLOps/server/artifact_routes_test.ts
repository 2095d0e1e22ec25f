import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { contentDisposition, plainTypeOf } from "../../../src/MLOps/server/content_type.ts";
import { createTrackingApp } from "../../../src/MLOps/server/mod.ts";
import { type TestApp, testApp } from "./test_app.ts";

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";

async function put(app: TestApp, path: string, body: BodyInit, base = PROXY): Promise<number> {
  const response = await app.app.request(`http://127.0.0.1:5000${base}/${path}`, { method: "PUT", body });
  await response.body?.cancel();
  return response.status;
}

async function newRun(app: TestApp): Promise<string> {
  return (await app.tracker.createRun({ experimentId: "0", runName: "r" })).info.runId;
}

Deno.test("artifact proxy stores a streamed file and gives the same bytes back", async () => {
  await using app = await testApp("sqlite");
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  const stream = new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes.length; i += 1_000) controller.enqueue(bytes.subarray(i, i + 1_000));
      controller.close();
    },
  });
  assertEquals(await put(app, "0/run/artifacts/deep/a%20b%20%C3%BC.bin", stream), 200);
  const response = await app.app.request(`http://127.0.0.1:5000${PROXY}/0/run/artifacts/deep/a%20b%20%C3%BC.bin`);
  assertEquals(new Uint8Array(await response.arrayBuffer()), bytes);
  assertEquals(response.headers.get("content-length"), "50000");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertStringIncludes(response.headers.get("content-disposition")!, "attachment; filename=");
  const listed = await app.ask("GET", `${PROXY}?path=0/run/artifacts`);
  assertEquals(listed.json, { files: [{ path: "deep", is_dir: true }] });
  const inside = await app.ask("GET", `${PROXY}?path=0/run/artifacts/deep`);
  assertEquals(inside.json, { files: [{ path: "a b ü.bin", is_dir: false, file_size: 50_000 }] });
});

Deno.test("artifact proxy answers {} for a file or an unknown folder, 404 for an unknown file", async () => {
  await using app = await testApp("sqlite");
  await put(app, "a/b.txt", "hi");
  assertEquals((await app.ask("GET", `${PROXY}?path=a/b.txt`)).json, {});
  assertEquals((await app.ask("GET", `${PROXY}?path=none`)).json, {});
  const missing = await app.ask("GET", `${PROXY}/a/none.txt`);
  assertEquals([missing.status, missing.json["error_code"]], [404, "RESOURCE_DOES_NOT_EXIST"]);
  assertEquals((await app.ask("GET", `${PROXY}/a`)).status, 400);
});

Deno.test("artifact proxy replaces and removes files, and says when one is in the way", async () => {
  await using app = await testApp("sqlite");
  assertEquals(await put(app, "a/b.txt", "one"), 200);
  assertEquals(await put(app, "a/b.txt", "two"), 200);
  assertEquals((await app.ask("GET", `${PROXY}/a/b.txt`)).text, "two");
  assertEquals(await put(app, "a", "a folder is here"), 400);
  assertEquals(await put(app, "a/b.txt/c", "a file is here"), 400);
  assertEquals((await app.ask("DELETE", `${PROXY}/a/b.txt`)).status, 200);
  assertEquals((await app.ask("DELETE", `${PROXY}/a/b.txt`)).status, 200);
  assertEquals((await app.ask("GET", `${PROXY}/a/b.txt`)).status, 404);
  assertEquals((await app.ask("DELETE", `${PROXY}/`)).status, 400);
});

Deno.test("artifact proxy leaves nothing of an upload that breaks off", async () => {
  await using app = await testApp("sqlite");
  const broken = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(10));
      controller.error(new Error("gone"));
    },
  });
  await put(app, "x/half.bin", broken).catch(() => {});
  assertEquals((await app.ask("GET", `${PROXY}?path=x`)).json, {});
  const left = [...Deno.readDirSync(`${app.folder}/artifacts/x`)];
  assertEquals(left, []);
});

Deno.test("artifact proxy reads and writes nothing outside of its folder, whatever the path", async () => {
  await using app = await testApp("sqlite");
  await Deno.mkdir(`${app.folder}/artifacts/a`, { recursive: true });
  await Deno.writeTextFile(`${app.folder}/secret.txt`, "the secret");
  const part = fc.constantFrom(
    ...["..", "%2e%2e", "%252e%252e", ".%2e", ".", "a", "%2F", "%252F", "%5C", "%00", "%23", "C:", ""],
    ...["secret.txt", "mlflow.db", app.folder, encodeURIComponent(app.folder)],
  );
  const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
  const outside = () => [...Deno.readDirSync(app.folder)].map(({ name }) => name).sort();
  const before = outside();
  await fc.assert(
    fc.asyncProperty(path, async (path) => {
      for (const url of [`${PROXY}/${path}`, `${PROXY}?path=${path}`]) {
        const answer = await app.ask("GET", url);
        assert(answer.status < 500, `${url} answered ${answer.status}: ${answer.text}`);
        assert(!answer.text.includes("the secret") && !answer.text.includes("SQLite format"), url);
        assert(!answer.text.includes('"path":"artifacts"'), url);
      }
      assert(await put(app, path, "x") < 500, path);
    }),
    { numRuns: 400 },
  );
  assertEquals(await Deno.readTextFile(`${app.folder}/secret.txt`), "the secret");
  assertEquals(outside(), before);
});

Deno.test("artifact proxy does not follow a link out of its folder", async () => {
  await using app = await testApp("sqlite");
  await put(app, "a/b.txt", "inside");
  await Deno.mkdir(`${app.folder}/outside`);
  await Deno.writeTextFile(`${app.folder}/outside/secret.txt`, "secret");
  await Deno.symlink(`${app.folder}/outside`, `${app.folder}/artifacts/a/link`);
  assertEquals((await app.ask("GET", `${PROXY}/a/link/secret.txt`)).status, 400);
  assertEquals((await app.ask("GET", `${PROXY}?path=a/link`)).status, 400);
  assertEquals(await put(app, "a/link/new.txt", "x"), 400);
  assertEquals([...Deno.readDirSync(`${app.folder}/outside`)].length, 1);
});

Deno.test("artifact proxy says that uploads in parts are not offered, so that clients send files whole", async () => {
  await using app = await testApp("sqlite");
  const answer = await app.ask("POST", "/api/2.0/mlflow-artifacts/mpu/create/x", { path: "x", num_parts: 2 });
  assertEquals([answer.status, answer.json["error_code"]], [501, "NOT_IMPLEMENTED"]);
  assertEquals(app.failures, []);
});

Deno.test("artifacts of a run are listed and served wherever they lie", async () => {
  await using app = await testApp("sqlite");
  const proxied = await newRun(app);
  await put(app, `0/${proxied}/artifacts/model/MLmodel`, "flavors: {}");
  const local = await app.tracker.createExperiment("local", { artifactLocation: `${app.folder}/artifacts/7` });
  const { info } = await app.tracker.createRun({ experimentId: local });
  await app.tracker.writeArtifact({ runId: info.runId }, "notes.txt", new TextEncoder().encode("local"));
  const python = await app.tracker.createExperiment("python", { artifactLocation: `file://${app.folder}/12` });
  const other = await app.tracker.createRun({ experimentId: python });
  await app.tracker.writeArtifact({ runId: other.info.runId }, "notes.txt", new TextEncoder().encode("python"));

  const root = await app.api("GET", `artifacts/list?run_id=${proxied}`);
  assertEquals(root["root_uri"], `mlflow-artifacts:/0/${proxied}/artifacts`);
  assertEquals(root["files"], [{ path: "model", is_dir: true }]);
  const deep = await app.api("GET", `artifacts/list?run_id=${proxied}&path=model`);
  assertEquals(deep["files"], [{ path: "model/MLmodel", is_dir: false, file_size: 11 }]);
  const file = await app.app.request(`http://127.0.0.1:5000/get-artifact?run_id=${proxied}&path=model/MLmodel`);
  assertEquals([await file.text(), file.headers.get("content-type")], ["flavors: {}", "text/plain"]);
  for (const [runId, text] of [[info.runId, "local"], [other.info.runId, "python"]]) {
    const answer = await app.ask("GET", `/get-artifact?run_uuid=${runId}&path=notes.txt`);
    assertEquals([answer.status, answer.text], [200, text]);
  }
});

Deno.test("artifacts outside of the served folders are refused, the database among them", async () => {
  await using app = await testApp("sqlite");
  const locations = ["/etc", app.folder, `${app.folder}/mlflow.db`, `file://${app.folder}`, `${app.folder}/../x`, "/"];
  for (const [i, artifactLocation] of locations.entries()) {
    const id = await app.tracker.createExperiment(`e${i}`, { artifactLocation });
    const { info } = await app.tracker.createRun({ experimentId: id });
    for (const path of ["artifacts/list", "/get-artifact"]) {
      const url = path.startsWith("/") ? path : `/api/2.0/mlflow/${path}`;
      const answer = await app.ask("GET", `${url}?run_id=${info.runId}&path=passwd`);
      assertEquals([answer.status, answer.json["error_code"]], [403, "PERMISSION_DENIED"], artifactLocation);
    }
    const written = await app.ask("POST", `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${info.runId}&path=x`, "x");
    assertEquals(written.status, 403);
  }
});

Deno.test("artifacts that only the store can reach come through it", async () => {
  await using app = await testApp("memory");
  const runId = await newRun(app);
  await app.tracker.writeArtifact({ runId }, "a/b.txt", new TextEncoder().encode("in memory"));
  const listed = await app.api("GET", `artifacts/list?run_id=${runId}&path=a`);
  assertEquals(listed["files"], [{ path: "a/b.txt", is_dir: false, file_size: 9 }]);
  assertEquals((await app.ask("GET", `/get-artifact?run_id=${runId}&path=a/b.txt`)).text, "in memory");
});

Deno.test("upload-artifact stores a small file of a web page, and refuses a large one", async () => {
  await using app = await testApp("sqlite");
  const runId = await newRun(app);
  const url = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${runId}&path=notes/x.txt`;
  assertEquals((await app.ask("POST", url, "hello")).status, 200);
  assertEquals((await app.ask("GET", `/get-artifact?run_id=${runId}&path=notes/x.txt`)).text, "hello");
  const large = await app.ask("POST", url, "x".repeat(10 * 1024 * 1024 + 1));
  assertEquals([large.status, large.json["error_code"]], [413, "BAD_REQUEST"]);
});

Deno.test("artifacts of models are served by model and by version", async () => {
  await using app = await testApp("sqlite");
  const model = await app.tracker.createLoggedModel({ experimentId: "0", name: "m" });
  await app.tracker.writeArtifact({ modelId: model.modelId }, "MLmodel", new TextEncoder().encode("flavors: {}"));
  await app.registry.createRegisteredModel("r");
  await app.registry.createModelVersion({ name: "r", source: `models:/${model.modelId}`, modelId: model.modelId });
  const listed = await app.api("GET", `logged-models/${model.modelId}/artifacts/directories`);
  assertEquals(listed["files"], [{ path: "MLmodel", is_dir: false, file_size: 11 }]);
  const byModel = await app.ask(
    "GET",
    `/ajax-api/2.0/mlflow/logged-models/${model.modelId}/artifacts/files?artifact_file_path=MLmodel`,
  );
  const byVersion = await app.ask("GET", "/model-versions/get-artifact?name=r&version=1&path=MLmodel");
  assertEquals([byModel.text, byVersion.text], ["flavors: {}", "flavors: {}"]);
});

Deno.test("artifacts never run as a page of this server", async () => {
  await using app = await testApp("sqlite");
  const runId = await newRun(app);
  for (const name of ["page.html", "picture.svg"]) {
    await put(app, `0/${runId}/artifacts/${name}`, "<script>alert(1)</script>");
    const page = `/experiments/0/runs/${runId}/artifacts/show?path=${name}`;
    for (const url of [`${PROXY}/0/${runId}/artifacts/${name}`, `/get-artifact?run_id=${runId}&path=${name}`, page]) {
      const { headers, status } = await app.page(url);
      assertEquals(status, 200);
      assertStringIncludes(headers.get("content-security-policy")!, "sandbox; default-src 'none'");
      assertEquals(headers.get("x-content-type-options"), "nosniff");
    }
  }
  const html = await app.page(`/experiments/0/runs/${runId}/artifacts/show?path=page.html`);
  assertStringIncludes(html.headers.get("content-disposition")!, "attachment");
});

Deno.test("artifacts of a remote store come from its adapter alone, and none are taken in", async () => {
  await using store = await testApp("memory");
  const { tracker, registry } = store;
  const app = createTrackingApp({ tracker, registry, artifacts: { served: [] } });
  const id = await tracker.createExperiment("remote", { artifactLocation: "mlflow-artifacts:/5" });
  const { info } = await tracker.createRun({ experimentId: id });
  await tracker.writeArtifact({ runId: info.runId }, "a.txt", new TextEncoder().encode("from afar"));
  const got = await app.request(`http://127.0.0.1/get-artifact?run_id=${info.runId}&path=a.txt`);
  assertEquals([got.status, await got.text()], [200, "from afar"]);
  const sent = await app.request(`http://127.0.0.1${PROXY}/5/a.txt`, { method: "PUT", body: "x" });
  assertEquals([sent.status, (await sent.json()).error_code], [501, "NOT_IMPLEMENTED"]);
});

Deno.test("artifact routes refuse an unsafe path in MLflow's words, before they look for a run or version", async () => {
  await using app = await testApp("sqlite");
  const refusal = {
    error_code: "INVALID_PARAMETER_VALUE",
    message: "Invalid path",
    sqlstate: "KAM00",
    error_class: "INVALID_PARAMETER_VALUE",
  };
  const paths = [
    "/api/2.0/mlflow/artifacts/list?run_id=none&path=..%2Fx",
    "/api/2.0/mlflow/artifacts/list?run_id=none&path=file:x",
    "/get-artifact?run_id=none&path=..%2Fx",
    "/model-versions/get-artifact?name=none&version=1&path=..%2Fx",
    "/api/2.0/mlflow/logged-models/none/artifacts/directories?artifact_directory_path=..%2Fx",
    "/ajax-api/2.0/mlflow/logged-models/none/artifacts/files?artifact_file_path=..%2Fx",
    `${PROXY}?path=..%2Fx`,
    `${PROXY}/..%2Fx`,
  ];
  for (const path of paths) {
    const answer = await app.ask("GET", path);
    assertEquals([answer.status, answer.json], [400, refusal], path);
  }
});

Deno.test("upload-artifact names what is missing, one after the other", async () => {
  await using app = await testApp("sqlite");
  const runId = await newRun(app);
  const upload = async (query: string, body?: string) => {
    const answer = await app.ask("POST", `/ajax-api/2.0/mlflow/upload-artifact${query}`, body);
    return [answer.status, answer.json["message"]];
  };
  assertEquals(await upload(""), [400, "Request must specify run_uuid."]);
  assertEquals(await upload("?run_uuid=none&path="), [400, "Request must specify path."]);
  assertEquals(await upload("?run_uuid=none&path=../x"), [400, "Invalid path"]);
  assertEquals(await upload("?run_uuid=none&path=x"), [400, "Request must specify data."]);
  assertEquals((await upload("?run_uuid=none&path=x", "hi"))[0], 404);
  assertEquals((await upload(`?run_uuid=${runId}&path=x`, "hi"))[0], 200);
});

Deno.test("plainTypeOf() and contentDisposition() name a file as MLflow does", { permissions: "none" }, () => {
  const types: Record<string, string> = {
    "a.txt": "text/plain",
    "model/MLmodel": "text/plain",
    "mlproject": "text/plain",
    "a.csv": "text/plain",
    "a.pkl": "application/octet-stream",
    "a.png": "image/png",
    "a.pdf": "application/pdf",
    "page.html": "text/html",
  };
  for (const [path, type] of Object.entries(types)) assertEquals(plainTypeOf(path), type, path);
  assertEquals(contentDisposition("attachment", "images/dog+step+20.png"), "attachment; filename=dog+step+20.png");
  assertEquals(contentDisposition("attachment", "a b.png"), 'attachment; filename="a b.png"');
});
