import type { Command, CommandContext } from "./command.ts";
import { buildInfo } from "./build_info.ts";
import { ENGINE_FLAGS, hasEngineFlags } from "./engine_flags.ts";
import { renderTable } from "./table.ts";
import { VERSION } from "./version.ts";
import { probeWalls } from "./wall_probe.ts";
import { commandSets } from "./walls.ts";
import { DomainError, isDomainError, nearestWord, toIso } from "../core/mod.ts";
import { checkFeatureStore, checkTracker, type StoreCheck } from "./store_checks.ts";

/** What a check found: `warn` is worth knowing and fails nothing. */
interface Check {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
}

const MINIMUM_DENO = [2, 6];
const LEAST_FREE_BYTES = 2e9;
const REACH_TIMEOUT_MS = 4_000;
const EXCHANGE_TIME_URL = "https://data-api.binance.vision/api/v3/time";
const LARGEST_CLOCK_SKEW_MS = 2_000;

/** `doctor`: one row a check; exit 1 on a failure. */
export const command: Command = {
  summary: "Check versions, permissions, stores, locks, disk and reachability",
  options: {
    walls: { type: "string", value: "COMMAND", description: "Try the walls of that command's permission set instead" },
  },
  examples: [
    { line: "task doctor", does: "one row a check; exit 1 where one fails" },
    { line: "task doctor -- --json", does: "the same for machines" },
    { line: "bitcoin-ml doctor --walls ingest", does: "in the binary: what ingest may not do, tried" },
  ],
  async run(context) {
    const walls = context.options.string("walls");
    const checks = walls === undefined ? await runChecks(context) : await wallChecks(walls);
    const failed = checks.filter(({ status }) => status === "fail").length;
    return {
      json: { checks, failed },
      text: renderTable(
        [{ title: "check" }, { title: "status" }, { title: "detail" }],
        checks.map(({ name, status, detail }) => [name, status, detail]),
      ),
      exitCode: failed > 0 ? 1 : 0,
    };
  },
};

async function wallChecks(commandName: string): Promise<Check[]> {
  const names = Object.keys(await commandSets());
  if (!names.includes(commandName)) {
    const meant = nearestWord(commandName, names);
    throw new DomainError("usage", `Option '--walls' names no command: current value is '${commandName}'`, {
      hint: meant === undefined ? `Commands are ${names.join(", ")}` : `Did you mean '${meant}'?`,
    });
  }
  if (!Deno.build.standalone) {
    throw new DomainError("usage", `Cannot try the walls of '${commandName}' as this process has those of doctor`, {
      hint: `Run: deno run -q -P=${commandName} tests/e2e/probe.ts`,
    });
  }
  const { probeDuckDb } = await import("./runtime.ts");
  return (await probeWalls(probeDuckDb)).map(({ attempt, refused, detail }) => ({
    name: attempt,
    status: refused ? "ok" as const : "fail" as const,
    detail,
  }));
}

async function runChecks(context: CommandContext): Promise<Check[]> {
  const checks: [string, () => Promise<StoreCheck>][] = [
    ["program", checkProgram],
    ["deno", () => Promise.resolve(checkDeno())],
    ["engine flags", () => Promise.resolve(checkEngineFlags())],
    ["duckdb", checkDuckDb],
    ["settings", checkSettings],
    ["feature store", () => checkStoreOf(context)],
    ["tracking store", () => checkTrackingOf(context)],
    ["disk", checkDisk],
    ["exchange", () => checkExchange(context)],
  ];
  const rows: Check[] = [];
  for (const [name, check] of checks) {
    context.progress.update({ stage: "doctor", done: rows.length, total: checks.length, note: name });
    try {
      rows.push({ name, ...await check() });
    } catch (error) {
      rows.push({ name, status: "fail", detail: (error as Error).message.split("\n", 1)[0]! });
    }
  }
  return rows;
}

async function checkProgram(): Promise<StoreCheck> {
  const { commit } = await buildInfo();
  return {
    status: "ok",
    detail: `bitcoin-ml ${VERSION}, ${commit === undefined ? "commit unknown" : `commit ${commit.slice(0, 12)}`}${
      Deno.build.standalone ? ", compiled" : ""
    }`,
  };
}

function checkDeno(): StoreCheck {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  const enough = major > MINIMUM_DENO[0]! || major === MINIMUM_DENO[0]! && minor >= MINIMUM_DENO[1]!;
  return {
    status: enough ? "ok" : "fail",
    detail: `${Deno.version.deno} (V8 ${Deno.version.v8}) on ${Deno.build.target}`,
  };
}

function checkEngineFlags(): StoreCheck {
  return hasEngineFlags()
    ? { status: "ok", detail: ENGINE_FLAGS }
    : { status: "warn", detail: `Scores can be wrong without them: run tasks, or deno run ${ENGINE_FLAGS} …` };
}

async function checkDuckDb(): Promise<StoreCheck> {
  const { duckDbVersion } = await import("./runtime.ts");
  return { status: "ok", detail: await duckDbVersion() };
}

async function checkSettings(): Promise<StoreCheck> {
  const [{ loadIngestConfig }, { loadModelConfig }, { loadApiConfig }] = await Promise.all([
    import("../config/ingest_config.ts"),
    import("../config/model_config.ts"),
    import("../config/api_config.ts"),
  ]);
  await Promise.all([loadIngestConfig(), loadModelConfig(), loadApiConfig()]);
  return { status: "ok", detail: "bitcoin_ingest, model and api are valid" };
}

async function checkStoreOf(context: CommandContext): Promise<StoreCheck> {
  const { openFeatureStore } = await import("./runtime.ts");
  try {
    await using reader = await openFeatureStore(context, { mode: "read" });
    return await checkFeatureStore(reader);
  } catch (error) {
    if (isDomainError(error, "not-found")) return { status: "warn", detail: "none yet: task ingest" };
    // Held by a writer is how a store looks while it is being filled.
    if (isDomainError(error, "store-busy")) return { status: "warn", detail: error.message };
    throw error;
  }
}

async function checkTrackingOf(context: CommandContext): Promise<StoreCheck> {
  const { openTracker } = await import("./runtime.ts");
  try {
    await using tracker = await openTracker(context, { readOnly: true });
    return await checkTracker(tracker);
  } catch (error) {
    if (isDomainError(error, "not-found")) return { status: "warn", detail: "none yet: task track" };
    throw error;
  }
}

/** Where stores are kept, or will be: nothing else may be looked at. */
const STORE_FOLDERS = ["feature_store", "mlruns", "reports", "config"];

async function checkDisk(): Promise<StoreCheck> {
  const { statfs } = await import("node:fs/promises");
  for (const folder of STORE_FOLDERS) {
    try {
      const { bavail, bsize } = await statfs(folder);
      const freeBytes = bavail * bsize;
      return {
        status: freeBytes < LEAST_FREE_BYTES ? "fail" : "ok",
        detail: `${(freeBytes / 1e9).toFixed(1)} GB free where ${folder}/ is`,
      };
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error;
    }
  }
  return { status: "warn", detail: `unknown as none of ${STORE_FOLDERS.join("/, ")}/ is here yet` };
}

/** Being offline is a state, not a failure: archives and stores work without the exchange. */
async function checkExchange(context: CommandContext): Promise<StoreCheck> {
  const url = EXCHANGE_TIME_URL;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(REACH_TIMEOUT_MS)]),
    });
    const { serverTime } = await response.json() as { serverTime?: unknown };
    if (!response.ok || typeof serverTime !== "number") {
      return { status: "warn", detail: `${new URL(url).host} answered ${response.status}` };
    }
    const skewMs = Math.round(context.clock.nowMs() - serverTime);
    const skewed = Math.abs(skewMs) > LARGEST_CLOCK_SKEW_MS;
    return {
      status: skewed ? "warn" : "ok",
      detail: `${new URL(url).host} answers, its clock says ${toIso(serverTime)}${
        skewed ? `, ours differs by ${skewMs} ms` : ""
      }`,
    };
  } catch (error) {
    return {
      status: "warn",
      detail: `${new URL(url).host} cannot be reached: ${(error as Error).message.split("\n", 1)[0]}`,
    };
  }
}
