/** Bytes of a feature's histogram. */
export const FEATURE_BYTES: usize = 256 * 16;
/** The bin of missing values. */
export const MISSING_BIN: i32 = 255;
/** Rows are the low 24 bits of an entry's second half, the sum of hessians the others. */
export const ROWS_BITS: i64 = 24;
