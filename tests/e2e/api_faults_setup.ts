import { assert, assertEquals } from "@std/assert";
import { MINUTE_MS } from "../../src/core/mod.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { plainRow } from "../api/service_fixture.ts";
import { postBytes, readAnswer } from "../bench/http_load.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { type ApiProcess, openStores, putCandles, runCommand } from "./service_folder.ts";

/** A request for a forecast of one row, as bytes. */
export const ONE_ROW = postBytes("/predict", { features: plainRow() });

/** A working folder with a model, settings, and fresh candles where asked. */
export async function faultFolder(config: unknown = {}, candles = 0) {
  const tmp = await tmpDir();
  {
    await using stores = await openStores(tmp.path);
    await registerModel(stores, modelFiles(harSpec()));
  }
  await Deno.mkdir(`${tmp.path}/config`);
  await Deno.writeTextFile(`${tmp.path}/config/api.json`, JSON.stringify(config));
  if (candles > 0) await putCandles(tmp.path, freshCandles(candles));
  return tmp;
}

/** Candles of which the newest ended within this minute. */
export function freshCandles(minutes: number) {
  return randomCandles(minutes, { startMs: (Math.floor(Date.now() / MINUTE_MS) - minutes) * MINUTE_MS });
}

/** Opens a socket to the service. */
export function connect(url: string): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
}

/** Sends text over a socket. */
export async function send(socket: Deno.TcpConn, text: string | Uint8Array): Promise<void> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let offset = 0; offset < bytes.length;) offset += await socket.write(bytes.subarray(offset));
}

/** Status of the next whole answer on a socket; 0 where the service hung up instead. */
export async function statusOn(socket: Deno.TcpConn): Promise<number> {
  try {
    return await readAnswer(socket, new Uint8Array(16_384));
  } catch {
    return 0;
  }
}

/** Asks for a forecast of one row and tells status and milliseconds. */
export async function predictOnce(url: string): Promise<{ readonly status: number; readonly ms: number }> {
  const fromMs = performance.now();
  using socket = await connect(url);
  await send(socket, ONE_ROW);
  return { status: await statusOn(socket), ms: performance.now() - fromMs };
}

/** Answer of a route as JSON. */
export async function getJson(url: string) {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}

/** A sample of the service's metrics. */
export async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? NaN);
}

/** Waits until a check holds, and tells the milliseconds. @throws after `ms` */
export async function until(what: string, check: () => Promise<boolean>, ms = 10_000): Promise<number> {
  const fromMs = performance.now();
  while (performance.now() - fromMs < ms) {
    if (await check()) return performance.now() - fromMs;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${ms} ms`);
}

/** Open files of a process; undefined where the system does not tell. */
export async function openFiles(pid: number): Promise<number | undefined> {
  try {
    return (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
  } catch {
    return undefined;
  }
}

/** Stops a service with SIGTERM: it must end with 143, without a bug, and its log must be sound. Tells its records. */
export async function stopSoundly(api: ApiProcess, folder: string): Promise<number> {
  api.child.kill("SIGTERM");
  assertEquals((await api.child.status).code, 143, await api.stderr);
  assert(!(await api.stderr).includes("hit a bug"), await api.stderr);
  const { code, stdout } = await runCommand("api", folder, ["verify-log", "--json"]);
  const { instances } = JSON.parse(stdout);
  assertEquals(code, 0, stdout);
  return instances.reduce((sum: number, { records }: { records: number }) => sum + records, 0);
}
