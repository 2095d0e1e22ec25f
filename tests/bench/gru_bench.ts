import type { Bench } from "./bench.ts";
import { sequenceBench } from "./sequence_speed.ts";

/** The family `gru`: training in windows a second, serving in microseconds a row. */
export const bench: Bench = sequenceBench("gru", { windows: 2_000, forwardUs: 400 });
