/** What a load run saw. */
export interface LoadResult {
  /** Requests answered with 200 per second. */
  readonly perSecond: number;
  /** Milliseconds that half of the requests stayed below. */
  readonly p50Ms: number;
  /** Milliseconds that 99 % of the requests stayed below. */
  readonly p99Ms: number;
  /** Answers that were no 200. */
  readonly failed: number;
}

/** Options of {@linkcode httpLoad}. */
export interface LoadOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Bytes of one whole HTTP/1.1 request, or of the one with this number. */
  readonly request: Uint8Array | ((index: number) => Uint8Array);
}

/** An HTTP/1.1 POST of JSON as bytes. */
export function postBytes(path: string, body: unknown): Uint8Array {
  const text = JSON.stringify(body);
  return new TextEncoder().encode(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
}

/** An HTTP/1.1 GET as bytes. */
export function getBytes(path: string): Uint8Array {
  return new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
}

/**
 * Sends a request again and again over kept-alive sockets, one at a time on each, for a while. Raw sockets, as a `fetch` client
 * would cost more than the server that is measured.
 */
export async function httpLoad(url: string, options: LoadOptions): Promise<LoadResult> {
  const { hostname, port } = new URL(url);
  const latenciesMs: number[] = [];
  let failed = 0, sent = 0;
  const startedMs = performance.now();
  const endMs = startedMs + options.seconds * 1000;
  const one = async () => {
    using socket = await Deno.connect({ hostname, port: Number(port) });
    const buffer = new Uint8Array(1 << 20);
    while (performance.now() < endMs) {
      const request = typeof options.request === "function" ? options.request(sent++) : options.request;
      const sentMs = performance.now();
      for (let offset = 0; offset < request.length;) offset += await socket.write(request.subarray(offset));
      const status = await readAnswer(socket, buffer);
      latenciesMs.push(performance.now() - sentMs);
      if (status !== 200) failed++;
    }
  };
  await Promise.all(Array.from({ length: options.connections }, one));
  const seconds = (performance.now() - startedMs) / 1000;
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { perSecond: (sorted.length - failed) / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed };
}

const DECODER = new TextDecoder();

/** Reads one whole answer into `buffer` and tells its status. @throws where the server closes before its end */
export async function readAnswer(socket: Deno.Conn, buffer: Uint8Array): Promise<number> {
  let size = 0, headEnd = -1, wanted = Infinity, status = 0;
  while (size < wanted) {
    const read = await socket.read(buffer.subarray(size));
    if (read === null) throw new Error("the server closed the connection");
    size += read;
    if (headEnd >= 0) continue;
    headEnd = endOfHead(buffer, size);
    if (headEnd < 0) continue;
    const head = DECODER.decode(buffer.subarray(0, headEnd));
    status = Number(head.slice(9, 12));
    wanted = headEnd + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  }
  return status;
}

function endOfHead(buffer: Uint8Array, size: number): number {
  for (let i = 3; i < size; i++) {
    if (buffer[i] === 10 && buffer[i - 1] === 13 && buffer[i - 2] === 10 && buffer[i - 3] === 13) return i + 1;
  }
  return -1;
}
