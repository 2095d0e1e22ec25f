/** Schemathesis over the OpenAPI document of the running service: what is documented is what is answered. */
import { assert, assertEquals } from "@std/assert";
import { MINUTE_MS } from "../../src/core/mod.ts";
import { changeKeys, newKey, withKey } from "../../src/api/access/mod.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { openStores, putCandles, startApi } from "../e2e/service_folder.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { HAS_MLFLOW, interopTest, pythonPath } from "./python.ts";

/** Every check but those of resources that a client makes and deletes, of which there are none. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "positive_data_acceptance",
  "missing_required_header",
  "unsupported_method",
  "allow_header_conformance",
  "ignored_auth",
];

/**
 * Where the design's statuses differ from what is usual: too many rows are 413. JSON Schema cannot say what a CSV holds, nor which
 * columns of a data frame take null when they come in any order, so that a body may fit it and be refused; that the
 * readers take exactly the JSON that the schema takes is a property test of its own.
 */
const SETTINGS = `
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 408, 413, 415, 422, 429]
${
  ["/predict", "/v1/predict", "/invocations"].map((path) => `
[[operations]]
include-path = "${path}"
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 422]
`).join("")
}`;

/** Test cases below which the run was cut short: 2,389 at 30 examples. */
const LEAST_CASES = 2000;

const hasSchemathesis = HAS_MLFLOW && await canImport("schemathesis");

async function canImport(module: string): Promise<boolean> {
  const { success } = await new Deno.Command(pythonPath(), { args: ["-c", `import ${module}`], stderr: "null" })
    .output();
  return success;
}

for (const withKeys of [false, true]) {
  const title = `Schemathesis finds nothing ${withKeys ? "with" : "without"} keys`;
  if (!hasSchemathesis && Deno.env.get("CI") !== "true") {
    Deno.test({ name: title, ignore: true, fn() {} });
    continue;
  }
  interopTest(title, async () => {
    await using tmp = await tmpDir();
    const startMs = Math.floor(Date.now() / MINUTE_MS - 1500) * MINUTE_MS;
    await putCandles(tmp.path, randomCandles(1500, { startMs }));
    {
      await using stores = await openStores(tmp.path);
      await registerModel(stores, modelFiles(harSpec()));
    }
    await Deno.mkdir(`${tmp.path}/config`);
    // Fresh for as long as the test takes, so that a 503 is a fault.
    await Deno.writeTextFile(`${tmp.path}/config/api.json`, JSON.stringify({ data: { staleAfterSeconds: 86_400 } }));
    const { key, token } = newKey({
      id: "all",
      scopes: ["predict", "admin"],
      rate: null,
      createdAt: new Date(0).toISOString(),
    });
    if (withKeys) await changeKeys(`${tmp.path}/config/api_keys.json`, (keys) => withKey(keys, key));
    await Deno.writeTextFile(`${tmp.path}/schemathesis.toml`, SETTINGS);
    await using api = await startApi(tmp.path);
    const { code, stdout, stderr } = await new Deno.Command(pythonPath(), {
      args: ["-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", `${api.url}/openapi.json`]
        .concat(["--max-examples", "100", "--seed", "8", "--no-shrink", "--continue-on-failure"])
        .concat(["--checks", CHECKS.join(), "--warnings", "off"])
        .concat(withKeys ? ["--header", `Authorization: Bearer ${token}`] : []),
      cwd: tmp.path,
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(code, 0, text.slice(-6000) + new TextDecoder().decode(stderr).slice(-2000));
    const cases = Number(/([\d,]+) generated/.exec(text)?.[1]?.replaceAll(",", ""));
    assert(cases > LEAST_CASES, `only ${cases} cases: ${text.slice(-2000)}`);
    api.child.kill("SIGTERM");
    assertEquals((await api.child.status).code, 143);
    assert(!(await api.stderr).includes("hit a bug"), await api.stderr);
  });
}
