import type { Span, TrainModule } from "../kernels/train_module.ts";

/** Settings of {@linkcode AdamW}. */
export interface AdamWOptions {
  /** Share of a kernel's values that a step of learning rate 1 takes off, beside the gradient. @default 0 */
  readonly weightDecay?: number;
  /** Largest Euclidean norm of the whole gradient; a longer one is scaled down to it. @default null, for any */
  readonly clipNorm?: number | null;
  /** Decay of the gradient's mean. @default 0.9 */
  readonly beta1?: number;
  /** Decay of the squared gradient's mean. @default 0.999 */
  readonly beta2?: number;
  /** Added to the root. @default 1e-8 */
  readonly epsilon?: number;
}

/** What {@linkcode AdamW} remembers between steps. */
export interface AdamWState {
  readonly step: number;
  readonly means: Float32Array;
  readonly squares: Float32Array;
}

/**
 * Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019) and clipping by the global norm (Pascanu
 * et al. 2013). The optimizer of tfjs has neither of the last two, and runs about ten tiny kernels a tensor and step.
 */
export class AdamW {
  /** Changed by each step. */
  readonly weights: Span<Float32Array>;
  /** Written by the caller before each step. */
  readonly gradient: Span<Float32Array>;
  readonly #module: TrainModule;
  readonly #means: Span<Float32Array>;
  readonly #squares: Span<Float32Array>;
  readonly #decays: Span<Float32Array>;
  readonly #options: Required<AdamWOptions>;
  /** A multiple of four, as the SIMD loops have no tails; what is beyond the weights stays zero. */
  readonly #count: number;
  #step = 0;

  /**
   * Starts with moments of zero.
   *
   * @param decays 1 for each weight that decays, 0 for each that does not.
   */
  constructor(module: TrainModule, decays: Uint8Array, options: AdamWOptions = {}) {
    this.#module = module;
    this.#count = (decays.length + 3) & ~3;
    this.#options = { weightDecay: 0, clipNorm: null, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options };
    this.weights = module.floats(this.#count);
    this.gradient = module.floats(this.#count);
    this.#means = module.floats(this.#count);
    this.#squares = module.floats(this.#count);
    this.#decays = module.floats(this.#count);
    this.#decays.values.set(decays);
  }

  /** One step of the weights against {@linkcode gradient}; returns the gradient's norm before clipping. */
  apply(learningRate: number): number {
    const { weightDecay, clipNorm, beta1, beta2, epsilon } = this.#options;
    const { functions } = this.#module;
    this.#step++;
    const norm = Math.sqrt(functions.sumOfSquares(this.gradient.pointer, this.#count));
    functions.adamW(
      this.weights.pointer,
      this.gradient.pointer,
      this.#means.pointer,
      this.#squares.pointer,
      this.#decays.pointer,
      this.#count,
      clipNorm !== null && norm > clipNorm ? clipNorm / norm : 1,
      beta1,
      beta2,
      epsilon,
      learningRate / (1 - beta1 ** this.#step),
      1 / (1 - beta2 ** this.#step),
      learningRate * weightDecay,
    );
    return norm;
  }

  /** A copy of what the next steps depend on, beside the weights. */
  state(): AdamWState {
    return { step: this.#step, means: this.#means.values.slice(), squares: this.#squares.values.slice() };
  }

  /** Goes on from a state of the same weights. */
  restore({ step, means, squares }: AdamWState): void {
    this.#step = step;
    this.#means.values.set(means);
    this.#squares.values.set(squares);
  }
}
