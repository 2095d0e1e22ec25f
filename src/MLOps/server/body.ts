import { TrackingError } from "../../core/mod.ts";
import { BodyTooLargeError } from "./error_response.ts";
import { Fields, invalidParameter, isRecord } from "./fields.ts";
import { parseAsWritten } from "./written_json.ts";

/** Bytes of a JSON body. */
export const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** Bytes of a log-batch body, MLflow's limit. */
export const MAX_BATCH_BYTES = 1_000_000;
const MAX_NESTING = 64;

/**
 * The fields of a request: the query of a GET, else the JSON body; a DELETE without a body may use the query too.
 *
 * @throws {TrackingError} for a content type that is not JSON, a body that is too large or no JSON object.
 */
export async function readFields(
  request: Request,
  options: { readonly maxBytes?: number; readonly tooLarge?: (bytes: number) => Error } = {},
): Promise<Fields> {
  const url = new URL(request.url);
  if (request.method === "GET" || request.method === "HEAD") return Fields.fromQuery(url.searchParams);
  // MLflow asks for the type of a POST alone.
  if (request.method === "POST") requireJsonType(request.headers.get("content-type"));
  const text = decodeUtf8(await readLimited(request, options.maxBytes ?? MAX_JSON_BYTES, options.tooLarge));
  if (text === "" && request.method === "DELETE") return Fields.fromQuery(url.searchParams);
  return new Fields(parseObject(text), "", false, () => written(text));
}

/** The whole body. @throws {BodyTooLargeError} past `maxBytes`, before more is read. */
export async function readLimited(
  request: Request,
  maxBytes: number,
  tooLarge: (bytes: number) => Error = () =>
    new BodyTooLargeError(`The request body is larger than ${maxBytes} bytes, the most that this route takes`),
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(announced);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // A chunked body announces nothing, so the bytes are counted as they come.
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(size);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/** Text that is not UTF-8 is no JSON: a value must not be stored with marks in place of what was sent. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "{}";
  }
}

function requireJsonType(type: string | null): void {
  if (type === null) throw invalidParameter("Bad Request. Content-Type header is missing.");
  if (type.split(";", 1)[0]!.trim().toLowerCase() !== "application/json") {
    throw invalidParameter("Bad Request. Content-Type must be one of ['application/json'].");
  }
}

/** A body that is no JSON counts as empty, as MLflow has it; JSON text inside JSON (old clients) is opened. */
function parseObject(text: string): Record<string, unknown> {
  let value = parseJson(text);
  if (typeof value === "string") value = parseJson(value);
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) {
    throw new TrackingError("BAD_REQUEST", "The request body must be a JSON object");
  }
  return value;
}

/** The body as its sender wrote it, read again for the words of a refusal. */
function written(text: string): unknown {
  const value = parseAsWritten(text);
  return typeof value === "string" ? parseAsWritten(value) : value;
}

function parseJson(text: string): unknown {
  // Before it is parsed: two million levels are 2 MB of text and hundreds of MB of objects.
  if (nestingExceeds(text, MAX_NESTING)) {
    throw new TrackingError("BAD_REQUEST", `The request body is nested deeper than ${MAX_NESTING} levels`);
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether JSON opens more than `limit` lists and objects inside each other; brackets inside texts do not count. */
function nestingExceeds(text: string, limit: number): boolean {
  const bracket = /["[\]{}]/g;
  let depth = 0;
  for (let match = bracket.exec(text); match !== null; match = bracket.exec(text)) {
    const sign = match[0];
    if (sign === '"') bracket.lastIndex = endOfText(text, bracket.lastIndex);
    else if (sign === "]" || sign === "}") depth--;
    else if (++depth > limit) return true;
  }
  return false;
}

/** Where the JSON text ends that begins at `start`, behind its quote. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}
