/** A seeded source of numbers; the pure parts take one rather than rolling dice of their own. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * sfc32 (Chris Doty-Humphrey's Small Fast Counter, PractRand), seeded from one 32-bit integer: the same seed
 * gives the same stream on every machine.
 */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9, b = 0x243f6a88, c = seed | 0, counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  const uniform = () => next() / 4294967296;
  let spare: number | undefined;
  return {
    uniform,
    integer: (below) => Math.floor(uniform() * below),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Marsaglia's polar method.
      for (;;) {
        const u = 2 * uniform() - 1, v = 2 * uniform() - 1, s = u * u + v * v;
        if (s > 0 && s < 1) {
          const scale = Math.sqrt(-2 * Math.log(s) / s);
          spare = v * scale;
          return u * scale;
        }
      }
    },
  };
}
