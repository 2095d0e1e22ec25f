import { ArtifactRoot } from "../artifacts/location.ts";
import { dirname, join } from "../artifacts/paths.ts";

/** Options of `SqliteTracker.open` and `SqliteRegistry.open`. */
export interface SqliteStoreOptions {
  /** Where artifacts go. @default the folder `artifacts` beside the database */
  readonly artifactRoot?: string;
  /** Where new experiments say that their artifacts are, as a path or URI. @default the artifact root */
  readonly newExperimentLocation?: string;
  /** Opens an existing store without writing to it. @default false */
  readonly readOnly?: boolean;
  /** Makes the store where there is none. @default true */
  readonly create?: boolean;
  /** How long a transaction waits for other processes, in milliseconds. @default 20000 */
  readonly waitMs?: number;
  /** Called when another file was found in the database's place, which is used from then on. */
  readonly onReplaced?: () => void;
  /** The clock, epoch milliseconds. @default Date.now */
  readonly nowMs?: () => number;
}

/** The artifact folder of a store: the one asked for, else `artifacts` beside its database. */
export function artifactRootOf(path: string, options: SqliteStoreOptions): ArtifactRoot {
  return new ArtifactRoot(
    options.artifactRoot ?? (path === ":memory:" ? join("mlruns", "artifacts") : join(dirname(path), "artifacts")),
    options.newExperimentLocation,
  );
}
