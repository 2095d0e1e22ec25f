import { dirname, fromFileUrl, join, resolve } from "../artifacts/paths.ts";

/** How many places of artifacts were of a kind worth telling. */
export interface LocationCounts {
  /** Relative ones, made absolute from the folder that holds the store. */
  relative: number;
  /** Absolute ones on this machine that lie outside the store: kept, like all others. */
  elsewhere: number;
  /** The first of those. */
  firstElsewhere?: string;
  /** Those that named the store's old place, and name its new one now. */
  moved: number;
}

/**
 * Artifact locations of a file store as a database keeps them: artifacts stay where they are, and so do the addresses,
 * but a relative one would mean another folder wherever the database is opened.
 */
export class Locations {
  /** What was met so far. */
  readonly counts: LocationCounts = { relative: 0, elsewhere: 0, moved: 0 };
  readonly #root: string;
  readonly #base: string;
  readonly #movedFrom: string | undefined;

  /**
   * Relative locations are taken from the folder that holds `root`, where MLflow ran when it wrote `./mlruns/…`; those
   * below `movedFrom` mean the same below `root`.
   */
  constructor(root: string, movedFrom?: string) {
    this.#root = root;
    this.#base = dirname(root);
    this.#movedFrom = movedFrom === undefined ? undefined : resolve(localPath(movedFrom) ?? movedFrom);
  }

  /** The location to keep for one that the store holds. */
  absolute(location: string): string {
    const path = /^file:(?!\/)/i.test(location) ? decodePath(location.slice("file:".length)) : location;
    if (isRelative(path)) {
      this.counts.relative++;
      return resolve(this.#base, path);
    }
    const local = localPath(path);
    if (local === undefined || isBelow(local, this.#root)) return location;
    if (this.#movedFrom !== undefined && isBelow(local, this.#movedFrom)) {
      this.counts.moved++;
      return join(this.#root, local.slice(this.#movedFrom.length));
    }
    this.counts.elsewhere++;
    this.counts.firstElsewhere ??= location;
    return location;
  }
}

/** Neither a path from the root, nor an address, nor a path of Windows. */
function isRelative(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !/^(?:[a-zA-Z][a-zA-Z0-9+.-]*:|\\\\)/.test(path);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The path of a location on this machine; undefined for one that is elsewhere. */
function localPath(uri: string): string | undefined {
  if (uri.startsWith("/")) return uri;
  if (!/^file:\/\/(?:localhost)?\//i.test(uri)) return undefined;
  try {
    return fromFileUrl(uri);
  } catch {
    return undefined;
  }
}
