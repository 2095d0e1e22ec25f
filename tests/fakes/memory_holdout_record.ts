import {
  type HoldoutOpening,
  type HoldoutRecord,
  type OpenHoldoutOptions,
  requireUnopened,
} from "../../src/core/mod.ts";

/** A record of the holdout that is gone with the process. */
export class MemoryHoldoutRecord implements HoldoutRecord {
  readonly #openings: HoldoutOpening[] = [];

  openings(
    { exchange, symbol }: Pick<HoldoutOpening, "exchange" | "symbol">,
  ): Promise<readonly HoldoutOpening[]> {
    return Promise.resolve(this.#openings.filter((other) => other.exchange === exchange && other.symbol === symbol));
  }

  async open(opening: HoldoutOpening, options?: OpenHoldoutOptions): Promise<void> {
    requireUnopened(opening, await this.openings(opening), options);
    this.#openings.push(opening);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
