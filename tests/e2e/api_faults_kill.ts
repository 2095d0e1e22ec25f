import { assert, assertEquals } from "@std/assert";
import { plainRow } from "../api/service_fixture.ts";
import { readAnswer } from "../bench/http_load.ts";
import { connect, faultFolder, send } from "./api_faults_setup.ts";
import { readLogRecords } from "./api_log_records.ts";
import { runCommand, startApi } from "./service_folder.ts";

/** What kills under load cost the prediction log. */
export interface KillLoss {
  /** Kills. */
  readonly kills: number;
  /** Requests that were answered, all together. */
  readonly answered: number;
  /** Of each kill, how many answered requests are not in the log. */
  readonly lost: readonly number[];
  /** Of each kill, milliseconds before it at which the earliest of them was answered; 0 where none is lost. */
  readonly lostMs: readonly number[];
  /** Files of the log, all together. */
  readonly files: number;
}

const BODY = JSON.stringify({ features: plainRow() });
const CONNECTIONS = 8;

/** Kills the service under load again and again, and looks which answered requests its log lacks. */
export async function measureKillLoss(kills: number): Promise<KillLoss> {
  const lost: number[] = [], lostMs: number[] = [];
  let answered = 0, files = 0;
  for (let round = 0; round < kills; round++) {
    // Small files, so that kills meet rotations too.
    await using tmp = await faultFolder({ predictionLog: { maxFileBytes: 65_536 } });
    await using api = await startApi(tmp.path);
    const answeredMs = new Map<string, number>();
    const clients = Array.from({ length: CONNECTIONS }, (_, i) => askUntilCut(api.url, String(i), answeredMs));
    await new Promise((resolve) => setTimeout(resolve, 700 + 37 * (round % 10)));
    const killedMs = performance.now();
    api.child.kill("SIGKILL");
    await Promise.all(clients);
    const logged = new Set(
      (await readLogRecords(tmp.path)).map((record) => "requestId" in record ? record.requestId : ""),
    );
    const missing = [...answeredMs].filter(([id]) => !logged.has(id)).map(([, ms]) => ms);
    answered += answeredMs.size;
    lost.push(missing.length);
    lostMs.push(missing.length === 0 ? 0 : Math.max(0, killedMs - Math.min(...missing)));
    const { code, stdout } = await runCommand("api", tmp.path, ["verify-log", "--json"]);
    assertEquals(code, 0, stdout);
    const { instances: [instance] } = JSON.parse(stdout);
    const folder = `${tmp.path}/mlruns/prediction_log/${instance.instance}`;
    const count = (await Array.fromAsync(Deno.readDir(folder))).length;
    assert(count > 1 && instance.records > 0, `${count} files, ${instance.records} records`);
    files += count;
  }
  return { kills, answered, lost, lostMs, files };
}

async function askUntilCut(url: string, client: string, answeredMs: Map<string, number>): Promise<void> {
  using socket = await connect(url);
  const buffer = new Uint8Array(16_384);
  for (let i = 0;; i++) {
    const id = `${client}-${i}`;
    let status: number;
    try {
      await send(
        socket,
        `POST /predict HTTP/1.1\r\nhost: x\r\nx-request-id: ${id}\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
      );
      status = await readAnswer(socket, buffer);
    } catch {
      return;
    }
    assertEquals(status, 200);
    answeredMs.set(id, performance.now());
  }
}
