import { RequestError, toProblem } from "./problem.ts";

/** Headers of every answer: nothing here is to be cached, sniffed, framed or run. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

/** Content type of JSON. */
export const JSON_TYPE = "application/json; charset=utf-8";
const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** An answer of ready-made text. */
export function textResponse(
  body: string,
  requestId: string,
  options: {
    readonly status?: number;
    readonly contentType: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Response {
  return new Response(body, {
    status: options.status ?? 200,
    headers: {
      ...SECURITY_HEADERS,
      "x-request-id": requestId,
      "content-type": options.contentType,
      ...options.headers,
    },
  });
}

/** An answer of JSON text that was built already. */
export function jsonTextResponse(json: string, requestId: string, status = 200): Response {
  return textResponse(json, requestId, { status, contentType: JSON_TYPE });
}

/** An answer of a value as JSON. */
export function jsonResponse(value: unknown, requestId: string, status = 200): Response {
  return jsonTextResponse(JSON.stringify(value), requestId, status);
}

/** Problem details of an error, with members of other protocols beside them where given. */
export function problemResponse(
  error: unknown,
  requestId: string,
  extension: Readonly<Record<string, unknown>> = {},
): Response {
  const problem = toProblem(error, requestId);
  const retry: Record<string, string> = problem.status === 503 ? { "retry-after": "2" } : {};
  return textResponse(JSON.stringify({ ...problem, ...extension }), requestId, {
    status: problem.status,
    contentType: PROBLEM_TYPE,
    headers: { ...retry, ...(error instanceof RequestError ? error.headers : {}) },
  });
}

/** What HEAD answers: as GET would, its length too, without the body. Said outright, as Deno would say that it is 0. */
export async function withoutBody(response: Response): Promise<Response> {
  const { byteLength } = await response.arrayBuffer();
  const headers = new Headers(response.headers);
  headers.set("content-length", String(byteLength));
  return new Response(null, { status: response.status, headers });
}

const PLAIN_WORD = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether a client's word may stand in logs and headers as it is. */
export function isPlainWord(text: string): boolean {
  return PLAIN_WORD.test(text);
}

/** The client's request id where it is a plain word, else a new one. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get("x-request-id");
  return given !== null && PLAIN_WORD.test(given) ? given : crypto.randomUUID();
}
