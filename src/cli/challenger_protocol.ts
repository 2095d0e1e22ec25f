import type { ForecastColumns, ForecastModelInfo, ModelFiles } from "../core/mod.ts";

/** What a challenger's Worker is asked, each with a number of its own. */
export type ChallengerRequest =
  | { readonly id: number; readonly kind: "load"; readonly files: ModelFiles }
  | { readonly id: number; readonly kind: "predict"; readonly rows: Float32Array; readonly count: number };

/** What it says, under the number of the question. */
export type ChallengerReply =
  | { readonly id: number; readonly info: ForecastModelInfo }
  | { readonly id: number; readonly outputs: ForecastColumns }
  | { readonly id: number; readonly failure: { readonly message: string; readonly isInvalid: boolean } };
