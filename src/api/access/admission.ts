import type { RouteSpec } from "../openapi/routes.ts";
import type { KeyRing, Visit } from "./key_ring.ts";
import type { RequestGate } from "./request_gate.ts";

/** What a route asks of who comes. */
export type AccessRule = Pick<RouteSpec, "scope" | "isProbe">;

/** Lets requests in: who asks, how often, and whether there is a place. */
export class Admission {
  readonly #keys: KeyRing | undefined;
  readonly #gate: RequestGate;

  /** Without a ring no key is asked for. */
  constructor(keys: KeyRing | undefined, gate: RequestGate) {
    this.#keys = keys;
    this.#gate = gate;
  }

  /**
   * Lets a request in that came at `nowMs` of `performance.now()`, at once or when there is a place; {@linkcode leave} ends its stay. Who may not ask never takes a
   * place, and probes never wait for one: they are to say how it is under load as well.
   *
   * @throws {RefusalError} 401, 403, 429 or 503.
   */
  admit(request: Request, { scope, isProbe }: AccessRule, nowMs: number, visit: Visit): Promise<void> | undefined {
    if (scope !== null && this.#keys?.isOn === true) {
      this.#keys.check(request.headers.get("authorization"), scope, !isProbe, visit);
    }
    return isProbe ? undefined : this.#gate.enter(nowMs);
  }

  /** Ends the stay of a request that was let in. */
  leave({ isProbe }: AccessRule): void {
    if (!isProbe) this.#gate.leave();
  }
}
