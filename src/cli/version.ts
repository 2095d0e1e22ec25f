/** Version of the program, also written into the runs it logs. */
export const VERSION = "0.1.0";
