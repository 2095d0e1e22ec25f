/** Events of callbacks as an async iteration: what comes while nobody asks waits in order. */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #events: T[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error: unknown } | "done" | undefined;

  /** Adds an event; after the end it is dropped. */
  push(event: T): void {
    if (this.#end !== undefined) return;
    this.#events.push(event);
    this.#wake?.();
  }

  /** Ends the iteration after the events that wait. */
  close(): void {
    this.#end ??= "done";
    this.#wake?.();
  }

  /** Ends it by throwing, after the events that wait. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** Takes the events; one reader at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#events.length > 0) yield this.#events.shift()!;
      if (this.#end === "done") return;
      if (this.#end !== undefined) throw this.#end.error;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
    }
  }
}
