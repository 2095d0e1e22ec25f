export { type Baseline, BASELINES } from "../../core/mod.ts";
