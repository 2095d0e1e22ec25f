/** Settings of {@linkcode Adam}. */
export interface AdamOptions {
  readonly learningRate: number;
  /** Decay of the gradient's mean. @default 0.9 */
  readonly beta1?: number;
  /** Decay of the squared gradient's mean. @default 0.999 */
  readonly beta2?: number;
  /** Added to the root. @default 1e-8 */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma & Ba 2015) on plain arrays, changed in place. tfjs' own optimizer runs about ten tiny kernels a tensor
 * and step, which costs more than this loop does for a network of this size.
 */
export class Adam {
  /** May be changed between steps. */
  learningRate: number;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #means: readonly Float64Array[];
  readonly #squares: readonly Float64Array[];
  #step = 0;

  /** Starts with moments of zero for weights of these sizes. */
  constructor(weights: readonly Float32Array[], options: AdamOptions) {
    this.learningRate = options.learningRate;
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.999;
    this.#epsilon = options.epsilon ?? 1e-8;
    this.#means = weights.map((values) => new Float64Array(values.length));
    this.#squares = weights.map((values) => new Float64Array(values.length));
  }

  /** One step against the gradients, which lie in the order of the weights. */
  apply(weights: readonly Float32Array[], gradients: readonly ArrayLike<number>[]): void {
    this.#step++;
    const correction1 = 1 - this.#beta1 ** this.#step, correction2 = 1 - this.#beta2 ** this.#step;
    for (let w = 0; w < weights.length; w++) {
      const values = weights[w]!, gradient = gradients[w]!, mean = this.#means[w]!, square = this.#squares[w]!;
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]!;
        const m = mean[i] = this.#beta1 * mean[i]! + (1 - this.#beta1) * g;
        const s = square[i] = this.#beta2 * square[i]! + (1 - this.#beta2) * g * g;
        values[i] = values[i]! - this.learningRate * (m / correction1) / (Math.sqrt(s / correction2) + this.#epsilon);
      }
    }
  }
}
