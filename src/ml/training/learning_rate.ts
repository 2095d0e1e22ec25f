/** How the learning rate goes over the steps. */
export interface ScheduleOptions {
  /**
   * `plateau` halves the rate after every second epoch without a better validation loss; `cosine` lets it fall to zero
   * over all epochs (Loshchilov & Hutter 2017, without restarts); `constant` leaves it.
   *
   * @default "plateau"
   */
  readonly kind?: "plateau" | "cosine" | "constant";
  /**
   * Steps over which the rate rises from zero, so that the first ones do not throw the weights far from their start.
   *
   * @default 500
   */
  readonly warmUpSteps?: number;
}

/** Where training stands. */
export interface SchedulePosition {
  /** Steps done. */
  readonly steps: number;
  readonly totalSteps: number;
  /** Times that the validation loss has stood still for {@linkcode PLATEAU_EPOCHS} epochs. */
  readonly plateaus: number;
}

/** Epochs without a better validation loss that make a plateau. */
export const PLATEAU_EPOCHS = 2;

/** Rate of the next step. */
export function learningRateAt(peak: number, options: ScheduleOptions, position: SchedulePosition): number {
  const { kind = "plateau", warmUpSteps = 500 } = options;
  const { steps, totalSteps, plateaus } = position;
  const warmth = warmUpSteps === 0 ? 1 : Math.min(1, (steps + 1) / warmUpSteps);
  switch (kind) {
    case "plateau":
      return peak * warmth / 2 ** plateaus;
    case "cosine": {
      const share = Math.min(1, Math.max(0, steps - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps));
      return peak * warmth * (1 + Math.cos(Math.PI * share)) / 2;
    }
    case "constant":
      return peak * warmth;
  }
}
