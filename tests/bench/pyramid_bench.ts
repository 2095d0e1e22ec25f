import type { Bench } from "./bench.ts";
import { sequenceBench } from "./sequence_speed.ts";

/** The family `pyramid`: training in windows a second, serving in microseconds a row. */
export const bench: Bench = sequenceBench("pyramid", { windows: 9_000, forwardUs: 60 });
