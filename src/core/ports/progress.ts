/** How far a piece of work has come. */
export interface ProgressState {
  /** What is being done: `ingest`, `train`, `fold`. */
  readonly stage: string;
  /** Units done. */
  readonly done: number;
  /** Units in all, or undefined where not known. */
  readonly total?: number;
  /** What a unit is: `files`, `rows`, `epochs`. */
  readonly unit?: string;
  /** Short detail, such as the file at hand or the loss. */
  readonly note?: string;
}

/** Where long work reports to; how it is shown is the command line's matter. */
export interface Progress {
  /** Says where the work is; cheap, may be called often. */
  update(state: ProgressState): void;
  /** One line that should stay visible. */
  log(message: string): void;
}

/** Progress that nobody looks at. */
export const SILENT_PROGRESS: Progress = { update() {}, log() {} };
