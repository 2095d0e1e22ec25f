import { Counter, Gauge, type Registry } from "prom-client";

/** Registers a gauge without labels that is asked for its value when metrics are. */
export function valueGauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}

/** The same for a number that only grows while the process lives. */
export function valueCounter(registry: Registry, name: string, help: string, value: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(value());
    },
  });
}
