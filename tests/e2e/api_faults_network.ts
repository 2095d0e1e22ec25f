import { assert, assertEquals } from "@std/assert";
import { readLogRecords } from "./api_log_records.ts";
import type { ApiFault } from "./api_faults.ts";
import {
  connect,
  faultFolder,
  metric,
  ONE_ROW,
  openFiles,
  predictOnce,
  send,
  statusOn,
  stopSoundly,
  until,
} from "./api_faults_setup.ts";
import { startApi } from "./service_folder.ts";

const HEAD = "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
const IDLE = 1000;

/** What clients and the network do wrong. */
export const NETWORK_FAULTS: readonly ApiFault[] = [
  {
    name: "200 slow-loris clients, half with heads that never end, half with bodies",
    async run() {
      await using tmp = await faultFolder({ limits: { bodySeconds: 1, maxInFlight: 64, maxQueued: 64 } });
      await using api = await startApi(tmp.path);
      const sockets = await Promise.all(Array.from({ length: 200 }, () => connect(api.url)));
      const bodies = sockets.filter((_, i) => i % 2 === 0);
      await Promise.all(
        sockets.map((socket, i) => send(socket, i % 2 === 0 ? `${HEAD}content-length: 100\r\n\r\n{` : HEAD)),
      );
      const statuses = await Promise.all(bodies.map(statusOn));
      assert(statuses.every((status) => status === 408 || status === 503), statuses.join());
      const { status, ms } = await predictOnce(api.url);
      assertEquals(status, 200);
      sockets.forEach((socket) => socket.close());
      await stopSoundly(api, tmp.path);
      const late = statuses.filter((status) => status === 408).length;
      return `bodies: ${late} answered 408 in time, ${
        statuses.length - late
      } 503; heads stay open, without a place; a good request beside them: 200 in ${Math.ceil(ms)} ms`;
    },
  },
  {
    name: "500 clients that vanish in the middle of a body",
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path);
      await predictOnce(api.url);
      const before = await openFiles(api.child.pid);
      for (let round = 0; round < 5; round++) {
        const sockets = await Promise.all(Array.from({ length: 100 }, () => connect(api.url)));
        await Promise.all(sockets.map((socket) => send(socket, `${HEAD}content-length: 100\r\n\r\n{`)));
        sockets.forEach((socket) => socket.close());
      }
      // The one that asks is in flight itself.
      const ms = await until(
        "their places",
        async () => await metric(api.url, "bitcoin_ml_http_requests_in_flight") === 1,
      );
      assertEquals((await predictOnce(api.url)).status, 200);
      assertEquals(await metric(api.url, 'bitcoin_ml_http_refusals_total{reason="client-gone"}'), 500);
      const series = 'bitcoin_ml_http_request_duration_seconds_count{method="POST",route="/predict",status=';
      assertEquals(await metric(api.url, `${series}"499"}`), 500);
      assertEquals(await metric(api.url, `${series}"503"}`), NaN, "counted against the service");
      const after = await openFiles(api.child.pid);
      if (before !== undefined) assert(after! <= before + 20, `${before} open files became ${after}`);
      await stopSoundly(api, tmp.path);
      return `their places are free within ${
        ms < 1000 ? "a second" : `${Math.ceil(ms / 1000)} s`
      }, their files closed; each is 499 with the reason \`client-gone\`, no 5xx`;
    },
  },
  {
    name: "clients that close their half after asking (half-open)",
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path);
      const statuses: number[] = [];
      for (let i = 0; i < 50; i++) {
        using socket = await connect(api.url);
        await send(socket, ONE_ROW);
        await socket.closeWrite();
        statuses.push(await statusOn(socket));
      }
      const answered = statuses.filter((status) => status === 200).length;
      assert(statuses.every((status) => status === 200 || status === 0), statuses.join());
      assertEquals((await predictOnce(api.url)).status, 200);
      await stopSoundly(api, tmp.path);
      return `${
        answered === 50 ? "all are answered" : `${answered} of 50 are answered, the others hung up on`
      }; the service goes on`;
    },
  },
  {
    name: "a body of 100 MB, a head of 2 MB, a URL of 200 kB",
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path);
      const status = async (head: string, body = 0) => {
        using socket = await connect(api.url);
        const answer = statusOn(socket);
        try {
          await send(socket, head);
          const part = new Uint8Array(1_000_000).fill(49);
          for (let i = 0; i < body; i++) await send(socket, part);
        } catch {
          // Hung up on, as it may be.
        }
        return await answer;
      };
      const body = await status(`${HEAD}content-length: 100000000\r\n\r\n`, 100);
      const head = await status(`GET /livez HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(2_000_000)}\r\n\r\n`);
      const url = await status(`GET /${"a".repeat(200_000)} HTTP/1.1\r\nhost: x\r\n\r\n`);
      assert(
        [0, 413].includes(body) && [0, 400, 431].includes(head) && [0, 400, 404, 414].includes(url),
        `${body} ${head} ${url}`,
      );
      assertEquals((await predictOnce(api.url)).status, 200);
      await stopSoundly(api, tmp.path);
      const said = (code: number) => code === 0 ? "hung up on" : String(code);
      return `body ${said(body)}, head ${said(head)}, URL ${said(url)}; the service goes on`;
    },
  },
  {
    name: "1,000 idle connections",
    async run() {
      await using tmp = await faultFolder();
      await using api = await startApi(tmp.path);
      await predictOnce(api.url);
      const before = await metric(api.url, "process_resident_memory_bytes");
      const sockets: Deno.TcpConn[] = [];
      for (let i = 0; i < IDLE; i += 100) {
        sockets.push(...await Promise.all(Array.from({ length: 100 }, () => connect(api.url))));
      }
      const alone = await Promise.all(Array.from({ length: 20 }, () => predictOnce(api.url)));
      assert(alone.every(({ status }) => status === 200));
      const grown = (await metric(api.url, "process_resident_memory_bytes") - before) / 1_048_576;
      // They were idle, not dead: in turn each is answered.
      for (let i = 0; i < IDLE; i += 50) {
        const some = sockets.slice(i, i + 50);
        await Promise.all(some.map((socket) => send(socket, ONE_ROW)));
        assertEquals(new Set(await Promise.all(some.map(statusOn))), new Set([200]));
      }
      sockets.forEach((socket) => socket.close());
      await stopSoundly(api, tmp.path);
      assert(grown < 100, `${grown} MB`);
      return `others are answered beside them, ${
        grown < 20 ? "below 20" : Math.ceil(grown)
      } MB for all; each is answered once it asks`;
    },
  },
  {
    name: "SIGTERM under load from 16 connections",
    async run() {
      let answered = 0, unanswered = 0, rounds = 0;
      for (; rounds < 5; rounds++) {
        await using tmp = await faultFolder();
        await using api = await startApi(tmp.path);
        let mine = 0;
        const client = async () => {
          using socket = await connect(api.url);
          for (;;) {
            try {
              await send(socket, ONE_ROW);
            } catch {
              return unanswered++;
            }
            const status = await statusOn(socket);
            if (status === 0) return unanswered++;
            assertEquals(status, 200);
            mine++;
          }
        };
        const clients = Array.from({ length: 16 }, client);
        await new Promise((resolve) => setTimeout(resolve, 500));
        await stopSoundly(api, tmp.path);
        await Promise.all(clients);
        const logged = (await readLogRecords(tmp.path)).filter(({ kind }) => kind === "predict").length;
        assertEquals(logged, mine, "each answer is in the log, and nothing else: none was begun and lost");
        answered += mine;
      }
      return `${rounds} times: every request that was begun is answered and in the log (${
        answered.toLocaleString("en")
      }); ${unanswered} sent on connections that were closing were never begun, and can be sent again; exit 143`;
    },
  },
];
