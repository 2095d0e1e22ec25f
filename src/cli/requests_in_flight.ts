/**
 * Requests being answered. `Deno.HttpServer.shutdown()` alone would take the body of an upload away while it is read, so
 * it comes only after them.
 */
export class RequestsInFlight {
  readonly #pending = new Set<Promise<void>>();
  #isEnding = false;

  /** A handler whose requests are known; once the end has begun, new ones are asked to come back later. */
  watch(
    handler: (request: Request) => Response | Promise<Response>,
  ): (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response> {
    return (request, { completed }) => {
      if (this.#isEnding) {
        const body = { error_code: "TEMPORARILY_UNAVAILABLE", message: "The server is stopping" };
        return Response.json(body, { status: 503, headers: { "retry-after": "1", connection: "close" } });
      }
      const done = completed.catch(() => {}).finally(() => this.#pending.delete(done));
      this.#pending.add(done);
      return handler(request);
    };
  }

  /** Resolves when all requests have ended, or after `limitMs`: those that take longer are left behind. */
  async end(limitMs: number): Promise<void> {
    this.#isEnding = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<void>((done) => timer = setTimeout(done, limitMs));
    await Promise.race([Promise.all(this.#pending), tooLong]);
    clearTimeout(timer);
  }
}
