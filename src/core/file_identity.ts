/** What tells a file from others on this machine for as long as it is open, wherever its name goes. */
export interface FileIdentity {
  /** Device. */
  readonly dev: number;
  /** Number on that device; null where the system has none. */
  readonly ino: number | null;
}

/** Whether both are one file: a name that was removed, moved or replaced leads to another, or to none. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
