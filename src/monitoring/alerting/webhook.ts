import { createHmac, randomUUID } from "node:crypto";
import type { Clock } from "../../core/mod.ts";
import type { AlertEvent } from "./alert_events.ts";

/** Where alerts are posted to, and how long that may take. */
export interface WebhookOptions {
  /** Address, `http` or `https`. */
  readonly url: string;
  /** Key of the signature; unsigned without one. */
  readonly secret?: string | undefined;
  /** Time for one attempt, milliseconds. */
  readonly timeoutMs: number;
  /** Attempts in all. */
  readonly attempts: number;
  /** For the waits between attempts. */
  readonly clock: Pick<Clock, "sleep">;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** Whether events arrived, and if not, why. */
export type Delivery = { readonly delivered: true } | { readonly delivered: false; readonly reason: string };

/** Statuses after which another attempt may go well. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
const FIRST_WAIT_MS = 1000;

/**
 * Posts events as one JSON object, `{"events": [...]}`. With a secret the header `X-Signature-256` is `sha256=` and the
 * HMAC-SHA-256 of the body's bytes in hex, as GitHub signs its webhooks. All attempts of a delivery have the same
 * `X-Delivery-Id`, so that a receiver can drop one that came twice. Never throws; redirects are not followed, as they lead
 * to hosts that nobody granted.
 */
export async function postEvents(events: readonly AlertEvent[], options: WebhookOptions): Promise<Delivery> {
  const { url, secret, attempts, clock, signal } = options;
  const body = JSON.stringify({ events }),
    headers: Record<string, string> = {
      "content-type": "application/json",
      "x-delivery-id": randomUUID(),
      ...(secret === undefined
        ? {}
        : { "x-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` }),
    };
  let reason = "it was never tried";
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { status, problem } = await attemptOnce({ url, body, headers }, options);
    if (problem === undefined) return { delivered: true };
    reason = problem;
    if (status !== undefined && !RETRYABLE.has(status)) break;
    if (attempt === attempts) break;
    try {
      await clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1), signal === undefined ? {} : { signal });
    } catch {
      break;
    }
  }
  return { delivered: false, reason };
}

async function attemptOnce(
  { url, body, headers }: { readonly url: string; readonly body: string; readonly headers: Record<string, string> },
  { timeoutMs, signal }: WebhookOptions,
): Promise<{ readonly status?: number; readonly problem?: string }> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      ...{ method: "POST", body, headers, redirect: "manual" },
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    await response.body?.cancel();
    return response.ok ? {} : { status: response.status, problem: `it answered ${response.status}` };
  } catch (error) {
    return { problem: timeout.aborted ? `it did not answer within ${timeoutMs} ms` : (error as Error).message };
  }
}
