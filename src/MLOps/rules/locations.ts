import { invalid } from "./entries.ts";
import { checkArtifactLocation } from "./names.ts";

/** Longest artifact location. */
const MAX_LOCATION_LENGTH = 2_048;
/** Schemes by which a server would call the host that an address names (MLflow 3.17, `store/artifact/host_policy`). */
const HOST_ADDRESSED = new Set([
  "ftp",
  "sftp",
  "hdfs",
  "viewfs",
  "http",
  "https",
  "mlflow-artifacts",
  "r2",
  "b2",
  "abfss",
]);
/** Schemes whose last path segment may carry parameters behind a semicolon (RFC 2396, as Python reads addresses). */
const WITH_PARAMETERS = new Set(["", "ftp", "sftp", "http", "https"]);

/** The parts of an address, as RFC 3986 section 3 names them; none is decoded. */
export interface UriParts {
  /** Lower case; empty where there is none. */
  readonly scheme: string;
  /** What stands between `//` and the path. */
  readonly authority: string;
  /** Path. */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Without its hash. */
  readonly fragment: string;
}

/** Splits an address by the expression of RFC 3986, appendix B; every text has parts. */
export function splitUri(uri: string): UriParts {
  const [, scheme = "", authority = "", path = "", query = "", fragment = ""] =
    /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(uri)!;
  return { scheme: scheme.toLowerCase(), authority, path, query, fragment };
}

/** Refuses an artifact location that MLflow would refuse. @throws {TrackingError} INVALID_PARAMETER_VALUE */
export function checkStorageLocation(location: string, field = "artifact_location"): void {
  const { scheme, path, query, fragment } = splitUri(location);
  const lastSegment = path.slice(path.lastIndexOf("/") + 1);
  if (fragment !== "" || (WITH_PARAMETERS.has(scheme) && lastSegment.includes(";"))) {
    throw invalid(`'${field}' URL can't include fragments or params.`);
  }
  if (fullyDecoded(query).includes("..")) throw invalid("Invalid query string");
  checkHost(location, field);
  checkArtifactLocation(location);
  if (location.length > MAX_LOCATION_LENGTH) {
    throw invalid(
      "Invalid artifact path length. The length of the artifact path cannot be greater than " +
        `${MAX_LOCATION_LENGTH} characters.`,
    );
  }
}

/** Refuses an address at another host: whoever may log could make the server call where its network leads. */
export function checkHost(uri: string, field: string): void {
  const { scheme, authority } = splitUri(uri);
  if (!HOST_ADDRESSED.has(scheme) || (scheme === "mlflow-artifacts" && authority === "")) return;
  throw invalid(
    `'${field}' cannot use the '${scheme}' scheme: the '${scheme}' scheme addresses a host other than the tracking ` +
      "server's configured artifact storage, so the server would connect to the host named in the URI.",
  );
}

/** Decoded until decoding changes nothing more; what cannot be decoded stays. */
export function fullyDecoded(text: string): string {
  for (let round = 0; round < 10; round++) {
    let next: string;
    try {
      next = decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      return text;
    }
    if (next === text) return text;
    text = next;
  }
  return text;
}
