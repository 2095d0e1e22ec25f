/** A histogram entry's bytes, as a shift. */
export const ENTRY_SHIFT: usize = 4;
/** Where an entry may lie in a feature's histogram. */
export const ENTRY_MASK: u64 = 255 << 4;
/** Bytes of a feature's histogram. */
export const FEATURE_BYTES: usize = 256 * 16;
/** The bin of missing values. */
export const MISSING_BIN: i32 = 255;
/** Rows are the low 24 bits of an entry's second half, the sum of hessians the others. */
export const ROWS_BITS: i64 = 24;
