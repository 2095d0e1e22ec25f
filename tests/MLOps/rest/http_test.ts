import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DomainError, TrackingError } from "../../../src/core/mod.ts";
import { credentialsFrom, openTrackerAt } from "../../../src/MLOps/open.ts";
import { MlflowHttp, type MlflowHttpOptions } from "../../../src/MLOps/rest/http.ts";
import { RestTracker } from "../../../src/MLOps/rest/rest_tracker.ts";

const RUN = { run: { info: { run_id: "r", experiment_id: "0", artifact_uri: "mlflow-artifacts:/0/r/artifacts" } } };
const FAST: MlflowHttpOptions = { backoffMs: 1 };

/** A server that answers from a list, the last one for ever, and notes what it was asked. */
async function withServer(
  answers: readonly ((request: Request) => Response | Promise<Response>)[],
  run: (url: string, asked: { method: string; path: string; authorization: string | null }[]) => Promise<void>,
): Promise<void> {
  const asked: { method: string; path: string; authorization: string | null }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    await request.arrayBuffer();
    asked.push({
      method: request.method,
      path: new URL(request.url).pathname,
      authorization: request.headers.get("Authorization"),
    });
    return await answers[Math.min(asked.length, answers.length) - 1]!(request);
  });
  try {
    await run(`http://127.0.0.1:${server.addr.port}`, asked);
  } finally {
    await server.shutdown();
  }
}

const ok = () => Response.json(RUN);
const failing = (status: number, body: unknown = "no", headers: Record<string, string> = {}) => () =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });

Deno.test("MlflowHttp repeats what may go well the next time, and only so often", async () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    await withServer([failing(status), failing(status), ok], async (url, asked) => {
      assertEquals((await new RestTracker(url, FAST).getRun("r")).info.runId, "r");
      assertEquals(asked.length, 3);
    });
  }
  await withServer([failing(503)], async (url, asked) => {
    const error = await assertRejects(() => new RestTracker(url, FAST).getRun("r"), TrackingError);
    assertEquals([error.code, error.traits.exit, asked.length], ["tracking-unavailable", 4, 5]);
  });
});

Deno.test("MlflowHttp does not repeat what the server refuses", async () => {
  const body = { error_code: "RESOURCE_DOES_NOT_EXIST", message: "Run with id=r not found" };
  await withServer([failing(404, body)], async (url, asked) => {
    const error = await assertRejects(() => new RestTracker(url, FAST).getRun("r"), TrackingError, "Run with id=r");
    assertEquals([error.errorCode, error.code, asked.length], ["RESOURCE_DOES_NOT_EXIST", "not-found", 1]);
  });
});

Deno.test("MlflowHttp repeats a creation only where the server did nothing", async () => {
  const create = (url: string) => new RestTracker(url, FAST).createRun({ experimentId: "0" });
  await withServer([failing(500), ok], async (url, asked) => {
    await assertRejects(() => create(url), TrackingError);
    assertEquals(asked.length, 1);
  });
  await withServer([failing(503), failing(429), ok], async (url, asked) => {
    assertEquals((await create(url)).info.runId, "r");
    assertEquals(asked.length, 3);
  });
});

Deno.test("MlflowHttp waits as long as Retry-After says", async () => {
  await withServer([failing(429, "slow down", { "Retry-After": "1" }), ok], async (url) => {
    const startedAt = performance.now();
    await new RestTracker(url, FAST).getRun("r");
    assert(performance.now() - startedAt >= 950);
  });
});

Deno.test("MlflowHttp stops waiting when it is told to", async () => {
  await withServer([failing(503, "later", { "Retry-After": "30" })], async (url) => {
    const controller = new AbortController();
    const reason = new DomainError("interrupted", "Stopped by SIGINT");
    setTimeout(() => controller.abort(reason), 50);
    const startedAt = performance.now();
    const error = await assertRejects(
      () => new RestTracker(url, { signal: controller.signal }).getRun("r"),
      DomainError,
    );
    assertEquals(error, reason);
    assert(performance.now() - startedAt < 5_000);
  });
});

Deno.test("MlflowHttp says that nobody answers, and where", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const error = await assertRejects(
    () => new RestTracker(url, { ...FAST, attempts: 2 }).getRun("r"),
    TrackingError,
    `Cannot reach the MLflow server at '${url}'`,
  );
  assertEquals([error.code, error.traits.exit], ["tracking-unavailable", 4]);
  assert(error.hint?.includes("MLFLOW_TRACKING_URI"));
});

Deno.test("MlflowHttp gives up on a server that does not answer in time", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  await withServer([() => promise], async (url) => {
    const client = new RestTracker(url, { ...FAST, attempts: 1, timeoutMs: 100 });
    await assertRejects(() => client.getRun("r"), TrackingError, "did not answer in time");
    resolve(ok());
  });
});

Deno.test("MlflowHttp proves who asks, to its own server alone", async () => {
  const header = async (uri: (url: string) => string, options: MlflowHttpOptions = {}) => {
    let seen: string | null = null;
    await withServer([ok], async (url, asked) => {
      const client = new RestTracker(uri(url), options);
      await client.getRun("r");
      seen = asked[0]!.authorization;
      assert(!client.uri.includes("secret"), client.uri);
    });
    return seen;
  };
  const plain = (url: string) => url;
  assertEquals(await header(plain), null);
  assertEquals(await header(plain, { credentials: { kind: "bearer", token: "t0k" } }), "Bearer t0k");
  const basic = { kind: "basic", username: "ada", password: "ü:x" } as const;
  assertEquals(await header(plain, { credentials: basic }), `Basic ${btoa("ada:\u00c3\u00bc:x")}`);
  assertEquals(
    await header((url) => url.replace("http://", "http://ada:se%63ret@")),
    `Basic ${btoa("ada:secret")}`,
  );
  await withServer(
    [ok],
    (otherUrl, otherAsked) =>
      withServer([() =>
        Response.json({
          ...RUN,
          run: { info: { ...RUN.run.info, artifact_uri: `${otherUrl}/api/2.0/mlflow-artifacts/artifacts/0/r` } },
        })], async (url, asked) => {
        const client = new RestTracker(url, { credentials: { kind: "bearer", token: "t0k" } });
        await client.writeArtifact({ runId: "r" }, "a b/ä.txt", Uint8Array.of(1));
        assertEquals(asked[0]!.authorization, "Bearer t0k");
        assertEquals(otherAsked, [{
          method: "PUT",
          path: "/api/2.0/mlflow-artifacts/artifacts/0/r/a%20b/%C3%A4.txt",
          authorization: null,
        }]);
      }),
  );
});

Deno.test("MlflowHttp names a refusal for want of credentials", async () => {
  for (const [status, errorCode] of [[401, "UNAUTHENTICATED"], [403, "PERMISSION_DENIED"]] as const) {
    await withServer([failing(status, "<html><b>You are not authenticated</b></html>")], async (url) => {
      const error = await assertRejects(() => new RestTracker(url, FAST).getRun("r"), TrackingError, "authenticated");
      assertEquals([error.errorCode, error.code], [errorCode, "tracking-refused"]);
      assert(error.hint?.includes("MLFLOW_TRACKING_USERNAME"));
    });
  }
});

Deno.test("RestTracker refuses answers that are none of MLflow's", async () => {
  const answers: readonly (() => Response)[] = [
    () => new Response("<html>welcome</html>"),
    () => Response.json([]),
    () => Response.json({ run: { info: { run_id: {} } } }),
    () => Response.json({ run: 3 }),
    () =>
      Response.json({
        run: { info: { run_id: "r", experiment_id: "0" }, data: { metrics: [{ key: "a", value: "x" }] } },
      }),
  ];
  for (const answer of answers) {
    await withServer([answer], async (url) => {
      const error = await assertRejects(() => new RestTracker(url, FAST).getRun("r"), TrackingError, "Cannot read");
      assertEquals(error.errorCode, "INTERNAL_ERROR");
    });
  }
});

Deno.test(
  "openTrackerAt() and credentialsFrom() read MLflow's variables",
  { permissions: { read: true } },
  async () => {
    const from = (variables: Record<string, string>) => credentialsFrom((name) => variables[name]);
    assertEquals(from({}), undefined);
    assertEquals(from({ MLFLOW_TRACKING_TOKEN: "t", MLFLOW_TRACKING_USERNAME: "u" }), { kind: "bearer", token: "t" });
    assertEquals(from({ MLFLOW_TRACKING_USERNAME: "u", MLFLOW_TRACKING_PASSWORD: "p" }), {
      kind: "basic",
      username: "u",
      password: "p",
    });
    for (const uri of ["./mlruns", "file:///mlruns", "postgresql://host/db"]) {
      const error = await assertRejects(() => openTrackerAt(uri), DomainError);
      assertEquals([error.code, error.traits.exit], ["config-invalid", 3]);
    }
    assertEquals(assertThrows(() => new MlflowHttp("http://[::1"), TrackingError).code, "config-invalid");
  },
);
