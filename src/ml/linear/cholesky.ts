/** A pivot below this share of its diagonal is rounding: the column is a combination of those before it. */
const SINGULAR_SHARE = 1e-10;

/** Cholesky factor of a symmetric matrix that is positive, or positive but for columns that depend on earlier ones. */
export class Cholesky {
  /** Width of the matrix. */
  readonly width: number;
  /** Columns that depend on earlier ones: their solution is 0, as if they were not there. */
  readonly dependent: readonly boolean[];
  /** What of each diagonal value the columns before leave, 0 or less for one that depends on them. */
  readonly pivots: Float64Array;
  readonly #factor: Float64Array;

  /**
   * Factors the matrix given by its lower triangle, row-major.
   *
   * @param floorOf Pivot up to which a column depends on earlier ones. @default a share of its diagonal value
   */
  constructor(
    lower: Float64Array,
    width: number,
    floorOf = (_column: number, diagonal: number) => SINGULAR_SHARE * diagonal,
  ) {
    this.width = width;
    const factor = new Float64Array(lower), dependent: boolean[] = [];
    this.pivots = new Float64Array(width);
    for (let j = 0; j < width; j++) {
      let pivot = factor[j * width + j]!;
      for (let k = 0; k < j; k++) pivot -= factor[j * width + k]! ** 2;
      this.pivots[j] = pivot;
      dependent[j] = !(pivot > floorOf(j, lower[j * width + j]!));
      const root = factor[j * width + j] = dependent[j] ? 0 : Math.sqrt(pivot);
      for (let i = j + 1; i < width; i++) {
        let sum = factor[i * width + j]!;
        for (let k = 0; k < j; k++) sum -= factor[i * width + k]! * factor[j * width + k]!;
        factor[i * width + j] = root === 0 ? 0 : sum / root;
      }
    }
    this.#factor = factor;
    this.dependent = dependent;
  }

  /** The x of A·x = b. */
  solve(b: Float64Array): Float64Array {
    const { width } = this, factor = this.#factor, x = new Float64Array(b);
    for (let j = 0; j < width; j++) {
      for (let k = 0; k < j; k++) x[j]! -= factor[j * width + k]! * x[k]!;
      x[j] = this.dependent[j] ? 0 : x[j]! / factor[j * width + j]!;
    }
    for (let j = width - 1; j >= 0; j--) {
      for (let k = j + 1; k < width; k++) x[j]! -= factor[k * width + j]! * x[k]!;
      x[j] = this.dependent[j] ? 0 : x[j]! / factor[j * width + j]!;
    }
    return x;
  }

  /** A⁻¹, row-major; 0 in rows and columns that depend on others. */
  inverse(): Float64Array {
    const { width } = this, inverse = new Float64Array(width * width), unit = new Float64Array(width);
    for (let j = 0; j < width; j++) {
      unit.fill(0);
      if (!this.dependent[j]) unit[j] = 1;
      const column = this.solve(unit);
      for (let i = 0; i < width; i++) inverse[i * width + j] = column[i]!;
    }
    return inverse;
  }
}
