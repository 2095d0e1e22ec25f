import type { Bench } from "./bench.ts";
import { sequenceBench } from "./sequence_speed.ts";

/** The family `tcn`: training in windows a second, serving in microseconds a row. */
export const bench: Bench = sequenceBench("tcn", { windows: 3_000, forwardUs: 150 });
