import type { MiddlewareHandler } from "@hono/hono";
import { authorizationOf, indexOfDigest } from "../../core/mod.ts";
import { errorResponse } from "./error_response.ts";
import { OPEN_PATHS } from "./guard.ts";

const MIN_KEY_LENGTH = 16;

/**
 * The keys in a text, one a line; blank lines and those that begin with `#` are none.
 *
 * @throws {RangeError} where there is none, or one that could be guessed.
 */
export function parseAccessKeys(text: string): readonly string[] {
  const keys = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw new RangeError("it holds no key");
  const short = keys.findIndex((key) => key.length < MIN_KEY_LENGTH);
  if (short >= 0) throw new RangeError(`its key ${short + 1} has fewer than ${MIN_KEY_LENGTH} characters`);
  return keys;
}

/**
 * Lets in who shows one of the keys: as `Authorization: Bearer KEY` (MLFLOW_TRACKING_TOKEN), or as the password of
 * `Basic` under any name (MLFLOW_TRACKING_USERNAME and …_PASSWORD, and browsers, which ask for it). Others get 401.
 */
export function requireKey(keys: readonly string[]): MiddlewareHandler {
  const known = keys.map((key) => digest(key));
  return async (context, next) => {
    const shown = shownKey(context.req.header("authorization"));
    const candidate = shown === undefined ? undefined : await digest(shown);
    const isKnown = candidate !== undefined && indexOfDigest(await Promise.all(known), candidate) >= 0;
    if (!isKnown && !OPEN_PATHS.has(context.req.path)) {
      const response = errorResponse({
        status: 401,
        errorCode: "UNAUTHENTICATED",
        message: shown === undefined ? "This server asks for a key" : "This server does not know the key",
        hint: "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
      });
      response.headers.set("www-authenticate", 'Basic realm="mlflow", charset="UTF-8"');
      return response;
    }
    await next();
  };
}

function shownKey(header: string | undefined): string | undefined {
  const shown = authorizationOf(header);
  if (shown === undefined || shown.scheme === "bearer") return shown?.value;
  try {
    const text = new TextDecoder().decode(Uint8Array.from(atob(shown.value), (char) => char.charCodeAt(0)));
    return text.slice(text.indexOf(":") + 1);
  } catch {
    return undefined;
  }
}

/** Of equal length whatever the key's. */
async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
