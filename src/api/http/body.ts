import { DomainError } from "../../core/mod.ts";
import { RequestError } from "./problem.ts";

/** Options of {@linkcode readJsonBody}. */
export interface ReadBodyOptions {
  /** Largest body taken, in bytes. */
  readonly maxBytes: number;
  /** Whether no body at all is fine; it then reads as an empty object. @default false */
  readonly optional?: boolean;
}

/** Bytes of a refused body that are read off before the answer; past it the connection is cut. */
const DRAIN_BYTES = 67_108_864;
const DRAIN_MS = 2_000;

/**
 * Parses a JSON body.
 *
 * @throws {RequestError} 415 without `application/json`, 413 past the limit, 400 where it is empty or no JSON.
 */
export async function readJsonBody(request: Request, options: ReadBodyOptions): Promise<unknown> {
  const type = request.headers.get("content-type");
  if (options.optional === true && type === null && (await readText(request, options.maxBytes)) === "") return {};
  if (!isJsonType(type)) {
    await drain(request.body);
    throw new RequestError(
      "media-type-unsupported",
      `Cannot read the body as its content type must be application/json: current value is ${
        type === null ? "none" : `'${type.slice(0, 100)}'`
      }`,
      { errors: [{ pointer: "content-type", message: "must be application/json" }] },
    );
  }
  const text = await readText(request, options.maxBytes);
  if (text.trim() === "") {
    if (options.optional === true) return {};
    throw new RequestError("request-malformed", "Cannot read the body as it is empty", {
      errors: [{ pointer: "", message: "must be a JSON object" }],
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's message quotes the body; only where it broke is passed on.
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new RequestError(
      "request-malformed",
      `Cannot read the body as it is no JSON${place === undefined ? "" : ` from character ${place} on`}`,
      { errors: [{ pointer: "", message: "must be JSON (RFC 8259); NaN and Infinity are not" }] },
    );
  }
}

function isJsonType(type: string | null): boolean {
  if (type === null) return false;
  if (type === "application/json") return true;
  const [essence, ...parameters] = type.toLowerCase().split(";").map((part) => part.trim());
  if (essence !== "application/json") return false;
  return parameters.every((parameter) => !parameter.startsWith("charset=") || /^charset="?utf-?8"?$/.test(parameter));
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (Number(length) <= maxBytes) {
      try {
        return await request.text();
      } catch (error) {
        throw brokenOff(error);
      }
    }
    await drain(request.body);
    throw tooLarge(`${length} bytes`, maxBytes);
  }
  if (request.body === null) return "";
  // A chunked body says its size only as it comes.
  const reader = request.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw brokenOff(error);
    });
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > maxBytes) {
      reader.releaseLock();
      await drain(request.body);
      throw tooLarge("more", maxBytes);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** A client that is still sending would lose the answer to a reset connection, so a bounded rest is read off. */
async function drain(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null) return;
  let size = 0;
  const reader = body.getReader();
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

/** The client went away, or this service is stopping: no bug, and mostly nobody reads the answer. */
function brokenOff(cause: unknown): DomainError {
  return new DomainError("interrupted", "Cannot read the body as the connection broke off", { cause });
}

function tooLarge(seen: string, maxBytes: number): RequestError {
  return new RequestError("request-too-large", `Cannot take a body of more than ${maxBytes} bytes: it has ${seen}`, {
    errors: [{ pointer: "content-length", message: `must be at most ${maxBytes}` }],
  });
}
