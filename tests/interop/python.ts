/**
 * The real MLflow, from pip: where its Python is, and how tests run it. Without it the tests are skipped with a reason
 * printed once; where CI=true they fail instead.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

// Absolute, as tests start it from other folders; not resolved further, as the link is what makes it the environment's.
const OWN_PYTHON = `${Deno.cwd()}/.tools/interop/bin/python`;

/** Path of a Python that has MLflow, or why there is none. */
const found = await findPython();
if ("reason" in found) {
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped: interop tests, as ${found.reason}\n`));
}

async function findPython(): Promise<{ readonly path: string } | { readonly reason: string }> {
  const path = Deno.env.get("MLFLOW_PYTHON") ?? OWN_PYTHON;
  try {
    await Deno.stat(path);
  } catch {
    return {
      reason:
        `there is no '${path}' (make it: python3 -m venv .tools/interop, then pip install -r tests/interop/requirements.txt)`,
    };
  }
  if ((await Deno.permissions.query({ name: "run", command: path })).state !== "granted") {
    return { reason: `this run may not start '${path}' (add --allow-run=deno,${path})` };
  }
  const { success } = await new Deno.Command(path, { args: ["-c", "import mlflow.version"], stderr: "null" }).output();
  return success ? { path } : { reason: `'${path}' has no mlflow` };
}

/** Path of the Python with MLflow. @throws where there is none */
export function pythonPath(): string {
  if ("path" in found) return found.path;
  throw new Error(found.reason);
}

/** Registers a test that needs the real MLflow. */
export function interopTest(name: string, run: (t: Deno.TestContext) => Promise<void>): void {
  const ignore = "reason" in found && Deno.env.get("CI") !== "true";
  Deno.test({ name, ignore, fn: run });
}

/** Whether interop tests run at all. */
export const HAS_MLFLOW: boolean = "path" in found || Deno.env.get("CI") === "true";

/** Settings that keep MLflow from asking the network for anything, and its server from what no test asks of it. */
export const MLFLOW_ENV: Readonly<Record<string, string>> = {
  MLFLOW_DISABLE_TELEMETRY: "true",
  DO_NOT_TRACK: "true",
  GIT_PYTHON_REFRESH: "quiet",
  MLFLOW_ENABLE_ASYNC_LOGGING: "false",
  MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
  // Eight further processes of a server, each of which imports MLflow: 30 s of CPU at every start.
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
  PYTHONWARNINGS: "ignore",
};

/** Runs Python code (or a file) that prints one JSON value as its last line, and returns that value. */
export async function runPython<T>(
  program: { readonly code: string } | { readonly file: string },
  args: readonly string[] = [],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<T> {
  const { code, stdout, stderr } = await new Deno.Command(pythonPath(), {
    args: [...("code" in program ? ["-c", program.code] : [program.file]), ...args],
    env: { ...MLFLOW_ENV, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(code, 0, new TextDecoder().decode(stderr).slice(-4000) || text);
  return JSON.parse(text.trim().split("\n").at(-1) ?? "null") as T;
}

/** A port that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A running server of the real MLflow. */
export interface MlflowServer extends AsyncDisposable {
  readonly url: string;
  /** Id of its first process; its workers are that one's children. */
  readonly pid: number;
}

/** Starts `mlflow server` in a folder and waits until it answers. */
export async function startMlflowServer(
  folder: string,
  options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<MlflowServer> {
  const url = `http://127.0.0.1:${freePort()}`;
  const log = await Deno.open(`${folder}/server.log`, { create: true, write: true, truncate: true });
  const child = new Deno.Command(pythonPath(), {
    args: ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", new URL(url).port, "--workers", "1"]
      .concat(options.args ?? []),
    cwd: folder,
    env: { ...MLFLOW_ENV, ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const logged = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const bytes of stream) await log.write(bytes);
  }));
  const server: MlflowServer = {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // it has already ended
      }
      await child.status;
      await logged;
      log.close();
    },
  };
  const deadline = performance.now() + 120_000;
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  for (;;) {
    try {
      const response = await fetch(`${url}/health`);
      await response.body?.cancel();
      if (response.ok && !hasEnded) return server;
    } catch {
      // not listening yet
    }
    // Another server may answer at a port that this one found taken.
    if (hasEnded || performance.now() > deadline) {
      await server[Symbol.asyncDispose]();
      throw new Error(`mlflow server did not start:\n${await Deno.readTextFile(`${folder}/server.log`)}`);
    }
    await new Promise((done) => setTimeout(done, 200));
  }
}
