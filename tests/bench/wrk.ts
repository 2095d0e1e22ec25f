import type { LoadResult } from "./http_load.ts";

/** What `wrk` sends. */
export interface WrkRequest {
  /** Path, with its query. */
  readonly path: string;
  /** JSON body of a POST; undefined asks with GET. */
  readonly body?: unknown;
}

/** How much of it. */
export interface WrkOptions {
  readonly connections: number;
  readonly seconds: number;
}

/** A load by `wrk`, which costs less than a client in JavaScript. @throws where it is not installed */
export async function wrkLoad(url: string, request: WrkRequest, options: WrkOptions): Promise<LoadResult> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, scriptOf(request));
    const { code, stdout, stderr } = await new Deno.Command("wrk", {
      args: ["-t1", `-c${options.connections}`, `-d${options.seconds}s`, "-s", script, `${url}${request.path}`],
    }).output();
    const text = new TextDecoder().decode(stdout);
    if (code !== 0) throw new Error(`wrk ended with ${code}: ${text}${new TextDecoder().decode(stderr)}`);
    const { p50, p99, requests, us, failed } = JSON.parse(text.trim().split("\n").at(-1)!);
    return { perSecond: (requests - failed) / (us / 1e6), p50Ms: p50 / 1000, p99Ms: p99 / 1000, failed };
  } finally {
    await Deno.remove(script);
  }
}

/** JSON has no square brackets of Lua's long strings that end one of level 3. */
function scriptOf({ body }: WrkRequest): string {
  const post = body === undefined ? "" : `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = [===[${JSON.stringify(body)}]===]
`;
  return `${post}
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format('{"p50":%d,"p99":%d,"requests":%d,"us":%d,"failed":%d}',
    latency:percentile(50), latency:percentile(99), summary.requests, summary.duration, failed))
end
`;
}
