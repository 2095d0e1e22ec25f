import type { Deadlines } from "./deadlines.ts";
import { ClientGoneError, RefusalError, RequestError } from "./problem.ts";

/** Options of {@linkcode readJsonBody}. */
export interface ReadBodyOptions {
  /** Largest body taken, in bytes. */
  readonly maxBytes: number;
  /** Cuts off bodies that come too slowly. */
  readonly deadlines: Deadlines;
  /** Whether no body at all is fine; it then reads as an empty object. @default false */
  readonly optional?: boolean;
  /**
   * Whether `NaN` and `Infinity`, which Python's json module writes, are read: the first as null, the second as a number
   * that is too large, so that either is refused where it does not belong. @default false
   */
  readonly pythonNumbers?: boolean;
  /** Whether the route takes CSV as well, for the words of a refusal. @default false */
  readonly takesCsv?: boolean;
}

const JSON_TYPE = "application/json";
const CSV_TYPE = "text/csv";

/** Bytes of a refused body that are read off before the answer; past it the connection is cut. */
const DRAIN_BYTES = 67_108_864;
const DRAIN_MS = 2_000;

/**
 * Parses a JSON body.
 *
 * @throws {RequestError} 415 without `application/json` or where it is encoded, 413 past the limit, 408 past the deadline, 400 where it is empty or no JSON.
 */
export async function readJsonBody(request: Request, options: ReadBodyOptions): Promise<unknown> {
  const type = request.headers.get("content-type");
  if (options.optional === true && type === null && (await readText(request, options)) === "") return {};
  if (!isUtf8Of(JSON_TYPE, type)) {
    await drain(request);
    const wanted = options.takesCsv === true ? `${JSON_TYPE} or ${CSV_TYPE}` : JSON_TYPE;
    throw new RequestError(
      "media-type-unsupported",
      `Cannot read the body as its content type must be ${wanted}: current value is ${
        type === null ? "none" : `'${type.slice(0, 100)}'`
      }`,
      { errors: [{ pointer: "content-type", message: `must be ${wanted}` }] },
    );
  }
  const text = await readText(request, options);
  if (text.trim() === "") {
    if (options.optional === true) return {};
    throw new RequestError("request-malformed", "Cannot read the body as it is empty", {
      errors: [{ pointer: "", message: "must be a JSON object" }],
    });
  }
  return parseJson(text, options.pythonNumbers === true);
}

const PYTHON_NUMBER = /\b(NaN|Infinity)\b/;
/**
 * Strings come first, so that a name that looks like a number stays a name. One that does not end is taken to the end
 * of the body: to look for its end again from each quote in it would take for ever.
 */
const STRING_OR_PYTHON_NUMBER = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|NaN|Infinity/g;

function parseJson(text: string, pythonNumbers: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (pythonNumbers && PYTHON_NUMBER.test(text)) {
      const json = text.replace(
        STRING_OR_PYTHON_NUMBER,
        (token) => token === "NaN" ? "null" : token === "Infinity" ? "1e999" : token,
      );
      return parseJson(json, false);
    }
    // V8's message quotes the body; only where it broke is passed on.
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new RequestError(
      "request-malformed",
      `Cannot read the body as it is no JSON${place === undefined ? "" : ` from character ${place} on`}`,
      { errors: [{ pointer: "", message: "must be JSON (RFC 8259); NaN and Infinity are not" }] },
    );
  }
}

/** Whether a request says that its body is `text/csv`. */
export function isCsvRequest(request: Request): boolean {
  return isUtf8Of(CSV_TYPE, request.headers.get("content-type"));
}

/** The text of a CSV body; @throws {RequestError} 415 where it is encoded, 413 past the limit, 408 past the deadline. */
export function readCsvBody(request: Request, options: ReadBodyOptions): Promise<string> {
  return readText(request, options);
}

function isUtf8Of(mediaType: string, type: string | null): boolean {
  if (type === null) return false;
  if (type === mediaType) return true;
  const [essence, ...parameters] = type.toLowerCase().split(";").map((part) => part.trim());
  if (essence !== mediaType) return false;
  return parameters.every((parameter) => !parameter.startsWith("charset=") || /^charset="?utf-?8"?$/.test(parameter));
}

/** Bodies are taken as they are: one that is packed would need a limit of its own for what comes out. */
async function refuseEncoded(request: Request, encoding: string): Promise<void> {
  if (encoding.split(",").every((coding) => ["", "identity"].includes(coding.trim().toLowerCase()))) return;
  await drain(request);
  throw new RequestError(
    "media-type-unsupported",
    `Cannot read the body as it must come without a content encoding: current value is '${encoding.slice(0, 100)}'`,
    {
      errors: [{ pointer: "content-encoding", message: "must be absent or identity" }],
      headers: { "accept-encoding": "identity" },
    },
  );
}

async function readText(request: Request, { maxBytes, deadlines }: ReadBodyOptions): Promise<string> {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null) await refuseEncoded(request, encoding);
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (Number(length) <= maxBytes) {
      try {
        return await deadlines.watch(request.text(), tooSlow);
      } catch (error) {
        throw error instanceof RefusalError ? error : new ClientGoneError(error);
      }
    }
    await drain(request);
    throw tooLarge(`${length} bytes`, maxBytes);
  }
  if (request.body === null) return "";
  // A chunked body says its size only as it comes.
  const reader = request.body.getReader();
  return await deadlines.watch(readChunks(reader, maxBytes), () => {
    void reader.cancel().catch(() => undefined);
    return tooSlow();
  });
}

async function readChunks(reader: ReadableStreamDefaultReader<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw new ClientGoneError(error);
    });
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > maxBytes) {
      await drainRest(reader);
      throw tooLarge("more", maxBytes);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Reads off a body that nobody wants, up to a bound. */
export async function drain(request: Request): Promise<void> {
  if (request.body !== null && !request.bodyUsed) await drainRest(request.body.getReader());
}

/** A client that is still sending would lose the answer to a reset connection, so a bounded rest is read off. */
async function drainRest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let size = 0;
  const deadline = setTimeout(() => void reader.cancel().catch(() => undefined), DRAIN_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.byteLength;
      if (size > DRAIN_BYTES) return await reader.cancel();
    }
  } catch {
    // The client went away; nobody waits for the answer.
  } finally {
    clearTimeout(deadline);
  }
}

function tooSlow(): RefusalError {
  return new RefusalError("request-timeout", "Cannot read the body as it comes too slowly", {
    reason: "body-timeout",
    headers: { connection: "close" },
  });
}

function tooLarge(seen: string, maxBytes: number): RefusalError {
  return new RefusalError("request-too-large", `Cannot take a body of more than ${maxBytes} bytes: it has ${seen}`, {
    reason: "body-too-large",
    errors: [{ pointer: "content-length", message: `must be at most ${maxBytes}` }],
  });
}
