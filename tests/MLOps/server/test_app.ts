import { assertEquals } from "@std/assert";
import type { ModelRegistry, Tracker } from "../../../src/core/mod.ts";
import { openRegistryAt, openTrackerAt } from "../../../src/MLOps/open.ts";
import { createTrackingApp, type TrackingApp } from "../../../src/MLOps/server/mod.ts";
import { createPages, type PromotionAccess } from "../../../src/MLOps/ui/mod.ts";
import { MemoryRegistry, MemoryTracker } from "../../fakes/memory_tracker.ts";

/** Noon of a day that the tests agree on. */
export const NOW_MS = Date.UTC(2026, 10, 26, 12);

/** Which stores an application is built over. */
export type StoreKind = "memory" | "sqlite";

/** An application as `mlflow-ui` builds it, without a port. */
export interface TestApp extends AsyncDisposable {
  readonly app: TrackingApp;
  readonly tracker: Tracker;
  readonly registry: ModelRegistry;
  /** Folder that all its files are in. */
  readonly folder: string;
  /** Failures that were no fault of the client. */
  readonly failures: unknown[];
  /** Asks with a JSON body, or none. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Asks a route under `/api/2.0/mlflow/` and fails unless it answers 200. */
  api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Sends a form as a page of this server does, or as another's where `headers` say so. */
  form(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** Asks for a page. */
  page(path: string): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
}

/** A JSON answer. */
export interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly text: string;
}

/** Builds an application over fresh stores in a folder of its own. */
export async function testApp(
  kind: StoreKind,
  options: { readonly promotion?: PromotionAccess } = {},
): Promise<TestApp> {
  const folder = await Deno.makeTempDir({ prefix: "mlflow-ui-" });
  const uri = `sqlite:///${folder}/mlflow.db`;
  const { promotion } = options;
  const places = { artifactRoot: `${folder}/artifacts`, newExperimentLocation: "mlflow-artifacts:" };
  const tracker = kind === "memory" ? new MemoryTracker() : await openTrackerAt(uri, places);
  const registry = kind === "memory" ? new MemoryRegistry(tracker as MemoryTracker) : await openRegistryAt(uri, places);
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const app = createTrackingApp({
    tracker,
    registry,
    artifacts: { destination: `${folder}/artifacts`, served: [], storeFolder: folder },
    onFailure,
  }, {
    pages: (artifacts) =>
      createPages({
        tracker,
        registry,
        artifacts,
        clock: { nowMs: () => NOW_MS },
        onFailure,
        ...(promotion === undefined ? {} : { promotion }),
      }),
  });
  const ask: TestApp["ask"] = async (method, path, body, headers = {}) => {
    const response = await app.request(`http://127.0.0.1:5000${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: parsed(text) };
  };
  return {
    app,
    tracker,
    registry,
    folder,
    failures,
    ask,
    async api(method, path, body) {
      const answer = await ask(method, `/api/2.0/mlflow/${path}`, body);
      if (answer.status !== 200) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
      return answer.json;
    },
    async form(path, fields, headers = { origin: "http://127.0.0.1:5000" }) {
      const body = new URLSearchParams(fields);
      return await app.request(`http://127.0.0.1:5000${path}`, { method: "POST", headers, body });
    },
    async page(path) {
      const response = await app.request(`http://127.0.0.1:5000${path}`);
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await tracker[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Registers a test of the application over each kind of store; failures that are no client's fault fail it. */
export function overStores(behaviour: string, run: (app: TestApp) => Promise<void>): void {
  for (const kind of ["memory", "sqlite"] satisfies StoreKind[]) {
    Deno.test(`createTrackingApp() over ${kind} ${behaviour}`, async () => {
      await using app = await testApp(kind);
      await run(app);
      assertEquals(app.failures, []);
    });
  }
}

/** Starts a run over REST and tells its id. */
export async function newRun(app: TestApp, body: Record<string, unknown> = {}): Promise<string> {
  const answer = await app.api("POST", "runs/create", { experiment_id: "0", start_time: 1, ...body });
  return (answer["run"] as { info: { run_id: string } }).info.run_id;
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
