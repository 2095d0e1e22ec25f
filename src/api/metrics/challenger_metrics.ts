import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Challenger } from "../challenger/challenger.ts";
import { STOP_REASONS } from "../challenger/challenger_types.ts";
import type { CallKind, CallOutcome } from "../challenger/challenger_calls.ts";
import { COMPARED_LOSSES } from "../challenger/skill_watch.ts";

const LOSS_NAMES = { logLoss: "log_loss", qlike: "qlike" } as const;

/** What is told of a challenger; `call` notes one that ended. */
export class ChallengerMetrics {
  readonly #calls: Counter<"kind" | "outcome">;
  readonly #duration: Histogram<"kind">;
  readonly #swaps: Counter<"outcome">;

  /** Registers all of it. */
  constructor(registry: Registry, challenger: () => Challenger) {
    const registers = [registry];
    this.#calls = new Counter({
      name: "bitcoin_ml_challenger_calls_total",
      help: "Calls of the challenger: beside answers, in place of them, or at closed minutes; by how they ended",
      labelNames: ["kind", "outcome"],
      registers,
    });
    this.#duration = new Histogram({
      name: "bitcoin_ml_challenger_duration_seconds",
      help: "Time that a call of the challenger took, those that were given up included",
      labelNames: ["kind"],
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    });
    this.#swaps = new Counter({
      name: "bitcoin_ml_challenger_swaps_total",
      help: "Attempts to change the challenger, by outcome",
      labelNames: ["outcome"],
      registers,
    });
    new Gauge({
      name: "bitcoin_ml_challenger_info",
      help: "The version that is tried, and what it is now; 1, or no sample while none is loaded",
      labelNames: ["name", "version", "alias", "run_id", "state"],
      registers,
      collect() {
        this.reset();
        const { host, state } = challenger(), served = host.current?.served;
        if (served === undefined) return;
        const { name, version, alias, runId } = served;
        this.set({ name, version, alias: alias ?? "", run_id: runId, state }, 1);
      },
    });
    new Gauge({
      name: "bitcoin_ml_challenger_stopped",
      help: "1 for the reason for which the challenger was stopped, else 0",
      labelNames: ["reason"],
      registers,
      collect() {
        for (const reason of STOP_REASONS) this.set({ reason }, Number(challenger().stopped?.reason === reason));
      },
    });
    new Gauge({
      name: "bitcoin_ml_challenger_loss_difference",
      help:
        "The challenger's loss less the champion's on the same minutes: the mean of blocks, and bounds for all times",
      labelNames: ["loss", "bound"],
      registers,
      collect() {
        this.reset();
        const { skill } = challenger();
        for (const loss of COMPARED_LOSSES) {
          const bounds = skill?.bounds(loss);
          for (const bound of ["mean", "low", "high"] as const) {
            const value = bounds?.[bound] ?? NaN;
            if (Number.isFinite(value)) this.set({ loss: LOSS_NAMES[loss], bound }, value);
          }
        }
      },
    });
  }

  /** Notes a call that ended. */
  call(kind: CallKind, outcome: CallOutcome, seconds: number): void {
    this.#calls.inc({ kind, outcome });
    if (outcome !== "hung") this.#duration.observe({ kind }, seconds);
  }

  /** Notes an attempt to change it. */
  swapped(outcome: string): void {
    this.#swaps.inc({ outcome });
  }
}
