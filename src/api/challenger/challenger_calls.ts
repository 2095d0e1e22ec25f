import type { ForecastColumns } from "../../core/mod.ts";
import { firstNonFiniteRow } from "../answer.ts";
import type { ChallengerModel } from "./ports.ts";

/** For what a challenger is asked: beside an answer, for an answer, or at a closed minute. */
export const CALL_KINDS = ["shadow", "canary", "minute"] as const;

/** One of {@linkcode CALL_KINDS}. */
export type CallKind = typeof CALL_KINDS[number];

/** How it went: `hung` was not asked, as it still owes an answer that is late; `not-finite` is no failure of a canary. */
export type CallOutcome = "ok" | "failed" | "timeout" | "hung" | "not-finite";

/** Who watches the calls. */
export interface CallObserver {
  /** A call ended. */
  ended(kind: CallKind, outcome: CallOutcome, seconds: number): void;
}

/** Asks one loaded challenger, for a bounded time each. */
export class ChallengerCalls {
  readonly #model: ChallengerModel;
  readonly #timeoutMs: number;
  readonly #observer: CallObserver;
  #late = 0;

  /** Asks `model` and waits `timeoutMs` at most. */
  constructor(model: ChallengerModel, timeoutMs: number, observer: CallObserver) {
    this.#model = model;
    this.#timeoutMs = timeoutMs;
    this.#observer = observer;
  }

  /** Its forecasts; undefined where it has none in time. Never rejects. */
  async ask(kind: CallKind, rows: Float32Array, count: number): Promise<ForecastColumns | undefined> {
    const startedMs = performance.now();
    const end = (outcome: CallOutcome) => this.#observer.ended(kind, outcome, (performance.now() - startedMs) / 1000);
    // Who waits behind a late answer would be late as well.
    if (this.#late > 0) return void end("hung");
    let outcome: CallOutcome, outputs: ForecastColumns | undefined;
    try {
      outputs = await this.#inTime(rows, count);
      outcome = outputs === undefined ? "timeout" : this.#outcomeOf(outputs, count);
    } catch {
      outcome = "failed";
    }
    end(outcome);
    return outcome === "ok" ? outputs : undefined;
  }

  #outcomeOf(outputs: ForecastColumns, count: number): CallOutcome {
    if (outputs.length !== count) return "failed";
    return firstNonFiniteRow(outputs) < 0 ? "ok" : "not-finite";
  }

  #inTime(rows: Float32Array, count: number): Promise<ForecastColumns | undefined> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        this.#late++;
        resolve(undefined);
      }, this.#timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        if (isLate) this.#late--;
      };
      this.#model.predict(rows, count).then((outputs) => {
        settle();
        resolve(outputs);
      }, (error) => {
        settle();
        reject(error);
      });
    });
  }
}
